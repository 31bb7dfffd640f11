package strictjson_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

func check(t *testing.T, c verdict) {
	t.Helper()
	_, err := strictjson.Parse(c.text, c.limits)
	_, errBytes := strictjson.Parse([]byte(c.text), c.limits)
	if fmt.Sprint(err) != fmt.Sprint(errBytes) {
		t.Errorf("string: %v, bytes: %v", err, errBytes)
	}
	var e *strictjson.Error
	switch {
	case c.reason == "" && err != nil:
		t.Errorf("refused: %v", err)
	case c.reason == "":
	case !errors.As(err, &e):
		t.Errorf("accepted, or an untyped error: %v", err)
	case e.Reason != c.reason || e.Offset != c.offset:
		t.Errorf("error %q at %d, want %q at %d", e.Reason, e.Offset, c.reason, c.offset)
	case err.Error() != fmt.Sprintf("json: offset %d: %s", c.offset, c.reason):
		t.Errorf("error text %q", err)
	}
}

func run(t *testing.T, rows []verdict, least int) {
	t.Helper()
	names := map[string]bool{}
	for _, c := range rows {
		if names[c.name] {
			t.Errorf("two rows are named %q", c.name)
		}
		names[c.name] = true
		t.Run(c.name, func(t *testing.T) { check(t, c) })
	}
	if len(names) < least {
		t.Errorf("%d rows, want at least %d", len(names), least)
	}
}

// Rule T1: exact names, no duplicates, valid UTF-8 and surrogates, one value.
func TestVerdicts(t *testing.T) { run(t, verdicts, 240) }

// Rule G4: bytes, depth and number of nodes are bounded, exactly.
func TestLimits(t *testing.T) {
	lim := func(bytes, depth, nodes int) strictjson.Limits {
		return strictjson.Limits{Bytes: bytes, Depth: depth, Nodes: nodes}
	}
	row := func(name, text string, l strictjson.Limits, offset int, reason string) verdict {
		return verdict{name: name, text: text, limits: l, offset: offset, reason: reason}
	}
	mixed := nested(`[{"a":`, "1", "}]", 8)
	rows := []verdict{
		row("bytes at the limit", "[1]", lim(3, 0, 0), 0, ""),
		row("bytes over the limit", "[1] ", lim(3, 0, 0), 3, tooLong),
		row("default bytes", strings.Repeat(" ", 1<<20-1)+"1", lim(0, 0, 0), 0, ""),
		row("default bytes over", strings.Repeat(" ", 1<<20)+"1", lim(0, 0, 0), 1<<20, tooLong),
		row("more bytes than the default", strings.Repeat(" ", 1<<20)+"1", lim(1<<20+1, 0, 0), 0, ""),
		row("negative bytes", "", lim(-1, 0, 0), 0, tooLong),
		row("no size is too large to ask for", "1", lim(math.MaxInt, math.MaxInt, math.MaxInt), 0, ""),

		row("scalar at depth 0", "1", lim(0, -1, 0), 0, ""),
		row("negative depth", "[]", lim(0, -1, 0), 0, tooDeep),
		row("depth 1", "[1]", lim(0, 1, 0), 0, ""),
		row("depth 1 object", `{"a":1}`, lim(0, 1, 0), 0, ""),
		row("depth 2 over", "[[]]", lim(0, 1, 0), 1, tooDeep),
		row("depth 2 object over", `{"a":{}}`, lim(0, 1, 0), 5, tooDeep),
		row("depth counts open containers only", "[[],[],[[]],{}]", lim(0, 3, 0), 0, ""),
		row("default depth", nested("[", "", "]", 16), lim(0, 0, 0), 0, ""),
		row("default depth over", nested("[", "", "]", 17), lim(0, 0, 0), 16, tooDeep),
		row("default depth mixed", mixed, lim(0, 0, 0), 0, ""),
		row("default depth mixed over", "["+mixed+"]", lim(0, 0, 0), 1+7*len(`[{"a":`)+1, tooDeep),
		row("greatest depth", nested("[", "", "]", 10_000), lim(0, 1<<30, 0), 0, ""),
		row("greatest depth over", nested("[", "", "]", 10_001), lim(0, 1<<30, 0), 10_000, tooDeep),
		row("unclosed", strings.Repeat("[", 1<<20), lim(0, 0, 0), 16, tooDeep),

		row("one node", "1", lim(0, 0, 1), 0, ""),
		row("two nodes over", "[1]", lim(0, 0, 1), 1, tooMany),
		row("names count", `{"a":1}`, lim(0, 0, 3), 0, ""),
		row("names count over", `{"a":1}`, lim(0, 0, 2), 5, tooMany),
		row("name over", `{"a":1}`, lim(0, 0, 1), 1, tooMany),
		row("words count", "[null,true,false]", lim(0, 0, 4), 0, ""),
		row("words over", "[null,true,false]", lim(0, 0, 3), 11, tooMany),
		row("containers over", "[[],{}]", lim(0, 0, 2), 4, tooMany),
		row("containers", "[[],{}]", lim(0, 0, 3), 0, ""),
		row("strings over", `["a","b"]`, lim(0, 0, 2), 5, tooMany),
		row("negative nodes", "1", lim(0, 0, -1), 0, tooMany),
		row("nodes follow bytes", "[1,2,3]", lim(7, 0, 0), 0, ""),
	}
	run(t, rows, 30)
}

