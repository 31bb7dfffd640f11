package fgac

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
)

// The actions that a search service asks for most. Counting is searching.
const (
	Search = "indices:data/read/search"
	Get    = "indices:data/read/get"
	Write  = "indices:data/write/index"
)

// User is an identity with its roles: what it may do. It is safe for concurrent
// use. Get one per token, and none that outlives the token. The zero User is nobody
// and may do nothing.
type User struct {
	in **user // two pointers, as in Identity
}

var nobody = (&Roles{}).For(Identity{})

func (u *User) get() *user {
	if u == nil || u.in == nil {
		return *nobody.in
	}
	return *u.in
}

type user struct {
	roles *Roles
	id    *identity
	names []string // of the roles, sorted
	held  []*role  // those of them that exist

	// Of the indices last asked for. Bounded by maxPrepared.
	mu       sync.RWMutex
	prepared map[asked]answer
}

type asked struct{ action, index, aliases string }

// answer is one of the two.
type answer struct {
	access *Access
	denied *Denied
}

const maxPrepared = 256

// For returns the user that id is, with the roles it has at this moment. An
// identity without any role is a user who may do nothing.
func (r *Roles) For(id Identity) *User {
	who := id.get()
	u := &user{roles: r, id: &who, prepared: map[asked]answer{}}
	if r.options.Resolution != MappingOnly {
		u.names = slices.Clone(who.backendRoles)
	}
	if r.options.Resolution != BackendRolesOnly && id.who != nil {
		for i := range r.mapping {
			if r.mapping[i].matches(&who) {
				u.names = append(u.names, r.mapping[i].role)
			}
		}
	}
	slices.Sort(u.names)
	u.names = slices.Compact(u.names)
	for _, name := range u.names {
		if held := r.roles[name]; held != nil {
			u.held = append(u.held, held)
		}
	}
	who.variables = maps.Clone(who.variables)
	who.define("user.roles", who.backendRoles)
	who.define("user.securityRoles", u.names)
	return &User{&u}
}

// Roles returns the names of the user's roles, sorted.
func (u *User) Roles() []string { return slices.Clone(u.get().names) }

// Access returns what the user may see of one index by an action on it; cluster
// actions are asked for with [User.Cluster]. index is the name of one index, not of
// an alias: rules go by that name, and by the aliases that Options.Aliases gives
// for it. An error is a [*Denied]. An index that does not exist is denied like any
// other.
//
// A role that restricts what is read does so for every action, as in the plugin,
// unless Options.Merge is PerGrant.
func (u *User) Access(action, index string) (*Access, error) { return u.get().access(action, index) }

// maxIndex is how many bytes the name of an index has in OpenSearch at most.
const maxIndex = 255

func (u *user) access(action, index string) (*Access, error) {
	var aliases []string
	if u.roles.options.Aliases != nil {
		aliases = u.roles.options.Aliases(index)
	}
	key := asked{action, index, joined(aliases)}
	u.mu.RLock()
	known, ok := u.prepared[key]
	u.mu.RUnlock()
	if !ok {
		known = u.answer(action, index, aliases)
		u.keep(key, known)
	}
	if known.denied != nil {
		return nil, known.denied
	}
	return known.access, nil
}

func (u *user) answer(action, index string, aliases []string) (a answer) {
	if len(index) > maxIndex {
		a.denied = denied(u.id, "the name of the index is longer than any has", action)
		return a
	}
	a.access, a.denied = u.prepare(action, index, aliases)
	if g := u.undecided(index, aliases); g != nil && a.denied == nil {
		a.denied = denied(u.id, fmt.Sprintf("role %q: a variable in its patterns of indices is undefined for this caller, and the rules beside it may be about this index", g.role), action)
	}
	return a
}

// keep remembers an answer that will be the same. A rule that cannot be bound may
// want a lookup that works again.
func (u *user) keep(key asked, known answer) {
	if known.denied != nil && known.denied.reason != "" {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.prepared) >= maxPrepared {
		clear(u.prepared)
	}
	u.prepared[key] = known
}

// joined tells lists of names apart.
func joined(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("%q", names)
}

