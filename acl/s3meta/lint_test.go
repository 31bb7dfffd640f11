package s3meta_test

import (
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/s3meta"
)

const (
	nfc = "r\u00e9sum\u00e9.pdf"
	nfd = "re\u0301sume\u0301.pdf"
)

// protected is an entry that keeps a finding about unprotected documents away.
var protected = entry("s3://b/", "+all")

// Rule S4: each kind of finding, and its nearest neighbours without one.
func TestLint(t *testing.T) {
	none := func(keys ...string) (rows []string) {
		for _, k := range keys {
			rows = append(rows, `no ACL: "`+k+`": neither metadata nor a keyPrefix gives it an ACL: public`)
		}
		return rows
	}
	tests := []struct {
		name    string
		files   map[string]string
		options s3meta.Options
		want    []string
	}{
		{"nothing to say", map[string]string{"a": "", "acl.json": aclFile(protected)}, s3meta.Options{}, nil},
		{"unprotected", map[string]string{"a": "", "b": "", "b.metadata.json": `{"Title":"b"}`}, s3meta.Options{}, none("a", "b")},
		{
			"orphans",
			map[string]string{"a": "", "b.metadata.json": `{`, ".metadata.json": `{}`, "d/.metadata.json": `{}`, "a.metadata.json.metadata.json": `{}`, "acl.json": aclFile(protected)},
			s3meta.Options{},
			[]string{
				`orphan metadata: ".metadata.json": there is no document ""`,
				`orphan metadata: "a.metadata.json.metadata.json": there is no document "a.metadata.json"`,
				`orphan metadata: "b.metadata.json": there is no document "b"`,
				`orphan metadata: "d/.metadata.json": there is no document "d/"`,
			},
		},
		{
			"orphan: NFC",
			map[string]string{nfc + ".metadata.json": list("+HR"), nfd: "", "acl.json": aclFile(protected)},
			s3meta.Options{},
			[]string{`orphan metadata: "résumé.pdf.metadata.json": there is no document "résumé.pdf"; "` + nfd + `" differs only by case or Unicode normalization`},
		},
		{
			"orphan: case",
			map[string]string{"M/docs/A.txt.metadata.json": list("+HR"), "docs/a.txt": "", "acl.json": aclFile(protected)},
			s3meta.Options{Metadata: "M"},
			[]string{`orphan metadata: "M/docs/A.txt.metadata.json": there is no document "docs/A.txt"; "docs/a.txt" differs only by case or Unicode normalization`},
		},
		{
			"orphans for want of a prefix",
			map[string]string{"d/e/a": "", "M/N/d/e/a.metadata.json": list("+HR"), "M/N/d/e/b.metadata.json": list("+HR"), "acl.json": aclFile(protected)},
			s3meta.Options{},
			[]string{
				`orphan metadata: "M/N/d/e/a.metadata.json": there is no document "M/N/d/e/a"; with Options.Metadata "M/N/" it is that of "d/e/a"`,
				`orphan metadata: "M/N/d/e/b.metadata.json": there is no document "M/N/d/e/b"`,
			},
		},
		{
			"strays",
			map[string]string{
				"a": "", "b.Metadata.json": "", "a.metadata.json": list("+HR"), "M/a.metadata.JSON": "", "M/a.json": "", "M/a.metadata.json": `{}`, "a.metadata.jso": "", "metadata.json": "", ".Metadata.json": "",
				"acl.json": aclFile(protected),
			},
			s3meta.Options{Metadata: "M"},
			[]string{
				`orphan metadata: ".Metadata.json": not named as the metadata file of a document is: ignored`,
				`orphan metadata: "M/a.json": not named as the metadata file of a document is: ignored`,
				`orphan metadata: "M/a.metadata.JSON": not named as the metadata file of a document is: ignored`,
				`orphan metadata: "a.metadata.json": not named as the metadata file of a document is: ignored; with Options.Metadata "" it is that of "a"`,
				`orphan metadata: "b.Metadata.json": not named as the metadata file of a document is: ignored`,
			},
		},
		{
			"metadata of what is not looked at",
			map[string]string{"d/a": "", "d/a.metadata.json": list("+HR"), "d/x.metadata.json": list("+HR"), "e/b": "", "e/b.metadata.json": list("-HR"), "e/c.metadata.json": list("-HR")},
			s3meta.Options{Data: "d/a"},
			nil,
		},
		{
			"metadata that only begins as documents do",
			map[string]string{"d/a": "", "d/a.metadata.json": list("+HR"), "d/a.mpg": ""},
			s3meta.Options{Data: "d/a.m"},
			none("d/a.mpg"),
		},
		{
			"prefixes",
			map[string]string{
				"docs/a": "", "docs/b": "", "docs/admin/c": "", "docs/admin.txt": "", "docs/admin0": "",
				"acl.json": aclFile(protected, entry("s3://b/docs/", "+all"), entry("s3://b/docs/a", "+all"), entry("s3://b/docs/adm", "+all"), entry("s3://b/docs/admin", "+all"),
					entry("s3://b/docs/b/", "+all"), entry("s3://b/docs/zzz", "+all"), entry("s3://c/docs", "+all"), entry("s3://b/Docs/Adm", "+all"), entry("s3://b//docs/", "+all"), entry("s3://b/docs/", "+all")),
			},
			s3meta.Options{},
			[]string{
				`prefix of other bucket: "s3://c/docs": the bucket is not Options.Bucket: the entry applies to nothing`,
				`prefix repeated: "s3://b/docs/": the keyPrefix is repeated: its entries are concatenated`,
				`prefix matches nothing: "s3://b//docs/": no document's key begins so`,
				`prefix matches nothing: "s3://b/Docs/Adm": no document's key begins so; that of "docs/admin.txt" differs only by case or Unicode normalization`,
				`prefix without slash: "s3://b/Docs/Adm": neither ends in a slash nor is a document`,
				`prefix without slash: "s3://b/docs/adm": neither ends in a slash nor is a document; it applies to "docs/admin.txt", too`,
				`prefix without slash: "s3://b/docs/admin": neither ends in a slash nor is a document; it applies to "docs/admin.txt", too`,
				`prefix matches nothing: "s3://b/docs/b/": no document's key begins so`,
				`prefix matches nothing: "s3://b/docs/zzz": no document's key begins so`,
				`prefix without slash: "s3://b/docs/zzz": neither ends in a slash nor is a document`,
			},
		},
		{
			"prefix without slash, what is beside sorts after",
			map[string]string{"docs/admin/c": "", "docs/admin0": "", "acl.json": aclFile(protected, entry("s3://b/docs/admin", "+all"))},
			s3meta.Options{},
			[]string{`prefix without slash: "s3://b/docs/admin": neither ends in a slash nor is a document; it applies to "docs/admin0", too`},
		},
		{
			"prefix without slash, nothing beside",
			map[string]string{"docs/admin/c": "", "docs/b": "", "acl.json": aclFile(protected, entry("s3://b/docs/admin", "+all"))},
			s3meta.Options{},
			[]string{`prefix without slash: "s3://b/docs/admin": neither ends in a slash nor is a document`},
		},
		{
			"prefix of documents that have ACLs of their own",
			map[string]string{"d/a": "", "d/a.metadata.json": list("+HR"), "acl.json": aclFile(entry("s3://b/d/", "+all"))},
			s3meta.Options{},
			nil,
		},
		{
			"deny only",
			map[string]string{
				"a": "", "a.metadata.json": list("-HR", "-@eve"),
				"b": "", "b.metadata.json": `{"HierarchicalAccessControlList":[{"PrincipalList":` + entriesJSON("+HR", "-@eve") + `},{"PrincipalList":` + entriesJSON("-Interns") + `}]}`,
				"c": "", "acl.json": aclFile(entry("s3://b/c", "-HR")),
			},
			s3meta.Options{},
			[]string{
				`deny only: "s3://b/c": a list with DENY entries only admits nobody`,
				`deny only: "a": a list with DENY entries only admits nobody`,
				`deny only: "b": a list with DENY entries only admits nobody`,
			},
		},
		{
			"deny only, by other rules",
			map[string]string{"a": "", "a.metadata.json": list("-HR"), "acl.json": aclFile(protected)},
			s3meta.Options{Rules: acl.Rules{DenyOnlyEveryone: true}},
			[]string{`deny only: "a": a list with DENY entries only admits everybody whom it does not deny`},
		},
		{
			"allowed and denied",
			map[string]string{
				"a": "", "a.metadata.json": list("+HR", "-HR", "+HR", "+Staff", "-@Staff", "+@mary", "-@mary"),
				"b": "", "b.metadata.json": `{"HierarchicalAccessControlList":[{"PrincipalList":` + entriesJSON("+HR") + `},{"PrincipalList":` + entriesJSON("+Staff", "-HR") + `}]}`,
				"acl.json": aclFile(protected),
			},
			s3meta.Options{},
			[]string{
				`allowed and denied: "a": GROUP "HR" is allowed, and is or may be denied: DENY wins`,
				`allowed and denied: "a": USER "mary" is allowed, and is or may be denied: DENY wins`,
				`allowed and denied: "b": GROUP "HR" is allowed, and is or may be denied: DENY wins`,
			},
		},
		{
			"allowed and denied by another prefix",
			map[string]string{
				"d/a": "", "d/e/b": "", "f/c": "", "f/g": "",
				"acl.json": aclFile(entry("s3://b/d/", "+all", "-HR"), entry("s3://b/d/e/", "+HR"), entry("s3://b/f/", "+HR"), entry("s3://b/f/c", "-HR"), entry("s3://b/f/g", "-HR", "+all")),
			},
			s3meta.Options{},
			[]string{
				`deny only: "s3://b/f/c": a list with DENY entries only admits nobody`,
				`allowed and denied: "s3://b/d/e/": GROUP "HR" is allowed, and is or may be denied: DENY wins`,
			},
		},
		{
			"denied by another prefix that is replaced",
			map[string]string{
				"d/a": "", "d/e/b": "", "d/f": "",
				"acl.json": aclFile(entry("s3://b/d/", "+all", "-HR"), entry("s3://b/d/e/", "+HR"), entry("s3://b/d/f", "-HR", "+HR")),
			},
			s3meta.Options{LongestPrefixReplaces: true},
			[]string{`allowed and denied: "s3://b/d/f": GROUP "HR" is allowed, and is or may be denied: DENY wins`},
		},
		{
			"data sources",
			map[string]string{
				"a": "", "a.metadata.json": `{"AccessControlList":[` +
					`{"Name":"same","Type":"GROUP","Access":"ALLOW","DataSourceId":"x"},{"Name":"same","Type":"GROUP","Access":"DENY","DataSourceId":"x"},` +
					`{"Name":"other","Type":"GROUP","Access":"ALLOW","DataSourceId":"x"},{"Name":"other","Type":"GROUP","Access":"DENY","DataSourceId":"y"},` +
					`{"Name":"any","Type":"GROUP","Access":"ALLOW","DataSourceId":"x"},{"Name":"any","Type":"GROUP","Access":"DENY"},` +
					`{"Name":"one","Type":"GROUP","Access":"ALLOW"},{"Name":"one","Type":"GROUP","Access":"DENY","DataSourceId":"x"},` +
					`{"Name":"mary","Type":"USER","Access":"ALLOW"},{"Name":"mary","Type":"USER","Access":"DENY","DataSourceId":"x"},` +
					`{"Name":"joe","Type":"USER","Access":"ALLOW","DataSourceId":"x"},{"Name":"joe","Type":"USER","Access":"DENY","DataSourceId":"y"},` +
					`{"Name":"eve","Type":"USER","Access":"DENY","DataSourceId":"x"}]}`,
				"acl.json": aclFile(protected),
			},
			s3meta.Options{},
			[]string{
				`never matches: "a": ALLOW USER "joe" of data source "x" matches nobody: users have no data source`,
				`allowed and denied: "a": GROUP "same" is allowed, and is or may be denied: DENY wins`,
				`allowed and denied: "a": GROUP "any" is allowed, and is or may be denied: DENY wins`,
				`allowed and denied: "a": GROUP "one" is allowed, and is or may be denied: DENY wins`,
				`allowed and denied: "a": USER "mary" is allowed, and is or may be denied: DENY wins`,
				`allowed and denied: "a": USER "joe" is allowed, and is or may be denied: DENY wins`,
			},
		},
		{
			"twins of names",
			map[string]string{
				"a": "", "a.metadata.json": list("+HR", "+STRASSE"),
				"b": "", "b.metadata.json": list("+hr", "+@hR", "+Stra\u00dfe", "+hr", "+\uff76", "+\u30ab"),
				"c": "", "c.metadata.json": list("+hr", "+Hr", "-hR", "+hrs"),
				"acl.json": aclFile(entry("s3://b/", "+all"), entry("s3://b/z/", "+ALL")),
				"z/z":      "",
			},
			s3meta.Options{},
			[]string{
				`twins: "s3://b/z/": GROUP "ALL" differs from "all" of "s3://b/" only by case or Unicode normalization`,
				`twins: "b": GROUP "hr" differs from "HR" of "a" only by case or Unicode normalization`,
				`twins: "b": GROUP "Straße" differs from "STRASSE" of "a" only by case or Unicode normalization`,
				`twins: "b": GROUP "カ" differs from "ｶ" of "b" only by case or Unicode normalization`,
				`twins: "c": GROUP "Hr" differs from "HR" of "a" only by case or Unicode normalization`,
				`twins: "c": GROUP "hR" differs from "HR" of "a" only by case or Unicode normalization`,
			},
		},
		{
			"names that rules fold",
			map[string]string{
				"a": "", "a.metadata.json": list("+HR"),
				"b": "", "b.metadata.json": list("+hr", "-Hr"),
				"acl.json": aclFile(protected),
			},
			s3meta.Options{Rules: acl.Rules{Fold: true}},
			[]string{`allowed and denied: "b": GROUP "hr" is allowed, and is or may be denied: DENY wins`},
		},
		{
			"twins of keys",
			map[string]string{nfc: "", nfd: "", "a": "", "A": "", "acl.json": aclFile(protected)},
			s3meta.Options{},
			[]string{
				`twins: "a": differs from document "A" only by case or Unicode normalization`,
				`twins: "résumé.pdf": differs from document "` + nfd + `" only by case or Unicode normalization`,
			},
		},
		{
			"shared ids",
			map[string]string{
				"a": "", "a.metadata.json": `{"DocumentId":"x"}`, "b": "", "b.metadata.json": `{"DocumentId":"x"}`, "c": "", "c.metadata.json": `{"DocumentId":"x"}`,
				"d": "", "d.metadata.json": `{"DocumentId":""}`, "e": "", "e.metadata.json": `{"DocumentId":""}`, "f": "", "f.metadata.json": `{"DocumentId":"X"}`,
				"acl.json": aclFile(protected),
			},
			s3meta.Options{},
			[]string{
				`shared DocumentId: "b": its DocumentId is that of document "a", too`,
				`shared DocumentId: "c": its DocumentId is that of document "a", too`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, ok := tt.files["acl.json"]; ok {
				tt.options.ACLFile, tt.options.Bucket = "acl.json", "b"
			}
			_, report := s3meta.Read(bucket(tt.files), tt.options)
			wantDefects(t, report)
			wantLint(t, report, tt.want...)
		})
	}
}
