package s3meta_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/s3meta"
)

func jsonNumber(s string) json.Number { return json.Number(s) }

// defective are metadata files that hide their document, and why.
var defective = []struct{ name, data, path, reason string }{
	{"empty file", "", "", "json: offset 0: text ends too early"},
	{"cut off", `{"Title":"a"`, "", "json: offset 12: text ends too early"},
	{"byte order mark", "\ufeff{}", "", "json: offset 0: byte order mark"},
	{"trailing data", `{} {}`, "", "json: offset 3: data after the value"},
	{"duplicate member", `{"Title":"a","Title":"a"}`, "", "json: offset 13: duplicate member name"},
	{"duplicate member in disguise", `{"Title":"a","\u0054itle":"a"}`, "", "json: offset 13: duplicate member name"},
	{"null", `null`, "", "want an object"},
	{"array", `[]`, "", "want an object"},
	{"lower-case a", `{"accessControlList":[]}`, "/accessControlList", "unknown member, did you mean AccessControlList?"},
	{"lower-case l", `{"AccessControllist":[]}`, "/AccessControllist", "unknown member, did you mean AccessControlList?"},
	{"plural", `{"AccessControlLists":[]}`, "/AccessControlLists", "unknown member, did you mean AccessControlList?"},
	{"two letters too many", `{"AccessControlListing":[]}`, "/AccessControlListing", "unknown member, want one of DocumentId, Attributes, AccessControlList, HierarchicalAccessControlList, AccessControlConfigurationId, Title, ContentType"},
	{"slip of two letters", `{"AcessControlLst":[]}`, "/AcessControlLst", "unknown member, did you mean AccessControlList?"},
	{"slip of three letters", `{"AcesControlLst":[]}`, "/AcesControlLst", "unknown member, want one of DocumentId, Attributes, AccessControlList, HierarchicalAccessControlList, AccessControlConfigurationId, Title, ContentType"},
	{"slip of three letters at the front", `{"xxTitl":"a"}`, "/xxTitl", "unknown member, want one of DocumentId, Attributes, AccessControlList, HierarchicalAccessControlList, AccessControlConfigurationId, Title, ContentType"},
	{"document id", `{"DocumentID":"a"}`, "/DocumentID", "unknown member, did you mean DocumentId?"},
	{"hierarchical", `{"HierarchicalAccessControllist":[]}`, "/HierarchicalAccessControllist", "unknown member, did you mean HierarchicalAccessControlList?"},
	{"configuration", `{"accessControlConfigurationId":"a"}`, "/accessControlConfigurationId", "unknown member, did you mean AccessControlConfigurationId?"},
	{"escaped path", `{"a/b~c":1}`, "/a~1b~0c", "unknown member, want one of DocumentId, Attributes, AccessControlList, HierarchicalAccessControlList, AccessControlConfigurationId, Title, ContentType"},
	{"name of 64 bytes", `{"` + strings.Repeat("x", 64) + `":1}`, "/" + strings.Repeat("x", 64), "unknown member, want one of DocumentId, Attributes, AccessControlList, HierarchicalAccessControlList, AccessControlConfigurationId, Title, ContentType"},
	{"name of 65 bytes", `{"` + strings.Repeat("x", 65) + `":1}`, "", "unknown member, want one of DocumentId, Attributes, AccessControlList, HierarchicalAccessControlList, AccessControlConfigurationId, Title, ContentType"},
	{"id is a number", `{"DocumentId":1}`, "/DocumentId", "want a string"},
	{"title is null", `{"Title":null}`, "/Title", "want a string"},
	{"content type is a list", `{"ContentType":["PDF"]}`, "/ContentType", "want a string"},
	{"attributes are a list", `{"Attributes":[]}`, "/Attributes", "want an object"},
	{"attribute is true", `{"Attributes":{"a":"b","c":true}}`, "/Attributes/c", "want a string, a number or an array of strings"},
	{"attribute is an object", `{"Attributes":{"c/d":{}}}`, "/Attributes/c~1d", "want a string, a number or an array of strings"},
	{"attribute is a mixed list", `{"Attributes":{"Tags":["a",1]}}`, "/Attributes/Tags", "want strings only in the array"},
	{"ACL among the attributes", `{"Attributes":{"AccessControlList":` + entriesJSON("+HR") + `}}`, "/Attributes/AccessControlList", "want strings only in the array"},
	{"list is null", `{"AccessControlList":null}`, "/AccessControlList", "want an array of entries with Name, Type and Access"},
	{"list is an entry", `{"AccessControlList":{"Name":"a","Type":"USER","Access":"ALLOW"}}`, "/AccessControlList", "want an array of entries with Name, Type and Access"},
	{"type in lower case", `{"AccessControlList":[{"Name":"a","Type":"USER","Access":"ALLOW"},{"Name":"a","Type":"user","Access":"ALLOW"}]}`, "/AccessControlList/1/Type", "want USER or GROUP"},
	{"entry without access", `{"AccessControlList":[{"Name":"a","Type":"USER"}]}`, "/AccessControlList/0", "want Name, Type and Access, all three"},
	{"hierarchy without a level", `{"HierarchicalAccessControlList":[]}`, "/HierarchicalAccessControlList", "0 levels, want 1 to 30"},
	{"level without an entry", `{"HierarchicalAccessControlList":[{"PrincipalList":[]}]}`, "/HierarchicalAccessControlList/0/PrincipalList", "no entries, want at least one"},
	{"list and hierarchy", `{"HierarchicalAccessControlList":[{"PrincipalList":` + entriesJSON("+HR") + `}],"AccessControlList":` + entriesJSON("+HR") + `}`, "", "HierarchicalAccessControlList and AccessControlList are both given; use one"},
	{"empty list and hierarchy", `{"AccessControlList":[],"HierarchicalAccessControlList":[{"PrincipalList":` + entriesJSON("+HR") + `}]}`, "", "AccessControlList and HierarchicalAccessControlList are both given; use one"},
	{"list and configuration", `{"AccessControlList":` + entriesJSON("+HR") + `,"AccessControlConfigurationId":"ok"}`, "", "AccessControlList and AccessControlConfigurationId are both given; use one"},
	{"empty list and configuration", `{"AccessControlList":[],"AccessControlConfigurationId":"ok"}`, "", "AccessControlList and AccessControlConfigurationId are both given; use one"},
	{"configuration is a number", `{"AccessControlConfigurationId":1}`, "/AccessControlConfigurationId", "want a string of 1 to 36 of A-Z, a-z, 0-9 and -"},
	{"configuration is empty", `{"AccessControlConfigurationId":""}`, "/AccessControlConfigurationId", "want a string of 1 to 36 of A-Z, a-z, 0-9 and -"},
	{"configuration is long", `{"AccessControlConfigurationId":"` + strings.Repeat("a", 37) + `"}`, "/AccessControlConfigurationId", "want a string of 1 to 36 of A-Z, a-z, 0-9 and -"},
	{"configuration is a path", `{"AccessControlConfigurationId":"a/b"}`, "/AccessControlConfigurationId", "want a string of 1 to 36 of A-Z, a-z, 0-9 and -"},
	{"configuration is unknown", `{"AccessControlConfigurationId":"unknown"}`, "/AccessControlConfigurationId", "cannot be resolved: no such configuration"},
	{"configuration has no ACL", `{"AccessControlConfigurationId":"nil"}`, "/AccessControlConfigurationId", "cannot be resolved: no ACL"},
	{"longer than 1 MiB", `{}` + strings.Repeat(" ", 1<<20-1), "", "longer than 1048576 bytes"},
}

