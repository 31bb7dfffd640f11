package fgac_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
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

// TestZeroValues: what nobody made shows nothing, and panics nowhere.
//
// Rules G1, G4
func TestZeroValues(t *testing.T) {
	var none *fgac.User
	for name, u := range map[string]*fgac.User{"zero": {}, "nil": none, "of zero roles": new(fgac.Roles).For(fgac.Identity{})} {
		var denied *fgac.Denied
		if _, err := u.Access(fgac.Search, "i"); !errors.As(err, &denied) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := u.Accesses(fgac.Search, "i"); err == nil {
			t.Errorf("%s: has accesses", name)
		}
		if err := u.Check([]string{fgac.Search}, "i"); err == nil {
			t.Errorf("%s: may search", name)
		}
		if err := u.Cluster("cluster:monitor/main"); err == nil {
			t.Errorf("%s: has the cluster", name)
		}
		if text, err := u.MarshalText(); err != nil || u.Roles() != nil || string(text) != "user(0 roles)" || fmt.Sprint(u) != string(text) || u.LogValue().String() != string(text) {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
	var noAccess *fgac.Access
	for name, a := range map[string]*fgac.Access{"zero": {}, "nil": noAccess} {
		if shown, ok := a.Document([]byte(`{"a":1}`)); ok || shown != nil {
			t.Errorf("%s: shows %s", name, shown)
		}
		if _, ok := a.Hit("1", []byte(`{"a":1}`)); ok {
			t.Errorf("%s: shows a hit", name)
		}
		if got := string(a.Filter()); got != `{"match_none":{}}` {
			t.Errorf("%s: filters by %s", name, got)
		}
		if got, err := a.Rewrite([]byte(`{"query":{"term":{"a":1}}}`)); err != nil || !strings.Contains(string(got), `"filter":[{"match_none":{}}]`) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		if e := a.Explain("", []byte(`{"a":1}`)); e.Visible || e.String() != "hidden: \n" {
			t.Errorf("%s: %v", name, e)
		}
		if text, err := a.MarshalText(); err != nil || a.Index() != "" || a.Hash() == "" || string(text) != "access()" || fmt.Sprint(a) != string(text) || a.LogValue().String() != string(text) {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
	if found := new(fgac.Roles).Lint(); len(found) != 0 {
		t.Errorf("lint of nothing: %v", found)
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
