// Package acl decides who may see what: a [Scope] (who asks), an [ACL] (who is
// admitted) and [Rules] (how to read it) give a [Decision].
//
// [Decide] is that decision for one document. [Index] holds the ACLs of many
// documents and answers the same question fast: take a [View] of it for the
// scope of a request and filter with that.
//
// The package reproduces the document ACLs of Amazon Kendra: entries that ALLOW
// or DENY a USER or a GROUP, as a flat [List] or as the levels of a [Hierarchy].
// DENY beats ALLOW, whatever the types. Everything unknown, empty or invalid is
// a denial: the zero Scope sees nothing, the nil ACL admits nobody, a document
// that an Index does not know is denied. A public document says so: [Public].
//
// The package is pure: no I/O, no clock, no context. All its types are safe for
// concurrent use, slices and maps are copied in and out.
package acl
