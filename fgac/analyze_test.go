package fgac

import (
	"strings"
	"testing"
)

// TestWords pins the analysis.
func TestWords(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "--": "", "User-1": "user|1", "The QUICK, brown": "the|quick|brown", "don't e.g. a.b, 3.14 1,000; x.": "don't|e.g|a.b|3.14|1,000|x",
		"foo_bar Éa\u0301": "foo_bar|éa\u0301", "日本go語": "日|本|go|語", "a.語": "a|語", "d\u2019or": "d\u2019or", "a,b 1'2 a:b 1:2": "a|b|1'2|a:b|1|2", "x.": "x",
	} {
		words, err := wordsOf(s, true)
		if got := strings.Join(words, "|"); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", s, got, err, want)
		}
	}
	for _, row := range []struct {
		w, want string
		same    bool
	}{{"ABC", "abc", true}, {"ab", "abc", false}, {"abc", "ab", false}, {"É", "é", true}, {"", "", true}, {"a", "b", false}} {
		if isLower(row.w, row.want) != row.same {
			t.Errorf("%q, %q", row.w, row.want)
		}
	}
}
