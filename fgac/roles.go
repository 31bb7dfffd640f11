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
	r := &Roles{roles: map[string]*role{}}
	if opts != nil {
		r.options = *opts
		r.options.ActionGroups = nil
	}
	if r.options.Resolution > Both {
		return nil, &Error{File: "options", Reason: "Resolution is none of MappingOnly, BackendRolesOnly, Both"}
	}
	var groupFile []byte
	if opts != nil {
		groupFile = opts.ActionGroups
	}
	groups, err := parseGroups(groupFile)
	if err != nil {
		return nil, err
	}
	top, err := read("roles", rolesFile)
	if err != nil {
		return nil, err
	}
	err = entries(top, "roles", func(name string, p place) error {
		one, err := groups.role(name, p)
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

func (g actionGroups) role(name string, p place) (*role, error) {
	r := &role{name: name}
	var ignored string
	err := p.object(map[string]func(place) error{
		"reserved": flag, "hidden": flag, "static": flag, "description": text(&ignored),
		"cluster_permissions": g.actions(&r.cluster),
		"index_permissions": func(p place) error {
			return p.list(func(p place) error {
				one, err := g.grant(name, p)
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

func (g actionGroups) grant(role string, p place) (*grant, error) {
	one := &grant{role: role}
	return one, p.object(map[string]func(place) error{
		"index_patterns":  indexPatterns(&one.indices),
		"allowed_actions": g.actions(&one.actions),
		"dls":             func(p place) error { return noRule(p) },
		"fls":             func(p place) error { return noRule(p) },
		"masked_fields":   func(p place) error { return noRule(p) },
	})
}

// noRule refuses what cannot be applied yet.
func noRule(p place) error {
	s, isText := p.Str()
	if p.null() || isText && strings.TrimSpace(s) == "" || !isText && p.Raw() == "[]" {
		return nil
	}
	return p.fail("is not supported yet")
}
