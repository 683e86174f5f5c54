module github.com/deputy-sts/deputy/internal/outbound/verifytest

go 1.26.8

require github.com/deputy-sts/deputy v0.0.0

require (
	github.com/coreos/go-oidc/v3 v3.21.0
	github.com/go-jose/go-jose/v4 v4.1.9 // indirect
	github.com/tidwall/btree v1.8.2 // indirect
	golang.org/x/oauth2 v0.36.0 // indirect
)

replace github.com/deputy-sts/deputy => ../../..