// Rule G4: a duplicate is found by hashing, so that an object of many members
// costs no more per member than a small one. Comparing these pair by pair would
// take billions of steps.
func TestManyMembers(t *testing.T) {
	const n = 100_000
	text := manyMembers(n)
	limits := strictjson.Limits{Bytes: 2 * len(text)}
	v, err := strictjson.Parse(text, limits)
	if err != nil || v.Len() != n {
		t.Fatalf("%d members, error %v", v.Len(), err)
	}
	again := append(text[:len(text)-1:len(text)-1], `,"name-99999":0}`...)
	_, err = strictjson.Parse(again, limits)
	var e *strictjson.Error
	if !errors.As(err, &e) || e.Offset != len(text) || e.Reason != duplicate {
		t.Fatalf("error %v, want a duplicate at %d", err, len(text))
	}
}

// Rule G4: memory grows with the text, whatever it is made of.
func TestMemoryIsBounded(t *testing.T) {
	const size = 1 << 16
	texts := map[string]string{
		"numbers": "[" + strings.Repeat("1,", size/2) + "1]",
		"arrays":  "[" + strings.Repeat("[],", size/3) + "1]",
		"escapes": `"` + strings.Repeat(`\n`, size/2) + `"`,
		"commas":  `"` + strings.Repeat(",:", size/2) + `"`,
		"objects": "[" + strings.Repeat(`{"":0},`, size/7) + "1]",
	}
	for name, text := range texts {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := strictjson.Parse([]byte(text), strictjson.Limits{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got < size || got > 64*size {
			t.Errorf("%s: %d bytes for a text of %d", name, got, len(text))
		}
	}
}

// TestPlainBytes puts each byte at each place of a string that is read eight bytes
// at a time, among bytes that it could be mistaken with.
func TestPlainBytes(t *testing.T) {
	refused := 0
	for _, around := range []string{"a", "!", "#", "[", "]", " ", "\x7f", "é"} {
		for c := range 128 {
			for at := range 20 {
				inside := strings.Repeat(around, at) + string(rune(c)) + strings.Repeat(around, 20-at)
				v, err := strictjson.Parse(`"`+inside+`"`, strictjson.Limits{})
				plain := c >= ' ' && c != '"' && c != '\\'
				if got, _ := v.Str(); (err == nil) != plain || plain && got != inside {
					t.Fatalf("byte %d at %d among %q: %q, %v", c, at, around, got, err)
				}
				if err != nil {
					refused++
				}
			}
		}
	}
	if want := 8 * 34 * 20; refused != want {
		t.Errorf("%d refused, want %d", refused, want)
	}
}

// TestTwinNames has objects of names that share letters and lengths, in which the
// last one repeats any of the others.
func TestTwinNames(t *testing.T) {
	var names []string
	for i := range 47 {
		names = append(names, fmt.Sprintf(`"n%02dx":1`, i))
	}
	all := strings.Join(names, ",")
	if _, err := strictjson.Parse("{"+all+"}", strictjson.Limits{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, err := strictjson.Parse("{"+all+","+name+"}", strictjson.Limits{}); err == nil {
			t.Errorf("%s twice is accepted", name)
		}
	}
}

// The guard of the design's promise: a token's payload takes few allocations.
func TestAllocations(t *testing.T) {
	if n := len(payload); n < 550 || n > 650 {
		t.Fatalf("the payload has %d bytes", n)
	}
	text, few := []byte(payload), string(manyMembers(32))
	counts := map[string]float64{
		"bytes":      fewest(func() { parsed, _ = strictjson.Parse(text, strictjson.Limits{}) }),
		"string":     fewest(func() { parsed, _ = strictjson.Parse(payload, strictjson.Limits{}) }),
		"32 members": fewest(func() { parsed, _ = strictjson.Parse(few, strictjson.Limits{}) }),
		"borrowed": fewest(func() {
			v, _ := strictjson.Borrow(payload, strictjson.Limits{})
			length += v.Len()
			v.Return()
		}),
		"reading": fewest(func() {
			for _, member := range parsed.Members() {
				s, _ := member.Str()
				length += len(s)
			}
			exp, _ := parsed.Get("exp")
			literal, _ := exp.Number()
			role, _ := parsed.Pointer("/realm_access/roles/1")
			s, _ := role.Str()
			length += len(literal) + len(s)
		}),
	}
	for name, most := range map[string]float64{"bytes": 3, "string": 2, "32 members": 2, "borrowed": 0, "reading": 0} {
		if got := counts[name]; got > most {
			t.Errorf("%s: %v allocations, want at most %v", name, got, most)
		}
	}
}

// fewest counts the allocations of f: the fewest of some runs, since the race
// detector and the garbage collector empty pools when they like.
func fewest(f func()) float64 {
	n := testing.AllocsPerRun(1, f)
	for range 30 {
		n = min(n, testing.AllocsPerRun(1, f))
	}
	return n
}

var (
	parsed strictjson.Value
	length int
)

// Rule G5: the bytes given to Parse may be changed afterwards.
func TestParseKeepsNoBytes(t *testing.T) {
	text := []byte(`{"user":"mary"}`)
	v, err := strictjson.Parse(text, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	copy(text, `{"user":"eve!"}`)
	user, _ := v.Get("user")
	if s, _ := user.Str(); s != "mary" {
		t.Errorf("the value changed to %q", s)
	}
}

// Rule G3: an error quotes nothing of the text, whatever is wrong with it.
func TestErrorsQuoteNothing(t *testing.T) {
	const secret = "hunter2"
	texts := 0
	for _, c := range verdicts {
		for _, text := range []string{secret + c.text, `{"` + secret + `":` + c.text, `["` + secret + c.text, c.text + secret} {
			_, err := strictjson.Parse(text, strictjson.Limits{})
			if err == nil {
				continue
			}
			texts++
			if strings.Contains(err.Error(), secret) || strings.Contains(fmt.Sprintf("%+v %#v", err, err), secret) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
	if texts < len(verdicts) {
		t.Errorf("only %d texts were refused", texts)
	}
}
