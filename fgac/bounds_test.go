package fgac

import (
	"fmt"
	"strings"
	"testing"
)

// TestLongestNames: a path at the bound is a field like any other.
//
// Rule G4
func TestLongestNames(t *testing.T) {
	for _, field := range []string{strings.Repeat("x", maxPath), "x" + strings.Repeat(".x", maxDots)} {
		if _, err := listed(t, "*").Rewrite([]byte(`{"query":{"term":{"` + field + `":1}}}`)); err != nil {
			t.Errorf("%d bytes: %v", len(field), err)
		}
	}
}

// TestAmplification: the rules of a caller are repeated for each clause that is
// about a field which some of them hide, up to a bound.
//
// Rule G4
func TestAmplification(t *testing.T) {
	roles := map[string]any{}
	for i, fls := range [][]string{{}, {"title"}} {
		roles[fmt.Sprintf("r%d", i)] = map[string]any{"index_permissions": []any{map[string]any{"index_patterns": []string{"i"}, "allowed_actions": []string{"read"},
			"fls": fls, "dls": `{"term":{"a":"` + strings.Repeat("x", 200_000) + `"}}`}}}
	}
	a := mustAccess(t, mustParse(t, string(mustJSON(roles)), everyRole, &Options{Merge: MergePerGrant}).For(identityOf(t, "mary")), "i")
	ask := func(field string, clauses int) (int, error) {
		clause := `{"term":{"` + field + `":1}},`
		got, err := a.Rewrite([]byte(`{"query":{"bool":{"must":[` + strings.TrimSuffix(strings.Repeat(clause, clauses), ",") + `]}}}`))
		return len(got), err
	}
	if n, err := ask("secret", 80); err != nil || n < 80*200_000 {
		t.Errorf("80 clauses: %d bytes, %v", n, err)
	}
	if n, err := ask("secret", 90); err == nil || n > 0 || !strings.Contains(err.Error(), "16 MiB") {
		t.Errorf("90 clauses: %d bytes, %v", n, err)
	}
	if n, err := ask("title", 1000); err != nil || n > 1<<20 {
		t.Errorf("a field that all show: %d bytes, %v", n, err)
	}
}

// TestLongPatterns: roles whose patterns would take hours to compare are refused, or
// linted as too many.
//
// Rule G4
func TestLongPatterns(t *testing.T) {
	long := func(c string) string { return "*" + strings.Repeat(c, 100_000) + "*x" }
	role := func(entries ...string) string {
		var all []string
		for i, fls := range entries {
			all = append(all, fmt.Sprintf(`"r%d": {"index_permissions": [{"index_patterns": [%q], "allowed_actions": ["read"], "fls": [%q]}]}`, i, long(string(rune('a'+i))), fls))
		}
		return "{" + strings.Join(all, ",") + "}"
	}
	one := strings.Replace(role("a", "~b"), `]},"r1": {"index_permissions": [`, ",", 1)
	if e := parseError(t, one, "", nil); !strings.Contains(e.Reason, "AllowMixed") {
		t.Error(e)
	}
	found := mustParse(t, role("a", "b"), "", &Options{Resolution: Both}).Lint()
	if len(found) != 1 || !strings.Contains(found[0].Problem, "too many roles") {
		t.Errorf("%.300v", found)
	}
}

// TestManyWords: how many words follow the one too many costs nothing.
//
// Rule G4
func TestManyWords(t *testing.T) {
	for _, row := range []struct{ kind, text string }{
		{"match", wordList(30_000)}, {"match_phrase", strings.Repeat("w ", 100_000)},
	} {
		body := []byte(fmt.Sprintf(`{"query":{%q:{"a":%q}}}`, row.kind, row.text))
		a := listed(t, "*")
		n := testing.AllocsPerRun(1, func() {
			if _, err := a.Rewrite(body); err == nil {
				t.Errorf("%s: accepted", row.kind)
			}
		})
		if n > 1000 {
			t.Errorf("%s: %v allocations before it is refused", row.kind, n)
		}
	}
	for kind, text := range map[string]string{"match": strings.Repeat("w ", 10_000) + wordList(63), "match_phrase": wordList(64)} {
		if _, err := parseRule(fmt.Sprintf(`{%q:{"a":%q}}`, kind, text), false); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestExplainOften: a rule is compiled once for a document, and not for each field of
// it.
//
// Rule G4
func TestExplainOften(t *testing.T) {
	const n = 100
	var excludes []string
	doc := []byte(`{"shown":1`)
	for i := range n {
		excludes = append(excludes, fmt.Sprintf("~/h%d[a-c]+/", i))
		doc = fmt.Appendf(doc, `,"h%da":1`, i)
	}
	a := accessTo(t, [][]string{excludes}, nil, Options{})
	doc = append(doc, '}')
	if e := a.Explain("", doc); len(e.Fields) != n+1 || !strings.HasPrefix(e.Fields[n].State, "hidden by") {
		t.Fatal(e)
	}
	if allocs := testing.AllocsPerRun(1, func() { a.Explain("", doc) }); allocs > 500*n {
		t.Errorf("%v allocations for %d rules and as many fields", allocs, n)
	}
}

// TestLintOften: what many masks and many rules say again is compared once.
//
// Rule G4
func TestLintOften(t *testing.T) {
	const n = 40_000
	role := func(member, text string) string {
		return `{"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"], "` + member + `": [` + strings.TrimSuffix(strings.Repeat(`"`+text+`",`, n), ",") + `]}]}`
	}
	r := mustParse(t, `{"a": `+role("fls", "a.keyword")+`, "b": `+role("masked_fields", "a")+`}`, everyRole, &Options{InsecureDefaultSalt: true})
	if all := r.fieldPatterns(); len(all) != 2 {
		t.Errorf("%d patterns are compared with each of %d masks, want 2", len(all), n)
	}
	if found := r.Lint(); len(found) == 0 {
		t.Error("nothing is found")
	}
}
