// Package saml owns what an identity provider says in SAML 2.0: it reads a
// provider's metadata document (ReadMetadata) and turns a response that the
// provider has signed into a verified Assertion (Verify), or refuses it.
//
// It trusts one thing: the bytes that a configured certificate has signed. A
// response is first scanned by rules narrower than XML's (scan), because parsers
// that disagree about a document are how signatures were stolen; then its
// signatures must have the one shape that is accepted; and from there on nothing
// is read but what the verification gave back, parsed anew. Digests,
// canonical forms and signatures are goxmldsig's; which of them may be used is
// decided here. There is no XML encryption.
//
// It knows no account, role or directory: whose provider it is, which role the
// caller wants and whether the assertion was used before are questions of sts;
// records are directory's. It reads no network: an assertion comes in a request.
//
// Sources: OASIS saml-core-2.0-os, saml-profiles-2.0-os (4.1, web browser SSO),
// saml-metadata-2.0-os; IAM User Guide, id_roles_providers_create_saml_assertions.
package saml
