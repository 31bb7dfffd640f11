package strictjson_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

func parse(t testing.TB, text string) strictjson.Value {
	t.Helper()
	v, err := strictjson.Parse(text, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Rule T8: what was returned says nothing any more, least of all what the next text
// says that is read in its place.
func TestBorrow(t *testing.T) {
	text := `{"user":"mary","n":[1,"a\u0062",{"x":true}]}`
	v, err := strictjson.Borrow(text, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	list, _ := v.Get("n")
	user, _ := v.Get("user")
	name, _ := user.Str()
	escaped, _ := v.Pointer("/n/1")
	ab, _ := escaped.Str()
	if diff := cmp.Diff(describe(parse(t, text)), describe(v)); diff != "" {
		t.Errorf("as a loan (-parsed +borrowed):\n%s", diff)
	}
	stale := map[string]strictjson.Value{"root": v, "member": user, "array": list, "element": escaped}
	for range 3 {
		v.Return()
		user.Return() // again
		for name, s := range stale {
			if diff := cmp.Diff(accessors{}, describe(s)); diff != "" {
				t.Errorf("%s, returned (-want +got):\n%s", name, diff)
			}
			if _, ok := s.Strings(nil); ok || s.Size() != 0 {
				t.Errorf("%s, returned: strings, or a size of %d", name, s.Size())
			}
		}
		if next, err := strictjson.Borrow(`{"user":"eve","n":[1,"c",{"x":true}]}`, strictjson.Limits{}); err != nil || next.Len() != 2 {
			t.Fatalf("%v, %v", next, err)
		} // and is not returned: its document is no longer that of v
	}
	if name != "mary" || ab != "ab" {
		t.Errorf("strings changed to %q, %q", name, ab)
	}
	kept, want := parse(t, text), describe(parse(t, text))
	kept.Return()
	parse(t, strings.Repeat("[", 9)+strings.Repeat("]", 9)) // in the document that kept was read in
	if diff := cmp.Diff(want, describe(kept)); diff != "" {
		t.Errorf("a parsed value, returned (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "[", `{"a":1,"a":2}`, "\xff", strings.Repeat(" ", 1<<20) + "1"} {
		_, want := strictjson.Parse(bad, strictjson.Limits{})
		if v, err := strictjson.Borrow(bad, strictjson.Limits{}); v != (strictjson.Value{}) || fmt.Sprint(err) != fmt.Sprint(want) || err == nil {
			t.Errorf("%.9q: %v, %v, want %v", bad, v, err, want)
		}
	}
}

// TestBorrowTogether has loans in several goroutines, each of which must see its own
// text.
func TestBorrowTogether(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				want := strings.Repeat("x", i%50) + fmt.Sprint(g, "-", i)
				v, err := strictjson.Borrow(`{"a":[1,2,3],"user":"`+want+`"}`, strictjson.Limits{})
				if err != nil {
					t.Error(err)
					return
				}
				user, _ := v.Get("user")
				if got, _ := user.Str(); got != want {
					t.Errorf("%q, want %q", got, want)
				}
				v.Return()
			}
		})
	}
	wg.Wait()
}

// Rule G4: a large text leaves nothing large to those that follow.
func TestReturnKeepsLittle(t *testing.T) {
	var before, after runtime.MemStats
	large := "[" + strings.Repeat("1,", 400_000) + "1]"
	runtime.GC()
	runtime.ReadMemStats(&before)
	var loans []strictjson.Value
	for range 4 {
		v, err := strictjson.Borrow(large, strictjson.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		loans = append(loans, v)
	}
	for _, v := range loans {
		v.Return()
	}
	runtime.GC() // takes from a pool only what was there at the one before, too
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > before.HeapAlloc+1<<20 {
		t.Errorf("%d bytes stay", after.HeapAlloc-before.HeapAlloc)
	}
}

func TestStrings(t *testing.T) {
	for text, want := range map[string][]string{`[]`: {}, `["a"]`: {"a"}, ` [ "a" , "" , "b\u0063" , "a" ] `: {"a", "", "bc", "a"}} {
		for _, before := range [][]string{nil, {"before"}, make([]string, 0, 8)} {
			if got, ok := parse(t, text).Strings(before); !ok || !slices.Equal(got, append(slices.Clone(before), want...)) {
				t.Errorf("%s behind %q: %q, %t", text, before, got, ok)
			}
		}
	}
	for _, text := range []string{`"a"`, `{"a":"b"}`, `{}`, `null`, `1`, `[1]`, `["a",null]`, `["a",["b"]]`, `["a",{"b":"c"}]`, `[[]]`, `["a",true]`} {
		if got, ok := parse(t, text).Strings(nil); ok || got != nil {
			t.Errorf("%s: %q, %t", text, got, ok)
		}
	}
	inner := parse(t, `{"a":["x","y"],"b":["z"],"c":"w"}`)
	a, _ := inner.Get("a")
	if got, ok := a.Strings(nil); !ok || !slices.Equal(got, []string{"x", "y"}) {
		t.Errorf("beside others: %q, %t", got, ok)
	}
}

// accessors is everything that a Value says about itself.
type accessors struct {
	Kind            strictjson.Kind
	Len             int
	Str             string
	IsStr           bool
	Bool, IsBool    bool
	Number          string
	IsNumber        bool
	Raw             string
	Names           []string
	Members, Elems  []string
	Any             any
	HasA, RootFound bool
}

func describe(v strictjson.Value) accessors {
	a := accessors{Kind: v.Kind(), Len: v.Len(), Raw: v.Raw(), Any: v.Any()}
	a.Str, a.IsStr = v.Str()
	a.Bool, a.IsBool = v.Bool()
	a.Number, a.IsNumber = v.Number()
	for name, member := range v.Members() {
		a.Names = append(a.Names, name)
		a.Members = append(a.Members, member.Raw())
	}
	for e := range v.Elements() {
		a.Elems = append(a.Elems, e.Raw())
	}
	_, a.HasA = v.Get("a")
	_, a.RootFound = v.Pointer("")
	return a
}

// Rule G1: a value of another kind, and the zero value, give nothing and false.
func TestAccessors(t *testing.T) {
	cases := map[string]accessors{
		"null":     {Kind: strictjson.Null, Raw: "null"},
		"true":     {Kind: strictjson.Bool, Raw: "true", Bool: true, IsBool: true, Any: true},
		"false":    {Kind: strictjson.Bool, Raw: "false", IsBool: true, Any: false},
		" -1.5e3 ": {Kind: strictjson.Number, Raw: "-1.5e3", Number: "-1.5e3", IsNumber: true, Any: json.Number("-1.5e3")},
		`""`:       {Kind: strictjson.String, Raw: `""`, IsStr: true, Any: ""},
		`"a\u0062"`: {Kind: strictjson.String, Raw: `"a\u0062"`, Str: "ab", IsStr: true,
			Any: "ab"},
		"[]": {Kind: strictjson.Array, Raw: "[]", Any: []any{}},
		`[ 1, "a" ,[2,[]],{"a":3}, null ]`: {Kind: strictjson.Array, Raw: `[ 1, "a" ,[2,[]],{"a":3}, null ]`, Len: 5,
			Elems: []string{"1", `"a"`, "[2,[]]", `{"a":3}`, "null"},
			Any:   []any{json.Number("1"), "a", []any{json.Number("2"), []any{}}, map[string]any{"a": json.Number("3")}, nil}},
		"{}": {Kind: strictjson.Object, Raw: "{}", Any: map[string]any{}},
		`{"b":{"x":[1]},"\u0061":"\n","":[true]}`: {Kind: strictjson.Object, Raw: `{"b":{"x":[1]},"\u0061":"\n","":[true]}`, Len: 3, HasA: true,
			Names: []string{"b", "a", ""}, Members: []string{`{"x":[1]}`, `"\n"`, "[true]"},
			Any: map[string]any{"b": map[string]any{"x": []any{json.Number("1")}}, "a": "\n", "": []any{true}}},
	}
	for text, want := range cases {
		want.RootFound = true
		if diff := cmp.Diff(want, describe(parse(t, text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	if diff := cmp.Diff(accessors{}, describe(strictjson.Value{})); diff != "" {
		t.Errorf("the zero value (-want +got):\n%s", diff)
	}
}

func TestIterationStops(t *testing.T) {
	v := parse(t, `{"list":[1,2,3],"b":1,"c":2}`)
	for name := range v.Members() {
		if name != "list" {
			t.Errorf("member %q after a break", name)
		}
		break
	}
	list, _ := v.Get("list")
	for e := range list.Elements() {
		if e.Raw() != "1" {
			t.Errorf("element %s after a break", e.Raw())
		}
		break
	}
}

func TestGet(t *testing.T) {
	v := parse(t, `{"iss":1,"Iss":2,"a\u0062":3,"d":{"x":4},"é":5}`)
	for name, want := range map[string]string{"iss": "1", "Iss": "2", "ab": "3", "d": `{"x":4}`, "é": "5"} {
		if got, ok := v.Get(name); !ok || got.Raw() != want {
			t.Errorf("Get(%q) = %s, %t", name, got.Raw(), ok)
		}
	}
	for _, name := range []string{"", "ISS", "x", `a\u0062`, "e\u0301", "is", "isss"} {
		if got, ok := v.Get(name); ok || got.Kind() != strictjson.Invalid {
			t.Errorf("Get(%q) = %s, %t", name, got.Raw(), ok)
		}
	}
}

// The examples of RFC 6901, section 5, and what the section forbids.
func TestPointer(t *testing.T) {
	v := parse(t, `{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8,"deep":{"x":[[10,11]]},"1":9,`+
		`"many":[0,1,2,3,4,5,6,7,8,9,10]}`)
	found := map[string]string{
		"": v.Raw(), "/foo": `["bar","baz"]`, "/foo/0": `"bar"`, "/foo/1": `"baz"`, "/": "0", "/a~1b": "1", "/c%d": "2", "/e^f": "3", "/g|h": "4", "/i\\j": "5", "/k\"l": "6",
		"/ ": "7", "/m~0n": "8", "/deep/x/0/1": "11", "/1": "9", "/many/10": "10",
	}
	for p, want := range found {
		if got, ok := v.Pointer(p); !ok || got.Raw() != want {
			t.Errorf("Pointer(%q) = %s, %t, want %s", p, got.Raw(), ok, want)
		}
	}
	missing := []string{
		"foo", "foo/0", "#/foo", " /foo", "/fo", "/foo/2", "/foo/-", "/foo/00", "/foo/01", "/foo/+1", "/foo/-1", "/foo/1.0", "/foo/1e0", "/foo/0x1", "/foo/_1", "/foo/", "/foo/0/", "/foo/0/0",
		"/foo/4294967296", "/foo/18446744073709551616", "/m~n", "/m~", "/m~2n", "/a~1b~", "/a~1b/x", "//", "/many/11", "/deep/x/0/2", "/deep/x/~0", "/foo/~10", "/FOO",
	}
	for _, p := range missing {
		if got, ok := v.Pointer(p); ok || got.Kind() != strictjson.Invalid {
			t.Errorf("Pointer(%q) = %s, %t, want none", p, got.Raw(), ok)
		}
	}
	empty := parse(t, `{"":{"":[{"":1}],"a":2}}`)
	for p, want := range map[string]string{"//a": "2", "///0/": "1", "/": empty.Raw()[4 : len(empty.Raw())-1]} {
		if got, _ := empty.Pointer(p); got.Raw() != want {
			t.Errorf("Pointer(%q) = %s, want %s", p, got.Raw(), want)
		}
	}
	tilde := parse(t, `{"~1":1,"/":2,"~":3,"~0":4}`)
	for p, want := range map[string]string{"/~01": "1", "/~1": "2", "/~0": "3", "/~00": "4"} {
		if got, _ := tilde.Pointer(p); got.Raw() != want {
			t.Errorf("Pointer(%q) = %s, want %s", p, got.Raw(), want)
		}
	}
}

// Every value is where its pointer says, in a text of every kind.
func TestPointerFindsAll(t *testing.T) {
	root := parse(t, payload)
	n := 0
	var walk func(path string, v strictjson.Value)
	walk = func(path string, v strictjson.Value) {
		n++
		if got, ok := root.Pointer(path); !ok || got != v {
			t.Errorf("Pointer(%q) finds %s", path, got.Raw())
		}
		for name, member := range v.Members() {
			walk(path+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name), member)
		}
		i := 0
		for e := range v.Elements() {
			walk(fmt.Sprint(path, "/", i), e)
			i++
		}
	}
	walk("", root)
	if n != 30 {
		t.Errorf("%d values", n)
	}
}

// Rule G5: what Any returns belongs to the caller.
func TestAnyIsACopy(t *testing.T) {
	v := parse(t, `{"a":[1,2],"b":{"c":"d"}}`)
	changed := v.Any().(map[string]any)
	changed["a"].([]any)[0] = "changed"
	changed["b"].(map[string]any)["c"] = "changed"
	delete(changed, "a")
	want := map[string]any{"a": []any{json.Number("1"), json.Number("2")}, "b": map[string]any{"c": "d"}}
	if diff := cmp.Diff(want, v.Any()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Rule G3: a Value that is printed by mistake does not show what it holds.
func TestFormatShowsNothing(t *testing.T) {
	v := parse(t, `{"password":"hunter2"}`)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, printed := range []any{v, &v, []strictjson.Value{v}} {
			if s := fmt.Sprintf(verb, printed); strings.Contains(s, "hunter2") || strings.Contains(s, "password") {
				t.Errorf("%s shows %s", verb, s)
			}
		}
	}
	if s := fmt.Sprint(v, strictjson.Value{}); s != "JSON object JSON invalid" {
		t.Errorf("a value is printed as %q", s)
	}
	if s, err := json.Marshal(map[string]any{"v": v}); err != nil || strings.Contains(string(s), "hunter2") {
		t.Errorf("JSON: %s, %v", s, err)
	}
}

func TestKindString(t *testing.T) {
	want := []string{"invalid", "null", "boolean", "number", "string", "array", "object", "invalid"}
	var got []string
	for k := strictjson.Invalid; k <= strictjson.Object+1; k++ {
		got = append(got, k.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func ExampleParse() {
	v, err := strictjson.Parse(`{"user":"mary","groups":["AWS-SA","Research"]}`, strictjson.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	groups, _ := v.Get("groups")
	for g := range groups.Elements() {
		fmt.Println(g.Str())
	}
	_, err = strictjson.Parse(`{"user":"mary","us\u0065r":"eve"}`, strictjson.Limits{})
	fmt.Println(err)
	// Output:
	// AWS-SA true
	// Research true
	// json: offset 15: duplicate member name
}
