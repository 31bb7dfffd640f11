package acl_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tokenacl/tokenacl/acl"
	"pgregory.net/rapid"
)

const (
	maryJSON = `{"Name":"mary","Type":"USER","Access":"ALLOW"}`
	hrJSON   = `{"Name":"HR","Type":"GROUP","Access":"DENY","DataSourceId":"salesforce-1_a"}`
)

var hrEntry = acl.Entry{Name: "HR", Type: acl.Group, Access: acl.Deny, DataSourceID: "salesforce-1_a"}

func TestParseAccepts(t *testing.T) {
	for _, row := range []struct {
		text string
		want acl.List
	}{
		{`[]`, acl.List{}},
		{`[` + maryJSON + `]`, acl.List{acl.Allow.User("mary")}},
		{" [\n" + maryJSON + " ,\t" + hrJSON + "\r\n] ", acl.List{acl.Allow.User("mary"), hrEntry}},
		{`[{"Access":"DENY","Type":"GROUP","Name":"a"}]`, acl.List{acl.Deny.Group("a")}},
		{`[{"N\u0061me":"\u006dary","Type":"\u0055SER","Access":"ALLOW"}]`, acl.List{acl.Allow.User("mary")}},
		{`[{"Name":"<\u2028\"&😀>","Type":"USER","Access":"ALLOW"}]`, acl.List{acl.Allow.User("<\u2028\"&😀>")}},
		{`[` + maryJSON + `,` + maryJSON + `]`, acl.List{acl.Allow.User("mary"), acl.Allow.User("mary")}},
	} {
		got, err := (acl.Limits{}).ParseList([]byte(row.text))
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %#v, %v", row.text, got, err)
		}
		if len(row.want) == 0 {
			continue
		}
		text := `[{"PrincipalList":` + row.text + `},{"PrincipalList":[` + maryJSON + `]}]`
		levels, err := (acl.Limits{}).ParseHierarchy([]byte(text))
		if want := (acl.Hierarchy{row.want, {acl.Allow.User("mary")}}); err != nil || !reflect.DeepEqual(levels, want) {
			t.Errorf("%s: %#v, %v", text, levels, err)
		}
	}
}

