package groups

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tokenacl/tokenacl/acl"
)

const maxGroups = 10_000

// TooManyGroupsError says that a principal is in more groups than
// [Directory.Expand] returns.
type TooManyGroupsError struct{ Limit int }

// Error tells the limit.
func (e *TooManyGroupsError) Error() string {
	return fmt.Sprintf("groups: more than %d groups; have the directory hold those that ACLs name", e.Limit)
}

// Expand returns p with the groups added that have the user, one of p's groups
// or one of the added groups as a member. Those of p stay first and as they are;
// the others follow sorted, each once, those of no data source in Groups.
// GroupsUnknown stays as it is. A p without a user name is in the groups that
// p's groups lead to. p is not modified, and the result shares no slice with it.
//
// Nil and the Directory that nothing was put into return an error: groups that
// are missing would let a DENY for them pass. So does a ctx that is done. More
// than 10,000 groups, those of p included, are a [*TooManyGroupsError]. With an
// error the principal is the zero one.
//
// It visits each group once, whatever the depth and the cycles.
func (d *Directory) Expand(ctx context.Context, p acl.Principal) (acl.Principal, error) {
	if d == nil {
		return acl.Principal{}, errors.New("groups: the Directory is nil; use New")
	}
	more, err := d.reach(ctx, d.origins(p), maxGroups-len(p.Groups)-len(p.DataSourceGroups))
	if err != nil {
		return acl.Principal{}, err
	}
	slices.SortFunc(more, func(a, b *node) int { return a.name.compare(b.name) })
	p = p.Clone()
	for _, g := range more {
		if g.name.source == "" {
			p.Groups = append(p.Groups, g.name.id)
		} else {
			p.DataSourceGroups = append(p.DataSourceGroups, g.name.dataSourceGroup())
		}
	}
	return p, nil
}

// origins returns the names that p has. A data source group without a data
// source is none: as in package acl, it is no group at all.
func (d *Directory) origins(p acl.Principal) []name {
	names := make([]name, 0, 1+len(p.Groups)+len(p.DataSourceGroups))
	names = append(names, d.user(p.User))
	for _, g := range p.Groups {
		names = append(names, d.group(acl.DataSourceGroup{GroupID: g}))
	}
	for _, g := range p.DataSourceGroups {
		if g.DataSourceID != "" {
			names = append(names, d.group(g))
		}
	}
	return names
}

// reach returns the groups that have one of the names as a member, directly or
// by their sub-groups, and are none of them. Of a node, only the name may be read
// without the lock.
func (d *Directory) reach(ctx context.Context, from []name, room int) (more []*node, err error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if !d.filled {
		return nil, errors.New("groups: nothing was put into the Directory yet; Load it first, with [] if there are no groups")
	}
	seen := make(map[*node]bool, len(from))
	todo := make([]*node, 0, len(from))
	for _, nm := range from {
		if n := d.table()[nm]; n != nil && !seen[n] {
			seen[n] = true
			todo = append(todo, n)
		}
	}
	for ; len(todo) > 0 && room >= 0 && ctx.Err() == nil; todo = todo[1:] {
		for g := range todo[0].in {
			if seen[g] {
				continue
			}
			if room--; room < 0 {
				break
			}
			seen[g] = true
			todo, more = append(todo, g), append(more, g)
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("groups: %w", ctx.Err())
	case room < 0:
		return nil, &TooManyGroupsError{maxGroups}
	}
	return more, nil
}
