// Package kmssigner signs JSON Web Tokens with keys that cannot be exported, such
// as those of AWS KMS, and verifies them.
//
// [New] takes a [Backend] (package awskms has that of AWS, package kmstest one in
// memory) and returns a [Signer], which mints tokens. [Signer.Keys] are the keys
// that verify them: a [jwks.Source] for a gate, which computes with the public
// keys and makes no call; [Keys.Remote] lets the backend check every token
// instead; [Keys.Handler] publishes the keys as a JWKS. A service that verifies
// alone starts with [NewKeys]. None of them looks at exp or at any other claim:
// package claims does, whichever of them verifies the signature.
//
// # Rotation
//
// To rotate, make a new key and point the backend's name, an alias in AWS, at it.
// Leave the old key enabled, and the rest happens by itself; [Keys.RevocationBound]
// and [Keys.List] tell how long it takes:
//
//  1. Every process learns of it within RefreshInterval, a tenth of that, and
//     Timeout. It publishes the new key and verifies with it.
//  2. PublishAhead later it signs with the new key.
//  3. The old key verifies until no token of it can be good any more: MaxStale,
//     for a process that the backend did not answer, PublishAhead, Lifetime and
//     Leeway after the process learned. Then disable it.
//
// A process that starts between knows the new key alone, unless its TrustedKeys
// have the ID of the old one, and signs with the new key at once: before step 2 is
// over, verifiers that do not ask again for an unknown kid refuse that.
//
// To revoke a key instead, disable it in the backend, and call [Keys.Retire] in
// the processes that must not wait for their next refresh. Its tokens are refused
// from then on. When the name stands for another key already, that one signs at
// once.
package kmssigner