// entryRefusals are entries that are refused, with the pointer below the entry.
var entryRefusals = []struct{ entry, path, reason string }{
	{`null`, "", "want an object with Name, Type and Access"},
	{`"mary"`, "", "want an object with Name, Type and Access"},
	{`[]`, "", "want an object with Name, Type and Access"},
	{`{}`, "", "want Name, Type and Access, all three"},
	{`{"Type":"USER","Access":"ALLOW"}`, "", "want Name, Type and Access, all three"},
	{`{"Name":"mary","Access":"ALLOW"}`, "", "want Name, Type and Access, all three"},
	{`{"Name":"mary","Type":"USER"}`, "", "want Name, Type and Access, all three"},
	{`{"Name":"","Type":"USER","Access":"ALLOW"}`, "/Name", "0 characters, want 1 to 200"},
	{`{"Name":null,"Type":"USER","Access":"ALLOW"}`, "/Name", "want a string"},
	{`{"Name":7,"Type":"USER","Access":"ALLOW"}`, "/Name", "want a string"},
	{`{"Name":["mary"],"Type":"USER","Access":"ALLOW"}`, "/Name", "want a string"},
	{`{"Name":"a\u0000b","Type":"USER","Access":"ALLOW"}`, "/Name", "has a control, format or private-use character, want none"},
	{`{"Name":"a\nb","Type":"USER","Access":"ALLOW"}`, "/Name", "has a control, format or private-use character, want none"},
	{`{"Name":"a\u007fb","Type":"USER","Access":"ALLOW"}`, "/Name", "has a control, format or private-use character, want none"},
	{`{"Name":"a\u200db","Type":"USER","Access":"ALLOW"}`, "/Name", "has a control, format or private-use character, want none"},
	{`{"Name":"\ufeffa","Type":"USER","Access":"ALLOW"}`, "/Name", "has a control, format or private-use character, want none"},
	{`{"Name":"a\ue000","Type":"USER","Access":"ALLOW"}`, "/Name", "has a control, format or private-use character, want none"},
	{`{"Name":"mary","Type":"user","Access":"ALLOW"}`, "/Type", "want USER or GROUP"},
	{`{"Name":"mary","Type":"","Access":"ALLOW"}`, "/Type", "want USER or GROUP"},
	{`{"Name":"mary","Type":"USER ","Access":"ALLOW"}`, "/Type", "want USER or GROUP"},
	{`{"Name":"mary","Type":1,"Access":"ALLOW"}`, "/Type", "want a string"},
	{`{"Name":"mary","Type":null,"Access":"ALLOW"}`, "/Type", "want a string"},
	{`{"Name":"mary","Type":"USER","Access":"Allow"}`, "/Access", "want ALLOW or DENY"},
	{`{"Name":"mary","Type":"USER","Access":""}`, "/Access", "want ALLOW or DENY"},
	{`{"Name":"mary","Type":"USER","Access":true}`, "/Access", "want a string"},
	{`{"Name":"mary","Type":"USER","Access":"ALLOW","DataSourceId":""}`, "/DataSourceId", "want 1 to 100 of A-Z, a-z, 0-9, _ and -, the first no _ or -"},
	{`{"Name":"mary","Type":"USER","Access":"ALLOW","DataSourceId":"-a"}`, "/DataSourceId", "want 1 to 100 of A-Z, a-z, 0-9, _ and -, the first no _ or -"},
	{`{"Name":"mary","Type":"USER","Access":"ALLOW","DataSourceId":"_a"}`, "/DataSourceId", "want 1 to 100 of A-Z, a-z, 0-9, _ and -, the first no _ or -"},
	{`{"Name":"mary","Type":"USER","Access":"ALLOW","DataSourceId":"a b"}`, "/DataSourceId", "want 1 to 100 of A-Z, a-z, 0-9, _ and -, the first no _ or -"},
	{`{"Name":"mary","Type":"USER","Access":"ALLOW","DataSourceId":"é"}`, "/DataSourceId", "want 1 to 100 of A-Z, a-z, 0-9, _ and -, the first no _ or -"},
	{`{"Name":"mary","Type":"USER","Access":"ALLOW","DataSourceId":null}`, "/DataSourceId", "want a string"},
	{`{"name":"mary","Type":"USER","Access":"ALLOW"}`, "", "unknown member, want Name, Type, Access and DataSourceId, spelled so"},
	{`{"Name":"mary","TYPE":"USER","Access":"ALLOW"}`, "", "unknown member, want Name, Type, Access and DataSourceId, spelled so"},
	{`{"Name":"mary","Type":"USER","access":"ALLOW"}`, "", "unknown member, want Name, Type, Access and DataSourceId, spelled so"},
	{`{"Name":"mary","Type":"USER","Access":"ALLOW","DataSourceID":"a"}`, "", "unknown member, want Name, Type, Access and DataSourceId, spelled so"},
	{`{"Name":"mary","Type":"USER","Access":"ALLOW","Note":"a"}`, "", "unknown member, want Name, Type, Access and DataSourceId, spelled so"},
	{`{"Name":"mary","Type":"USER","Access":"ALLOW","":null}`, "", "unknown member, want Name, Type, Access and DataSourceId, spelled so"},
}

// listRefusals are values that are no list.
var listRefusals = []string{`null`, `{}`, `"[]"`, `0`, `true`, maryJSON}

var hierarchyRefusals = []struct{ text, path, reason string }{
	{`null`, "", "want an array of objects with PrincipalList"},
	{`{"PrincipalList":[` + maryJSON + `]}`, "", "want an array of objects with PrincipalList"},
	{`[]`, "", "0 levels, want 1 to 30"},
	{`[null]`, "/0", "want an object with PrincipalList"},
	{`[[` + maryJSON + `]]`, "/0", "want an object with PrincipalList"},
	{`[{}]`, "/0", "want the member PrincipalList and no other"},
	{`[{"principalList":[` + maryJSON + `]}]`, "/0", "want the member PrincipalList and no other"},
	{`[{"PrincipalList":[` + maryJSON + `],"x":0}]`, "/0", "want the member PrincipalList and no other"},
	{`[{"PrincipalList":null}]`, "/0/PrincipalList", "want an array of entries with Name, Type and Access"},
	{`[{"PrincipalList":[` + maryJSON + `]},{"PrincipalList":{}}]`, "/1/PrincipalList", "want an array of entries with Name, Type and Access"},
	{`[{"PrincipalList":[` + maryJSON + `]},{"PrincipalList":[]}]`, "/1/PrincipalList", "no entries, want at least one"},
}

