package fgac

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestBlake compares with digests of Python's hashlib: BLAKE2b of 32 bytes with
// the plugin's salt as salt, and as personalization.
func TestBlake(t *testing.T) {
	salt := [16]byte([]byte(defaultSalt))
	for _, row := range []struct {
		n              int
		salted, legacy string
	}{
		{0, "cecc9deb0f9770e3c6b9f7bae96304e6c34793b14d2d647c3b8a938df2eaf179", "46a70d68467abc495992c0f1bf48ccb38c3238fa6d1335cdb83f8b7ce5110755"},
		{1, "e53cb579fcb1b3b28f92e65aba54dba8e762c38eeea00511c4af01822506a5bf", "e1e8abdbf21b74b3e1f539e677265a0f22d70d6b95da2750bfb4df87adc3cbb9"},
		{127, "138405c7cd2f39d526b1afc393d9ada7ddc5b0027394e27e8c8eed07aa232648", "581475b31e8dc9f57aeef099df9cebacb2b384a37751121866fe7d041fcf1f2b"},
		{128, "3920098334d0d675548fdbb67dab5b595d336be99be16ffdfa54570c8a78b9f8", "223745cb17ae842de359f2a8f2a67e516986ebf8ba3dd202a3fea3ee07adc19e"},
		{129, "6614bc0b75e6e8a3b8fc0087ee41a940a1240e044b12535dcc9757f343fd5ebc", "70f62f630dbba69b31c3dad8429a01b9462fb87cd4867723d4f634525126f72b"},
		{255, "5ed712c5608849487b13c9d027aa50febebaa314b60abc06e808e9cfa98f3e54", "ebde1170343890b6049aa2f0fe71488983500344e9de32c812238de9195b5593"},
		{256, "a875fac447c8edb7ad5f2b1cc981fc41c16056c788c62548c74e90d3233bf9a0", "1bab451a731450f2048a906b5954d0af1e844a2482179ecd70c0627264e9b4da"},
		{257, "1a1e65f2e00a422b6387016d02003978b3bc660de4449da94d6d4d2edbbee71f", "0fea43975717ffc51fe953c886ee42dd7c0e8ba0f91db1418088cf1e88ca280c"},
		{1000, "910744757037d3d44ff431ba1f98af58de89e427b3e3fbf04f28631489872116", "4d3d20c0a0edaaaac0f5b9a8e792c3c3217f04ad449a4ba29315c6129eddbb49"},
	} {
		text := strings.Repeat("0123456789", 101)[:row.n]
		for want, state := range map[string]blake{row.salted: newBlake(salt, [16]byte{}), row.legacy: newBlake([16]byte{}, salt)} {
			if got := state.sum(text); hex.EncodeToString(got[:]) != want {
				t.Errorf("%d bytes: %x, want %s", row.n, got, want)
			}
		}
	}
}

