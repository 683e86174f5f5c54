// Package outbound is the service as an OpenID issuer: it makes the signing keys
// of an account, says which of them signs now and when the next is due, signs web
// identity tokens, and writes the two documents by which others verify them.
//
// A key is published a day before it signs and stays published until the tokens
// it signed have ended, so that no verifier meets a key it cannot know; which key
// signs follows from the record and the time alone, so that nobody has to switch
// it. Signatures and encodings are those of RFC 7515 and RFC 7518.
//
// It leaves the records to directory, what a token claims and who may have one to
// sts, switching the feature to iam, and the addresses and answers to server.
package outbound