// jsonRefusals are texts that are no JSON, or no strict JSON.
var jsonRefusals = []string{
	``, ` `, `[`, `[` + maryJSON, `[` + maryJSON + `,]`, `[` + maryJSON + `]]`, `[` + maryJSON + `] x`, "\ufeff[]", "[\xff]", `[//
]`, `[{"Name":"mary","Type":"USER","Access":"ALLOW","Access":"DENY"}]`,
	`[{"Name":"mary","Type":"USER","Access":"ALLOW","Acc\u0065ss":"ALLOW"}]`,
	`[{"PrincipalList":[],"PrincipalList":[` + maryJSON + `]}]`,
	`[{"Name":"\ud800","Type":"USER","Access":"ALLOW"}]`,
	"[{\"Name\":\"m\xffary\",\"Type\":\"USER\",\"Access\":\"ALLOW\"}]",
	"[{\"Name\":\"a\nb\",\"Type\":\"USER\",\"Access\":\"ALLOW\"}]",
	strings.Repeat("[", 17) + strings.Repeat("]", 17),
}

// Rules G1, A4
func TestParseRefuses(t *testing.T) {
	list := func(name, text, path, reason string) {
		t.Helper()
		got, err := (acl.Limits{}).ParseList([]byte(text))
		checkError(t, name, err, path, reason)
		if got != nil {
			t.Errorf("%s: an error and %v", text, got)
		}
		kept := acl.List{acl.Deny.User("mary")}
		if err := kept.UnmarshalJSON([]byte(text)); err == nil || len(kept) != 1 {
			t.Errorf("%s: UnmarshalJSON gives %v, %v", text, kept, err)
		}
	}
	hierarchy := func(name, text, path, reason string) {
		t.Helper()
		got, err := (acl.Limits{}).ParseHierarchy([]byte(text))
		checkError(t, name, err, path, reason)
		if got != nil {
			t.Errorf("%s: an error and %v", text, got)
		}
		kept := acl.Hierarchy{{acl.Deny.User("mary")}}
		if err := kept.UnmarshalJSON([]byte(text)); err == nil || len(kept) != 1 {
			t.Errorf("%s: UnmarshalJSON gives %v, %v", text, kept, err)
		}
	}
	for _, row := range entryRefusals {
		list(row.entry, `[`+row.entry+`]`, "/0"+row.path, row.reason)
		list(row.entry, `[`+maryJSON+`,`+row.entry+`,`+maryJSON+`]`, "/1"+row.path, row.reason)
		hierarchy(row.entry, `[{"PrincipalList":[`+maryJSON+`]},{"PrincipalList":[`+maryJSON+`,`+row.entry+`]}]`, "/1/PrincipalList/1"+row.path, row.reason)
		e := acl.Deny.User("mary")
		checkError(t, row.entry, e.UnmarshalJSON([]byte(row.entry)), row.path, row.reason)
		if e != acl.Deny.User("mary") {
			t.Errorf("%s: a refused entry leaves %v", row.entry, e)
		}
	}
	for _, text := range listRefusals {
		list(text, text, "", "want an array of entries with Name, Type and Access")
	}
	for _, row := range hierarchyRefusals {
		hierarchy(row.text, row.text, row.path, row.reason)
	}
	for _, text := range jsonRefusals {
		_, err1 := (acl.Limits{}).ParseList([]byte(text))
		_, err2 := (acl.Limits{}).ParseHierarchy([]byte(text))
		err3 := new(acl.Entry).UnmarshalJSON([]byte(text))
		for _, err := range []error{err1, err2, err3} {
			var e *acl.Error
			if !errors.As(err, &e) || e.Path != "" || !strings.HasPrefix(e.Reason, "json: offset ") {
				t.Errorf("%q: error is %v", text, err)
			}
		}
	}
}

// listOf returns the JSON of n entries.
func listOf(n int) string { return "[" + strings.Repeat(maryJSON+",", n-1) + maryJSON + "]" }

