package fgac

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// Explanation tells operators what a user sees of a document, and why. It names
// roles and quotes their rules, as the files have them; of the caller and of the
// document it has no value, only the paths of fields.
type Explanation struct {
	Roles   []string // that the user has, each with the reason: reader: backend_roles "readers*"
	Visible bool     // the user sees the document
	By      []string // what shows it, or else what does not: role "reader": {"term": {"public": true}}
	Fields  []Field  // of a visible document, in its order, each path once; the first 10,000
}

// Field tells what becomes of one field of a document.
type Field struct {
	Path string // with dots; arrays are not counted
	// State is "shown", or "hidden by" or "strings masked by" and the rules that say
	// so: hidden by role "reader": ~secret.
	State string
}

// String returns the explanation as lines of text.
func (e Explanation) String() string {
	var b strings.Builder
	for _, r := range e.Roles {
		fmt.Fprintf(&b, "role %s\n", r)
	}
	state := "hidden"
	if e.Visible {
		state = "visible"
	}
	fmt.Fprintf(&b, "%s: %s\n", state, strings.Join(e.By, "; "))
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "%s: %s\n", f.Path, f.State)
	}
	return b.String()
}

// Explain tells what [Access.Hit] does with a document. It is for operators: what
// it says is more than the user may know.
func (a *Access) Explain(id string, source []byte) Explanation {
	in := a.get()
	e := Explanation{}
	if in.user != nil {
		e.Roles = in.user.why()
	}
	d, ok := readDocument(id, source)
	if !ok {
		e.By = []string{"the document is not strict JSON"}
		return e
	}
	views := in.admitting(&d)
	e.Visible = len(views) > 0
	for i := range in.views {
		e.By = append(e.By, in.views[i].reasons(&d, e.Visible)...)
	}
	if e.Visible {
		x := explainer{views: views, seen: map[string]bool{}, excludes: map[string]*fieldRule{}}
		x.walk(d.root, "")
		e.Fields = x.fields
	}
	return e
}

// reasons are the rules of a view that admit a document, or, when the document
// is hidden, those that do not.
func (v *view) reasons(d *document, visible bool) []string {
	if v.all {
		return []string{"no rule for documents"}
	}
	var list []string
	for i := range v.queries {
		if admits := v.queries[i].query.match(d) == yes; admits == visible {
			list = append(list, v.queries[i].from)
		}
	}
	return list
}

const maxExplained = 10_000 // fields

type explainer struct {
	views    []*view
	seen     map[string]bool
	fields   []Field
	excludes map[string]*fieldRule // each compiled once
}

func (x *explainer) exclude(text string) *fieldRule {
	f, known := x.excludes[text]
	if !known {
		f = &fieldRule{}
		_ = f.excludes.add(text) // compiled before
		x.excludes[text] = f
	}
	return f
}

// walk notes the fields with values other than objects.
func (x *explainer) walk(v strictjson.Value, path string) {
	switch v.Kind() {
	case strictjson.Object:
		for name, member := range v.Members() {
			at := name
			if path != "" {
				at = path + "." + name
			}
			x.walk(member, at)
		}
		return
	case strictjson.Array:
		for e := range v.Elements() {
			x.walk(e, path)
		}
		return
	}
	if !x.seen[path] && len(x.fields) < maxExplained {
		x.seen[path] = true
		x.fields = append(x.fields, Field{path, x.state(path)})
	}
}

func (x *explainer) state(path string) string {
	var hidden, masked []string
	shown := false
	for _, v := range x.views {
		if !v.fields.visible(path) {
			hidden = append(hidden, x.hiding(v, path)...)
			continue
		}
		if v.masks.of([]byte(path)) == nil {
			shown = true
		}
		masked = append(masked, v.masking(path)...)
	}
	switch {
	case shown:
		return "shown"
	case len(masked) > 0:
		return "strings masked by " + strings.Join(unique(masked), ", ")
	}
	return "hidden by " + strings.Join(unique(hidden), ", ")
}

