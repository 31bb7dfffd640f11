package s3meta_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/s3meta"
)

// corpus has a folder under a prefix, one beside it, and documents with ACLs of
// their own in both.
func corpus(aclFile string) map[string]string {
	return map[string]string{
		"acl.json":                             aclFile,
		"docs/a.txt":                           "",
		"docs/own.txt":                         "",
		"docs/own.txt.metadata.json":           list("+Own"),
		"docs/hr/b.txt":                        "",
		"docs/hr/attributes.txt":               "",
		"docs/hr/attributes.txt.metadata.json": `{"Title":"t"}`,
		"docs/hr/own.txt":                      "",
		"docs/hr/own.txt.metadata.json":        list("+Own"),
		"readme":                               "",
	}
}

var corpusOptions = s3meta.Options{ACLFile: "acl.json", Bucket: "bucket"}

// Rules S2, G1: an invalid file hides every document without an ACL of its own,
// an entry whose prefix can be read only those under it.
func TestDefectiveACLFile(t *testing.T) {
	const wantPrefix = "want a string such as s3://bucket/prefix/"
	const entries = `"aclEntries":[{"Name":"HR","Type":"GROUP","Access":"ALLOW"}]`
	own := []string{"docs/hr/own.txt", "docs/own.txt"}
	outside := []string{"docs/a.txt", "docs/hr/own.txt", "docs/own.txt", "readme"}
	tests := []struct {
		name, data, path, reason string
		visible                  []string // to Own
	}{
		{"empty file", "", "", "json: offset 0: text ends too early", own},
		{"byte order mark", "\ufeff[]", "", "json: offset 0: byte order mark", own},
		{"an object", entry("s3://bucket/docs/", "+HR"), "", "want an array of objects with keyPrefix and aclEntries", own},
		{"null", "null", "", "want an array of objects with keyPrefix and aclEntries", own},
		{"an entry is a string", `["s3://bucket/docs/"]`, "/0/keyPrefix", wantPrefix, own},
		{"no prefix", `[{` + entries + `}]`, "/0/keyPrefix", wantPrefix, own},
		{"prefix in the wrong case", `[{"KeyPrefix":"s3://bucket/docs/",` + entries + `}]`, "/0/keyPrefix", wantPrefix, own},
		{"prefix is null", `[{"keyPrefix":null,` + entries + `}]`, "/0/keyPrefix", wantPrefix, own},
		{"prefix without scheme", aclFile(entry("docs/", "+HR")), "/0/keyPrefix", wantPrefix, own},
		{"prefix with another scheme", aclFile(entry("S3://bucket/docs/", "+HR")), "/0/keyPrefix", wantPrefix, own},
		{"prefix without bucket", aclFile(entry("s3:///docs/", "+HR")), "/0/keyPrefix", wantPrefix, own},
		{"prefix of nothing", aclFile(entry("s3://", "+HR")), "/0/keyPrefix", wantPrefix, own},
		{"the second prefix", aclFile(entry("s3://bucket/docs/", "+Own"), entry("docs/", "+HR")), "/1/keyPrefix", wantPrefix, own},
		{"no prefix of the bucket", aclFile(entry("s3://bucket2/docs/", "+HR")), "", "no keyPrefix has the bucket of Options.Bucket; correct the one or the other", own},
		{"bucket in another case", aclFile(entry("s3://Bucket/docs/", "+HR")), "", "no keyPrefix has the bucket of Options.Bucket; correct the one or the other", own},
		{"longer than 16 MiB", "[]" + strings.Repeat(" ", 16<<20-1), "", "longer than 16777216 bytes", own},
		{"no entries", aclFile(entry("s3://bucket/docs/hr/")), "/0/aclEntries", "no entries, want at least one", outside},
		{"no member of entries", `[{"keyPrefix":"s3://bucket/docs/hr/"}]`, "/0", "want the member aclEntries", outside},
		{"bad entry", aclFile(entry("s3://bucket/readme", "+Own"), `{"keyPrefix":"s3://bucket/docs/hr/","aclEntries":[{"Name":"HR","Type":"GROUP","Access":"allow"}]}`), "/1/aclEntries/0/Access", "want ALLOW or DENY", outside},
		{"entries are null", `[{"keyPrefix":"s3://bucket/docs/hr/","aclEntries":null}]`, "/0/aclEntries", "want an array of entries with Name, Type and Access", outside},
		{"unknown member", `[{"keyPrefix":"s3://bucket/docs/hr/","a":1,` + entries + `}]`, "/0/a", "unknown member, want one of keyPrefix, aclEntries", outside},
		{"bad entry of a shorter prefix", aclFile(entry("s3://bucket/docs/hr/"), entry("s3://bucket/docs/hr/b", "+Own")), "/0/aclEntries", "no entries, want at least one", outside},
		{"bad entry of an equal prefix", aclFile(entry("s3://bucket/docs/hr/", "+Own"), entry("s3://bucket/docs/hr/")), "/1/aclEntries", "no entries, want at least one", outside},
		{"bad entry before an equal prefix", aclFile(entry("s3://bucket/docs/hr/"), entry("s3://bucket/docs/hr/", "+Own")), "/0/aclEntries", "no entries, want at least one", outside},
		{"bad entry of a longer prefix", aclFile(entry("s3://bucket/docs/hr/", "+Own"), entry("s3://bucket/docs/hr/b")), "/1/aclEntries", "no entries, want at least one",
			[]string{"docs/a.txt", "docs/hr/attributes.txt", "docs/hr/own.txt", "docs/own.txt", "readme"}},
		{"bad entry of another bucket", aclFile(entry("s3://bucket/docs/hr/", "+Own"), entry("s3://other/docs/")), "/1/aclEntries", "no entries, want at least one",
			[]string{"docs/a.txt", "docs/hr/attributes.txt", "docs/hr/b.txt", "docs/hr/own.txt", "docs/own.txt", "readme"}},
	}
	for _, tt := range tests {
		for _, replaces := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%t", tt.name, replaces), func(t *testing.T) {
				o := corpusOptions
				o.LongestPrefixReplaces = replaces
				docs, report := s3meta.Read(bucket(corpus(tt.data)), o)
				wantDefects(t, report, s3meta.Defect{File: "acl.json", Path: tt.path, Reason: tt.reason})
				wantKeys(t, "Own", visible(docs, member("Own"), acl.Rules{}), tt.visible...)
				for _, f := range report.Lint() {
					if f.Kind == s3meta.DenyOnly {
						t.Errorf("a list that cannot be read is linted: %v", f)
					}
				}
			})
		}
	}
}