func levelsOf(n int) string {
	level := `{"PrincipalList":[` + maryJSON + `]}`
	return "[" + strings.Repeat(level+",", n-1) + level + "]"
}

func named(name string) string { return `[{"Name":"` + name + `","Type":"USER","Access":"ALLOW"}]` }

func sourced(id string) string {
	return `[{"Name":"a","Type":"USER","Access":"ALLOW","DataSourceId":"` + id + `"}]`
}

// Each limit at n-1, n and n+1, Kendra's, another, and none.
//
// Rule G4
func TestParseLimits(t *testing.T) {
	list := func(text string, limits acl.Limits) error {
		_, err := limits.ParseList([]byte(text))
		return err
	}
	hierarchy := func(text string, limits acl.Limits) error {
		_, err := limits.ParseHierarchy([]byte(text))
		return err
	}
	level := func(text string, limits acl.Limits) error {
		return hierarchy(`[{"PrincipalList":[`+maryJSON+`]},{"PrincipalList":`+text+`}]`, limits)
	}
	for _, row := range []struct {
		name   string
		parse  func(string, acl.Limits) error
		make   func(n int) string
		limits acl.Limits
		n      int
		path   string
		reason string
	}{
		{"entries", list, listOf, acl.Limits{}, 200, "", "201 entries, want at most 200"},
		{"entries of a level", level, listOf, acl.Limits{}, 200, "/1/PrincipalList", "201 entries, want at most 200"},
		{"entries, custom", list, listOf, acl.Limits{Entries: 3}, 3, "", "4 entries, want at most 3"},
		{"levels", hierarchy, levelsOf, acl.Limits{}, 30, "", "31 levels, want 1 to 30"},
		{"levels, custom", hierarchy, levelsOf, acl.Limits{Levels: 2}, 2, "", "3 levels, want 1 to 2"},
		{"name", list, func(n int) string { return named(strings.Repeat("a", n)) }, acl.Limits{}, 200, "/0/Name", "201 characters, want 1 to 200"},
		{"name in characters", list, func(n int) string { return named(strings.Repeat("😀", n)) }, acl.Limits{}, 200, "/0/Name", "201 characters, want 1 to 200"},
		{"name in escapes", list, func(n int) string { return named(strings.Repeat(`\ud83d\ude00`, n)) }, acl.Limits{}, 200, "/0/Name", "201 characters, want 1 to 200"},
		{"name, custom", level, func(n int) string { return named(strings.Repeat("é", n)) }, acl.Limits{Name: 4}, 4, "/1/PrincipalList/0/Name", "5 characters, want 1 to 4"},
		{"data source", list, func(n int) string { return sourced(strings.Repeat("a", n)) }, acl.Limits{}, 100, "/0/DataSourceId", "want 1 to 100 of A-Z, a-z, 0-9, _ and -, the first no _ or -"},
		{"data source, all else lifted", list, func(n int) string { return sourced(strings.Repeat("a", n)) }, acl.Limits{-1, -1, -1}, 100, "/0/DataSourceId", "want 1 to 100 of A-Z, a-z, 0-9, _ and -, the first no _ or -"},
	} {
		for _, n := range []int{row.n - 1, row.n} {
			if err := row.parse(row.make(n), row.limits); err != nil {
				t.Errorf("%s of %d: %v", row.name, n, err)
			}
		}
		checkError(t, row.name, row.parse(row.make(row.n+1), row.limits), row.path, row.reason)
	}

	lifted := acl.Limits{Entries: -1, Levels: -1, Name: -1}
	for name, err := range map[string]error{
		"entries":            list(listOf(100_000), lifted),
		"entries of a level": level(listOf(1_000), lifted),
		"levels":             hierarchy(levelsOf(10_000), lifted),
		"long name":          list(named(strings.Repeat("é", 10_000)), lifted),
		"control characters": list(named(`a\u0000\u200d\ue000`), lifted),
	} {
		if err != nil {
			t.Errorf("no limits, %s: %v", name, err)
		}
	}
	one := acl.Limits{Entries: 1, Levels: 1, Name: 1}
	checkError(t, "one entry", list(listOf(2), one), "", "2 entries, want at most 1")
	checkError(t, "one character", list(named("ab"), one), "/0/Name", "2 characters, want 1 to 1")
	checkError(t, "one level", hierarchy(levelsOf(2), one), "", "2 levels, want 1 to 1")
	checkError(t, "no limits, no name", list(named(""), lifted), "/0/Name", "empty, want a name")
	checkError(t, "no limits, no levels", hierarchy("[]", lifted), "", "0 levels, want 1 to 1048576")

	// Beyond 16 MiB or 2^20 values nothing is read, whatever the limits.
	checkError(t, "long text", list("[]"+strings.Repeat(" ", 16<<20-1), lifted), "", "json: offset 16777216: text is longer than allowed")
	if err := list("[]"+strings.Repeat(" ", 16<<20-2), lifted); err != nil {
		t.Errorf("16 MiB: %v", err)
	}
	checkError(t, "many values", list("["+strings.Repeat("0,", 1<<20-1)+"0]", lifted), "", "json: offset 2097151: more values and names than allowed")
	checkError(t, "fewer values", list("["+strings.Repeat("0,", 1<<20-2)+"0]", lifted), "/0", "want an object with Name, Type and Access")
	checkError(t, "deep", list(strings.Repeat("[", 1<<20), lifted), "", "json: offset 16: nested deeper than allowed")
}

