package s3meta_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/s3meta"
)

// members of a metadata file that say nothing about who may see a document.
var harmless = []string{"DocumentId", "Attributes", "Title", "ContentType"}

// nothingToHide reports, by another reader, whether a metadata file leaves its
// document public.
func nothingToHide(data []byte) bool {
	var file map[string]json.RawMessage
	if !utf8.Valid(data) || json.Unmarshal(data, &file) != nil || file == nil {
		return false
	}
	for name, value := range file {
		switch {
		case slices.Contains(harmless, name):
		case name == "AccessControlList" && len(bytes.Trim(value, "[] \t\r\n")) == 0 && string(value) != "":
		default:
			return false
		}
	}
	return true
}

func one(string) (acl.ACL, error) { return acl.List{acl.Allow.Group("HR")}, nil }

// Rules S2, G1, G4: no metadata file makes Read panic, and a guest sees its
// document only if the file is sound and names nobody.
func FuzzMetadata(f *testing.F) {
	for _, tt := range defective {
		if len(tt.data) < 1<<16 {
			f.Add([]byte(tt.data))
		}
	}
	for key, data := range sample {
		if strings.HasSuffix(key, ".metadata.json") {
			f.Add([]byte(data))
		}
	}
	for _, seed := range []string{`{}`, `{"AccessControlList":[ ]}`, `{"AccessControlConfigurationId":"ok"}`, list("-HR"), `{"DocumentId":"a","Attributes":{"n":-1e9}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := fstest.MapFS{"a": {}, "a.metadata.json": {Data: data}, "b": {}, "b.metadata.json": {Data: []byte(list("+HR"))}}
		docs, report := s3meta.Read(m, s3meta.Options{})
		guest := visible(docs, acl.Guest(), acl.Rules{})
		if len(guest) > 0 && !nothingToHide(data) {
			t.Errorf("a guest sees a document with metadata %q", data)
		}
		if report.Err() != nil && (len(guest) > 0 || len(visible(docs, acl.Unrestricted(), acl.Rules{})) != 2) {
			t.Errorf("a guest sees %v despite %v", guest, report.Err())
		}
		if !slices.Contains(visible(docs, member("HR"), acl.Rules{}), "b") {
			t.Error("the other document did not load")
		}
		docs, _ = s3meta.Read(m, s3meta.Options{Rules: acl.Rules{Missing: acl.MissingHidden}, Resolver: one})
		if guest := visible(docs, acl.Guest(), acl.Rules{}); len(guest) > 0 {
			t.Errorf("a guest sees %v in strict mode", guest)
		}
	})
}

// Rules S2, S3, G1, G4: no ACL configuration file makes Read panic, and a guest
// sees a document only if another reader finds no prefix of its key in it.
func FuzzACLFile(f *testing.F) {
	for _, seed := range []string{
		"", "[]", "null", "{}", "[[]]", "[null]", "\ufeff[]", `[{"keyPrefix":"s3://bucket/docs/"}]`, `[{"keyPrefix":"docs/"}]`,
		aclFile(entry("s3://bucket/docs/", "+HR")), aclFile(entry("s3://bucket/docs/")), aclFile(entry("s3://bucket", "+HR")),
		aclFile(entry("s3://other/docs/", "+HR"), entry("s3://bucket/x", "+HR")), aclFile(entry("s3://bucket/docs/a", "-HR"), entry("s3://bucket/docs/", "+HR"), entry("s3://bucket/docs/", "-@eve")),
		aclFile(entry(`s3://bucket/\u0064ocs/`, "+HR")), aclFile(entry("s3://bucket//docs/", "+HR")), `[{"keyprefix":"s3://bucket/docs/","aclEntries":[]}]`,
		`[{"keyPrefix":"s3://bucket/z","keyPrefix":"s3://bucket/docs/","aclEntries":[{"Name":"a","Type":"USER","Access":"ALLOW"}]}]`,
		sample["acl.json"],
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, replaces bool) {
		m := fstest.MapFS{
			"acl.json": {Data: data}, "docs/a": {}, "docs/ab/c": {}, "docs/own": {}, "docs/own.metadata.json": {Data: []byte(list("+HR"))},
			"docs/empty": {}, "docs/empty.metadata.json": {Data: []byte(list())},
		}
		docs, report := s3meta.Read(m, s3meta.Options{ACLFile: "acl.json", Bucket: "bucket", LongestPrefixReplaces: replaces, Limits: s3meta.Limits{Prefixes: -1}})
		var file []struct {
			KeyPrefix string `json:"keyPrefix"`
		}
		sound := json.Unmarshal(data, &file) == nil && file != nil
		for _, key := range visible(docs, acl.Guest(), acl.Rules{}) {
			if !sound || key == "docs/own" {
				t.Fatalf("a guest sees %s", key)
			}
			for _, e := range file {
				name, ok := strings.CutPrefix(e.KeyPrefix, "s3://")
				name, path, _ := strings.Cut(name, "/")
				if !ok || name == "" || name == "bucket" && strings.HasPrefix(key, path) {
					t.Fatalf("a guest sees %s under %q", key, e.KeyPrefix)
				}
			}
		}
		if !slices.Equal(keysOf(docs), []string{"docs/a", "docs/ab/c", "docs/empty", "docs/own"}) {
			t.Errorf("documents %v", keysOf(docs))
		}
		if !slices.Contains(visible(docs, member("HR"), acl.Rules{}), "docs/own") {
			t.Error("the document with an ACL of its own is hidden")
		}
		if !sound && report.Err() == nil {
			t.Error("nothing is reported")
		}
	})
}
