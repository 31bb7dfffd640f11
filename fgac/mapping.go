package fgac

// mapping says who has a role: any of the lists suffices.
type mapping struct {
	role                       string
	users, backendRoles, hosts patterns
	andBackendRoles            []pattern // each has to match some backend role
}

// parseMapping reads roles_mapping.yml.
func parseMapping(data []byte) ([]mapping, error) {
	top, err := read("roles_mapping", data)
	if err != nil {
		return nil, err
	}
	var all []mapping
	err = entries(top, "rolesmapping", func(role string, p place) error {
		m := mapping{role: role}
		var ignored string
		var and patterns
		err := p.object(map[string]func(place) error{
			"reserved": flag, "hidden": flag, "static": flag, "description": text(&ignored),
			"users":             matchers(&m.users),
			"backend_roles":     matchers(&m.backendRoles),
			"and_backend_roles": matchers(&and),
			"hosts":             matchers(&m.hosts),
		})
		for _, text := range and.texts {
			one, _ := compilePattern(text)
			m.andBackendRoles = append(m.andBackendRoles, one)
		}
		all = append(all, m)
		return err
	})
	return all, err
}

func (m *mapping) matches(id *identity) bool {
	return matchAny(&m.users, id.name) || anyOf(&m.backendRoles, id.backendRoles) || anyOf(&m.hosts, id.hosts) || m.matchesAll(id.backendRoles)
}

func (m *mapping) matchesAll(backendRoles []string) bool {
	for i := range m.andBackendRoles {
		one := patterns{others: m.andBackendRoles[i : i+1]}
		if !anyOf(&one, backendRoles) {
			return false
		}
	}
	return len(m.andBackendRoles) > 0
}

func anyOf(l *patterns, texts []string) bool {
	for _, s := range texts {
		if matchAny(l, s) {
			return true
		}
	}
	return false
}
