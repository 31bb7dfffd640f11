package fgac

import (
	"cmp"
	"slices"
	"strings"
)

// Roles are the roles of a cluster and who has them: roles.yml, roles_mapping.yml
// and action_groups.yml, or what the REST API returns in their place. They are
// immutable and safe for concurrent use.
type Roles struct {
	options Options
	roles   map[string]*role
	mapping []mapping // sorted by role
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
	if err != nil {
		return nil, err
	}
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
}

func (l *loader) role(name string, p place) (*role, error) {
	r := &role{name: name}
	var ignored string
	err := p.object(map[string]func(place) error{
		"reserved": flag, "hidden": flag, "static": flag, "description": text(&ignored),
		"cluster_permissions": l.groups.actions(&r.cluster),
		"index_permissions": func(p place) error {
			return p.list(func(p place) error {
				one, err := l.grant(name, p)
				r.grants = append(r.grants, one)
				return err
			})
		},
		"tenant_permissions": func(p place) error { return p.list(tenants) },
	})
	return r, err
}

// tenants reads an entry of tenant_permissions, which has no effect on searches.
func tenants(p place) error {
	var ignored []string
	return p.object(map[string]func(place) error{"tenant_patterns": texts(&ignored), "allowed_actions": texts(&ignored)})
}

func (l *loader) grant(role string, p place) (*grant, error) {
	one := &grant{role: role}
	return one, p.object(map[string]func(place) error{
		"index_patterns":  indexPatterns(&one.indices),
		"allowed_actions": l.groups.actions(&one.actions),
		"dls":             func(p place) error { return l.rule(p, &one.dls) },
		"fls":             func(p place) error { return noRule(p) },
		"masked_fields":   func(p place) error { return noRule(p) },
	})
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

// noRule refuses what cannot be applied yet.
func noRule(p place) error {
	s, isText := p.Str()
	if p.null() || isText && strings.TrimSpace(s) == "" || !isText && p.Raw() == "[]" {
		return nil
	}
	return p.fail("is not supported yet")
}
