package fgac

import (
	"bufio"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"testing"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// vectors reads a file of one JSON object a line. They are facts about the
// plugin: results of its own classes and of its tests
// (github.com/opensearch-project/security, Apache-2.0).
func vectors[T any](t *testing.T, name string, count int) []T {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []T
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if len(all) != count {
		t.Fatalf("%s has %d vectors, want %d", name, len(all), count)
	}
	return all
}

func mustParse(t testing.TB, roles, mapping string, opts *Options) *Roles {
	t.Helper()
	r, err := Parse([]byte(roles), []byte(mapping), opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// parseError returns the error of Parse, which must be an *Error.
func parseError(t testing.TB, roles, mapping string, opts *Options) *Error {
	t.Helper()
	r, err := Parse([]byte(roles), []byte(mapping), opts)
	var e *Error
	if !errors.As(err, &e) || r != nil {
		t.Fatalf("Parse = %v, %v; want an *Error", r, err)
	}
	return e
}

// claims is a token of the seed's kind.
func identityOf(t testing.TB, name string, roles ...string) Identity {
	t.Helper()
	return identityWith(t, name, nil, roles...)
}

// identityWith has further claims.
func identityWith(t testing.TB, name string, claims map[string]any, roles ...string) Identity {
	t.Helper()
	all := map[string]any{"sub": name, "roles": anys(roles)}
	maps.Copy(all, claims)
	id, err := FromClaims(maps.All(all), Keys{Roles: "roles"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func mustAccess(t testing.TB, u *User, index string) *Access {
	t.Helper()
	a, err := u.Access(Search, index)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// parsed reads JSON that is known to be valid.
func parsed(data []byte) strictjson.Value {
	v, err := strictjson.Parse(data, strictjson.Limits{Depth: 100})
	if err != nil {
		panic(err)
	}
	return v
}
