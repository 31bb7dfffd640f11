package fgac

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"
)

// Identity is who asks: a name, backend roles, and attributes that rules can
// name as variables. It is immutable and safe for concurrent use. The zero
// Identity is nobody and has no role. Formatting, logging and marshalling it
// show counts, never names.
type Identity struct {
	// There are two pointers because fmt follows one where it can call no
	// methods.
	who **identity
}

type identity struct {
	name         string
	backendRoles []string // each once, in the order of the token
	hosts        []string
	variables    map[string]attribute // without value: two claims have that name, which makes it undefined
}

// Keys say which claims of a token have the name and the backend roles: the
// plugin's subject_key and roles_key.
type Keys struct {
	// Subject is the claim with the name of the user; "" is sub. Roles is the one
	// with the backend roles; "" means that there are none. Each is the name of a
	// top-level claim, taken literally (cognito:groups, a URL), or, where it begins
	// with /, a JSON pointer (RFC 6901) to a nested one (/realm_access/roles).
	Subject, Roles string

	// MissingRolesMeanNone lets a token without the claim of Roles pass, as one
	// without backend roles. Otherwise it is an error: where roles restrict, having
	// fewer of them can show more. Cognito leaves the claim out for a user who is
	// in no group.
	MissingRolesMeanNone bool

	// PluginClaimCoercion reads claims as the plugin does: whatever the subject is
	// becomes a text, without the white space around it; roles in one text are
	// separated by commas; roles that are no text become one; a missing claim of
	// Roles means none.
	PluginClaimCoercion bool
}

// FromClaims returns the identity of a token that was verified, from its claims:
// those that claims.Token.All yields, or those of a map (maps.All). The subject
// must be a string and not empty; the roles an array of strings, or one string;
// null, other types and empty strings are errors, and so is a claim of Roles that
// the provider left out because there are too many (_claim_names, hasgroups).
//
// Every claim is an attribute attr.jwt.NAME, nested ones with dots between the
// names. A name that two claims have is undefined.
//
// Errors name the key and never quote a claim.
func FromClaims(claims iter.Seq2[string, any], keys Keys) (Identity, error) {
	all := map[string]any{}
	for name, v := range claims {
		if _, twice := all[name]; twice {
			return Identity{}, errors.New("fgac: the claims have a name twice; read them with package claims")
		}
		all[name] = v
	}
	id := &identity{}
	var err error
	if id.name, err = subject(all, keys); err != nil {
		return Identity{}, err
	}
	if id.backendRoles, err = backendRoles(all, keys); err != nil {
		return Identity{}, err
	}
	id.variables = variablesOf(all)
	id.define("user.name", id.name)
	return newIdentity(id), nil
}

func newIdentity(id *identity) Identity { return Identity{&id} }

// WithHosts returns an identity that comes from these addresses or host names,
// for the hosts of a mapping. They are what the caller's connection says, never
// what a request says.
func (id Identity) WithHosts(hosts ...string) Identity {
	if id.who == nil { // nobody, wherever from
		return id
	}
	who := id.get()
	who.hosts = slices.Clone(hosts)
	return newIdentity(&who)
}

// get returns a copy of what id holds.
func (id Identity) get() identity {
	if id.who == nil {
		return identity{}
	}
	return **id.who
}

// variablesOf flattens the claims into attributes.
func variablesOf(claims map[string]any) map[string]attribute {
	id := &identity{}
	for name, v := range claims {
		id.flatten("attr.jwt."+name, v)
	}
	return id.variables
}

func (id *identity) flatten(name string, v any) {
	if object, ok := v.(map[string]any); ok {
		for member, v := range object {
			id.flatten(name+"."+member, v)
		}
		return
	}
	id.define(name, v)
}

// define sets a variable under its name, and under the one with underscores for
// dots. What has a name already becomes undefined: which of the two a rule means
// cannot be told.
func (id *identity) define(name string, v any) {
	if id.variables == nil {
		id.variables = map[string]attribute{}
	}
	a := attribute{typed(v)}
	under := strings.ReplaceAll(name, ".", "_")
	for _, name := range []string{name, under} {
		if _, taken := id.variables[name]; taken {
			id.variables[name] = attribute{}
			continue
		}
		id.variables[name] = a
	}
}

// typed returns a copy of a claim as the value of an attribute, nil when it can
// be none: null, what nests, and what is no JSON. Values are written into queries
// as they are.
func typed(v any) any {
	switch v := v.(type) {
	case string:
		if utf8.ValidString(v) {
			return v
		}
	case bool:
		return v
	case json.Number:
		if isNumber(v.String()) {
			return v
		}
	case float64, int, int64:
		return typed(json.Number(textOf(v)))
	case []string:
		return anys(v)
	case []any:
		list := make([]any, 0, len(v))
		for _, e := range v {
			one := typed(e)
			if _, nested := one.([]any); one == nil || nested {
				return nil
			}
			list = append(list, one)
		}
		return list
	}
	return nil
}

func anys(texts []string) []any {
	list := make([]any, len(texts))
	for i, s := range texts {
		list[i] = s
	}
	return list
}

// String tells how many backend roles id has, and no name.
func (id Identity) String() string {
	return fmt.Sprintf("identity(%d backend roles)", len(id.get().backendRoles))
}

// Format writes [Identity.String] for every verb.
func (id Identity) Format(f fmt.State, _ rune) { fmt.Fprint(f, id.String()) }

// LogValue is [Identity.String].
func (id Identity) LogValue() slog.Value { return slog.StringValue(id.String()) }

// MarshalText is [Identity.String]: names do not get into JSON by accident.
func (id Identity) MarshalText() ([]byte, error) { return []byte(id.String()), nil }
