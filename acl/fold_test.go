package acl_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tokenacl/tokenacl/acl"
	"golang.org/x/text/unicode/norm"
)

var folding = acl.Rules{Fold: true}

// Names that are one name under Fold, and the form that is compared, which was
// computed by another implementation of Unicode.
var foldTwins = []struct{ form, twins string }{
	{"alice", "alice Alice ALICE aLiCe"},
	{"strasse", "Straße STRASSE straſſe Strasse STRAẞE"},
	{"office", "oﬀice oﬃce OFFICE"},
	{"αι\u0301", "αί ΑΊ αι\u0301"},
	{"α\u0301ι", "ᾴ Α\u0301Ι α\u0345\u0301 α\u0301\u0345"},
	{"ω\u0313ι", "ᾨ ᾠ ὨΙ"},
	{"σιγμασ", "σιγμας ΣΙΓΜΑΣ"},
	{"i\u0307", "İ i\u0307"},
	{"ı", "ı"},
	{"k", "K k K"},
	{"a\u030a", "Å Å å a\u030a"},
	{"e\u0301ric", "Éric éric E\u0301RIC"},
	{"a\u0323\u0307", "a\u0307\u0323 a\u0323\u0307 \u1ea1\u0307 \u0227\u0323"},
	{"fullwidth", "ｆｕｌｌｗｉｄｔｈ ＦＵＬＬＷＩＤＴＨ"},
	{"\u1112\u1161\u11ab", "한 \u1112\u1161\u11ab"},
	{"が", "が か\u3099"},
	{"\u13a0\u13f0", "\u13a0\u13f0 \uab70\u13f8 \u13a0\u13f8 \uab70\u13f0"}, // Cherokee folds to its capitals
	{"\u13ef\u13f5", "\u13ef\u13f5 \uabbf\u13fd"},
	{"\U00010428", "\U00010400 \U00010428"},
	{"\U00010041\u0301", "\U00010041\u0301"},
	{"\U0001042d\u0308", "\U0001042d\u0308 \U00010405\u0308"},
	{"\ufffd", "\ufffd"},
}

// Names that look alike, or that a careless folding makes one.
var foldStrangers = [][2]string{
	{"á", "\U00010041\u0301"}, // a composition that clips U+10041 to U+0041
	{"ӭ", "\U0001042d\u0308"},
	{"ג\u0307", "\U000105c9"},
	{"alice", "аlice"}, // Cyrillic
	{"i", "ı"},
	{"i", "İ"},
	{"ss", "s"},
	{"alice", "alice "},
	{"alice", "al\u200dice"},
	{"alice", "al\u00adice"},
	{"e\u0301", "e"},
	{"\xff", "\ufffd"},
	{"A\xff", "a\xff"},
}

// Rule A1
func TestFoldTwins(t *testing.T) {
	pairs := 0
	for _, row := range foldTwins {
		form := norm.NFKD.String(row.form)
		for twin := range strings.FieldsSeq(row.twins) {
			if got := folding.FoldName(twin); got != form {
				t.Errorf("%+q folds to %+q, want %+q", twin, got, form)
			}
			decision := acl.Decide(acl.For(acl.Principal{User: twin}), acl.List{acl.Allow.User(row.form)}, folding)
			if !decision.Allowed {
				t.Errorf("%+q is not admitted as %+q", twin, row.form)
			}
			if got := (acl.Rules{}).FoldName(twin); got != twin {
				t.Errorf("%+q becomes %+q without Fold", twin, got)
			}
			pairs++
		}
	}
	if pairs < 50 {
		t.Errorf("checked %d twins", pairs)
	}
	for _, row := range foldStrangers {
		if a, b := folding.FoldName(row[0]), folding.FoldName(row[1]); a == b {
			t.Errorf("%+q and %+q are one name: %+q", row[0], row[1], a)
		}
	}
}

