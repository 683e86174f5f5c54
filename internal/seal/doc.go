// Package seal owns the root keys and what is sealed under them: store records,
// session tokens, pagination markers, cookies. Nobody else holds a key.
//
// A sealed text is
//
//	version 1 | key id (4) | salt (16) | nonce (12) | AES-256-GCM ciphertext and tag
//
// The AES key is HKDF-SHA256 of the root key, with the salt as salt and the
// purpose as info. One AES-GCM key with random nonces wears out after 2^32
// seals, which a busy server reaches in days; therefore every process draws a
// new salt for each purpose after an hour or 2^24 seals, and there is no limit
// to run into. Purposes are separated twice, by the derived key and by the
// label in the associated data, so that what was sealed as a cookie never opens
// as a session token. What else a text is bound to (a store key, an access key
// id) is its owner's to say, by the associated data.
//
// The root key lies in a file of its own (see LoadOrCreate), never in the
// store. What the sealed bytes mean is the neighbours' (session, directory).
package seal