func resolver(id string) (acl.ACL, error) {
	switch id {
	case "ok":
		return acl.List{acl.Allow.Group("HR")}, nil
	case "nil":
		return nil, nil
	case "public":
		return acl.Public(), nil
	}
	return nil, errors.New("no such configuration")
}

// Rules S2, G1, A4: each hides its document, the other loads.
func TestDefectiveMetadata(t *testing.T) {
	const file = "Meta/bad.txt.metadata.json"
	for _, tt := range defective {
		t.Run(tt.name, func(t *testing.T) {
			docs, report := s3meta.Read(bucket(map[string]string{
				"bad.txt":                     "",
				file:                          tt.data,
				"good.txt":                    "",
				"Meta/good.txt.metadata.json": list("+HR"),
			}), s3meta.Options{Metadata: "Meta", Resolver: resolver})
			wantDefects(t, report, s3meta.Defect{File: file, Path: tt.path, Reason: tt.reason})
			wantKeys(t, "documents", keysOf(docs), "bad.txt", "good.txt")
			wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}))
			wantKeys(t, "HR", visible(docs, member("HR"), acl.Rules{}), "good.txt")
			if d, _ := docs.Get("bad.txt"); d.ACL != nil {
				t.Errorf("ACL = %v, want nil", d.ACL)
			}
			if got, want := report.String(), "documents: 2, public: 0, hidden: 1; defects: 1, findings: 0"; got != want {
				t.Errorf("String() = %q, want %q", got, want)
			}
		})
	}
	if len(defective) < 40 {
		t.Errorf("%d rows", len(defective))
	}
}

