package fgac_test

import (
	"maps"
	"testing"

	"github.com/tokenacl/tokenacl/fgac"
)

// TestNobodyFromSomewhere: an identity that nobody made has no role, wherever it
// is said to come from.
//
// Rules G1, F1
func TestNobodyFromSomewhere(t *testing.T) {
	roles, err := fgac.Parse([]byte(`{"r": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"]}]}}`), []byte(`{"r": {"users": ["*"]}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	failed, err := fgac.FromClaims(maps.All(map[string]any{}), fgac.Keys{Roles: "roles"})
	if err == nil {
		t.Fatal("an identity without a subject")
	}
	for name, id := range map[string]fgac.Identity{"zero": {}, "with a host": fgac.Identity{}.WithHosts("10.0.0.1"), "with none": fgac.Identity{}.WithHosts(), "failed": failed.WithHosts("10.0.0.1")} {
		if _, err := roles.For(id).Access(fgac.Search, "i"); err == nil {
			t.Errorf("%s: has access", name)
		}
	}
	mary, err := fgac.FromClaims(maps.All(map[string]any{"sub": "mary", "roles": []any{}}), fgac.Keys{Roles: "roles"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := roles.For(mary.WithHosts("10.0.0.1")).Access(fgac.Search, "i"); err != nil {
		t.Errorf("mary: %v", err)
	}
}

// TestHashOfEverything: a field named as the hash names no restriction is one.
func TestHashOfEverything(t *testing.T) {
	hashes := map[string]string{}
	for _, fls := range []string{`[]`, `["everything"]`} {
		roles, err := fgac.Parse([]byte(`{"r": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"], "fls": `+fls+`}]}}`), nil, &fgac.Options{Resolution: fgac.Both})
		if err != nil {
			t.Fatal(err)
		}
		id, err := fgac.FromClaims(maps.All(map[string]any{"sub": "mary", "roles": []any{"r"}}), fgac.Keys{Roles: "roles"})
		if err != nil {
			t.Fatal(err)
		}
		access, err := roles.For(id).Access(fgac.Search, "i")
		if err != nil {
			t.Fatal(err)
		}
		if was, ok := hashes[access.Hash()]; ok {
			t.Errorf("%s and %s have one hash", was, fls)
		}
		hashes[access.Hash()] = fls
	}
}
