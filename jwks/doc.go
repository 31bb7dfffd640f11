// Package jwks holds the keys that verify tokens, and verifies with them one
// compact JWS at a time (RFC 7515, RFC 7517, RFC 7518, RFC 8037).
//
// Start with [Parse]: it reads a JSON Web Key Set from an issuer's URL ([Public])
// or the keys of a Kendra secret ([Secret]) into an immutable [Set]. A [Source]
// is where a verifier takes its keys from; [Static] makes one of a Set.
//
// Other sources keep keys fresh: [NewRemote] those at a URL, [NewDiscovered] those
// of an issuer with metadata, [NewSecret] those of a secret. They fetch in the
// background, and a token whose key is known never waits for it. A key that was
// removed stops to verify within a bound that each of them tells, and one that
// was added is fetched when the first token has its kid. Close them.
//
// A key is used for the algorithms that it names, or that its type and curve
// allow, and for no others: the token never chooses. Keys that are weak, that
// are not for signatures, or that contradict themselves are unusable; see
// [Parse]. RSA keys have 2048 to 8192 bits and an exponent of at least 65537.
//
// [ParseCompact] is strict: three parts of canonical base64url, a header without
// duplicate members, no extensions. Keys inside a header (jwk, jku, x5u, x5c)
// are never used, and nothing is ever fetched from there.
//
// What to avoid: a payload that was not verified ([JWS.InsecurePayload]). This
// package knows nothing of claims: a valid signature alone admits nobody.
//
// The chain and the expiry of an x5c certificate are not validated: a key is
// trusted because of where its file came from. Only the key and the thumbprint
// of the leaf are compared with the other members.
//
// Everything here is safe for concurrent use. Formatting, logging or marshalling
// a Set, a JWS or a Source shows neither keys nor tokens.
package jwks