// Rule S2: every member of a file is looked at.
func TestSeveralDefects(t *testing.T) {
	_, report := s3meta.Read(bucket(map[string]string{
		"a":               "",
		"a.metadata.json": `{"title":"a","AccessControlList":[{}],"DocumentId":7}`,
		"b":               "",
		"b.metadata.json": `[`,
	}), s3meta.Options{})
	want := []s3meta.Defect{
		{File: "a.metadata.json", Path: "/title", Reason: "unknown member, did you mean Title?"},
		{File: "a.metadata.json", Path: "/AccessControlList/0", Reason: "want Name, Type and Access, all three"},
		{File: "a.metadata.json", Path: "/DocumentId", Reason: "want a string"},
		{File: "b.metadata.json", Reason: "json: offset 1: text ends too early"},
	}
	wantDefects(t, report, want...)
	err := report.Err()
	if err == nil || err.Error() != `s3meta: "a.metadata.json": "/title": unknown member, did you mean Title? (and 3 more)` {
		t.Errorf("Err() = %v", err)
	}
	for _, d := range want {
		if !errors.Is(err, d) {
			t.Errorf("Err() does not wrap %v", d)
		}
	}
	var first s3meta.Defect
	if !errors.As(err, &first) || first != want[0] {
		t.Errorf("errors.As finds %v", first)
	}
	if got, want := want[3].Error(), `s3meta: "b.metadata.json": json: offset 1: text ends too early`; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if got, want := (s3meta.Defect{Reason: "no"}).Error(), "s3meta: no"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	got := report.Defects()
	got[0].Reason = ""
	if report.Defects()[0].Reason == "" {
		t.Error("Defects hands out its own slice")
	}
}

// TestOneDefect is the text of a single one.
func TestOneDefect(t *testing.T) {
	_, report := s3meta.Read(bucket(map[string]string{"a": "", "a.metadata.json": "[]"}), s3meta.Options{})
	if err := report.Err(); err == nil || err.Error() != `s3meta: "a.metadata.json": want an object` {
		t.Errorf("Err() = %v", err)
	}
}

// Rule S2: an AccessControlConfigurationId without a resolver hides; with one,
// each id is asked for once.
func TestConfiguration(t *testing.T) {
	files := map[string]string{"none": ""}
	for i, id := range []string{"ok", "ok", "public", "unknown", "unknown", strings.Repeat("Zz09-a", 6)} {
		key := fmt.Sprintf("%d-%s", i, id[:2])
		files[key] = ""
		files[key+".metadata.json"] = `{"AccessControlConfigurationId":"` + id + `"}`
	}
	asked := map[string]int{}
	docs, report := s3meta.Read(bucket(files), s3meta.Options{Resolver: func(id string) (acl.ACL, error) {
		asked[id]++
		if len(id) == 36 {
			id = "ok"
		}
		return resolver(id)
	}})
	wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}), "2-pu", "none")
	wantKeys(t, "HR", visible(docs, member("HR"), acl.Rules{}), "0-ok", "1-ok", "2-pu", "5-Zz", "none")
	if diff := cmp.Diff(map[string]int{"ok": 1, "public": 1, "unknown": 1, strings.Repeat("Zz09-a", 6): 1}, asked); diff != "" {
		t.Error(diff)
	}
	unknown := s3meta.Defect{Path: "/AccessControlConfigurationId", Reason: "cannot be resolved: no such configuration"}
	three, four := unknown, unknown
	three.File, four.File = "3-un.metadata.json", "4-un.metadata.json"
	wantDefects(t, report, three, four)

	docs, report = s3meta.Read(bucket(files), s3meta.Options{})
	wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}), "none")
	wantKeys(t, "HR", visible(docs, member("HR"), acl.Rules{}), "none")
	if got := report.Defects(); len(got) != 6 || got[0].Reason != "needs Options.Resolver, which is not given" || got[0].Path != "/AccessControlConfigurationId" {
		t.Errorf("got %v", got)
	}
}

