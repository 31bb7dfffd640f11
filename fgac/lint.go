package fgac

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Finding is something in the roles that is valid and probably not meant.
type Finding struct {
	Role    string // "" is about all of them
	Problem string
}

// String returns a text such as: role "reader": nobody has it.
func (f Finding) String() string {
	if f.Role == "" {
		return f.Problem
	}
	return fmt.Sprintf("role %q: %s", f.Role, f.Problem)
}

// maxFindings bounds what is found of one kind.
const maxFindings = 1000

// Lint returns findings, sorted by role: roles that nobody can have, and mappings
// of roles that do not exist; roles whose rules for an index do not go together
// with those of others, so that a user who has both sees less or more than with
// one alone; rules that match nothing; patterns that hide or mask what is in an object
// without naming the object, which requests to an engine can get around where it is
// mapped as flat_object; masks without a salt of one's own, or of what other rules
// know as an object.
func (r *Roles) Lint() []Finding {
	var l linter
	l.mapped(r)
	for _, name := range slices.Sorted(maps.Keys(r.roles)) {
		l.role(r.roles[name], r.options.Merge)
	}
	if r.options.Merge != MergePerGrant {
		l.pairs(r)
	}
	l.masks(r)
	switch algorithm := r.options.MaskAlgorithm; {
	case r.standard == nil:
	case algorithm != "" && !strings.EqualFold(algorithm, legacyDefault):
		l.add("", "masks have no salt: values can be told by trying; leave MaskAlgorithm empty and set Salt")
	case r.options.InsecureDefaultSalt:
		l.add("", "masks use the plugin's salt, which everybody knows: values can be told by trying; set Salt")
	}
	slices.SortStableFunc(l.found, func(a, b Finding) int { return cmp.Compare(a.Role, b.Role) })
	return slices.Compact(l.found)
}

type linter struct {
	found   []Finding
	overlap int // what is left of maxOverlap
}

func (l *linter) add(role, format string, args ...any) {
	if len(l.found) < 10*maxFindings {
		l.found = append(l.found, Finding{role, fmt.Sprintf(format, args...)})
	}
}

// mapped compares roles with their mapping.
func (l *linter) mapped(r *Roles) {
	if r.options.Resolution != MappingOnly {
		return // every backend role may be a role
	}
	has := map[string]bool{}
	for i := range r.mapping {
		m := &r.mapping[i]
		has[m.role] = len(m.users.texts)+len(m.backendRoles.texts)+len(m.hosts.texts)+len(m.andBackendRoles) > 0
		if r.roles[m.role] == nil {
			l.add(m.role, "is mapped and does not exist")
		}
	}
	for name := range r.roles {
		if !has[name] {
			l.add(name, "nobody has it: no mapping names a user, a backend role or a host")
		}
	}
}

func (l *linter) role(r *role, merge Merge) {
	for i, g := range r.grants {
		for _, text := range g.fields.includes {
			if strings.HasSuffix(text, keyword) {
				l.add(r.name, "entry %d: fls %q matches nothing: names are compared without .keyword", i, text)
			}
		}
		for _, text := range g.fields.excludes {
			l.inside(r.name, i, "fls", "~"+text, text)
		}
		for _, m := range g.masks {
			l.inside(r.name, i, "mask", m.text, m.pattern.text)
			if m.method.replace == nil && m.method.text != "" {
				l.add(r.name, "entry %d: mask %q has no salt: values can be told by trying", i, m.text)
			}
		}
		if merge != MergePerGrant && !matchAny(&g.actions, Search) && len(g.actions.texts) > 0 && (g.restricts() || merge == MergeEmptyOverridesAll) {
			l.add(r.name, "entry %d: does not grant searching, but counts in searches of who has other roles too; MergePerGrant avoids that", i)
		}
		if len(g.indices) == 0 || len(g.actions.texts) == 0 {
			l.add(r.name, "entry %d: grants nothing: it has no index or no action", i)
		}
		if len(g.fields.includes) > 0 && len(g.fields.excludes) > 0 {
			l.add(r.name, "entry %d: fls has includes and excludes", i)
		}
	}
}

