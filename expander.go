package tokenacl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tokenacl/tokenacl/acl"
)

// Expander adds the groups that a directory knows, once the caller is verified.
// What it returns may only add groups: leaving one out, changing the user, half a
// data source group, or more than 10,000 groups are errors, and GroupsUnknown
// stays set whatever it returns. Its error is an [ErrUnavailable], never fewer
// groups. It is called by many goroutines at once.
type Expander interface {
	Expand(ctx context.Context, p acl.Principal) (acl.Principal, error)
}

const maxGroups = 10_000

// TooManyGroupsError says that an [Expander] returned more groups than a [Gate]
// takes. It comes with [ErrUnavailable], since nothing is wrong with the token.
type TooManyGroupsError struct {
	Groups, Limit int
}

// Error tells both numbers.
func (e *TooManyGroupsError) Error() string {
	return fmt.Sprintf("%d groups, want at most %d; let it return those that ACLs name", e.Groups, e.Limit)
}

// expand returns p with the groups that the expander adds, if there is one.
func (g *Gate) expand(ctx context.Context, p acl.Principal) (acl.Principal, error) {
	if g.opts.Expander == nil {
		return p, nil
	}
	more, err := g.opts.Expander.Expand(ctx, p.Clone())
	if err == nil {
		err = checkExpanded(p, more)
	}
	if err != nil {
		return acl.Principal{}, classify(ErrUnavailable, "expander: ", err)
	}
	more.GroupsUnknown = more.GroupsUnknown || p.GroupsUnknown
	return more, nil
}

func checkExpanded(p, more acl.Principal) error {
	n := len(more.Groups) + len(more.DataSourceGroups)
	switch {
	case n > maxGroups:
		return &TooManyGroupsError{n, maxGroups}
	case more.User != p.User:
		return errors.New("it changed the user, want groups to be added and nothing else")
	case slices.ContainsFunc(more.DataSourceGroups, incomplete):
		return errors.New("it returned a data source group without a GroupID or a DataSourceID, want both")
	case !contains(more.Groups, p.Groups, cmp.Compare),
		!contains(more.DataSourceGroups, p.DataSourceGroups, compareDataSourceGroups):
		return errors.New("it left out a group that the caller is in, want groups to be added and nothing else")
	}
	return nil
}

func incomplete(g acl.DataSourceGroup) bool { return g.GroupID == "" || g.DataSourceID == "" }

// contains reports whether all has every element of some.
func contains[T any](all, some []T, compare func(a, b T) int) bool {
	sorted := slices.SortedFunc(slices.Values(all), compare)
	return !slices.ContainsFunc(some, func(t T) bool {
		_, found := slices.BinarySearchFunc(sorted, t, compare)
		return !found
	})
}

func compareDataSourceGroups(a, b acl.DataSourceGroup) int {
	return cmp.Or(cmp.Compare(a.GroupID, b.GroupID), cmp.Compare(a.DataSourceID, b.DataSourceID))
}
