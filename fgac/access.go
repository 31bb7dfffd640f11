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
// later do not change it. The zero Access shows nothing.
type Access struct {
	in **access // two pointers, as in Identity: rules hold what claims say
}

func (a *Access) get() *access {
	if a == nil || a.in == nil {
		return &access{}
	}
	return *a.in
}

type access struct {
	index string
	views []view
	only  []*view // the first
	user  *user
}

func newAccess(index string, u *user, views ...view) *Access {
	a := &access{index, views, []*view{&views[0]}, u}
	return &Access{&a}
}

// view is one way to see documents: those that one of its queries admits.
type view struct {
	all     bool // admits every document
	queries []bound
	fields  fieldRule
	lists   []*fieldList // that fields are made of
	masks   masking
}

// plain reports whether the view shows documents as they are.
func (v *view) plain() bool { return v.fields.everything() && len(v.masks.lists) == 0 }

// Index returns the name of the index.
func (a *Access) Index() string { return a.get().index }

// Document returns what the user may see of a document: the fields that are
// shown, in their order, masked ones masked. Where nothing is hidden or masked it
// is a copy, byte for byte. ok is false for a hidden document, and for one that is
// not strict JSON: an object, valid UTF-8, no name twice, no path spelled twice
// ({"a.b": 1, "a": {"b": 2}}), at most 16 MiB and 100 levels, no path of more than
// 1,024 bytes or 100 dots, and all paths together at most 32 times as long as the
// document or 64 KiB. source is the document as it was indexed, OpenSearch's
// _source. A rule about the ids of documents admits none here; use [Access.Hit].
//
// Rules see the document as it is, whatever fields they are about.
func (a *Access) Document(source []byte) (shown []byte, ok bool) { return a.Hit("", source) }

// Hit is [Access.Document] for a document with this id.
func (a *Access) Hit(id string, source []byte) (shown []byte, ok bool) {
	w := writers.Get().(*writer)
	defer w.free()
	if w.doc, ok = readDocument(id, source); !ok {
		return nil, false
	}
	views := a.get().admitting(&w.doc)
	switch {
	case len(views) == 0:
		return nil, false
	case slices.ContainsFunc(views, (*view).plain):
		return bytes.Clone(source), true
	}
	return w.show(views), true
}

// admitting returns the views that show a document.
func (a *access) admitting(d *document) []*view {
	if len(a.views) == 1 {
		return a.only[:btoi(a.views[0].admits(d))]
	}
	var views []*view
	for i := range a.views {
		if a.views[i].admits(d) {
			views = append(views, &a.views[i])
		}
	}
	return views
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
	t := (&rewriter{access: a.get()}).allowed(nil)
	return t.append(nil)
}

// Check returns nil when the user may do each of the actions on each of the
// indices, and otherwise a [*Denied] whose body names all actions that are
// missing, in their order. A bulk request, for instance, needs
// indices:data/write/bulk[s] and [Write].
func (u *User) Check(actions []string, indices ...string) error {
	in := u.get()
	if len(actions) == 0 || len(indices) == 0 {
		return denied(in.id, "no action or no index is given", slices.Clone(actions)...)
	}
	var missing []string
	for _, action := range unique(actions) {
		for _, index := range indices {
			_, err := in.access(action, index)
			if err == nil {
				continue
			}
			if d := err.(*Denied); d.reason != "" {
				return d
			}
			missing = append(missing, action)
			break
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return denied(in.id, "", missing...)
}

func (u *user) prepare(action, index string, aliases []string) (*Access, *Denied) {
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
	sets := [][]*grant{covering}
	if u.roles.options.Merge == MergePerGrant {
		sets = nil
		for _, g := range covering {
			if grants(g) {
				sets = append(sets, []*grant{g})
			}
		}
	}
	var views []view
	for _, set := range sets {
		v, reason := u.merge(set)
		if reason != "" {
			return nil, denied(u.id, reason, action)
		}
		views = append(views, v)
	}
	return newAccess(index, u, views...), nil
}

// merge combines entries as the plugin does, each kind of rule by itself. A rule
// that cannot be bound to the caller refuses the request, with the reason for
// it.
func (u *user) merge(grants []*grant) (v view, reason string) {
	mode := u.roles.options.Merge
	free := [3]bool{} // some entry has no rule for documents, for fields, no mask
	var lists []*fieldList
	v.masks.standard = u.roles.standard
	for _, g := range grants {
		if g.dls == nil {
			free[0] = true
		} else if b, err := g.dls.bind(u.id, u.roles.options.Lookup); err != nil {
			return view{}, fmt.Sprintf("role %q, dls: %v", g.role, err)
		} else {
			b.from = fmt.Sprintf("role %q: %s", g.role, g.dls.text)
			v.queries = append(v.queries, b)
		}
		if g.fields.empty() {
			free[1] = true
		} else {
			lists = append(lists, &g.fields)
		}
		if len(g.masks) == 0 {
			free[2] = true
		} else {
			v.masks.lists = append(v.masks.lists, g.masks)
		}
	}
	lifted := mode == MergeEmptyOverridesAll
	v.all = free[0] && (lifted || len(v.queries) == 0)
	if !(lifted && free[1]) {
		v.lists = lists
		v.fields = mergeFields(lists, mode == MergePerGrant)
	}
	if lifted && free[2] {
		v.masks.lists = nil
	}
	return v, ""
}

// isName reports whether index can be the name of one index or alias, and no
// expression that stands for several.
func isName(index string) bool {
	return index != "" && !strings.ContainsAny(index, "*?,<>\\/\"| #") && !strings.Contains("-_+", index[:1])
}

// String tells the index.
func (a *Access) String() string { return fmt.Sprintf("access(%s)", a.get().index) }

// Format writes [Access.String] for every verb.
func (a *Access) Format(f fmt.State, _ rune) { fmt.Fprint(f, a.String()) }

// LogValue is [Access.String].
func (a *Access) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText is [Access.String].
func (a *Access) MarshalText() ([]byte, error) { return []byte(a.String()), nil }
