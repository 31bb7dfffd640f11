// Package opensearch has OpenSearch and Elasticsearch decide as package acl
// does: it says what to store with a document and what to add to a search. It
// makes JSON and needs no client.
//
//   - [Mapping] declares the field of documents that ACLs are stored in;
//     [CheckMapping] refuses an index that was made under other [acl.Rules].
//   - [Fields] is stored with each document, as its member [Field].
//   - [Filter] is the caller as a clause. [Body] puts it into a search that the
//     caller wrote, and refuses what could see past it; [Query] does so for one
//     clause. [Clause.JSON] is for searches that the application writes.
//   - [Verify] checks hits once more, in memory.
//
// A document of this package is an object with three members: allow, the terms
// of its first level, of which the caller must have one; levels, nested objects
// with those of each further level; deny, of which the caller must have none. A
// document without the member is found by nobody.
//
// A number of levels, of entries or of groups is exact or an error, [ErrLimit].
// What is true of both engines is said of OpenSearch alone.
//
// What still leaks: scores, the expansion of fuzzy and phrase prefix queries,
// and the time that a search takes, depend on hidden documents, as term
// statistics are those of the index. Errors of the engine may quote the query,
// and with it names of the caller: do not hand them on. Parameters of the URL,
// such as q, _source and search_pipeline, are not for callers to set.
package opensearch
