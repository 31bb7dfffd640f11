// Package tokenacl turns the token that a caller sends into what this caller
// may see: it verifies the token, maps its claims to a user and groups, and
// gives the scope by which documents are decided. It stands in front of any
// search and behaves as the token-based access control of Amazon Kendra does.
//
//	token ──verify──► claims ──map──► principal ──policy──► scope ──decide──► view
//	      jwks                claims            tokenacl          acl
//
// Start with [NewGate] and [Gate.Scope], then take an acl.View of an acl.Index
// for that scope. In an HTTP server, package bearer asks the gate and answers
// whom it refuses. Package tokenconfig reads what Kendra's API calls a user token
// configuration, jwks reads keys, acl/s3meta reads the access control lists that
// lie beside documents in S3.
//
// Avoid names with Insecure and Skip in them: each waives a check and says which
// one, and [Gate.Warnings] lists those in force. Do not build an acl.Principal
// from a request by hand; a scope comes from a gate.
//
// # Errors
//
// An error is a denial. [ErrUnauthenticated] means no (HTTP status 401),
// [ErrUnavailable] means cannot tell (503), [ErrInvalidRequest] means that the
// request contradicts itself or the policy (400). None of them is a guest.
//
// # Compatibility
//
// Exported names are listed in the folder api, and the behaviour in
// docs/rules.md, rule by rule. From version 1 on, no release takes away a name,
// changes a signature, or admits what a rule denied; until then a release that
// does so says it in CHANGELOG.md. The texts of errors, decisions and warnings
// may change in any release: branch with errors.Is. Structs may gain fields, so
// name the fields in literals. The Go versions supported are the two that the
// Go project supports.
package tokenacl
