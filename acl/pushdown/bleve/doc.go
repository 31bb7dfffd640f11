// Package bleve has a Bleve index decide as package acl does: it says what to
// store with a document and what to add to a search. It makes JSON, and needs
// no client: hand it to Bleve's own parsers.
//
//   - [Mapping] declares the field of documents that ACLs are stored in;
//     [CheckMapping] refuses an index that was made under other [acl.Rules].
//   - [Fields] is stored with each document, as its member [Field].
//   - [Filter] is the caller as a clause. [Request] puts it into a search that the
//     caller wrote, and refuses what could see past it; [Query] does so for one
//     query. [Clause.JSON] is for searches that the application writes.
//   - [Verify] checks hits once more, in memory.
//
// A document has one field for the first level of its ACL, one for each further
// level, and one for its denials. Bleve's nested documents would hold any number
// of levels, but its queries tell only whether some of them matches, never that
// all do. So [Options.Levels] bounds them, and deeper ACLs are [ErrLimit].
//
// The clause stands as filter of a Boolean query: it changes no score, its terms
// are in no explanation and no location, and Bleve answers each of its lists
// with one union. Facets, totals and pages are of what the caller sees. Bleve
// has no limit of clauses by itself; where an application sets one
// (searcher.DisjunctionMaxClauseCount, search.MaxTermSearchersKey), a caller
// beyond it gets Bleve's error.
//
// What still leaks: scores, the expansion of fuzzy, prefix and wildcard queries,
// and the time that a search takes, depend on hidden documents, as term
// statistics are those of the index. Field dictionaries, which no search
// reads, hold the names of ACLs: they are not for callers. A document must not
// have a member of the caller's making whose name begins with "tokenacl".
package bleve