// What the first and every further character of a data source id may be.
func TestParseDataSource(t *testing.T) {
	accepted := 0
	for c := range rune(0x250) {
		for _, id := range []string{string(c), "a" + string(c)} {
			text, err := json.Marshal([]map[string]string{{"Name": "a", "Type": "USER", "Access": "ALLOW", "DataSourceId": id}})
			if err != nil {
				t.Fatal(err)
			}
			list, err := (acl.Limits{}).ParseList(text)
			alnum := strings.ContainsRune("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", c)
			if want := alnum || len(id) > len(string(c)) && (c == '_' || c == '-'); want != (err == nil) {
				t.Errorf("%q: %v", id, err)
			}
			if err == nil {
				accepted++
				if list[0].DataSourceID != id {
					t.Errorf("%q became %q", id, list[0].DataSourceID)
				}
			}
		}
	}
	if accepted != 62+64 {
		t.Errorf("%d ids accepted, want 126", accepted)
	}
}

// A host's struct with Kendra's members: null is refused, a missing member is
// empty, an error stops the decoder.
//
// Rule G1
func TestUnmarshalInStruct(t *testing.T) {
	type document struct {
		AccessControlList             acl.List
		HierarchicalAccessControlList acl.Hierarchy
		Pointer                       *acl.List
	}
	for _, row := range []struct {
		text string
		want document
	}{
		{`{}`, document{}},
		{`{"AccessControlList":[]}`, document{AccessControlList: acl.List{}}},
		{`{"AccessControlList":[` + hrJSON + `]}`, document{AccessControlList: acl.List{hrEntry}}},
		{`{"HierarchicalAccessControlList":[{"PrincipalList":[` + maryJSON + `]}]}`, document{HierarchicalAccessControlList: acl.Hierarchy{{acl.Allow.User("mary")}}}},
		{`{"Pointer":null}`, document{}}, // a nil *List is no ACL: it admits nobody
	} {
		var got document
		if err := json.Unmarshal([]byte(row.text), &got); err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %+v, %v", row.text, got, err)
		}
		if d := acl.Decide(mary, got.Pointer, acl.Rules{DenyOnlyEveryone: true}); d.Allowed {
			t.Errorf("%s: nil pointer: %v", row.text, d)
		}
	}
	for _, row := range []struct{ text, path, reason string }{
		{`{"AccessControlList":null}`, "", "want an array of entries with Name, Type and Access"},
		{`{"HierarchicalAccessControlList":null}`, "", "want an array of objects with PrincipalList"},
		{`{"HierarchicalAccessControlList":[]}`, "", "0 levels, want 1 to 30"},
		{`{"AccessControlList":[{"Name":"mary","Type":"USER","Access":"ALLOW","DataSource":"x"}]}`, "/0", "unknown member, want Name, Type, Access and DataSourceId, spelled so"},
		{`{"AccessControlList":` + listOf(201) + `}`, "", "201 entries, want at most 200"},
	} {
		got := document{acl.List{acl.Deny.User("mary")}, acl.Hierarchy{{acl.Deny.User("mary")}}, nil}
		err := json.Unmarshal([]byte(row.text), &got)
		checkError(t, row.text, err, row.path, row.reason)
		if len(got.AccessControlList) != 1 || len(got.HierarchicalAccessControlList) != 1 {
			t.Errorf("%s: after an error it holds %+v", row.text, got)
		}
	}
	var entries []acl.Entry
	if err := json.Unmarshal([]byte(`[`+maryJSON+`,null]`), &entries); err == nil {
		t.Error("null is an entry")
	}
}

