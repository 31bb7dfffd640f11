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
