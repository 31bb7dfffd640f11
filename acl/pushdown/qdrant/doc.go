// Package qdrant has Qdrant decide as package acl does: it says what to store
// with a point and what to add to a search. It makes the JSON of Qdrant's REST
// API and needs no client.
//
//   - [Metadata] and [Indexes] declare the payload that ACLs are stored in;
//     [CheckCollection] refuses a collection that was made under other [acl.Rules].
//   - [Fields] is stored with each point, as the member [Field] of its payload.
//   - [Filter] is the caller as a clause. [Body] puts it into a search that the
//     caller wrote, and refuses what could see past it; [Query] does so for one
//     filter. [Clause.JSON] is for requests that the application writes: the
//     member filter of a scroll, a count, a facet, and of every prefetch.
//   - [Verify] checks hits once more, in memory.
//
// A payload has four members: allow, the terms of the first level, of which the
// caller must have one; levels, an object for each further level, which a nested
// condition asks one by one; kind, which says of most points that there are none;
// deny, of which the caller must have none. A point without them is found by
// nobody. Levels are exact, whatever their number.
//
// Qdrant has no limit of names by itself. In strict mode a collection has one,
// Options.ConditionMaxSize; and a request has at most 32 MiB, unless the server
// is told otherwise. Beyond them is [ErrLimit].
//
// What still leaks: the time that a search takes, and scores of sparse vectors
// with the modifier idf, depend on hidden points.
//
// Requests that take no filter are not for callers: points by id, recommendations
// and discoveries by the ids of points, and lookups in other collections, which
// show or are led by points that the caller may not see.
package qdrant