func TestMarshal(t *testing.T) {
	for _, row := range []struct {
		value any
		want  string
	}{
		{acl.List{}, `[]`},
		{acl.List{acl.Allow.User("mary"), hrEntry}, `[` + maryJSON + `,` + hrJSON + `]`},
		{acl.Hierarchy{{acl.Allow.User("mary")}, {hrEntry}}, `[{"PrincipalList":[` + maryJSON + `]},{"PrincipalList":[` + hrJSON + `]}]`},
		{acl.Hierarchy(nil), `[]`},
		{acl.User, `"USER"`}, {acl.Group, `"GROUP"`}, {acl.Allow, `"ALLOW"`}, {acl.Deny, `"DENY"`},
	} {
		if got, err := json.Marshal(row.value); err != nil || string(got) != row.want {
			t.Errorf("%v: %s, %v, want %s", row.value, got, err, row.want)
		}
	}
	for _, row := range []struct {
		value  any
		reason string
	}{
		{acl.Entry{}, "Name is empty, want the name of a user or group"},
		{acl.List{{Name: "a", Access: acl.Allow}}, "Type is 0, want User or Group"},
		{acl.Hierarchy{{{Name: "a", Type: acl.User, Access: 3}}}, "Access is 3, want Allow or Deny"},
		{acl.Allow.User("\xff"), "Name or DataSourceID is not valid UTF-8"},
		{acl.Entry{Name: "\xc3", Type: acl.Group, Access: acl.Allow, DataSourceID: "\xa9"}, "Name or DataSourceID is not valid UTF-8"},
		{acl.Entry{Name: "a", Type: acl.Group, Access: acl.Allow, DataSourceID: "\xa9"}, "Name or DataSourceID is not valid UTF-8"},
		{acl.Type(0), "Type is 0, want User or Group"},
		{acl.Type(3), "Type is 3, want User or Group"},
		{acl.Access(0), "Access is 0, want Allow or Deny"},
		{acl.Access(3), "Access is 3, want Allow or Deny"},
	} {
		got, err := json.Marshal(row.value)
		var e *acl.Error
		if !errors.As(err, &e) || e.Reason != row.reason || e.Path != "" {
			t.Errorf("%#v: %s, %v, want %s", row.value, got, err, row.reason)
		}
	}
}