// standardOf is the default mask under the plugin's salt.
func standardOf(t testing.TB, algorithm string) *method {
	t.Helper()
	m, err := (&Options{InsecureDefaultSalt: true, MaskAlgorithm: algorithm}).defaultMethod()
	if err != nil && algorithm != "" {
		m, err = (&Options{MaskAlgorithm: algorithm}).defaultMethod()
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// maskWith returns the masked value.
func maskWith(m *method, value string) (string, bool) {
	left := maxMasking
	text, ok := m.apply(nil, value, &left)
	if !ok {
		return "", len(text) > 0
	}
	s, _ := parsed(text).Str()
	return s, true
}

// TestMaskVectors runs what the plugin's tests expect. Expressions with
// look-around are refused here.
//
// Rules F3, F5
func TestMaskVectors(t *testing.T) {
	type vector struct{ Mask, Field, Value, Want, Algorithm string }
	refused := 0
	for _, v := range vectors[vector](t, "masks.jsonl", 46) {
		m, err := parseMask(v.Mask, standardOf(t, v.Algorithm))
		if strings.Contains(v.Mask, "(?<=") {
			if err == nil {
				t.Errorf("%s is accepted", v.Mask)
			}
			refused++
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", v.Mask, err)
			continue
		}
		list := masking{[][]mask{{m}}, standardOf(t, v.Algorithm)}
		method := list.of([]byte(v.Field))
		if method == nil {
			t.Errorf("%s does not mask %s", v.Mask, v.Field)
			continue
		}
		if got, ok := maskWith(method, v.Value); got != v.Want || !ok {
			t.Errorf("%s of %q: %q, want %q", v.Mask, v.Value, got, v.Want)
		}
	}
	if refused != 11 {
		t.Errorf("%d refused, want 11", refused)
	}
	for _, row := range []struct {
		field  string
		masked bool
	}{{"field_masked_1", true}, {"field_other", false}, {"field_masked_1.keyword", true}, {"field_masked", false}} {
		m, _ := parseMask("field_masked_*", standardOf(t, ""))
		if got := (&masking{lists: [][]mask{{m}}}).of([]byte(row.field)) != nil; got != row.masked {
			t.Errorf("%s: %v", row.field, got)
		}
	}
}

// TestMaskSyntax runs the plugin's list of valid and invalid expressions.
//
// Rule F1
func TestMaskSyntax(t *testing.T) {
	type vector struct {
		Mask  string
		Valid bool
	}
	valid := 0
	for _, v := range vectors[vector](t, "syntax.jsonl", 23) {
		if _, err := parseMask(v.Mask, standardOf(t, "")); (err == nil) != v.Valid {
			t.Errorf("%s: %v, want valid %v", v.Mask, err, v.Valid)
		}
		if v.Valid {
			valid++
		}
	}
	if valid != 7 {
		t.Errorf("%d valid, want 7", valid)
	}
	for _, bad := range []string{"", " ", "/[/", "::MD5", "a::/x/::$1", "a::/(x)/::$2", "a::/x/::$", "a::/x/::${y}", "a::/x/::${y", "a::/x/::\\", "a::/x/::\\é", "a::/x/::$x", "a::/x/::y::z::w", "a::/x::y", "a::x/::y", "a::/::y", "a::/(?i)x/::y", "a::/(/::y", "a::/a{1000}{1000}/::b", "a::/(?:[^a]{900}[^b]{900}[^c]{900}[^d]{900}[^e]{900}[^f]{900}[^g]{900}[^h]{900}[^i]{900}[^j]{900}[^k]{900}[^l]{900})/::b", "a::MD2"} {
		if _, err := parseMask(bad, standardOf(t, "")); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

// TestReplace has Java's replaceAll, measured with Java 17.
func TestReplace(t *testing.T) {
	for _, row := range []struct{ regex, with, value, want string }{
		{`.*`, `*`, "abc", "**"}, {`b*`, `-`, "abc", "-a--c-"}, {`(j)ohn`, `$1x`, "john", "jx"}, {`(j)ohn`, `$10`, "john", "j0"}, {`x`, `\$`, "x", "$"},
		{`(?<first>.)(.)`, `$2${first}\\$0`, "abcd", `ba\abdc\cd`}, {`(a)|(b)`, `[$1$2]`, "abc", "[a][b]c"}, {`(a)?b`, `<$1>`, "bab", "<><a>"},
		{`$`, `!`, "a\n", "a!\n!"}, {`a$`, `X`, "a\n", "X\n"}, {`a$`, `X`, "a\r\n", "X\r\n"}, {`a$`, `X`, "a\nb", "a\nb"}, {`$`, `!`, "\r\n", "!\r\n!"}, {`a$`, "X", "a\u2028", "X\u2028"},
		{`^`, `!`, "a\nb", "!a\nb"}, {`\b`, `|`, "ab c", "|ab| |c|"}, {`\B`, `|`, "ab", "a|b"}, {``, `-`, "é€😀", "-é-€-😀-"}, {`\z`, "!", "", "!"}, {`x`, `y`, "", ""},
		{`[0-9]{1,3}`, `$0`, "1.22.333", "1.22.333"}, {`a|ab`, `X`, "ab", "Xb"}, {`a+?`, `X`, "aaa", "XXX"}, {`(a|b)*`, `<$1>`, "abc", "<b><>c<>"}, {`(a)(b)?`, `$01`, "a", "a"},
		{`(?<=.{1}).`, `*`, "abc", "refused"},
	} {
		m, err := parseMask("f::/"+row.regex+"/::"+row.with, nil)
		if err != nil {
			if row.want != "refused" {
				t.Errorf("%s: %v", row.regex, err)
			}
			continue
		}
		if got, ok := maskWith(m.method, row.value); got != row.want || !ok {
			t.Errorf("%q by %q in %q: %q, want %q", row.regex, row.with, row.value, got, row.want)
		}
	}
}

var expressions = rapid.Custom(func(t *rapid.T) string {
	return drawExpression(t, 3)
})

func drawExpression(t *rapid.T, depth int) string {
	if depth == 0 {
		return rapid.SampledFrom([]string{"a", "b", "é", `\d`, `\w`, "[ab]", "[^a]", `\b`, `\B`, `\A`, `\z`, ""}).Draw(t, "atom")
	}
	sub := func() string { return drawExpression(t, depth-1) }
	switch rapid.IntRange(0, 5).Draw(t, "shape") {
	case 0:
		return sub() + "|" + sub()
	case 1:
		return "(" + sub() + ")" + rapid.SampledFrom([]string{"", "*", "+", "?", "*?", "??", "{1,2}"}).Draw(t, "times")
	case 2:
		return "(?:" + sub() + ")"
	}
	return sub() + sub()
}

// TestFind compares first matches with package regexp, from the start of a text
// on, and those of replaceAll with all that regexp finds: Java finds the same
// ones, and further empty ones right behind others.
func TestFind(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		expr := expressions.Draw(t, "expression")
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abé1 ")), 0, 8, -1).Draw(t, "text")
		m, err := compileSearch(expr)
		re, err2 := regexp.Compile(expr)
		if err != nil || err2 != nil {
			t.Skip() // such as nested repetitions
		}
		steps := maxSteps
		s := search{machine: m, text: text, steps: &steps, seen: make([]int, len(m.prog.Inst))}
		got, ok := s.find(0)
		want := re.FindStringSubmatchIndex(text)
		if !ok || !slices.Equal(got, want) {
			t.Fatalf("%q in %q: %v, want %v", expr, text, got, want)
		}
		if want == nil {
			return
		}
		found++
		var all [][]int
		for pos := 0; pos <= len(text); {
			match, _ := s.find(pos)
			if match == nil {
				break
			}
			all = append(all, match)
			if pos = match[1]; match[0] == match[1] {
				if pos == len(text) {
					break
				}
				pos += s.width(pos)
			}
		}
		have := re.FindAllStringSubmatchIndex(text, -1)
		for i, match := range all {
			behind := i > 0 && match[0] == match[1] && match[0] == all[i-1][1]
			if !behind && !slices.ContainsFunc(have, func(m []int) bool { return slices.Equal(m, match) }) {
				t.Fatalf("%q in %q: %v is no match of %v", expr, text, match, have)
			}
		}
		for _, match := range have {
			if !slices.ContainsFunc(all, func(m []int) bool { return slices.Equal(m, match) }) {
				t.Fatalf("%q in %q: %v is missing in %v", expr, text, match, all)
			}
		}
	})
	if found == 0 {
		t.Error("nothing was found")
	}
}

// TestMaskBounds has values on which a mask gives up.
//
// Rules F5, G4
func TestMaskBounds(t *testing.T) {
	for _, row := range []struct {
		name, mask, value string
		ok                bool
	}{
		{"a large value", "f::/x/::y", strings.Repeat("a", maxMasked), true},
		{"a value that is too large", "f::/x/::y", strings.Repeat("a", maxMasked+1), false},
		{"a value that is hashed", "f", strings.Repeat("a", maxMasked+1), true},
		{"a result that is too large", "f::/a/::" + strings.Repeat("b", 1000), strings.Repeat("a", 1000), false},
		{"slow", "f::/(?:a?){50}b/::y", strings.Repeat("a", maxMasked), false},
		{"slow twice", "f::/a.*z|a/::b::/b.*z|b/::c", strings.Repeat("a", 5000), false},
	} {
		m, err := parseMask(row.mask, standardOf(t, ""))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := maskWith(m.method, row.value); ok != row.ok || !ok && got != "" {
			t.Errorf("%s: %v, %.20q", row.name, ok, got)
		}
	}
	u := mustParse(t, `{"r": {"index_permissions": [{"index_patterns": ["i"], "masked_fields": ["a::/x/::y", "c.*"], "allowed_actions": ["read"]}]}}`,
		anybody("r"), &Options{Salt: "0123456789abcdef-rest"}).For(identityOf(t, "mary", "r"))
	long := strings.Repeat("a", maxMasked+1)
	got, ok := mustAccess(t, u, "i").Document([]byte(`{"b": 1, "a": ["x", "` + long + `"], "c": {"d": 2}, "a.e": "` + long + `"}`))
	if want := `{"b":1,"c":{"d":2},"a.e":"` + long + `"}`; !ok || string(got) != want {
		t.Errorf("%.60s, want %.60s", got, want)
	}
}

// TestSalt requires a salt of one's own where there are masks.
//
// Rule F5
func TestSalt(t *testing.T) {
	roles := `{"r": {"index_permissions": [{"index_patterns": ["i"], "masked_fields": ["a"], "allowed_actions": ["read"]}]}}`
	masked := func(opts Options) string {
		u := mustParse(t, roles, anybody("r"), &opts).For(identityOf(t, "mary", "r"))
		got, _ := mustAccess(t, u, "i").Document([]byte(`{"a": "foobar"}`))
		return strings.Trim(string(got), `{}:"a`)
	}
	for _, row := range []struct {
		opts Options
		want string
	}{
		{Options{InsecureDefaultSalt: true}, "c042e214a8b49561577445be44c188a8e6274006b36cd0c6fba5312253cf9293"},
		{Options{InsecureDefaultSalt: true, MaskAlgorithm: "blake2b_legacy_default"}, "96c8d1da7eb153db858d4f0585120319e17ed1162db9e94bee19fb10b6d19727"},
		{Options{MaskAlgorithm: "sha-256"}, "c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2"},
	} {
		if got := masked(row.opts); got != strings.Trim(row.want, "a") {
			t.Errorf("%s: %s, want %s", row.opts.MaskAlgorithm, got, row.want)
		}
	}
	if masked(Options{Salt: "0123456789abcdef"}) != masked(Options{Salt: "0123456789abcdefg"}) || masked(Options{Salt: "0123456789abcdef"}) == masked(Options{Salt: "0123456789abcdeg"}) {
		t.Error("not the first 16 bytes of the salt count")
	}
	for _, bad := range []Options{{}, {Salt: "0123456789abcde"}, {Salt: defaultSalt}, {Salt: defaultSalt + "x"}, {Salt: "0123456789abcdef", InsecureDefaultSalt: true}, {MaskAlgorithm: "MD2"}} {
		if e := parseError(t, roles, "", &bad); e.File != "options" || strings.Contains(e.Error(), "0123") {
			t.Error(e)
		}
	}
	mustParse(t, `{"r": {"index_permissions": [{"masked_fields": []}]}}`, "", nil)
}

// TestMasksTogether has several masks for one field.
//
// Rule F5
func TestMasksTogether(t *testing.T) {
	roles := `{"hash": {"index_permissions": [{"index_patterns": ["i"], "masked_fields": ["a"], "allowed_actions": ["read"]}]},
		"md5": {"index_permissions": [{"index_patterns": ["i"], "masked_fields": ["a::md5"], "allowed_actions": ["read"]}]},
		"MD5": {"index_permissions": [{"index_patterns": ["i"], "masked_fields": ["*::MD5", "a"], "allowed_actions": ["read"]}]},
		"regex": {"index_permissions": [{"index_patterns": ["i"], "masked_fields": ["a::/o/::0", "*"], "allowed_actions": ["read"]}]},
		"b": {"index_permissions": [{"index_patterns": ["i"], "masked_fields": ["b"], "allowed_actions": ["read"]}]},
		"free": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"]}]}}`
	const hash, md5, regex = "c042e214a8b49561577445be44c188a8e6274006b36cd0c6fba5312253cf9293", "3858f62230ac3c915f300c664312c63f", "f00bar"
	for _, row := range []struct {
		roles string
		want  [3]string // in each mode
	}{
		{"hash", [3]string{hash, hash, hash}}, {"md5", [3]string{md5, md5, md5}}, {"md5 MD5", [3]string{md5, md5, md5}}, {"regex", [3]string{regex[:1] + "00bar", "f00bar", "f00bar"}},
		{"hash regex", [3]string{hash, hash, hash}}, {"md5 regex", [3]string{hash, hash, hash}}, {"md5 regex MD5", [3]string{hash, hash, hash}},
		{"hash free", [3]string{hash, "foobar", "foobar"}}, {"md5 b", [3]string{md5, md5, "foobar"}},
	} {
		for mode, merge := range []Merge{MergePlugin, MergeEmptyOverridesAll, MergePerGrant} {
			u := mustParse(t, roles, anybody("hash", "md5", "MD5", "regex", "b", "free"), &Options{Merge: merge, InsecureDefaultSalt: true}).For(identityOf(t, "mary", strings.Fields(row.roles)...))
			got, _ := mustAccess(t, u, "i").Document([]byte(`{"a":"foobar"}`))
			if want := `{"a":"` + row.want[mode] + `"}`; string(got) != want {
				t.Errorf("%s in mode %d: %s, want %s", row.roles, mode, got, want)
			}
		}
	}
}

// FuzzMask looks for expressions and values that panic or take too long.
func FuzzMask(f *testing.F) {
	for _, seed := range []string{"a::/[0-9]{1,3}$/::XXX::/^[0-9]{1,3}/::***", "a::MD5", "a", "a::/(?<x>b)*/::${x}$1", "a::/$/::x", "a::/(a|b)*?\\b/::$0"} {
		f.Add(seed, "100.100.1.1")
		f.Add(seed, "ab\r\n")
	}
	standard := standardOf(f, "")
	f.Fuzz(func(t *testing.T, expression, value string) {
		m, err := parseMask(expression, standard)
		if err != nil || !utf8.ValidString(value) || !utf8.ValidString(expression) {
			return
		}
		if got, ok := maskWith(m.method, value); ok && len(got) > 2*maxReplacement {
			t.Errorf("%q becomes %d bytes", value, len(got))
		}
	})
}

// TestMasksKeepStructure requires that a mask changes strings alone.
func TestMasksKeepStructure(t *testing.T) {
	var shape func(v any) any
	shape = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			out := map[string]any{}
			for name, member := range v {
				out[name] = shape(member)
			}
			return out
		case []any:
			out := []any{}
			for _, e := range v {
				out = append(out, shape(e))
			}
			return out
		case string:
			return "text"
		}
		return v
	}
	masked := 0
	rapid.Check(t, func(t *rapid.T) {
		source := mustJSON(drawNested(t, 2))
		r, err := Parse([]byte(rolesWith([][]string{nil}, rapid.SliceOfN(fieldGlobs, 1, 3).Draw(t, "masks"))), []byte(everyRole), &Options{InsecureDefaultSalt: true})
		if err != nil {
			t.Fatal(err)
		}
		id, _ := FromClaims(func(yield func(string, any) bool) { yield("sub", "mary") }, Keys{})
		a, _ := r.For(id).Access(Search, "i")
		got, ok := a.Document(source)
		if !ok {
			t.Skip()
		}
		if diff := cmp.Diff(shape(numbers(source)), shape(numbers(got))); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", source, diff)
		}
		if !bytes.Equal(source, got) {
			masked++
		}
	})
	if masked == 0 {
		t.Error("nothing was masked")
	}
}