// Rule S2: all defects of the file are reported, a near miss with what was meant.
func TestSeveralDefectsOfACLFile(t *testing.T) {
	docs, report := s3meta.Read(bucket(corpus(`[{"keyprefix":"s3://bucket/docs/"},7,{"keyPrefix":"s3://bucket/docs/","AclEntries":[],"keyPrefix2":1}]`)), corpusOptions)
	wantDefects(t, report,
		s3meta.Defect{File: "acl.json", Path: "/0/keyPrefix", Reason: "want a string such as s3://bucket/prefix/"},
		s3meta.Defect{File: "acl.json", Path: "/1/keyPrefix", Reason: "want a string such as s3://bucket/prefix/"},
		s3meta.Defect{File: "acl.json", Path: "/2/AclEntries", Reason: "unknown member, did you mean aclEntries?"},
		s3meta.Defect{File: "acl.json", Path: "/2/keyPrefix2", Reason: "unknown member, did you mean keyPrefix?"},
		s3meta.Defect{File: "acl.json", Path: "/2", Reason: "want the member aclEntries"})
	wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}))
}

// Rule S3: metadata's list replaces that of the prefix; attributes alone do
// not; the bucket must be equal.
func TestPrefixes(t *testing.T) {
	tests := []struct {
		name     string
		entries  []string
		replaces bool
		want     map[string][]string // entries in force, + and - before the name
	}{
		{
			"one", []string{entry("s3://bucket/docs/hr/", "+HR")}, false,
			map[string][]string{"docs/hr/b.txt": {"+HR"}, "docs/hr/attributes.txt": {"+HR"}, "docs/hr/own.txt": {"+Own"}, "docs/own.txt": {"+Own"}},
		},
		{
			"longest gives ALLOW, all give DENY",
			[]string{entry("s3://bucket/docs/hr/", "+HR", "-@eve"), entry("s3://bucket/docs/", "+Staff", "-Interns"), entry("s3://bucket/", "+All", "-@mallory")}, false,
			map[string][]string{
				"docs/hr/b.txt": {"+HR", "-@eve", "-Interns", "-@mallory"}, "docs/hr/attributes.txt": {"+HR", "-@eve", "-Interns", "-@mallory"},
				"docs/hr/own.txt": {"+Own"}, "docs/own.txt": {"+Own"},
				"docs/a.txt": {"+Staff", "-Interns", "-@mallory"}, "readme": {"+All", "-@mallory"},
			},
		},
		{
			"longest gives both",
			[]string{entry("s3://bucket/docs/hr/", "+HR", "-@eve"), entry("s3://bucket/docs/", "+Staff", "-Interns"), entry("s3://bucket/", "+All", "-@mallory")}, true,
			map[string][]string{
				"docs/hr/b.txt": {"+HR", "-@eve"}, "docs/hr/attributes.txt": {"+HR", "-@eve"},
				"docs/hr/own.txt": {"+Own"}, "docs/own.txt": {"+Own"},
				"docs/a.txt": {"+Staff", "-Interns"}, "readme": {"+All", "-@mallory"},
			},
		},
		{
			"equal ones concatenate",
			[]string{entry("s3://bucket/docs/", "+HR"), entry("s3://bucket/docs", "+No"), entry("s3://bucket/docs/", "+Staff", "-@eve")}, false,
			map[string][]string{
				"docs/hr/b.txt": {"+HR", "+Staff", "-@eve"}, "docs/hr/attributes.txt": {"+HR", "+Staff", "-@eve"}, "docs/a.txt": {"+HR", "+Staff", "-@eve"},
				"docs/hr/own.txt": {"+Own"}, "docs/own.txt": {"+Own"},
			},
		},
		{
			"the longest only denies",
			[]string{entry("s3://bucket/docs/", "+Staff"), entry("s3://bucket/docs/hr/", "-Interns")}, false,
			map[string][]string{
				"docs/hr/b.txt": {"-Interns"}, "docs/hr/attributes.txt": {"-Interns"}, "docs/a.txt": {"+Staff"},
				"docs/hr/own.txt": {"+Own"}, "docs/own.txt": {"+Own"},
			},
		},
		{
			"a plain string",
			[]string{entry("s3://bucket/docs/h", "+HR"), entry("s3://bucket/readm", "+R")}, false,
			map[string][]string{
				"docs/hr/b.txt": {"+HR"}, "docs/hr/attributes.txt": {"+HR"}, "readme": {"+R"},
				"docs/hr/own.txt": {"+Own"}, "docs/own.txt": {"+Own"},
			},
		},
		{
			"full keys",
			[]string{entry("s3://bucket/docs/a.txt", "+A"), entry("s3://bucket/docs/a.tx", "+No"), entry("s3://bucket/docs/a.txt2", "+No")}, false,
			map[string][]string{"docs/a.txt": {"+A"}, "docs/hr/own.txt": {"+Own"}, "docs/own.txt": {"+Own"}},
		},
		{
			"the bucket",
			[]string{entry("s3://bucket", "+All")}, false,
			map[string][]string{
				"docs/a.txt": {"+All"}, "docs/hr/b.txt": {"+All"}, "docs/hr/attributes.txt": {"+All"}, "readme": {"+All"},
				"docs/hr/own.txt": {"+Own"}, "docs/own.txt": {"+Own"},
			},
		},
		{
			"another bucket",
			[]string{entry("s3://bucket2/docs/", "+No"), entry("s3://bucke/", "+No"), entry("s3://bucket/readme", "+R")}, false,
			map[string][]string{"readme": {"+R"}, "docs/hr/own.txt": {"+Own"}, "docs/own.txt": {"+Own"}},
		},
		{"nothing in the file", nil, false, map[string][]string{"docs/hr/own.txt": {"+Own"}, "docs/own.txt": {"+Own"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := corpusOptions
			o.LongestPrefixReplaces = tt.replaces
			docs, report := s3meta.Read(bucket(corpus(aclFile(tt.entries...))), o)
			wantDefects(t, report)
			for key, d := range docs.All() {
				want, protected := tt.want[key]
				if !protected {
					if d.ACL != acl.Public() {
						t.Errorf("%s: %v, want a public document", key, d.ACL)
					}
					continue
				}
				if diff := cmp.Diff(acl.ACL(entriesOf(want...)), d.ACL); diff != "" {
					t.Errorf("%s (-want +got):\n%s", key, diff)
				}
			}
			if docs.Len() != 6 {
				t.Errorf("%d documents, want 6", docs.Len())
			}
		})
	}
}

// Rules S3, A3: an empty list never lifts the ACL of a prefix, and a prefix that
// only denies admits nobody unless the rules say so.
func TestEmptyListUnderPrefix(t *testing.T) {
	docs, report := s3meta.Read(bucket(map[string]string{
		"docs/a.txt":               "",
		"docs/a.txt.metadata.json": list(),
		"docs/deny/b.txt":          "",
		"free.txt":                 "",
		"free.txt.metadata.json":   list(),
		"acl.json":                 aclFile(entry("s3://bucket/docs/", "+Staff"), entry("s3://bucket/docs/deny/", "-@eve")),
	}), corpusOptions)
	wantDefects(t, report, s3meta.Defect{
		File: "docs/a.txt.metadata.json", Path: "/AccessControlList",
		Reason: "empty, which does not lift the keyPrefix that applies: name who may see the document, or remove the member",
	})
	wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}), "free.txt")
	wantKeys(t, "Staff", visible(docs, member("Staff"), acl.Rules{}), "free.txt")
	everyone := acl.Rules{DenyOnlyEveryone: true}
	wantKeys(t, "guest, not denied", visible(docs, acl.Guest(), everyone), "docs/deny/b.txt", "free.txt")
	wantKeys(t, "eve", visible(docs, acl.For(acl.Principal{User: "eve"}), everyone), "free.txt")
	if got, want := report.String(), "documents: 3, public: 1, hidden: 1; defects: 1, findings: 2"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}

	files := corpus("7")
	files["docs/a.txt.metadata.json"] = list()
	docs, _ = s3meta.Read(bucket(files), corpusOptions)
	wantKeys(t, "guest, invalid file", visible(docs, acl.Guest(), acl.Rules{}))
}