// A type or an access by itself, in a struct of a host.
//
// Rule G1
func TestUnmarshalWords(t *testing.T) {
	type line struct {
		Kind acl.Type
		Does acl.Access
	}
	var got line
	if err := json.Unmarshal([]byte(`{"Kind":"USER","Does":"DENY"}`), &got); err != nil || got != (line{acl.User, acl.Deny}) {
		t.Errorf("%v, %v", got, err)
	}
	if err := json.Unmarshal([]byte(`{"Kind":"GROUP","Does":"ALLOW"}`), &got); err != nil || got != (line{acl.Group, acl.Allow}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{`{"Kind":"user"}`, `{"Kind":""}`, `{"Kind":1}`, `{"Does":"allow"}`, `{"Does":1}`, `{"Does":"USER"}`, `{"Kind":"DENY"}`} {
		if err := json.Unmarshal([]byte(text), &got); err == nil || got != (line{acl.Group, acl.Allow}) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	checkError(t, "type", new(acl.Type).UnmarshalText([]byte("x")), "", "want USER or GROUP")
	checkError(t, "access", new(acl.Access).UnmarshalText([]byte("x")), "", "want ALLOW or DENY")
}

func TestMarshalRoundTrip(t *testing.T) {
	name := rapid.StringOfN(rapid.RuneFrom([]rune("aé<>&\"\\/\u2028\u00a0😀\ufffdǅ")), 1, 6, -1)
	entry := rapid.Custom(func(t *rapid.T) acl.Entry {
		e := drawEntry.Draw(t, "entry")
		e.Name = name.Draw(t, "name")
		return e
	})
	rapid.Check(t, func(t *rapid.T) {
		h := acl.Hierarchy(rapid.SliceOfN(rapid.Map(rapid.SliceOfN(entry, 1, 4), func(l []acl.Entry) acl.List { return l }), 1, 3).Draw(t, "levels"))
		text, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := (acl.Limits{}).ParseHierarchy(text); err != nil || !reflect.DeepEqual(got, h) {
			t.Fatalf("%s: %v, %v", text, got, err)
		}
		if text, err = json.Marshal(h[0]); err != nil {
			t.Fatal(err)
		}
		if got, err := (acl.Limits{}).ParseList(text); err != nil || !reflect.DeepEqual(got, h[0]) {
			t.Fatalf("%s: %v, %v", text, got, err)
		}
	})
}

// Whatever is accepted is valid, strict and comes back; whatever is refused
// leaves nothing and shows no name.
//
// Rules G1, G3, G4
func FuzzParse(f *testing.F) {
	seeds := 0
	for _, row := range entryRefusals {
		f.Add([]byte(`[` + row.entry + `]`))
		f.Add([]byte(`[{"PrincipalList":[` + row.entry + `]}]`))
		seeds += 2
	}
	for _, row := range hierarchyRefusals {
		f.Add([]byte(row.text))
		seeds++
	}
	for _, text := range append(jsonRefusals, `[]`, listOf(200), listOf(201), levelsOf(30), levelsOf(31), `[`+hrJSON+`]`, sourced("a-b"), named("é")) {
		f.Add([]byte(text))
		seeds++
	}
	if seeds < 100 {
		f.Fatalf("only %d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		given := bytes.Clone(data)
		list, err1 := (acl.Limits{}).ParseList(data)
		levels, err2 := (acl.Limits{}).ParseHierarchy(data)
		if !bytes.Equal(data, given) {
			t.Fatal("the input was changed")
		}
		if err1 == nil {
			checkParsed(t, data, list)
			checkAccepted(t, "list", list, func(text []byte) (any, error) { return (acl.Limits{}).ParseList(text) })
		} else if list != nil {
			t.Errorf("%v and %v", err1, list)
		}
		if err2 == nil {
			if err := (acl.Rules{}).Validate(levels); err != nil || len(levels) > 30 {
				t.Errorf("accepted, but %v", err)
			}
			for _, level := range levels {
				checkParsed(t, data, level)
			}
			checkAccepted(t, "hierarchy", levels, func(text []byte) (any, error) { return (acl.Limits{}).ParseHierarchy(text) })
		} else if levels != nil {
			t.Errorf("%v and %v", err2, levels)
		}
		// The same text with a marked name or member is refused without the mark.
		for _, err := range []error{err1, err2} {
			var e *acl.Error
			if err != nil && !errors.As(err, &e) {
				t.Errorf("error of type %T", err)
			}
		}
		marked := bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("mary"), []byte("ShownName")), []byte("Access"), []byte("ShownMember"))
		if _, err := (acl.Limits{}).ParseList(marked); err != nil && strings.Contains(err.Error(), "Shown") {
			t.Errorf("error shows a part of the text: %v", err)
		}
	})
}

func checkAccepted(t *testing.T, kind string, a any, parse func([]byte) (any, error)) {
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatalf("%s %v: %v", kind, a, err)
	}
	if again, err := parse(text); err != nil || !reflect.DeepEqual(again, a) {
		t.Errorf("%s %v came back as %v, %v", kind, a, again, err)
	}
}

func checkParsed(t *testing.T, data []byte, list acl.List) {
	if len(list) == 0 {
		return
	}
	if err := (acl.Rules{}).Validate(list); err != nil {
		t.Errorf("accepted, but %v", err)
	}
	if !json.Valid(data) || len(list) > 200 {
		t.Errorf("accepted %d entries of %q", len(list), data)
	}
	for _, e := range list {
		if n := utf8.RuneCountInString(e.Name); n > 200 || !utf8.ValidString(e.Name) || len(e.DataSourceID) > 100 {
			t.Errorf("accepted %s", fmt.Sprintf("%.300v", e))
		}
	}
}