// Every character, alone: folding is idempotent, knows the other cases, and
// never makes a name empty.
//
// Rule A1
func TestFoldEveryCharacter(t *testing.T) {
	changed, orbits := 0, 0
	for r := rune(0); r <= utf8.MaxRune; r++ {
		s := string(r) // U+FFFD for a surrogate
		form := checkFold(t, s)
		if form != s {
			changed++
		}
		for q := unicode.SimpleFold(r); q != r; q = unicode.SimpleFold(q) {
			if got := folding.FoldName(string(q)); got != form {
				t.Errorf("%U and %U fold to %+q and %+q", r, q, form, got)
			}
			orbits++
		}
		if r != 'İ' && r != 'ı' && unicode.IsLetter(r) { // whose other case is that of i in Turkish alone
			for _, twin := range []string{strings.ToUpper(s), strings.ToLower(s), norm.NFC.String(s), norm.NFD.String(s), norm.NFKC.String(s)} {
				if got := folding.FoldName(twin); got != form {
					t.Errorf("%+q and %+q fold to %+q and %+q", s, twin, form, got)
				}
			}
		}
	}
	if changed < 10_000 || orbits < 2_000 {
		t.Errorf("%d characters fold to others, %d pairs of cases", changed, orbits)
	}
}

// checkFold checks the laws of one name and returns its form.
func checkFold(t *testing.T, s string) string {
	form := folding.FoldName(s)
	if again := folding.FoldName(form); again != form {
		t.Errorf("%+q folds to %+q and then to %+q", s, form, again)
	}
	if (form == "") != (s == "") {
		t.Errorf("%+q folds to %+q", s, form)
	}
	if !utf8.ValidString(s) && form != s {
		t.Errorf("%+q, not UTF-8, folds to %+q", s, form)
	}
	return form
}

// The marks that change place or fold, after every letter that has cases.
//
// Rule A1
func TestFoldPairs(t *testing.T) {
	marks := "\u0300\u0301\u0307\u0308\u030a\u030c\u0313\u0314\u0323\u0327\u0328\u0331\u0342\u0344\u0345\u3099\u309aιΙｶﾞ\u1161\u11a8\U0001d165"
	pairs := 0
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if unicode.SimpleFold(r) == r {
			continue
		}
		for _, mark := range marks {
			s := string([]rune{r, mark})
			form := checkFold(t, s)
			// U+0345 is a mark itself and changes place with others, its cases do not.
			other := unicode.SimpleFold(r)
			if twin := string([]rune{other, mark}); r != '\u0345' && other != '\u0345' && folding.FoldName(twin) != form {
				t.Errorf("%+q and %+q fold to %+q and %+q", s, twin, form, folding.FoldName(twin))
			}
			checkFold(t, string([]rune{mark, r, mark}))
			pairs++
		}
	}
	if pairs < 20*2_000 {
		t.Errorf("checked %d pairs", pairs)
	}
}

// Rule A1
func FuzzFold(f *testing.F) {
	for _, row := range foldTwins {
		for twin := range strings.FieldsSeq(row.twins) {
			f.Add(twin, row.form)
		}
	}
	for _, row := range foldStrangers {
		f.Add(row[0], row[1])
	}
	f.Add("", "a")
	f.Add("a"+strings.Repeat("\u0301", 40), "a"+strings.Repeat("\u0327\u0301", 40))
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := checkFold(t, a), checkFold(t, b)
		checkFold(t, a+b)
		if utf8.ValidString(a) {
			if got := folding.FoldName(norm.NFD.String(a)); got != x && !manyMarks(a) {
				t.Errorf("%+q and its NFD fold to %+q and %+q", a, x, got)
			}
		}
		if a != "" && b != "" {
			d := acl.Decide(acl.For(acl.Principal{User: a}), acl.List{acl.Allow.User(b)}, folding)
			if d.Allowed != (x == y) {
				t.Errorf("%+q is let in as %+q: %t", a, b, d.Allowed)
			}
		}
	})
}

// manyMarks reports whether more combining marks follow each other than norm
// puts in order (UAX #15, Stream-Safe Text Format).
func manyMarks(s string) bool {
	n := 0
	for _, r := range norm.NFKD.String(s) {
		if r == '\u034f' {
			return true
		}
		if norm.NFKD.PropertiesString(string(r)).CCC() == 0 {
			n = 0
			continue
		}
		if n++; n >= 30 {
			return true
		}
	}
	return false
}
