package strictjson_test

import (
	stdjson "encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// wide admits every text that the oracle admits and that fits into memory.
var wide = strictjson.Limits{Bytes: 1 << 26, Depth: 10_000}

// oracle reads text with another strict reader.
func oracle(text []byte) (any, error) {
	numbers := json.UnmarshalFromFunc(func(dec *jsontext.Decoder, out *any) error {
		if dec.PeekKind() != '0' {
			return json.SkipFunc
		}
		literal, err := dec.ReadValue()
		*out = stdjson.Number(literal)
		return err
	})
	var v any
	err := json.Unmarshal(text, &v, json.WithUnmarshalers(numbers),
		jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(false))
	return v, err
}

// sameAsOracle fails unless Parse and the oracle accept the same text and read
// the same value from it.
func sameAsOracle(t interface {
	Helper()
	Fatalf(string, ...any)
}, text []byte) (accepted bool) {
	t.Helper()
	v, err := strictjson.Parse(text, wide)
	want, oracleErr := oracle(text)
	if (err == nil) != (oracleErr == nil) {
		t.Fatalf("Parse(%q) = %v, the oracle says %v", text, err, oracleErr)
	}
	if err != nil {
		checkError(t, text, v, err)
		return false
	}
	if diff := cmp.Diff(want, v.Any()); diff != "" {
		t.Fatalf("Parse(%q): the oracle reads another value (-want +got):\n%s", text, diff)
	}
	if got := strings.Trim(string(text), " \t\r\n"); v.Raw() != got {
		t.Fatalf("Raw() = %q, want %q", v.Raw(), got)
	}
	return true
}

// checkError holds what every error promises.
func checkError(t interface {
	Helper()
	Fatalf(string, ...any)
}, text []byte, v strictjson.Value, err error) {
	t.Helper()
	var e *strictjson.Error
	if !errors.As(err, &e) {
		t.Fatalf("Parse(%q): error of type %T", text, err)
	}
	if e.Offset < 0 || e.Offset > len(text) || e.Reason == "" {
		t.Fatalf("Parse(%q): error %+v is out of bounds", text, *e)
	}
	if v != (strictjson.Value{}) {
		t.Fatalf("Parse(%q) returns a value and %v", text, err)
	}
}

// Rule T1: the verdict on every text of the table, and the value read from it,
// are those of an independent reader.
func TestOracleTable(t *testing.T) {
	accepted := 0
	for _, c := range verdicts {
		if c.limits == (strictjson.Limits{}) && sameAsOracle(t, []byte(c.text)) {
			accepted++
		}
	}
	if refused := len(verdicts) - accepted; accepted < 40 || refused < 80 {
		t.Fatalf("%d texts accepted and %d refused: the table is too small", accepted, refused)
	}
}

func FuzzOracle(f *testing.F) {
	seeds := 0
	for _, c := range verdicts {
		if len(c.text) < 1<<12 {
			f.Add([]byte(c.text))
			seeds++
		}
	}
	f.Add([]byte(payload))
	if seeds < 100 {
		f.Fatalf("%d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, text []byte) { sameAsOracle(t, text) })
}

// TestOracleRandom cuts, repeats and swaps pieces of JSON, so that about half
// of the texts are almost valid.
func TestOracleRandom(t *testing.T) {
	accepted, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		text := jsonText(3).Draw(t, "text")
		if rapid.Bool().Draw(t, "damage") && text != "" {
			at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			text = text[:at] + rapid.SampledFrom(pieces).Draw(t, "piece") + text[at+rapid.IntRange(0, 1).Draw(t, "cut"):]
		}
		if sameAsOracle(t, []byte(text)) {
			accepted++
		} else {
			refused++
		}
	})
	if accepted < 10 || refused < 10 {
		t.Fatalf("%d texts accepted, %d refused: not a fair mix", accepted, refused)
	}
}

var pieces = []string{
	"", " ", "\n", "\x00", "\v", ",", ":", "[", "]", "{", "}", `"`, `\`, `\u`, `\ud800`, `\udc00`, `\u0061`, `\x`, "a", "0", "1", "-", "+", ".", "e",
	"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xef\xbb\xbf", "\u2028", "é", "😀", "null", "true", "/*c*/", "'", "NaN",
}

func jsonText(depth int) *rapid.Generator[string] {
	space := rapid.SampledFrom([]string{"", "", "", " ", "\t", "\r\n"})
	str := rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{
			"a", "b", "user", "é", "😀", `\"`, `\\`, `\/`, `\n`, `\u0061`, `\u0000`, `\u00E9`, `\ud83d\ude00`, `\uD83D\uDE00`, `\ud83d`, `\ude00`, "\x7f",
		}), 0, 3).Draw(t, "parts")
		return `"` + strings.Join(parts, "") + `"`
	})
	scalar := rapid.OneOf(str, rapid.SampledFrom([]string{
		"null", "true", "false", "0", "-0", "1", "-12.50", "1e9", "1E+2", "2e-3", "123456789012345678901234567890", "1e999", "0.0",
	}))
	if depth == 0 {
		return scalar
	}
	inner := jsonText(depth - 1)
	list := rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(inner, 0, 4).Draw(t, "elements")
		s := space.Draw(t, "space")
		return s + "[" + s + strings.Join(parts, s+","+s) + s + "]" + s
	})
	object := rapid.Custom(func(t *rapid.T) string {
		var parts []string
		s := space.Draw(t, "space")
		for range rapid.IntRange(0, 5).Draw(t, "members") {
			parts = append(parts, str.Draw(t, "name")+s+":"+s+inner.Draw(t, "value"))
		}
		return s + "{" + s + strings.Join(parts, s+","+s) + s + "}" + s
	})
	return rapid.OneOf(scalar, list, object, object)
}
