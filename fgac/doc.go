// Package fgac is OpenSearch's fine-grained access control in process: roles,
// and who has them, as its security plugin's files say
// (opensearch.org/docs/latest/security).
//
// Start with [Parse] and [FromClaims]. [Roles.For] gives the [User] that an
// identity is; [User.Access] says whether that user may do an action on an
// index, and its error, a [*Denied], renders the body that OpenSearch sends.
//
// What a file says and the plugin would ignore is refused when it is read.
// Values of claims that variables stand for are never read as patterns or as
// JSON. Everything here is safe for concurrent use, and nothing does I/O.
package fgac
