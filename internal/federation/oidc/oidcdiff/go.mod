module github.com/deputy-sts/deputy/internal/federation/oidc/oidcdiff

go 1.26.6

replace github.com/deputy-sts/deputy => ../../../..

require github.com/deputy-sts/deputy v0.0.0-00010101000000-000000000000

require (
	github.com/coreos/go-oidc/v3 v3.21.0
	github.com/go-jose/go-jose/v4 v4.1.9 // indirect
	golang.org/x/oauth2 v0.36.0 // indirect
)
