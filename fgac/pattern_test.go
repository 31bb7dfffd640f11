package fgac

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// TestWildcardVectors runs what the plugin's own matcher answers. Blank patterns
// match nothing there and are refused here.
func TestWildcardVectors(t *testing.T) {
	type vector struct {
		Pattern, Text string
		Match         json.RawMessage // true, false or "invalid"
	}
	counts := map[string]int{}
	for _, v := range vectors[vector](t, "wildcard.jsonl", 71) {
		p, err := compilePattern(v.Pattern)
		got := "invalid"
		switch blank := strings.TrimSpace(v.Pattern) == ""; {
		case blank && err != nil && string(v.Match) == "false":
			got = "false"
			counts["blank"]++
		case err == nil && matchPattern(&p, v.Text) != matchPattern(&p, []byte(v.Text)):
			t.Errorf("%q, %q: string and bytes differ", v.Pattern, v.Text)
		case err == nil && matchPattern(&p, v.Text):
			got = "true"
		case err == nil:
			got = "false"
		}
		if got != strings.Trim(string(v.Match), `"`) {
			t.Errorf("%q matches %q: %s, want %s", v.Pattern, v.Text, got, v.Match)
		}
		counts[got]++
	}
	if counts["true"] != 34 || counts["false"] != 36 || counts["invalid"] != 1 || counts["blank"] != 2 {
		t.Errorf("counts %v", counts)
	}
}

// units spells a text with one letter for each unit of UTF-16, so that an
// expression counts as Java does.
func units(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		if utf16.IsSurrogate(rune(u)) {
			u = u&0x3FF | 0xE000 | u&0x400 // a private letter for a half
		}
		b.WriteRune(rune(u))
	}
	return b.String()
}

