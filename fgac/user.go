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
	roles   *Roles
	id      *identity
	names   []string // of the roles, sorted
	reasons []string // that the user has each of them
	held    []*role  // those of them that exist

	// Of the indices last asked for. Bounded by maxPrepared.
	mu       sync.RWMutex
	prepared map[asked]*Access
}

type asked struct{ action, index, aliases string }

const maxPrepared = 256

// For returns the user that id is, with the roles it has at this moment. An
// identity without any role is a user who may do nothing.
func (r *Roles) For(id Identity) *User {
	who := id.get()
	u := &user{roles: r, id: &who, prepared: map[asked]*Access{}}
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
	u.reasons = u.why()
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
	a := u.prepared[key]
	u.mu.RUnlock()
	if a != nil {
		return a, nil
	}
	return u.prepareNew(key, aliases)
}

// prepareNew prepares an access and keeps it.
func (u *user) prepareNew(key asked, aliases []string) (*Access, error) {
	if len(key.index) > maxIndex {
		return nil, denied(u.id, "the name of the index is longer than any has", key.action)
	}
	a, err := u.prepare(key.action, key.index, aliases)
	if err != nil {
		return nil, err
	}
	if g := u.undecided(key.index, aliases); g != nil {
		return nil, denied(u.id, fmt.Sprintf("role %q: a variable in its patterns of indices is undefined for this caller, and the rules beside it may be about this index", g.role), key.action)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.prepared) >= maxPrepared {
		clear(u.prepared)
	}
	u.prepared[key] = a
	return a, nil
}

// joined tells lists of names apart.
func joined(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("%q", names)
}

// Accesses returns what the user may see of each of the indices, in their order.
// One that is refused refuses all, with a [*Denied]; under
// Options.DoNotFailOnForbidden it is left out if the action reads, and the error
// is one only when nothing is left.
func (u *User) Accesses(action string, indices ...string) ([]*Access, error) {
	in := u.get()
	var all []*Access
	var refused error
	for _, index := range indices {
		a, err := in.access(action, index)
		if err == nil {
			all = append(all, a)
			continue
		}
		refused = err
		if !in.roles.options.DoNotFailOnForbidden || !reducible(action) {
			return nil, err
		}
	}
	if len(all) == 0 && refused == nil {
		refused = denied(in.id, "no index is given", action)
	}
	if len(all) == 0 {
		return nil, refused
	}
	return all, nil
}

// reads are actions of which requests are reduced, besides those of reducible.
var reads = mustPatterns("indices:data/read/*", "indices:admin/mappings/fields/get*")

// reducible reports whether the plugin reduces requests for this action to the
// indices that are permitted.
func reducible(action string) bool {
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
