package strictjson_test

import (
	"fmt"
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// A verdict is one text and what Parse says about it. An empty reason: accepted.
type verdict struct {
	name   string
	text   string
	offset int
	reason string
	limits strictjson.Limits
}

const (
	tooEarly  = "text ends too early"
	noValue   = "not a value"
	notUTF8   = "invalid UTF-8"
	lone      = "lone surrogate"
	duplicate = "duplicate member name"
	trailing  = "data after the value"
	control   = "control character in a string"
	escape    = "unknown escape"
	hex       = "not four hexadecimal digits"
	noDigit   = "no digit after a decimal point"
	noExp     = "no digit in an exponent"
	notNumber = "not a number"
	notName   = "not a member name"
	noColon   = "no colon after a member name"
	noBrace   = "no comma or brace after a member"
	noBracket = "no comma or bracket after an element"
	tooDeep   = "nested deeper than allowed"
	tooMany   = "more values and names than allowed"
	tooLong   = "text is longer than allowed"
)

func ok(name, text string) verdict { return verdict{name: name, text: text} }

func no(name, text string, offset int, reason string) verdict {
	return verdict{name: name, text: text, offset: offset, reason: reason}
}

func nested(open, inner, close string, n int) string {
	return strings.Repeat(open, n) + inner + strings.Repeat(close, n)
}

var verdicts = append([]verdict{
	ok("null", "null"), ok("true", "true"), ok("false", "false"),
	ok("empty object", "{}"), ok("empty array", "[]"), ok("empty string", `""`),
	ok("spaced", " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n"),
	ok("spaced empties", "[ \n ]"), ok("spaced empty object", "{ \t}"),
	ok("payload", payload),
	ok("nested", `{"a":{"a":{"a":[{"a":1},{"a":2}]}}}`),

	no("empty input", "", 0, tooEarly), no("only space", " \n", 2, tooEarly),
	no("NUL", "\x00", 0, noValue), no("NUL behind", "1\x00", 1, trailing),
	no("byte order mark", "\xef\xbb\xbf{}", 0, "byte order mark"),
	no("byte order mark alone", "\ufeff", 0, "byte order mark"),
	no("byte order mark later", " \ufeff1", 1, noValue),
	no("byte order mark behind", "1\ufeff", 1, trailing),
	ok("byte order mark in a string", "\"\ufeff\""),
	no("UTF-16", "\xff\xfe1\x00", 0, notUTF8),
	no("two values", "1 2", 2, trailing), no("two objects", "{}{}", 2, trailing), no("trailing comma", "1,", 1, trailing),
	no("form feed is no space", "\f1", 0, noValue), no("vertical tab", "1\v", 1, trailing),
	no("no-break space", "\u00a01", 0, noValue), no("line separator", "1\u2028", 1, trailing),
	no("comment", "/**/1", 0, noValue), no("comment behind", "1//", 1, trailing), no("hash", "#", 0, noValue),

	no("nul", "nul", 0, noValue), no("nulL", "nulL", 0, noValue), no("nullx", "nullx", 4, trailing), no("NULL", "NULL", 0, noValue),
	no("tru", "tru", 0, noValue), no("True", "True", 0, noValue), no("truee", "truee", 4, trailing),
	no("fals", "fals", 0, noValue), no("falsy", "falsy", 0, noValue),
	no("NaN", "NaN", 0, noValue), no("Infinity", "Infinity", 0, noValue), no("minus infinity", "-Infinity", 1, notNumber),
	no("undefined", "undefined", 0, noValue), no("single quotes", "'a'", 0, noValue),

	ok("zero", "0"), ok("minus zero", "-0"), ok("one", "1"), ok("nine", "9"), ok("minus nine", "-9"), ok("ten", "10"),
	ok("fraction", "0.5"), ok("fraction zero", "1.0"), ok("fraction digits", "12.0900"),
	ok("exponent", "1e5"), ok("capital exponent", "1E5"), ok("plus exponent", "1e+5"), ok("minus exponent", "1E-05"), ok("full", "-10.01e-10"),
	ok("huge number", "1e999999"), ok("long number", strings.Repeat("9", 400)), ok("tiny number", "-1e-999999"),
	no("minus", "-", 1, tooEarly), no("minus space", "- 1", 1, notNumber), no("plus", "+1", 0, noValue), no("minus minus", "--1", 1, notNumber),
	no("minus letter", "-a", 1, notNumber), no("minus below zero", "-/", 1, notNumber), no("minus above nine", "-:", 1, notNumber),
	no("leading zero", "01", 1, trailing), no("leading zeros", "00", 1, trailing), no("minus leading zero", "-01", 2, trailing), no("hexadecimal", "0x1", 1, trailing),
	no("leading point", ".5", 0, noValue), no("point end", "1.", 2, tooEarly), no("point exponent", "1.e1", 2, noDigit), no("two points", "1.2.3", 3, trailing), no("minus point", "-.5", 1, notNumber),
	no("exponent end", "1e", 2, tooEarly), no("exponent sign end", "1e+", 3, tooEarly), no("exponent letter", "1ea", 2, noExp), no("exponent two signs", "1e+-1", 3, noExp), no("exponent point", "1e1.5", 3, trailing),
	no("exponent minus letter", "1e-x", 3, noExp), no("underscore", "1_0", 1, trailing), no("full-width digit", "１", 0, noValue), no("comma number", "[1,5.]", 5, noDigit),

	ok("string", `"abc"`), ok("slash", `"/"`), ok("delete", "\"\x7f\""), ok("space", `" "`), ok("non-characters", "\"\uffff\ufdd0\""),
	ok("escapes", `"\"\\\/\b\f\n\r\t"`), ok("escaped slash between", `"a\/b\/c"`), ok("escape first", `"\na"`), ok("escape last", `"a\n"`),
	ok("NUL escape", `"\u0000"`), ok("hex small", `"\u00e9\u00ef"`), ok("hex capital", `"\u00E9\uABCD\uEF09"`), ok("hex edges", `"\u0019\u009a\u00fA"`),
	ok("pair", `"\ud83d\ude00"`), ok("first pair", `"\ud800\udc00"`), ok("last pair", `"\udbff\udfff"`), ok("two pairs", `"\ud83d\ude00\ud83d\ude00"`), ok("below surrogates", `"\ud7ff"`), ok("above surrogates", `"\ue000"`), ok("escaped replacement character", `"\ufffd"`),
	ok("UTF-8 edges", "\"\u0080\u07ff\u0800\ud7ff\ue000\ufffd\uffff\U00010000\U0010ffff\""), ok("raw line separators", "\"\u2028\u2029\""),
	no("open string", `"`, 1, tooEarly), no("open string later", `"abc`, 4, tooEarly), no("backslash end", `"\`, 2, tooEarly), no("escape end", `"\n`, 3, tooEarly), no("escaped quote end", `"\"`, 3, tooEarly),
	no("tab", "\"\t\"", 1, control), no("newline", "\"a\nb\"", 2, control), no("NUL in a string", "\"\x00\"", 1, control), no("unit separator", "\"\x1f\"", 1, control), no("control after escape", "\"\\n\x01\"", 3, control),
	no("escape x", `"\x41"`, 2, escape), no("escape quote", `"\'"`, 2, escape), no("escape capital", `"\N"`, 2, escape), no("escape U", `"\U0041"`, 2, escape), no("escape zero", `"\0"`, 2, escape), no("escape newline", "\"\\\n\"", 2, escape), no("escape non-ASCII", `"\é"`, 2, escape),
	no("u end", `"\u`, 3, tooEarly), no("u three digits", `"\u006"`, 6, hex), no("u three digits end", `"\u006`, 6, tooEarly), no("u plus", `"\u+041"`, 3, hex), no("u letter g", `"\u000g"`, 6, hex), no("u letter G", `"\u000G"`, 6, hex), no("u at sign", `"\u@000"`, 3, hex), no("u backquote", "\"\\u`000\"", 3, hex), no("u slash", `"\u/000"`, 3, hex), no("u colon", `"\u:000"`, 3, hex), no("u braces", `"\u{41}"`, 3, hex),

	no("high alone", `"\ud800"`, 1, lone), no("high end", `"\ud800`, 1, lone), no("high then letter", `"\ud800a"`, 1, lone), no("high then escape", `"\ud800\n"`, 1, lone), no("high high", `"\ud800\ud800"`, 1, lone), no("high high low", `"\ud800\ud800\udc00"`, 1, lone), no("high then no backslash", `"\ud83dxude00"`, 1, lone), no("high then small", `"\ud800\u0061"`, 1, lone), no("high then backslash", `"\ud800\`, 1, lone),
	no("high bad hex", `"\ud800\udc0x"`, 12, hex), no("high short", `"\ud800\udc0`, 12, tooEarly),
	no("low alone", `"\udc00"`, 1, lone), no("low high", `"\udc00\ud800"`, 1, lone), no("low low", `"\udfff\udfff"`, 1, lone), no("last high alone", `"\udbff"`, 1, lone), no("low after text", `"abc\udc00"`, 4, lone), no("pair then low", `"\ud83d\ude00\ude00"`, 13, lone),
	no("high then replacement", `"\ud800\ufffd"`, 1, lone), no("high then raw", "\"\\ud800\U0001f600\"", 1, lone), no("surrogate in a name", `{"\ud800":1}`, 2, lone),

	no("continuation alone", "\"\x80\"", 1, notUTF8), no("overlong slash", "\"\xc0\xaf\"", 1, notUTF8), no("overlong NUL", "\"\xc0\x80\"", 1, notUTF8), no("overlong three", "\"\xe0\x80\xaf\"", 1, notUTF8), no("overlong four", "\"\xf0\x80\x80\xaf\"", 1, notUTF8),
	no("encoded high surrogate", "\"\xed\xa0\x80\"", 1, notUTF8), no("encoded low surrogate", "\"\xed\xb0\x80\"", 1, notUTF8), no("encoded pair", "\"\xed\xa0\xbd\xed\xb8\x80\"", 1, notUTF8), no("above the range", "\"\xf4\x90\x80\x80\"", 1, notUTF8), no("five bytes", "\"\xf8\x88\x80\x80\x80\"", 1, notUTF8),
	no("truncated two", "\"\xc3\"", 1, notUTF8), no("truncated three", "\"ab\xe2\x82\"", 3, notUTF8), no("truncated at the end", "\"\xf0\x9f\x98", 1, notUTF8), no("FE", "\"\xfe\"", 1, notUTF8), no("after a real replacement character", "\"\ufffd\xff\"", 4, notUTF8), no("outside a string", "1 \xff", 2, notUTF8), no("invalid in a name", "{\"\xff\":1}", 2, notUTF8),

	ok("array", "[1]"), ok("array two", `[1,"a"]`), ok("array of arrays", "[[],[[]]]"),
	no("open array", "[", 1, tooEarly), no("array value end", "[1", 2, tooEarly), no("array comma end", "[1,", 3, tooEarly), no("array trailing comma", "[1,]", 3, noValue), no("array leading comma", "[,1]", 1, noValue), no("array two commas", "[1,,2]", 3, noValue), no("array no comma", "[1 2]", 3, noBracket), no("array brace", "[1}", 2, noBracket), no("array colon", "[1:2]", 2, noBracket), no("closing bracket", "]", 0, noValue), no("bracket behind", "[]]", 2, trailing),
	ok("object", `{"a":1}`), ok("object two", `{"a":1,"b":2}`), ok("empty name", `{"":1}`), ok("names by case", `{"a":1,"A":2}`), ok("same name deeper", `{"a":{"a":1},"b":{"a":1}}`), ok("name is a value elsewhere", `{"a":"b","b":"a"}`), ok("names by unicode form", "{\"\u00e9\":1,\"e\u0301\":2}"), ok("names by NUL", `{"a":1,"a\u0000":2}`), ok("name prefix", `{"a":1,"ab":2,"abc":3}`),
	no("open object", "{", 1, tooEarly), no("object name end", `{"a"`, 4, tooEarly), no("object colon end", `{"a":`, 5, tooEarly), no("object value end", `{"a":1`, 6, tooEarly), no("object comma end", `{"a":1,`, 7, tooEarly), no("object trailing comma", `{"a":1,}`, 7, notName), no("object leading comma", `{,"a":1}`, 1, notName), no("object no comma", `{"a":1 "b":2}`, 7, noBrace), no("object bracket", `{"a":1]`, 6, noBrace), no("object no colon", `{"a" 1}`, 5, noColon), no("object equals", `{"a"=1}`, 4, noColon), no("object no value", `{"a":}`, 5, noValue), no("object two colons", `{"a"::1}`, 5, noValue), no("object bare name", `{a:1}`, 1, notName), no("object number name", `{1:1}`, 1, notName), no("object null name", `{null:1}`, 1, notName), no("object array name", `{["a"]:1}`, 1, notName), no("object name without value", `{"a"}`, 4, noColon), no("closing brace", "}", 0, noValue), no("brace behind", "{}}", 2, trailing), no("object unclosed name", `{"a:1}`, 6, tooEarly), no("object bad name escape", `{"\q":1}`, 3, escape),

	no("duplicate", `{"a":1,"a":1}`, 7, duplicate), no("duplicate empty", `{"":1,"":2}`, 6, duplicate), no("duplicate apart", `{"a":1,"b":2,"a":3}`, 13, duplicate), no("duplicate of the second", `{"a":1,"b":2,"b":3}`, 13, duplicate), no("duplicate by escape", `{"a":1,"\u0061":2}`, 7, duplicate), no("duplicate by escape first", `{"\u0061":1,"a":2}`, 12, duplicate), no("duplicate by two escapes", `{"\u0061":1,"\u0061":2}`, 12, duplicate), no("duplicate by hex case", `{"\u00e9":1,"\u00E9":2}`, 12, duplicate), no("duplicate by slash", `{"a/b":1,"a\/b":2}`, 9, duplicate), no("duplicate by pair", "{\"\U0001f600\":1,\"\\ud83d\\ude00\":2}", 10, duplicate), no("duplicate newline", `{"\n":1,"\u000a":2}`, 8, duplicate),
	no("duplicate deep", `{"x":[{"y":{"a":1,"a":2}}]}`, 18, duplicate), no("duplicate behind an object", `{"a":{"b":1},"c":[1,{}],"a":{}}`, 24, duplicate), no("duplicate spaced", "{ \"a\" : 1 ,\n \"a\" : 2 }", 13, duplicate), no("duplicate three", `{"a":1,"a":2,"a":3}`, 7, duplicate),
	no("syntax before duplicate", `{"a":1,"a":2`, 12, tooEarly),
}, manyNames()...)

// manyNames are objects around the size at which the way of comparing changes.
func manyNames() (rows []verdict) {
	for _, n := range []int{2, 15, 16, 17, 31, 32, 33, 34, 47, 48, 49, 50, 63, 64, 65, 1000} {
		text := string(manyMembers(n))
		again := func(i int) string { return text[:len(text)-1] + fmt.Sprintf(`,"name\u002d%d":1}`, i) }
		rows = append(rows, ok(fmt.Sprint(n, " names"), text),
			no(fmt.Sprint(n, " names, the first again"), again(0), len(text), duplicate),
			no(fmt.Sprint(n, " names, the last again"), again(n-1), len(text), duplicate),
			ok(fmt.Sprint(n, " names and another"), again(n)))
	}
	return rows
}
