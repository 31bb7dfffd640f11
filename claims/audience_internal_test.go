package claims

import (
	"regexp"
	"testing"
)

// What is compared as plain text matches the same as the regular expression that it
// is, for each text of up to four letters.
//
// Rule T4
func TestAudienceLiteral(t *testing.T) {
	exprs := []string{
		"a", "ab", "a.b", `a\.b`, ".", `\.`, "^a", "a$", "^ab$", `\Aab\z`, "(?i)a", "(?i)ab", "(?m)^a$", "(?m)a$", "(?s)a.", "a|b", "|a", "()", "(a)",
		"(?:ab)", "(a)(b)", `\Qa.b\E`, `\ba`, `a\b`, `^a\b`, `a\b$`, `\Ba`, "a*", "a{2}", "a{0}", "[a]", "[aA]", "[^a]", `a\nb`, "(?U)ab", "é", "aé", "(?i)k", "a?b", "ab?",
	}
	letters := []string{"a", "b", "A", ".", "\n", "é", "K"} // the last is the Kelvin sign, which folds to k
	texts := []string{""}
	for i := 0; len(texts[i]) == 0 || len([]rune(texts[i])) < 4; i++ {
		for _, l := range letters {
			texts = append(texts, texts[i]+l)
		}
	}
	literals, matched, refused := 0, 0, 0
	for _, expr := range exprs {
		a, err := newAudience(expr, "")
		if err != nil {
			t.Fatal(err)
		}
		if a.literal != "" {
			literals++
		}
		want := regexp.MustCompile(`\A(?:` + expr + `)\z`)
		for _, text := range texts {
			got := a.matches(text)
			if got != want.MatchString(text) {
				t.Errorf("%q and %q: %t", expr, text, got)
			}
			if got {
				matched++
			} else {
				refused++
			}
		}
	}
	if literals < 8 || literals > len(exprs)-8 || matched < 50 || refused < 10_000 {
		t.Errorf("of %d, %d are literal; %d matched, %d refused", len(exprs), literals, matched, refused)
	}
}
