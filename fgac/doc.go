// Package fgac is OpenSearch's fine-grained access control in process: roles,
// and who has them, as its security plugin's files say
// (opensearch.org/docs/latest/security).
//
// Start with [Parse] and [FromClaims]; [ParseTokenSettings] reads which claims are
// meant, and whose tokens are trusted. [Roles.For] gives the [User] that an
// identity is; [User.Access] says whether that user may do an action on an
// index, and its error, a [*Denied], renders the body that OpenSearch sends.
//
// [Access.Document] shows a document to the user, as far as it is the user's to
// see. [Access.Rewrite] makes a search request safe for an engine that knows no
// roles; [Access.Filter] is the part of that which finds the documents.
//
// For operators, [Access.Explain] tells why a document or a field is shown or not,
// and [Roles.Lint] what in the roles is probably not meant.
//
// # Documents
//
// A rule for documents (dls) is a query: match_all, match_none, term, terms, also
// with a lookup, terms_set, range, exists, prefix, wildcard, ids, match,
// match_phrase or bool. Without the mapping of an index, a document decides how
// its values are compared. A term is a whole string, as of a keyword field,
// in the case it has; numbers compare exactly, and to strings that spell them. Where
// a mapping as numbers, dates (ISO 8601, without zone UTC) or addresses would decide
// otherwise than one as strings ("5" and "5.0", "9" and "10" in a range, a day and a
// time of it), it is not known which holds. A match compares words: runs of
// letters, digits and underscores, in lower case. A field with the suffix .keyword
// is the one without. Arrays and nested objects are looked into, also under names
// with dots. What is not known or cannot be compared admits nothing, negated or not.
//
// # Fields and masks
//
// A rule for fields (fls) names fields by the dotted path of each, with * and ?, or
// as /regex/ of the whole path; those with ~ before are hidden. An object is shown
// as far as what is in it is: include b.* for all of b. Masks (masked_fields) put a
// hash in place of strings, also of those in arrays, and leave numbers, booleans
// and null as they are: hide what must not be read at all. A mask is for one path:
// one of name leaves name.first as it is, which takes name.* too. What is masked can
// be compared, and guessed by whoever knows the salt.
//
// The differences from the plugin are in docs/opensearch.md.
//
// What a file says and the plugin would ignore is refused when it is read.
// Values of claims that variables stand for are never read as patterns or as
// JSON. Everything here is safe for concurrent use, and nothing does I/O.
package fgac
