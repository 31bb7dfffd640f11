package fgac

import (
	"slices"
	"strings"
)

// Access is what one user may see of one index. It is immutable and safe for
// concurrent use.
type Access struct {
	index  string
	grants []*grant // those that cover the index
}

// Index returns the name of the index.
func (a *Access) Index() string { return a.index }

func (u *user) prepare(action, index string, aliases []string) (*Access, error) {
	if isCluster(action) {
		return nil, denied(u.id, "is an action of the cluster; use Cluster", action)
	}
	if !isName(index) {
		return nil, denied(u.id, "want the name of one index; resolve patterns and lists of names first", action)
	}
	covering := u.covering(index, aliases)
	if !slices.ContainsFunc(covering, func(g *grant) bool { return matchAny(&g.actions, action) }) {
		return nil, denied(u.id, "", action)
	}
	return &Access{index, covering}, nil
}

// isName reports whether index can be the name of one index or alias, and no
// expression that stands for several.
func isName(index string) bool {
	return index != "" && !strings.ContainsAny(index, "*?,<>\\/\"| #") && !strings.Contains("-_+", index[:1])
}