// TestConfigurationID has ids at both sides of what Kendra allows.
func TestConfigurationID(t *testing.T) {
	hr := func(string) (acl.ACL, error) { return acl.List{acl.Allow.Group("HR")}, nil }
	n := 0
	for c, ok := range map[string]bool{
		"0": true, "9": true, "a": true, "z": true, "A": true, "Z": true, "-": true,
		"/": false, ":": false, "@": false, "[": false, "`": false, "{": false, "_": false, ",": false, ".": false, "é": false,
	} {
		n++
		docs, report := s3meta.Read(bucket(map[string]string{"a": "", "a.metadata.json": `{"AccessControlConfigurationId":"` + c + `"}`}), s3meta.Options{Resolver: hr})
		if got := len(visible(docs, member("HR"), acl.Rules{})) == 1; got != ok || got != (report.Err() == nil) {
			t.Errorf("%q: visible %t (%v), want %t", c, got, report.Err(), ok)
		}
	}
	if n != 17 {
		t.Errorf("%d ids", n)
	}
}

// TestMetadata reads every member, at the sizes that are just allowed.
func TestMetadata(t *testing.T) {
	data := `{"DocumentId":"id","Title":"Über uns","ContentType":"PDF","Attributes":{"_category":"c","_created_at":"2023-05-16T00:00:00+09:00","_view_count":12345678901234567890,"Tags":["コーポレート",""],"None":[]},` +
		`"HierarchicalAccessControlList":[{"PrincipalList":` + entriesJSON("+HR", "-@eve") + `},{"PrincipalList":` + entriesJSON("+Staff") + `}]}`
	data += strings.Repeat(" ", 1<<20-len(data))
	docs, report := s3meta.Read(bucket(map[string]string{"a": "", "a.metadata.json": data}), s3meta.Options{})
	wantDefects(t, report)
	d, _ := docs.Get("a")
	want := s3meta.Document{
		Key: "a", DocumentID: "id", Title: "Über uns", ContentType: "PDF",
		ACL: acl.Hierarchy{{acl.Allow.Group("HR"), acl.Deny.User("eve")}, {acl.Allow.Group("Staff")}},
		Attributes: map[string]any{
			"_category": "c", "_created_at": "2023-05-16T00:00:00+09:00", "_view_count": json.Number("12345678901234567890"),
			"Tags": []string{"コーポレート", ""}, "None": []string{},
		},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
}

// TestLimits lifts and lowers what Kendra allows.
func TestLimits(t *testing.T) {
	names := make([]string, 201)
	for i := range names {
		names[i] = fmt.Sprintf("+g%d", i)
	}
	files := map[string]string{"a": "", "a.metadata.json": list(names...), "b": "", "b.metadata.json": list(names[:200]...)}
	for _, tt := range []struct {
		name   string
		limits acl.Limits
		want   []string
	}{
		{"Kendra's", acl.Limits{}, []string{"b"}},
		{"none", acl.Limits{Entries: -1}, []string{"a", "b"}},
		{"201", acl.Limits{Entries: 201}, []string{"a", "b"}},
		{"199", acl.Limits{Entries: 199}, nil},
	} {
		docs, _ := s3meta.Read(bucket(files), s3meta.Options{Limits: s3meta.Limits{ACL: tt.limits}})
		wantKeys(t, tt.name, visible(docs, member("g0"), acl.Rules{}), tt.want...)
	}
}