// inside reports a pattern that may be for a.b and not for a. Access.Rewrite does not
// see that a is an object, of which an engine finds all if it is a flat_object.
func (l *linter) inside(role string, entry int, rule, text, pattern string) {
	if opaque(pattern) || strings.ContainsAny(strings.TrimSuffix(pattern, "*"), "*?") {
		l.add(role, "entry %d: %s %q may be for something in an object that it does not name: where that is mapped as flat_object, queries on it find what is hidden; name it too, as in object.field", entry, rule, text)
	}
}

// masks looks for masks of a field that other rules know as an object: a mask is for
// the strings of a path and for nothing below it.
func (l *linter) masks(r *Roles) {
	all := r.fieldPatterns()
	for name, role := range r.roles {
		for i, g := range role.grants {
			for j := range g.masks {
				object := g.masks[j].pattern.text + "."
				at, _ := slices.BinarySearch(all, object)
				if at < len(all) && all[at] == object+keyword[1:] {
					at++
				}
				if g.masks[j].pattern.exact() && at < len(all) && strings.HasPrefix(all[at], object) {
					l.add(name, "entry %d: mask %q does not mask %q, which a rule names: a mask is for one path; mask %q too", i, g.masks[j].text, all[at], object+"*")
				}
			}
		}
	}
}

// fieldPatterns are those of all rules for fields and of all masks, sorted, each once.
func (r *Roles) fieldPatterns() []string {
	var all []string
	for _, role := range r.roles {
		for _, g := range role.grants {
			all = append(append(all, g.fields.includes...), g.fields.excludes...)
			for i := range g.masks {
				all = append(all, g.masks[i].pattern.text)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// pairs compares each two roles for one index.
func (l *linter) pairs(r *Roles) {
	names := slices.Sorted(maps.Keys(r.roles))
	left := maxPairs
	l.overlap = maxOverlap
	for i, a := range names {
		for _, b := range names[i+1:] {
			for _, g := range r.roles[a].grants {
				for _, h := range r.roles[b].grants {
					meets := g.meets(h, &l.overlap)
					if left--; left < 0 || l.overlap < 0 {
						l.add("", "there are too many roles to compare all of them")
						return
					}
					if meets {
						l.pair(g, h, r.options.Merge)
						l.pair(h, g, r.options.Merge)
					}
				}
			}
		}
	}
}

// pair reports what g loses for who also has h.
func (l *linter) pair(g, h *grant, merge Merge) {
	if len(g.fields.includes) > 0 && len(h.fields.excludes) > 0 {
		l.add(g.role, "who also has role %q is shown all fields but those that one excludes: the includes of this one are ignored", h.role)
	}
	for _, dimension := range []struct {
		name string
		g, h bool // has a rule
	}{{"dls", g.dls != nil, h.dls != nil}, {"fls", !g.fields.empty(), !h.fields.empty()}, {"masked_fields", len(g.masks) > 0, len(h.masks) > 0}} {
		switch {
		case dimension.g == dimension.h:
		case merge == MergePlugin && dimension.h:
			l.add(g.role, "has no %s for an index of role %q: who also has that one sees less", dimension.name, h.role)
		case merge == MergeEmptyOverridesAll && dimension.g:
			l.add(g.role, "%s is lifted for who also has role %q, which has none", dimension.name, h.role)
		}
	}
}

// meets reports whether both entries may cover one index.
func (g *grant) meets(h *grant, left *int) bool {
	var a, b []string
	for i := range g.indices {
		a = append(a, g.indices[i].text)
	}
	for i := range h.indices {
		b = append(b, h.indices[i].text)
	}
	return anyOverlap(a, b, left)
}
