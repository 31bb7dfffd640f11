package claims

import (
	"errors"
	"slices"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/internal/strictjson"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// field is where a configuration finds a claim: a top-level name, taken
// literally, or, with a slash in front, a JSON pointer (RFC 6901). A top-level
// name that begins with a slash is reached as a pointer: "/~1name".
type field struct {
	name string // as configured
	top  string // the top-level claim it is, or lies in
}

func newField(option, name string) (field, error) {
	if name == "" {
		return field{}, errors.New("claims: " + option + ": an empty name of a claim")
	}
	if name[0] != '/' {
		return field{name, name}, nil
	}
	unescaped := strings.NewReplacer("~1", "/", "~0", "~")
	if strings.Contains(strings.NewReplacer("~1", "", "~0", "").Replace(name), "~") {
		return field{}, errors.New("claims: " + option + ": want a JSON pointer, in which ~ is written ~0 (RFC 6901)")
	}
	top, _, _ := strings.Cut(name[1:], "/")
	return field{name, unescaped.Replace(top)}, nil
}

func (f field) in(payload strictjson.Value) (strictjson.Value, bool) {
	if f.name[0] == '/' {
		return payload.Pointer(f.name)
	}
	return payload.Get(f.name)
}

// mapping makes a principal of claims.
type mapping struct {
	user, groups field
	skipUser     bool
}

// newMapping returns the mapping of two fields of a configuration, "" being
// Kendra's defaults.
func newMapping(user, groups string, skipUser bool) (m mapping, err error) {
	if user == "" {
		user = tokenconfig.DefaultUserField
	}
	if groups == "" {
		groups = tokenconfig.DefaultGroupField
	}
	m.skipUser = skipUser
	if m.user, err = newField("UserNameAttributeField", user); err != nil {
		return m, err
	}
	m.groups, err = newField("GroupAttributeField", groups)
	return m, err
}

// principal appends the groups to room.
func (m mapping) principal(payload strictjson.Value, r *registered, room []string) (acl.Principal, error) {
	if err := m.checkOverage(r); err != nil {
		return acl.Principal{}, err
	}
	user, err := m.userOf(payload)
	if err != nil {
		return acl.Principal{}, err
	}
	groups, known, err := m.groupsOf(payload, room)
	if err != nil {
		return acl.Principal{}, err
	}
	return acl.Principal{User: user, Groups: groups, GroupsUnknown: !known}, nil
}

func (m mapping) userOf(payload strictjson.Value) (string, error) {
	value, ok := m.user.in(payload)
	if !ok {
		if m.skipUser {
			return "", nil
		}
		return "", refuse(ErrClaim, m.user.name+": missing, and it is the user; set UserNameAttributeField to the claim that has the user name")
	}
	if s, _ := value.Str(); s != "" {
		return s, nil
	}
	return "", refuse(ErrClaim, m.user.name+": want a string that is not empty, since it is the user")
}

// groupsOf returns the groups, and whether the token tells them.
func (m mapping) groupsOf(payload strictjson.Value, room []string) (groups []string, known bool, err error) {
	value, ok := m.groups.in(payload)
	if !ok {
		return nil, false, nil
	}
	if s, one := value.Str(); one {
		groups = append(room, s)
	} else if groups, ok = value.Strings(room); !ok {
		return nil, false, m.wrongGroups()
	}
	if slices.Contains(groups, "") {
		return nil, false, m.wrongGroups()
	}
	return groups, true, nil
}

func (m mapping) wrongGroups() error {
	return refuse(ErrClaim, m.groups.name+": want an array of strings, or a string, none empty, since it is the groups")
}

// checkOverage refuses a token whose provider left out claims: the rest of them
// is elsewhere (distributed claims, OpenID Connect Core 1.0, section 5.6.2), or,
// at Microsoft, anywhere but in the token.
func (m mapping) checkOverage(r *registered) error {
	if names := r.elsewhere; !absent(names) {
		if names.Kind() != strictjson.Object {
			return refuse(ErrOverage, "_claim_names: want an object (OpenID Connect Core 1.0, section 5.6.2)")
		}
		for _, f := range []field{m.user, m.groups} {
			if _, ok := names.Get(f.top); ok {
				return refuse(ErrOverage, f.name+": _claim_names says that it is not in the token; let the provider send fewer groups, or map them to roles")
			}
		}
	}
	if !absent(r.hasGroups) {
		if more, isBool := r.hasGroups.Bool(); more || !isBool {
			return refuse(ErrOverage, "hasgroups: says that the groups are not in the token; let the provider send fewer groups, or map them to roles")
		}
	}
	return nil
}