// TestMaskingOfDocument bounds what the masks of one document cost together: what is
// past the bound is removed, and what is not masked stays.
//
// Rules F5, G4
func TestMaskingOfDocument(t *testing.T) {
	list := func(n int) string { return "[" + strings.TrimSuffix(strings.Repeat(`"",`, n), ",") + "]" }
	a := accessTo(t, [][]string{nil}, []string{"a*"}, Options{InsecureDefaultSalt: true})
	if got, ok := a.Document([]byte(`{"b":1,"a":` + list(50_000) + `,"c":2}`)); !ok || len(got) < 50_000*64 || !strings.HasSuffix(string(got), `"c":2}`) {
		t.Errorf("%d bytes, %v", len(got), ok)
	}
	shows(t, a, `{"b":1,"a":`+list(75_000)+`,"a2":"x","c":2}`, `{"b":1,"c":2}`)
	shows(t, a, `{"c":1,"a":["x"]}`, `{"c":1,"a":["`+hashOf(t, "x")+`"]}`) // another document has its own
}

// TestMaskingSpends has how many values can be masked with what is left.
//
// Rules F5, G4
func TestMaskingSpends(t *testing.T) {
	x := strings.Repeat("x", 500)
	for _, row := range []struct {
		name, mask, value string
		from, to          int // values
	}{
		{"a hash", "a", "x", 1500, 1550}, {"an expression", "a::/x/::y", "x", 5000, 100_000},
		{"a slow one", "a::/(?:x?){10}y/::z", x, 1, 20}, {"a long replacement", "a::/x/::" + x, x[:100], 1, 2}, {"a large program", "a::/(?:abcdefghij){900}/::z", "x", 10, 100},
		{"many groups", "a::/y" + strings.Repeat("(a)", 300) + "/::z", x, 1, 5}, {"too slow", "a::/(?:x?){50}y/::z", strings.Repeat(x, 20), 0, 0},
	} {
		m, err := parseMask(row.mask, standardOf(t, ""))
		if err != nil {
			t.Fatal(err)
		}
		left, n := 100_000, 0
		for ok := true; ok && n <= row.to; n++ {
			_, ok = m.method.apply(nil, row.value, &left)
		}
		if n--; n < row.from || n >= row.to+btoi(row.to == 0) || left > 0 || left < -60_000 {
			t.Errorf("%s: %d values, %d left", row.name, n, left)
		}
	}
	// A value that is too long by itself is not looked at.
	left := 10
	m, _ := parseMask("a::/x/::y", nil)
	if _, ok := m.method.apply(nil, strings.Repeat("x", maxMasked+1), &left); ok || left != 10 {
		t.Errorf("a long value: %d left", left)
	}
}