// hiding are the rules of a view that hide a field: the excludes, or the lists
// of includes, none of which has it.
func (x *explainer) hiding(v *view, path string) []string {
	var excludes, includes []string
	for _, l := range v.lists {
		for _, text := range l.excludes {
			if !x.exclude(text).visible(path) {
				excludes = append(excludes, fmt.Sprintf("role %q: ~%s", l.role, text))
			}
		}
		if len(l.includes) > 0 {
			includes = append(includes, fmt.Sprintf("role %q: not among its fields", l.role))
		}
	}
	if len(excludes) > 0 {
		return excludes
	}
	return includes
}

// masking are the masks of a view for a field.
func (v *view) masking(path string) []string {
	var list []string
	for _, masks := range v.masks.lists {
		for i := range masks {
			if matchField(&masks[i].pattern, []byte(path)) {
				list = append(list, fmt.Sprintf("role %q: %s", masks[i].role, masks[i].text))
				break
			}
		}
	}
	return list
}

// why tells for each role of a user what gives it. A backend role that is no role
// is left out: its name is the caller's.
func (u *user) why() []string {
	var list []string
	reasonsOf := map[string][]string{}
	if u.roles.options.Resolution != MappingOnly {
		for _, name := range u.id.backendRoles {
			if u.roles.roles[name] != nil {
				reasonsOf[name] = []string{"a backend role of that name"}
			}
		}
	}
	if u.roles.options.Resolution != BackendRolesOnly {
		for i := range u.roles.mapping {
			m := &u.roles.mapping[i]
			if _, has := slices.BinarySearch(u.names, m.role); has {
				reasonsOf[m.role] = append(reasonsOf[m.role], m.why(u.id)...)
			}
		}
	}
	for _, name := range u.names {
		reasons := reasonsOf[name]
		if len(reasons) > 0 {
			list = append(list, name+": "+strings.Join(reasons, ", "))
		}
	}
	return list
}

func (m *mapping) why(id *identity) []string {
	var list []string
	for _, l := range []struct {
		name     string
		patterns *patterns
		texts    []string
	}{{"users", &m.users, []string{id.name}}, {"backend_roles", &m.backendRoles, id.backendRoles}, {"hosts", &m.hosts, id.hosts}} {
		for _, text := range l.patterns.texts {
			one := mustPatterns(text)
			if anyOf(one, l.texts) {
				list = append(list, fmt.Sprintf("%s %q", l.name, text))
			}
		}
	}
	if m.matchesAll(id.backendRoles) {
		list = append(list, "all of and_backend_roles")
	}
	return list
}

// Hash returns the same text for two accesses that show the same of every
// document, as far as can be told from their rules, and another one when rules,
// variables, lookups, merge or salt differ. It is a key for caches of what was
// shown. It is made from claims too: who can guess those can recognize them.
func (a *Access) Hash() string {
	in := a.get()
	var parts []string
	for i := range in.views {
		parts = append(parts, in.views[i].canonical())
	}
	return digestOf(parts)
}

// canonical describes what a view does, whatever the order of its rules.
func (v *view) canonical() string {
	var queries, masks []string
	if v.all {
		queries = []string{"all"}
	} else {
		for i := range v.queries {
			queries = append(queries, string(v.queries[i].tree.append(nil)))
		}
	}
	for _, list := range v.masks.lists {
		var texts []string
		for i := range list {
			texts = append(texts, list[i].text)
		}
		masks = append(masks, fmt.Sprintf("%q", texts))
	}
	if len(masks) > 0 {
		left := maxMasking
		probe, _ := v.masks.standard.apply(nil, "probe", &left) // tells salts apart
		masks = append(masks, string(probe))
	}
	includes := "everything" // which no digest of includes is
	if v.fields.includes != nil {
		includes = digestOf(v.fields.includes.texts)
	}
	return fmt.Sprint(digestOf(queries), includes, digestOf(v.fields.excludes.texts), digestOf(masks))
}

// digestOf is a hash of a set of texts.
func digestOf(texts []string) string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", slices.Compact(texts)))
	return hex.EncodeToString(sum[:])
}
