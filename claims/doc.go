// Package claims verifies one token and says whom it speaks of: it checks the
// signature, then the claims (RFC 7519), and maps them to an acl.Principal.
//
// Start with [NewVerifier], which takes what Kendra's API calls a JWT token
// configuration and the keys. [Verifier.Verify] gives a [Token]; nothing else
// does, so a Token is proof. The zero [Options] are the strict ones.
//
// The signature is checked before any claim, a token that is both forged and
// expired is forged, and no claim leaves the package before the token is
// verified, in errors neither. Errors name the claim, what was wanted and the
// fix, never a value. Branch on them with [errors.Is]: [ErrUnavailable] means
// that nobody can tell now, every other one that this token is refused.
//
// Avoid what begins with Insecure or Skip. [InsecureParse] shows a token without
// verifying it, for a person to read. [InsecureJSONMapper] reads Kendra's JSON
// tokens, which nobody signed.
//
// Everything here is safe for concurrent use. Formatting, logging or marshalling
// a Token or a Verifier shows no claim.
package claims
