package fgac

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Access is what one user may see of one index. It is immutable and safe for
// concurrent use. It is for one request: Roles, mappings and lookups that change
// later do not change it.
type Access struct {
	in **access // two pointers, as in Identity: rules hold what claims say
}

type access struct {
	index string
	views []view
}

// view is one way to see documents: those that one of its queries admits.
type view struct {
	all     bool // admits every document
	queries []bound
}

// Index returns the name of the index.
func (a *Access) Index() string { return (*a.in).index }

// Document returns a copy of a document that the user may see. ok is false for
// a hidden one, and for one that is not strict JSON: an object, valid UTF-8, no
// name twice, no path spelled twice ({"a.b": 1, "a": {"b": 2}}), at most 16 MiB
// and 100 levels. source is the document as it was indexed, OpenSearch's
// _source. A rule about the ids of documents admits none here; use [Access.Hit].
//
// Rules see the document as it is, whatever fields they are about.
func (a *Access) Document(source []byte) (shown []byte, ok bool) { return a.Hit("", source) }

// Hit is [Access.Document] for a document with this id.
func (a *Access) Hit(id string, source []byte) (shown []byte, ok bool) {
	d, ok := readDocument(id, source)
	if !ok {
		return nil, false
	}
	for i := range (*a.in).views {
		if (*a.in).views[i].admits(&d) {
			return bytes.Clone(source), true
		}
	}
	return nil, false
}

func (v *view) admits(d *document) bool {
	if v.all {
		return true
	}
	for i := range v.queries {
		if v.queries[i].query.match(d) == yes {
			return true
		}
	}
	return false
}

// Filter returns the documents that the user may see as a query of OpenSearch's
// DSL, for an engine that applies it: put it into the filter of a bool query.
// What variables stood for is in it as JSON values. It has names of the caller in
// it.
func (a *Access) Filter() []byte {
	return (*a.in).filter(func(*view) bool { return true })
}

// filter is the query for the documents of some of the views.
func (a *access) filter(of func(*view) bool) []byte {
	var clauses [][]byte
	for i := range a.views {
		v := &a.views[i]
		if !of(v) {
			continue
		}
		if v.all {
			return []byte(`{"match_all":{}}`)
		}
		for j := range v.queries {
			clauses = append(clauses, v.queries[j].tree.append(nil))
		}
	}
	if len(clauses) == 0 {
		return []byte(`{"match_none":{}}`)
	}
	return fmt.Appendf(nil, `{"bool":{"should":[%s],"minimum_should_match":1}}`, bytes.Join(clauses, []byte(",")))
}

func (u *user) prepare(action, index string, aliases []string) (*Access, error) {
	if isCluster(action) {
		return nil, denied(u.id, "is an action of the cluster; use Cluster", action)
	}
	if !isName(index) {
		return nil, denied(u.id, "want the name of one index; resolve patterns and lists of names first", action)
	}
	covering := u.covering(index, aliases)
	grants := func(g *grant) bool { return matchAny(&g.actions, action) }
	if !slices.ContainsFunc(covering, grants) {
		return nil, denied(u.id, "", action)
	}
	a := &access{index: index}
	if u.roles.options.Merge != MergePerGrant {
		v, reason := u.merge(covering)
		if reason != "" {
			return nil, denied(u.id, reason, action)
		}
		a.views = []view{v}
		return &Access{&a}, nil
	}
	for _, g := range covering {
		if !grants(g) {
			continue
		}
		v, reason := u.merge([]*grant{g})
		if reason != "" {
			return nil, denied(u.id, reason, action)
		}
		a.views = append(a.views, v)
	}
	return &Access{&a}, nil
}

// merge combines entries as the plugin does. A rule that cannot be bound to the
// caller refuses the request, with the reason for it.
func (u *user) merge(grants []*grant) (v view, reason string) {
	without := false
	for _, g := range grants {
		if g.dls == nil {
			without = true
			continue
		}
		b, err := g.dls.bind(u.id, u.roles.options.Lookup)
		if err != nil {
			return view{}, fmt.Sprintf("role %q, dls: %v", g.role, err)
		}
		v.queries = append(v.queries, b)
	}
	v.all = without && (len(v.queries) == 0 || u.roles.options.Merge == MergeEmptyOverridesAll)
	return v, ""
}

// isName reports whether index can be the name of one index or alias, and no
// expression that stands for several.
func isName(index string) bool {
	return index != "" && !strings.ContainsAny(index, "*?,<>\\/\"| #") && !strings.Contains("-_+", index[:1])
}

// String tells the index.
func (a *Access) String() string { return fmt.Sprintf("access(%s)", (*a.in).index) }

// Format writes [Access.String] for every verb.
func (a *Access) Format(f fmt.State, _ rune) { fmt.Fprint(f, a.String()) }

// LogValue is [Access.String].
func (a *Access) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText is [Access.String].
func (a *Access) MarshalText() ([]byte, error) { return []byte(a.String()), nil }
