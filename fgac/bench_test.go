package fgac

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// page2K is a document of 2 KB and 40 fields.
func page2K() []byte {
	var b strings.Builder
	b.WriteString(`{"title":"Molecular biology of the cell","journal":"Nature","abstract":"` + strings.Repeat("text ", 100) + `"`)
	for i := range 37 {
		fmt.Fprintf(&b, `,"field_%02d":"%s"`, i, strings.Repeat("v", 20))
	}
	return []byte(b.String() + "}")
}

func BenchmarkDocument(b *testing.B) {
	source := page2K()
	a := accessTo(b, [][]string{{"title", "journal", "abstract", "field_01", "field_02"}}, []string{"journal"}, Options{InsecureDefaultSalt: true})
	b.Run("fls+mask", func(b *testing.B) {
		b.SetBytes(int64(len(source)))
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := a.Document(source); !ok {
				b.Fatal("hidden")
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(source)))
		b.ReportAllocs()
		for b.Loop() {
			var m map[string]any
			if err := json.Unmarshal(source, &m); err != nil {
				b.Fatal(err)
			}
			if _, err := json.Marshal(m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRule(b *testing.B) {
	r, err := parseRule(`{"bool":{"must":[{"term":{"journal":"Nature"}},{"match":{"title":"cell"}},{"exists":{"field":"field_30"}}],"must_not":[{"term":{"field_02":"x"}}],"should":[{"prefix":{"field_05":"v"}}]}}`, false)
	if err != nil {
		b.Fatal(err)
	}
	d, _ := readDocument("", page2K())
	b.ReportAllocs()
	for b.Loop() {
		if r.query.match(&d) != yes {
			b.Fatal("no match")
		}
	}
}

func BenchmarkAccess(b *testing.B) {
	roles, mapping := map[string]any{}, map[string]any{}
	for i := range 1000 {
		name := fmt.Sprintf("role-%d", i)
		roles[name] = map[string]any{"index_permissions": []any{map[string]any{"index_patterns": []string{fmt.Sprintf("logs-%d-*", i)}, "allowed_actions": []string{"read"}}}}
		mapping[name] = map[string]any{"users": []string{"*"}}
	}
	u := mustParse(b, string(mustJSON(roles)), string(mustJSON(mapping)), nil).For(identityOf(b, "mary"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := u.Access(Search, "logs-999-a"); err != nil {
			b.Fatal(err)
		}
	}
}
