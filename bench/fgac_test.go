package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/fgac"
)

// fgacDocument is a document of 2 KB and 40 fields.
func fgacDocument(n int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"title":"Molecular biology of the cell, part %d","journal":"Nature","abstract":"%s"`, n, strings.Repeat("text ", 100))
	for i := range 37 {
		fmt.Fprintf(&b, `,"field_%02d":"%s"`, i, strings.Repeat("v", 20))
	}
	return []byte(b.String() + "}")
}

var fgacShown = []string{"title", "journal", "abstract", "field_01", "field_02"}

// fgacAccess is what a role with these members, as JSON, gives of an index.
func fgacAccess(b *testing.B, members string) *fgac.Access {
	b.Helper()
	roles := `{"reader":{"index_permissions":[{"index_patterns":["pubmed"],"allowed_actions":["read"]` + members + `}]}}`
	parsed, err := fgac.Parse([]byte(roles), []byte(`{"reader":{"users":["*"]}}`), &fgac.Options{Salt: "a salt for benchmarks"})
	if err != nil {
		b.Fatal(err)
	}
	access, err := fgacUser(b, parsed).Access(fgac.Search, "pubmed")
	if err != nil {
		b.Fatal(err)
	}
	return access
}

func fgacUser(b *testing.B, roles *fgac.Roles) *fgac.User {
	b.Helper()
	id, err := fgac.FromClaims(maps.All(map[string]any{"sub": "mary", "roles": []any{"staff"}}), fgac.Keys{Subject: "sub", Roles: "roles"})
	if err != nil {
		b.Fatal(err)
	}
	return roles.For(id)
}

// throughMap is what a host does without a library: decode, drop, mask, encode.
func throughMap(source []byte, mask func(any) any) ([]byte, error) {
	var doc map[string]any
	if err := json.Unmarshal(source, &doc); err != nil {
		return nil, err
	}
	for name := range doc {
		if !slices.Contains(fgacShown, name) {
			delete(doc, name)
		}
	}
	doc["journal"] = mask(doc["journal"])
	return json.Marshal(doc)
}

// BenchmarkFields shows five fields of 40 and masks one: in one pass over the
// bytes, and through a map without the cost of a mask.
func BenchmarkFields(b *testing.B) {
	access := fgacAccess(b, `,"fls":["title","journal","abstract","field_01","field_02"],"masked_fields":["journal"]`)
	source := fgacDocument(0)
	shown, ok := access.Document(source)
	var want, got map[string]any
	if !ok || json.Unmarshal(shown, &got) != nil {
		b.Fatal("hidden")
	}
	encoded, err := throughMap(source, func(any) any { return got["journal"] })
	if err != nil || json.Unmarshal(encoded, &want) != nil || !reflect.DeepEqual(got, want) || len(got) != len(fgacShown) || got["journal"] == "Nature" {
		b.Fatalf("%v: %s is not %s", err, shown, encoded)
	}
	b.Run("tokenacl", func(b *testing.B) {
		b.SetBytes(int64(len(source)))
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := access.Document(source); !ok {
				b.Fatal("hidden")
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(source)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := throughMap(source, func(v any) any { return v }); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHits shows what a user may see of 10,000 hits, half of them hidden by
// a rule for documents.
func BenchmarkHits(b *testing.B) {
	const hits = 10_000
	access := fgacAccess(b, `,"dls":"{\"bool\":{\"must_not\":[{\"term\":{\"hidden\":true}}]}}","fls":["title","journal","abstract","field_01","field_02"],"masked_fields":["journal"]`)
	sources := make([][]byte, hits)
	size := 0
	for i := range sources {
		sources[i] = fgacDocument(i)
		if i%2 == 1 {
			sources[i] = bytes.Replace(sources[i], []byte(`{`), []byte(`{"hidden":true,`), 1)
		}
		size += len(sources[i])
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		shown := 0
		for _, source := range sources {
			if _, ok := access.Document(source); ok {
				shown++
			}
		}
		if shown != hits/2 {
			b.Fatalf("%d of %d hits are shown", shown, hits)
		}
	}
}

// BenchmarkRule is a rule of five clauses, and nothing hidden in the document. The
// time includes reading the document strictly, which is also measured without.
func BenchmarkRule(b *testing.B) {
	source := fgacDocument(0)
	for _, tt := range []struct{ name, members string }{
		{"five-clauses", `,"dls":"{\"bool\":{\"must\":[{\"term\":{\"journal\":\"Nature\"}},{\"match\":{\"title\":\"cell\"}},{\"exists\":{\"field\":\"field_30\"}}],\"must_not\":[{\"term\":{\"field_02\":\"x\"}}],\"should\":[{\"prefix\":{\"field_05\":\"v\"}}]}}"`},
		{"one-clause", `,"dls":"{\"match_all\":{}}"`},
	} {
		access := fgacAccess(b, tt.members)
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := access.Document(source); !ok {
					b.Fatal("hidden")
				}
			}
		})
	}
}

// BenchmarkPermission asks 1,000 roles with a pattern each: prepared for an
// identity, and prepared anew for each question.
func BenchmarkPermission(b *testing.B) {
	roles, mapping := map[string]any{}, map[string]any{}
	for i := range 1000 {
		name := fmt.Sprintf("role-%d", i)
		roles[name] = map[string]any{"index_permissions": []any{map[string]any{
			"index_patterns": []string{fmt.Sprintf("logs-%d-*", i)}, "allowed_actions": []string{"read"}}}}
		mapping[name] = map[string]any{"users": []string{"*"}}
	}
	rolesFile, _ := json.Marshal(roles)
	mappingFile, _ := json.Marshal(mapping)
	parsed, err := fgac.Parse(rolesFile, mappingFile, nil)
	if err != nil {
		b.Fatal(err)
	}
	ask := func(b *testing.B, user *fgac.User) {
		if _, err := user.Access(fgac.Search, "logs-999-a"); err != nil {
			b.Fatal(err)
		}
		if _, err := user.Access(fgac.Search, "other"); err == nil {
			b.Fatal("allowed")
		}
	}
	b.Run("prepared", func(b *testing.B) {
		user := fgacUser(b, parsed)
		ask(b, user)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := user.Access(fgac.Search, "logs-999-a"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("prepare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ask(b, fgacUser(b, parsed))
		}
	})
}
