// Package groups is a directory of who is in which group: Amazon Kendra's
// principal store (PutPrincipalMapping, DeletePrincipalMapping,
// ListGroupsOlderThanOrderingId), in memory.
//
// Start with [New] and [Directory.Load], then set the Directory as the Expander
// in tokenacl.Options: whoever a token names is then also in the groups that the
// directory knows. [Directory.Put] and [Directory.Delete] keep it current,
// [Directory.OlderThan] and [Directory.Forget] clean up.
//
// # Membership
//
// A group has users and sub-groups as members, and a Put gives all of them: it
// replaces those before. Whoever is in a sub-group is in the group, at any
// depth; cycles are harmless. A group is known by its id and its data source
// together: "HR", "HR" of one data source and "HR" of another are three groups. A
// sub-group that is named without a data source is the group without one,
// whatever the data source of the group that names it.
//
// # Ordering ids
//
// Calls may arrive late, twice, or in any order. Each has an ordering id, from 0
// to 32535158400000, to Kendra the time of the call in milliseconds since 1970. For
// each group the highest ordering id wins, and a call with a lower one changes
// nothing, then or later. Of a Delete and a Put with the same id the Delete wins.
// Two Puts with the same id and the same members are one; with other members the
// second is refused, see [ErrConflict].
//
// So the directory depends on the calls that it accepted, never on their order.
// For that it remembers deletions until [Directory.Forget].
//
// # What to avoid
//
// Groups also refuse: a DENY for a group reaches only those who are known to be
// in it. Do not serve requests from a directory that is half filled; Load is
// seen by requests as a whole. A directory that nothing was put into is an error
// to [Directory.Expand], not one without groups. An error of Put or Load is a
// change that did not happen; do not ignore it. Give New the [acl.Rules] that the
// index has: otherwise the two may disagree on whether "Mary" is "mary".
//
// A Directory is safe for concurrent use. A request sees each Put, Delete and
// Load entirely or not at all.
package groups
