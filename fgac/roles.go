package fgac

import (
	"cmp"
	"slices"
	"strconv"
)

// Roles are the roles of a cluster and who has them: roles.yml, roles_mapping.yml
// and action_groups.yml, or what the REST API returns in their place. They are
// immutable and safe for concurrent use. The zero Roles grant nothing.
type Roles struct {
	options Options
	roles   map[string]*role
	mapping []mapping // sorted by role

	standard *method // of masks that name no other; nil when there are no masks
}

type role struct {
	name    string
	cluster patterns
	grants  []*grant
}

// grant is one entry of index_permissions.
type grant struct {
	role    string
	indices []indexPattern
	actions patterns
	dls     *rule // nil when there is none
	fields  fieldList
	masks   []mask
}

// Parse reads the roles and their mapping, each of them JSON, as the plugin's
// REST API returns it, or YAML, as its files are. A nil opts is the zero Options.
//
// Whatever the plugin would ignore is an error, an [*Error]: unknown members,
// repeated names, and rules that it cannot apply, which in the plugin from 3.6
// on means no restriction. Errors say which value is wrong and quote none.
// Of YAML, anchors, aliases, tags and a second document are refused. A file may
// have 4 MiB.
func Parse(rolesFile, mappingFile []byte, opts *Options) (*Roles, error) {
	l := loader{}
	if opts != nil {
		l.options = *opts
	}
	if err := l.options.check(); err != nil {
		return nil, err
	}
	var err error
	if l.groups, err = parseGroups(l.options.ActionGroups); err != nil {
		return nil, err
	}
	l.options.ActionGroups = nil // read, and the caller's
	r := &Roles{options: l.options, roles: map[string]*role{}}
	top, err := read("roles", rolesFile)
	if err != nil {
		return nil, err
	}
	err = entries(top, "roles", func(name string, p place) error {
		one, err := l.role(name, p)
		r.roles[name] = one
		return err
	})
	if l.optionsErr != nil {
		err = l.optionsErr
	}
	if err != nil {
		return nil, err
	}
	r.options.Salt, r.standard = "", l.standard
	if r.mapping, err = parseMapping(mappingFile); err != nil {
		return nil, err
	}
	slices.SortFunc(r.mapping, func(a, b mapping) int { return cmp.Compare(a.role, b.role) })
	return r, nil
}

// loader is what reading a role needs.
type loader struct {
	options Options
	groups  actionGroups

	actions    int     // read so far, with those of groups
	standard   *method // of masks that name no other; nil until there is one
	optionsErr error   // why there cannot be one
}

func (l *loader) role(name string, p place) (*role, error) {
	r := &role{name: name}
	var ignored string
	err := p.object(map[string]func(place) error{
		"reserved": flag, "hidden": flag, "static": flag, "description": text(&ignored),
		"cluster_permissions": l.patternsOf(&r.cluster),
		"index_permissions": func(p place) error {
			return p.list(func(p place) error {
				one, err := l.grant(name, p)
				r.grants = append(r.grants, one)
				return err
			})
		},
		"tenant_permissions": func(p place) error { return p.list(tenants) },
	})
	if err == nil && !l.options.AllowMixed && r.mixed() {
		err = p.fail("fls of the entries for one index " + errMixed.Error())
	}
	return r, err
}

// maxActions bounds the patterns of actions of all roles together.
const maxActions = 1 << 19

// patternsOf reads the names of actions and groups into patterns of actions.
func (l *loader) patternsOf(to *patterns) func(place) error {
	return func(p place) error {
		var names []string
		if err := texts(&names)(p); err != nil {
			return err
		}
		for _, action := range l.groups.resolve(names) {
			if l.actions++; l.actions > maxActions {
				return p.fail("the roles have more actions than allowed; use * in their names")
			}
			if err := to.add(action); err != nil {
				return p.fail("an action or a member of a group: " + err.Error())
			}
		}
		return nil
	}
}

// tenants reads an entry of tenant_permissions, which has no effect on searches.
func tenants(p place) error {
	var ignored []string
	return p.object(map[string]func(place) error{"tenant_patterns": texts(&ignored), "allowed_actions": texts(&ignored)})
}

func (l *loader) grant(role string, p place) (*grant, error) {
	one := &grant{role: role, fields: fieldList{role: role}}
	err := p.object(map[string]func(place) error{
		"index_patterns":  indexPatterns(&one.indices),
		"allowed_actions": l.patternsOf(&one.actions),
		"dls":             func(p place) error { return l.rule(p, &one.dls) },
		"fls":             func(p place) error { return texted(p, one.fields.add) },
		"masked_fields":   func(p place) error { return l.masks(p, one) },
	})
	if err == nil && !l.options.AllowMixed && len(one.fields.includes) > 0 && len(one.fields.excludes) > 0 {
		err = p.fail("fls " + errMixed.Error())
	}
	return one, err
}

// rule reads dls: the text of a query, null or blank.
func (l *loader) rule(p place, to **rule) error {
	var query string
	if err := text(&query)(p); err != nil {
		return err
	}
	r, err := parseRule(query, l.options.Lookup != nil)
	if err != nil {
		return p.fail(err.Error())
	}
	*to = r
	return nil
}

// texted reads an array of strings, each of which add takes or refuses.
func texted(p place, add func(string) error) error {
	var all []string
	if err := texts(&all)(p); err != nil {
		return err
	}
	for i, text := range all {
		if err := add(text); err != nil {
			return place{file: p.file, path: p.path + "/" + strconv.Itoa(i)}.fail(err.Error())
		}
	}
	return nil
}

func (l *loader) masks(p place, to *grant) error {
	return texted(p, func(text string) error {
		if l.standard == nil {
			standard, err := l.options.defaultMethod()
			if err != nil {
				l.optionsErr = err
				return err
			}
			l.standard = standard
		}
		m, err := parseMask(text, l.standard)
		m.role = to.role
		to.masks = append(to.masks, m)
		return err
	})
}

// maxPairs bounds the comparisons of one role with itself.
const maxPairs = 1 << 17

// mixed reports whether a role has includes and excludes for one index, in two
// of its entries, or too many of these to tell.
func (r *role) mixed() bool {
	var includes, excludes []string
	for _, g := range r.grants {
		for i := range g.indices {
			if len(g.fields.includes) > 0 {
				includes = append(includes, g.indices[i].text)
			}
			if len(g.fields.excludes) > 0 {
				excludes = append(excludes, g.indices[i].text)
			}
		}
	}
	left := maxOverlap
	return len(includes)*len(excludes) > maxPairs || anyOverlap(includes, excludes, &left)
}

// maxOverlap bounds how long patterns are compared with each other.
const maxOverlap = 1 << 26

// anyOverlap reports whether some pattern of a may match what one of b does, or
// that takes more than is left.
func anyOverlap(a, b []string, left *int) bool {
	for _, p := range a {
		for _, q := range b {
			if *left -= len(p)*len(q) + 1; *left < 0 || overlap(p, q) {
				return true
			}
		}
	}
	return false
}
