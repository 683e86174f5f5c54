module github.com/deputy-sts/deputy/internal/federation/saml/samldiff

go 1.26.6

replace github.com/deputy-sts/deputy => ../../../..

require (
	github.com/beevik/etree v1.7.0
	github.com/deputy-sts/deputy v0.0.0-00010101000000-000000000000
	github.com/russellhaering/gosaml2 v0.12.0
	github.com/russellhaering/goxmldsig v1.6.1
)

require (
	github.com/jonboulle/clockwork v0.5.0 // indirect
	github.com/mattermost/xml-roundtrip-validator v0.1.0 // indirect
)