// globOracle matches with a regular expression.
func globOracle(pattern, text string) bool {
	var re strings.Builder
	for _, r := range units(pattern) {
		switch r {
		case '*':
			re.WriteString("(?s:.*)")
		case '?':
			re.WriteString("(?s:.)")
		default:
			re.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return regexp.MustCompile(`\A` + re.String() + `\z`).MatchString(units(text))
}

var (
	globs  = rapid.StringOfN(rapid.RuneFrom([]rune("ab.é€😀*?*?")), 1, 8, -1)
	texts4 = rapid.StringOfN(rapid.RuneFrom([]rune("ab.é€😀")), 0, 8, -1)
)

// globAgrees requires that each way to match says the same.
func globAgrees(t interface{ Fatalf(string, ...any) }, p, s string, want bool) {
	g := parseGlob(p)
	one := pattern{text: p, glob: g, runs: runsOf(g)}
	for how, got := range map[string]bool{"unit by unit": matchGlob(g, s), "as a text": matchPattern(&one, s), "as bytes": matchPattern(&one, []byte(s))} {
		if got != want {
			t.Fatalf("%q matches %q %s: %v, want %v", p, s, how, got, want)
		}
	}
}

// TestGlob compares with an expression.
func TestGlob(t *testing.T) {
	for _, row := range [][2]string{{"ab*ba", "aba"}, {"ab*ba", "abba"}, {"*a*a*", "a"}, {"*a*a*", "aa"}, {"a**", "a"}, {"**", ""}, {"é*é", "é"}, {"*ab*ab", "abab"}, {"*ab*ab", "ab"}} {
		globAgrees(t, row[0], row[1], globOracle(row[0], row[1]))
	}
	hits := 0
	rapid.Check(t, func(t *rapid.T) {
		p, s := globs.Draw(t, "pattern"), texts4.Draw(t, "text")
		want := globOracle(p, s)
		globAgrees(t, p, s, want)
		if want {
			hits++
		}
	})
	if hits == 0 {
		t.Error("no pattern matched")
	}
}

// TestOverlap requires that patterns which match one text overlap, and that the
// check tells some apart.
func TestOverlap(t *testing.T) {
	apart := 0
	rapid.Check(t, func(t *rapid.T) {
		p, q, s := globs.Draw(t, "p"), globs.Draw(t, "q"), texts4.Draw(t, "text")
		if !overlap(p, q) {
			apart++
			if globOracle(p, s) && globOracle(q, s) {
				t.Fatalf("%q and %q match %q", p, q, s)
			}
		}
		if overlap(p, q) != overlap(q, p) {
			t.Fatalf("%q and %q are not symmetric", p, q)
		}
	})
	if apart == 0 {
		t.Error("everything overlaps")
	}
	for _, row := range []struct {
		a, b string
		want bool
	}{
		{"a", "a", true}, {"a", "b", false}, {"a*", "*b", true}, {"a*", "b*", false}, {"*", "x", true},
		{"log-?", "log-1", true}, {"log-?", "log-", false}, {"log-?", "log-€", true}, {"a*b*c", "a?c", true}, {"a*bb*c", "a?d", false}, {"a*b*c", "abc", true},
		{"/x/", "y", true}, {"${user.name}", "y", true}, {" ", "y", true},
	} {
		if got := overlap(row.a, row.b); got != row.want {
			t.Errorf("%q and %q overlap: %v, want %v", row.a, row.b, got, row.want)
		}
	}
}

// FuzzGlob looks for patterns that match otherwise than an expression.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{{"*", ""}, {"a*b", "ab"}, {"?", "😀"}, {"??", "😀"}, {"*é?", "xéé"}, {"a*a*a*b", "aaaaaaa"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, p, s string) {
		if len(p)+len(s) > 200 || !utf8.ValidString(p) || !utf8.ValidString(s) || strings.ContainsFunc(p+s, func(r rune) bool { return r >= 0xE000 && r < 0xF900 }) {
			return
		}
		globAgrees(t, p, s, globOracle(p, s))
	})
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// TestRegex lists expressions that mean in Java what they mean here, and those
// that are refused because they do not.
//
// Rule F1
func TestRegex(t *testing.T) {
	for _, row := range []struct {
		java    string
		yes, no []string // texts that match as a whole, and that do not
	}{
		{`a.c`, []string{"abc", "a c"}, []string{"a\nc", "a\u2028c", "a\u0085c", "ac", "xabc"}},
		{`a|b`, []string{"a", "b"}, []string{"ab", ""}},
		{`\S*ogstash-\S*`, []string{"logstash-1", "ogstash-"}, []string{"log stash-1", "logstash-\v"}},
		{`[\s-a]`, []string{" ", "-", "a", "\v"}, []string{"b", "!"}},
		{`[^\s]`, []string{"b"}, []string{" ", "\v"}},
		{`x\s`, []string{"x\v", "x "}, []string{"x"}},
		{`\d{1,3}$`, []string{"12"}, []string{"12\n", "1234", ""}},
		{`^a$|^b$`, []string{"a", "b"}, []string{"c", "a\n"}},
		{`(?<x>a)(?:b)+?`, []string{"ab", "abb"}, []string{"a"}},
		{`\u0041\x42\x{43}`, []string{"ABC"}, nil},
		{`\p{Lu}\pL`, []string{"Äx"}, []string{"xX"}},
		{`[\]\[\&a-]+`, []string{"[]&-a"}, []string{"b"}},
		{`a{2}}]`, []string{"aa}]"}, nil},
		{`\.\/\-`, []string{"./-"}, nil},
		{`\ba\B.\z`, []string{"ab"}, []string{"a."}},
	} {
		re, err := compileName(row.java)
		if err != nil {
			t.Errorf("%q: %v", row.java, err)
			continue
		}
		for _, s := range row.yes {
			if !re.MatchString(s) {
				t.Errorf("%q does not match %q", row.java, s)
			}
		}
		for _, s := range row.no {
			if re.MatchString(s) {
				t.Errorf("%q matches %q", row.java, s)
			}
		}
	}
	refused := []string{
		`(?<=.{1}).`, `(?=a)`, `(?!a)`, `(?<!a)`, `(?>a)`, `(?i)a`, `(?i:a)`, `(?U)a`, `(?P<n>a)`, `(a)\1`, `\k<n>`,
		`a++`, `a*+`, `a?+`, `a{2}+`, `[a-z&&[^b]]`, `[a[b]]`, `[]a]`, `[^]a]`, `[a`, `a{`, `a{,3}`, `a{x}`, `a{12345}`,
		`\Qa\E`, `\v`, `\h`, `\R`, `\Z`, `\G`, `\e`, `\cA`, `\07`, `\u12`, `\x1`, `\p{Alpha}`, `\p{IsLatin}`, `\pX`, `[\b]`,
		`(`, `)`, `a)(b`, `a{2,1}`, `a\`, `a$\n`, `(a$)*b`, `(?:a$)b`, `a$+`, `[b-a]`, `a**`, "\xff", strings.Repeat("a", 1001), `é\é`,
		`(?:a{1000}){1000}`,
	}
	for _, java := range refused {
		if re, err := compileName(java); err == nil {
			t.Errorf("%q is accepted as %v", java, re)
		}
	}
}
