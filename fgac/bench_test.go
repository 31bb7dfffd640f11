package fgac

import (
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
	b.SetBytes(int64(len(source)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := a.Document(source); !ok {
			b.Fatal("hidden")
		}
	}
}

// TestAllocations keeps the work in the path of every document small: reading it
// takes three, writing one.
func TestAllocations(t *testing.T) {
	source := page2K()
	rules := `{"bool": {"must": [{"term": {"journal": "Nature"}}, {"match": {"title": "cell"}}, {"exists": {"field": "field_30"}}]}}`
	roles := fmt.Sprintf(`{"r0": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"], "dls": %q,
		"fls": ["title", "journal", "abstract", "field_01", "field_02"], "masked_fields": ["journal"]}]}}`, rules)
	u := mustParse(t, roles, everyRole, &Options{InsecureDefaultSalt: true}).For(identityOf(t, "mary"))
	a := mustAccess(t, u, "i")
	if got, ok := a.Document(source); !ok || strings.Contains(string(got), "Nature") || strings.Count(string(got), ":") != 5 {
		t.Fatalf("%s", got)
	}
	for name, row := range map[string]struct {
		most float64
		f    func()
	}{
		"a document": {4, func() { a.Document(source) }},
		"an access":  {0, func() { _, _ = u.Access(Search, "i") }},
		"a denial":   {0, func() { _, _ = u.Access(Write, "i") }},
	} {
		least := testing.AllocsPerRun(1, row.f)
		for range 100 { // the race detector empties pools now and then
			least = min(least, testing.AllocsPerRun(1, row.f))
		}
		if least > row.most {
			t.Errorf("%s: %v allocations, want %v", name, least, row.most)
		}
	}
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
