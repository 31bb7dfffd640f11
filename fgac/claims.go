package fgac

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

func subject(claims map[string]any, keys Keys) (string, error) {
	key := cmp.Or(keys.Subject, "sub")
	v, ok := find(claims, key)
	if !ok {
		return "", fmt.Errorf("fgac: claim %q, the subject, is missing; Keys.Subject names another", key)
	}
	name, isText := v.(string)
	if keys.PluginClaimCoercion {
		name = strings.TrimSpace(textOf(v))
	} else if !isText {
		return "", fmt.Errorf("fgac: claim %q, the subject, is not a string", key)
	}
	if name == "" || !utf8.ValidString(name) {
		return "", fmt.Errorf("fgac: claim %q, the subject, is empty or not UTF-8", key)
	}
	return name, nil
}

func backendRoles(claims map[string]any, keys Keys) ([]string, error) {
	if keys.Roles == "" {
		return nil, nil
	}
	if overage(claims, keys.Roles) {
		return nil, fmt.Errorf("fgac: the provider left claim %q out of the token because there are too many roles; ask it for fewer", keys.Roles)
	}
	v, ok := find(claims, keys.Roles)
	if keys.PluginClaimCoercion {
		return unique(coerceRoles(v)), nil
	}
	if !ok && keys.MissingRolesMeanNone {
		return nil, nil
	}
	if !ok {
		return nil, fmt.Errorf("fgac: claim %q, the roles, is missing; Keys.MissingRolesMeanNone lets that pass", keys.Roles)
	}
	roles, err := rolesOf(v)
	if err != nil {
		return nil, fmt.Errorf("fgac: claim %q, the roles, %w", keys.Roles, err)
	}
	return unique(roles), nil
}

var errRoles = errors.New("is not an array of strings, or one string, none of them empty")

func rolesOf(v any) ([]string, error) {
	if s, ok := v.(string); ok {
		v = []any{s}
	}
	if texts, ok := v.([]string); ok {
		v = anys(texts)
	}
	list, ok := v.([]any)
	if !ok {
		return nil, errRoles
	}
	var roles []string
	for _, e := range list {
		s, ok := e.(string)
		if !ok || s == "" || !utf8.ValidString(s) {
			return nil, errRoles
		}
		roles = append(roles, s)
	}
	return roles, nil
}

// coerceRoles reads roles as the plugin's reader of static keys does.
func coerceRoles(v any) []string {
	var parts []string
	switch v := v.(type) {
	case nil:
	case string:
		parts = strings.Split(v, ",")
	case []string:
		parts = v
	case []any:
		for _, e := range v {
			if e != nil {
				parts = append(parts, textOf(e))
			}
		}
	default:
		parts = []string{textOf(v)}
	}
	var roles []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" && utf8.ValidString(p) {
			roles = append(roles, p)
		}
	}
	return roles
}

// textOf is a claim as a text: strings as they are, everything else as JSON.
func textOf(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

func unique(list []string) []string {
	var once []string
	seen := make(map[string]struct{}, len(list))
	for _, s := range list {
		if _, twice := seen[s]; !twice {
			seen[s] = struct{}{}
			once = append(once, s)
		}
	}
	return once
}

// overage reports whether the claims say that the one of key was left out.
func overage(claims map[string]any, key string) bool {
	first := key
	if strings.HasPrefix(key, "/") {
		first, _, _ = strings.Cut(key[1:], "/")
		first = unescapePointer.Replace(first)
	}
	distributed, given := claims["_claim_names"]
	names, isObject := distributed.(map[string]any)
	_, named := names[first]
	has, present := claims["hasgroups"]
	return named || given && !isObject || present && has != false
}

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

// find returns the claim of a key: a name, or a JSON pointer.
func find(claims map[string]any, key string) (any, bool) {
	if !strings.HasPrefix(key, "/") {
		v, ok := claims[key]
		return v, ok
	}
	var v any = claims
	for _, name := range strings.Split(key[1:], "/") {
		object, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = object[unescapePointer.Replace(name)]; !ok {
			return nil, false
		}
	}
	return v, true
}