// TestPrefixLimit has as many prefixes as Kendra allows, and one more.
func TestPrefixLimit(t *testing.T) {
	entries := make([]string, 101)
	for i := range entries {
		entries[i] = entry(fmt.Sprintf("s3://bucket/docs/%d/", i), "+HR")
	}
	entries[100] = entry("s3://bucket/docs/", "+Own")
	tests := []struct {
		limit, n int
		reason   string
	}{
		{0, 100, ""},
		{0, 101, "101 keyPrefix entries, want at most 100; Options.Limits.Prefixes lifts this"},
		{-1, 101, ""},
		{101, 101, ""},
		{3, 3, ""},
		{3, 4, "4 keyPrefix entries, want at most 3; Options.Limits.Prefixes lifts this"},
	}
	for _, tt := range tests {
		o := corpusOptions
		o.Limits.Prefixes = tt.limit
		_, report := s3meta.Read(bucket(corpus(aclFile(entries[101-tt.n:]...))), o)
		if tt.reason == "" {
			wantDefects(t, report)
			continue
		}
		wantDefects(t, report, s3meta.Defect{File: "acl.json", Reason: tt.reason})
	}
	files := corpus("[]" + strings.Repeat(" ", 16<<20-2))
	if _, report := s3meta.Read(bucket(files), corpusOptions); report.Err() != nil {
		t.Errorf("a file of 16 MiB: %v", report.Err())
	}
}