// Accesses returns what the user may see of each of the indices, in their order.
// One that is refused refuses all, with a [*Denied]. Under
// Options.DoNotFailOnForbidden, if the action reads, one without permission is
// left out, and only when nothing is left is the request refused. With
// Options.DoNotFailOnForbiddenEmpty not even then, unless the action reads one
// document: there is no Access and no error, and the result is empty.
func (u *User) Accesses(action string, indices ...string) ([]*Access, error) {
	in := u.get()
	var all []*Access
	var refused *Denied
	for _, index := range indices {
		a, err := in.access(action, index)
		if err == nil {
			all = append(all, a)
			continue
		}
		if refused = err.(*Denied); !in.roles.options.reduces(action) || refused.reason != "" {
			return nil, refused
		}
	}
	switch {
	case len(all) > 0:
		return all, nil
	case refused == nil:
		return nil, denied(in.id, "no index is given", action)
	case in.roles.options.DoNotFailOnForbiddenEmpty && !matchAny(ofDocument, action):
		return nil, nil
	}
	return nil, refused
}

// reads are actions of which requests are reduced, besides those of reduces.
var reads = mustPatterns("indices:data/read/*", "indices:admin/mappings/fields/get*")

// ofDocument are reads of a document of one index: there is no request for none.
var ofDocument = mustPatterns("indices:data/read/get*", "indices:data/read/mget*", "indices:data/read/tv*", "indices:data/read/mtv*", "indices:data/read/explain*")

// reduces reports whether requests for this action are reduced to the indices that
// are permitted. The list is the plugin's.
func (o *Options) reduces(action string) bool {
	if !o.DoNotFailOnForbidden {
		return false
	}
	switch action {
	case "indices:admin/shards/search_shards", "indices:admin/resolve/index", "indices:monitor/settings/get",
		"indices:monitor/stats", "indices:admin/aliases/get":
		return true
	}
	return matchAny(reads, action)
}

// Cluster returns nil when the user may do an action of the cluster, such as
// indices:data/read/msearch, and a [*Denied] otherwise.
func (u *User) Cluster(action string) error {
	in := u.get()
	if !isCluster(action) {
		return denied(in.id, "is an action on an index; use Access", action)
	}
	for _, r := range in.held {
		if matchAny(&r.cluster, action) {
			return nil
		}
	}
	return denied(in.id, "", action)
}

// covering returns the entries that cover an index: by its name, or by that of
// an alias.
func (u *user) covering(index string, aliases []string) []*grant {
	var all []*grant
	for _, r := range u.held {
		for _, g := range r.grants {
			if g.covers(u.id, index, aliases) {
				all = append(all, g)
			}
		}
	}
	return all
}

func (g *grant) covers(id *identity, index string, aliases []string) bool {
	return g.matches(id, true, index, aliases)
}

// matches reports whether a pattern of the entry whose variables are defined, or
// one with some that are not, matches the index or an alias of it.
func (g *grant) matches(id *identity, defined bool, index string, aliases []string) bool {
	for i := range g.indices {
		p, all := g.indices[i].render(id)
		if all != defined {
			continue
		}
		if matchPattern(&p, index) || slices.ContainsFunc(aliases, func(a string) bool { return matchPattern(&p, a) }) {
			return true
		}
	}
	return false
}

func (g *grant) restricts() bool { return g.dls != nil || !g.fields.empty() || len(g.masks) > 0 }

// undecided returns an entry that restricts what is seen and might cover an index,
// which an undefined variable keeps from being known. Where the rules of all entries
// count, leaving it out could show what it hides.
func (u *user) undecided(index string, aliases []string) *grant {
	if u.roles.options.Merge == MergePerGrant {
		return nil
	}
	for _, r := range u.held {
		for _, g := range r.grants {
			if g.restricts() && g.matches(u.id, false, index, aliases) && !g.covers(u.id, index, aliases) {
				return g
			}
		}
	}
	return nil
}

// String tells how many roles u has, and no name of the caller.
func (u *User) String() string { return fmt.Sprintf("user(%d roles)", len(u.get().names)) }

// Format writes [User.String] for every verb.
func (u *User) Format(f fmt.State, _ rune) { fmt.Fprint(f, u.String()) }

// LogValue is [User.String].
func (u *User) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText is [User.String].
func (u *User) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
