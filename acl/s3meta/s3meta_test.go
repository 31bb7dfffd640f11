package s3meta_test

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/s3meta"
)

// bucket makes a file system of keys and contents.
func bucket(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for key, content := range files {
		m[key] = &fstest.MapFile{Data: []byte(content)}
	}
	return m
}

// list is a metadata file with entries such as "+HR" (ALLOW GROUP HR), "-HR",
// "+@mary" (ALLOW USER mary) and "-@mary".
func list(entries ...string) string {
	return `{"AccessControlList":` + entriesJSON(entries...) + `}`
}

// entry is an entry of the ACL configuration file.
func entry(keyPrefix string, entries ...string) string {
	return `{"keyPrefix":"` + keyPrefix + `","aclEntries":` + entriesJSON(entries...) + `}`
}

// aclFile is an ACL configuration file.
func aclFile(entries ...string) string { return "[" + strings.Join(entries, ",") + "]" }

func entriesJSON(entries ...string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, e := range entriesOf(entries...) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"Name":"` + e.Name + `","Type":"` + e.Type.String() + `","Access":"` + e.Access.String() + `"}`)
	}
	b.WriteByte(']')
	return b.String()
}

func entriesOf(entries ...string) acl.List {
	l := acl.List{}
	for _, s := range entries {
		e := acl.Allow.Group(s[1:])
		if name, ok := strings.CutPrefix(s[1:], "@"); ok {
			e = acl.Allow.User(name)
		}
		if s[0] == '-' {
			e.Access = acl.Deny
		}
		l = append(l, e)
	}
	return l
}

// member is somebody in groups.
func member(groups ...string) acl.Scope { return acl.For(acl.Principal{User: "mary", Groups: groups}) }

// visible returns the keys that s sees, by rules r.
func visible(docs *s3meta.Documents, s acl.Scope, r acl.Rules) []string {
	keys := []string{}
	for key, a := range docs.ACLs() {
		if acl.Decide(s, a, r).Allowed {
			keys = append(keys, key)
		}
	}
	return keys
}

func keysOf(docs *s3meta.Documents) []string {
	keys := []string{}
	for key := range docs.All() {
		keys = append(keys, key)
	}
	return keys
}

func wantKeys(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantDefects(t *testing.T, r *s3meta.Report, want ...s3meta.Defect) {
	t.Helper()
	if diff := cmp.Diff(want, r.Defects()); diff != "" {
		t.Errorf("defects (-want +got):\n%s", diff)
	}
}

func wantLint(t *testing.T, r *s3meta.Report, want ...string) {
	t.Helper()
	got := []string(nil)
	for _, f := range r.Lint() {
		got = append(got, f.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// The layout of a public sample: a metadata prefix, metadata files that only
// have attributes, an ACL configuration file whose prefix lacks its slash.
var sample = map[string]string{
	"docs/company.txt":                                    "we",
	"docs/howto.md":                                       "how",
	"docs/admin-only/admin.md":                            "admin",
	"docs/admin-only-by-meta.md":                          "meta",
	"docs/Wann–Händewaschen’s.txt":                        "hygiene",
	"metadata/docs/company.txt.metadata.json":             `{"Attributes":{"Tags":["コーポレート"]},"Title":"会社概要"}`,
	"metadata/docs/howto.md.metadata.json":                `{"Attributes":{"Tags":["a","b"],"_view_count":12,"_created_at":"2023-05-16T00:00:00Z"},"ContentType":"MD"}`,
	"metadata/docs/admin-only-by-meta.md.metadata.json":   list("+Editors"),
	"metadata/docs/Wann–Händewaschen’s.txt.metadata.json": list("+Ärzte"),
	"acl.json": aclFile(entry("s3://bucket/docs/admin-only", "+Admins")),
}

var sampleOptions = s3meta.Options{Metadata: "metadata", ACLFile: "acl.json", Bucket: "bucket", Data: "docs/"}

// Rules S1, S3: the whole layout at once.
func TestSample(t *testing.T) {
	docs, report := s3meta.Read(bucket(sample), sampleOptions)
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	all := []string{"docs/Wann–Händewaschen’s.txt", "docs/admin-only-by-meta.md", "docs/admin-only/admin.md", "docs/company.txt", "docs/howto.md"}
	wantKeys(t, "documents", keysOf(docs), all...)
	wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}), all[3:]...)
	wantKeys(t, "Admins", visible(docs, member("Admins"), acl.Rules{}), all[2:]...)
	wantKeys(t, "Editors", visible(docs, member("Editors"), acl.Rules{}), all[1], all[3], all[4])
	wantKeys(t, "Ärzte", visible(docs, member("Ärzte"), acl.Rules{}), all[0], all[3], all[4])
	wantKeys(t, "zero scope", visible(docs, acl.Scope{}, acl.Rules{}))
	wantLint(t, report,
		`prefix without slash: "s3://bucket/docs/admin-only": neither ends in a slash nor is a document; it applies to "docs/admin-only-by-meta.md", too`,
		`no ACL: "docs/company.txt": neither metadata nor a keyPrefix gives it an ACL: public`,
		`no ACL: "docs/howto.md": neither metadata nor a keyPrefix gives it an ACL: public`)
	if got, want := report.String(), "documents: 5, public: 2, hidden: 0; defects: 0, findings: 3"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

// Rule S1: the key is the document, whatever DocumentId says; two that share one
// keep their own ACLs.
func TestSharedDocumentID(t *testing.T) {
	meta := func(group string) string {
		return `{"DocumentId":"guidelines","AccessControlList":` + entriesJSON("+"+group) + `,"Title":"for ` + group + `"}`
	}
	docs, report := s3meta.Read(bucket(map[string]string{
		"scientist/guidelines.pdf":                   "",
		"scientist/guidelines.pdf.metadata.json":     meta("scientist"),
		"generalpublic/guidelines.pdf":               "",
		"generalpublic/guidelines.pdf.metadata.json": meta("generalpublic"),
		"generalpublic/other.pdf":                    "",
		"generalpublic/other.pdf.metadata.json":      list("+generalpublic"),
		"generalpublic/another.pdf":                  "",
		"generalpublic/another.pdf.metadata.json":    list("+generalpublic"),
	}), s3meta.Options{})
	wantDefects(t, report)
	wantKeys(t, "scientist", visible(docs, member("scientist"), acl.Rules{}), "scientist/guidelines.pdf")
	wantKeys(t, "generalpublic", visible(docs, member("generalpublic"), acl.Rules{}),
		"generalpublic/another.pdf", "generalpublic/guidelines.pdf", "generalpublic/other.pdf")
	d, _ := docs.Get("scientist/guidelines.pdf")
	if d.Key != "scientist/guidelines.pdf" || d.DocumentID != "guidelines" || d.Title != "for scientist" {
		t.Errorf("got %+v", d)
	}
	if _, ok := docs.Get("guidelines"); ok {
		t.Error("a DocumentId was taken for a key")
	}
	wantLint(t, report, `shared DocumentId: "scientist/guidelines.pdf": its DocumentId is that of document "generalpublic/guidelines.pdf", too`)
}

// Rule S1: which keys are documents, and where their metadata lies.
func TestLayout(t *testing.T) {
	files := map[string]string{
		"a.txt":                          "",
		"a.txt.metadata.json":            list("+beside"),
		"docs/a.txt":                     "",
		"docs/a.txt.metadata.json":       list("+beside"),
		"docs/b.json":                    "{}",
		"Meta/a.txt.metadata.json":       list("+under"),
		"Meta/docs/a.txt.metadata.json":  list("+under"),
		"Meta/docs/b.json.metadata.json": list("+under"),
		"Meta/README":                    "",
		"Metadata.txt":                   "begins as the prefix does",
		"Meta/acl.json":                  "[]",
	}
	tests := []struct {
		name          string
		options       s3meta.Options
		keys          []string
		guest         []string
		beside, under []string
	}{
		{
			name:   "beside the documents",
			keys:   []string{"Meta/README", "Meta/acl.json", "Metadata.txt", "a.txt", "docs/a.txt", "docs/b.json"},
			guest:  []string{"Meta/README", "Meta/acl.json", "Metadata.txt", "docs/b.json"},
			beside: []string{"Meta/README", "Meta/acl.json", "Metadata.txt", "a.txt", "docs/a.txt", "docs/b.json"},
			under:  []string{"Meta/README", "Meta/acl.json", "Metadata.txt", "docs/b.json"},
		},
		{
			name:    "under a prefix",
			options: s3meta.Options{Metadata: "Meta/"},
			keys:    []string{"Metadata.txt", "a.txt", "docs/a.txt", "docs/b.json"},
			guest:   []string{"Metadata.txt"},
			beside:  []string{"Metadata.txt"},
			under:   []string{"Metadata.txt", "a.txt", "docs/a.txt", "docs/b.json"},
		},
		{
			name:    "under a prefix that lacks its slash",
			options: s3meta.Options{Metadata: "Meta", ACLFile: "Meta/acl.json", Bucket: "b"},
			keys:    []string{"Metadata.txt", "a.txt", "docs/a.txt", "docs/b.json"},
			guest:   []string{"Metadata.txt"},
			beside:  []string{"Metadata.txt"},
			under:   []string{"Metadata.txt", "a.txt", "docs/a.txt", "docs/b.json"},
		},
		{
			name:    "documents of one folder",
			options: s3meta.Options{Metadata: "Meta", Data: "docs/"},
			keys:    []string{"docs/a.txt", "docs/b.json"},
			guest:   []string{},
			beside:  []string{},
			under:   []string{"docs/a.txt", "docs/b.json"},
		},
		{
			name:    "documents by the beginning of a name",
			options: s3meta.Options{Data: "docs/a"},
			keys:    []string{"docs/a.txt"},
			guest:   []string{},
			beside:  []string{"docs/a.txt"},
			under:   []string{},
		},
		{
			name:    "the ACL configuration file is no document",
			options: s3meta.Options{ACLFile: "docs/b.json", Bucket: "b", Data: "docs/"},
			keys:    []string{"docs/a.txt"},
			guest:   []string{},
			beside:  []string{"docs/a.txt"},
			under:   []string{},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, _ := s3meta.Read(bucket(files), tt.options)
			wantKeys(t, "documents", keysOf(docs), tt.keys...)
			wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}), tt.guest...)
			wantKeys(t, "beside", visible(docs, member("beside"), acl.Rules{}), tt.beside...)
			wantKeys(t, "under", visible(docs, member("under"), acl.Rules{}), tt.under...)
			if docs.Len() != len(tt.keys) {
				t.Errorf("Len() = %d, want %d", docs.Len(), len(tt.keys))
			}
		})
	}
}

// Rules A2, A6, S3: a document without an ACL is public by default and hidden in
// strict mode, under the one Rules value that the index takes, too.
func TestMissing(t *testing.T) {
	files := map[string]string{
		"absent.txt":              "",
		"empty.txt":               "",
		"empty.txt.metadata.json": list(),
		"own.txt":                 "",
		"own.txt.metadata.json":   list("+HR"),
	}
	tests := []struct {
		name  string
		rules acl.Rules
		guest []string
		hr    []string
		text  string
		count string
	}{
		{"default", acl.Rules{}, []string{"absent.txt", "empty.txt"}, []string{"absent.txt", "empty.txt", "own.txt"}, "public", "documents: 3, public: 2, hidden: 0; defects: 0, findings: 2"},
		{"public", acl.Rules{Missing: acl.MissingPublic}, []string{"absent.txt", "empty.txt"}, []string{"absent.txt", "empty.txt", "own.txt"}, "public", "documents: 3, public: 2, hidden: 0; defects: 0, findings: 2"},
		{"hidden", acl.Rules{Missing: acl.MissingHidden}, []string{}, []string{"own.txt"}, "hidden by Options.Rules.Missing", "documents: 3, public: 0, hidden: 2; defects: 0, findings: 2"},
		{"unknown", acl.Rules{Missing: 7}, []string{}, []string{"own.txt"}, "hidden by Options.Rules.Missing", "documents: 3, public: 0, hidden: 2; defects: 0, findings: 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, report := s3meta.Read(bucket(files), s3meta.Options{Rules: tt.rules})
			wantKeys(t, "guest", visible(docs, acl.Guest(), tt.rules), tt.guest...)
			wantKeys(t, "HR", visible(docs, member("HR"), tt.rules), tt.hr...)
			wantDefects(t, report)
			wantLint(t, report,
				`no ACL: "absent.txt": neither metadata nor a keyPrefix gives it an ACL: `+tt.text,
				`no ACL: "empty.txt": its AccessControlList is empty, which is read as absent, and no keyPrefix applies: `+tt.text)
			if report.String() != tt.count {
				t.Errorf("String() = %q, want %q", report, tt.count)
			}
		})
	}
}

// Rules A6, S2: an index that is made with the same Rules shows what the
// documents' ACLs say, hidden ones to nobody.
func TestIndex(t *testing.T) {
	files := maps.Clone(sample)
	files["docs/bad.txt"] = ""
	files["metadata/docs/bad.txt.metadata.json"] = "{"
	for _, rules := range []acl.Rules{{}, {Missing: acl.MissingHidden}, {Fold: true}} {
		o := sampleOptions
		o.Rules = rules
		docs, _ := s3meta.Read(bucket(files), o)
		index := acl.NewIndex(rules)
		if err := index.PutAll(docs.ACLs()); err != nil || index.Len() != docs.Len() {
			t.Errorf("%+v: %d documents, want %d; error %v", rules, index.Len(), docs.Len(), err)
		}
		for _, scope := range []acl.Scope{acl.Guest(), member("admins"), member("Admins"), member("Editors"), {}} {
			got := slices.Sorted(index.View(scope).All())
			wantKeys(t, scope.String(), append([]string{}, got...), visible(docs, scope, rules)...)
		}
		if index.View(acl.For(acl.Principal{Groups: []string{"Admins"}})).Count() == 0 {
			t.Error("the index shows nothing")
		}
		if index.View(acl.Guest()).Allowed("docs/bad.txt") {
			t.Error("a hidden document is shown")
		}
	}
}

// Rule G5: what is handed out can be written to.
func TestCopies(t *testing.T) {
	resolved := acl.Hierarchy{{acl.Allow.Group("HR")}}
	docs, report := s3meta.Read(bucket(map[string]string{
		"list":                        "",
		"list.metadata.json":          `{"Attributes":{"Tags":["a"],"n":1},"AccessControlList":` + entriesJSON("+HR") + `}`,
		"levels":                      "",
		"levels.metadata.json":        `{"HierarchicalAccessControlList":[{"PrincipalList":` + entriesJSON("+HR") + `}]}`,
		"prefix":                      "",
		"configuration":               "",
		"configuration.metadata.json": `{"AccessControlConfigurationId":"id"}`,
		"acl.json":                    aclFile(entry("s3://b/pref", "+HR")),
	}), s3meta.Options{ACLFile: "acl.json", Bucket: "b", Resolver: func(string) (acl.ACL, error) { return resolved, nil }})
	wantDefects(t, report)
	resolved[0][0].Name = "changed"
	wreck := func(a acl.ACL) {
		switch a := a.(type) {
		case acl.List:
			a[0].Name = "changed"
		case acl.Hierarchy:
			a[0][0].Name = "changed"
			a[0] = nil
		}
	}
	for _, d := range docs.All() {
		wreck(d.ACL)
		if d.Attributes != nil {
			d.Attributes["Tags"].([]string)[0] = "changed"
			clear(d.Attributes)
		}
	}
	for _, a := range docs.ACLs() {
		wreck(a)
	}
	want := []string{"configuration", "levels", "list", "prefix"}
	wantKeys(t, "HR", visible(docs, member("HR"), acl.Rules{}), want...)
	d, _ := docs.Get("list")
	if diff := cmp.Diff(map[string]any{"Tags": []string{"a"}, "n": jsonNumber("1")}, d.Attributes); diff != "" {
		t.Error(diff)
	}
	defects, findings := report.Defects(), report.Lint()
	if len(defects) != 0 || len(findings) != 1 {
		t.Fatalf("got %v, %v; want one finding", defects, findings)
	}
	findings[0].Subject = "changed"
	if report.Lint()[0].Subject == "changed" {
		t.Error("Lint hands out its own slice")
	}
}

// TestIterators stops them early, and looks up what is not there.
func TestIterators(t *testing.T) {
	docs, _ := s3meta.Read(bucket(map[string]string{"a": "", "b": "", "c": ""}), s3meta.Options{})
	n := 0
	for range docs.All() {
		n++
		break
	}
	for range docs.ACLs() {
		n++
		break
	}
	if n != 2 {
		t.Errorf("%d steps, want 2", n)
	}
	for key, want := range map[string]bool{"": false, "a": true, "aa": false, "b": true, "c": true, "d": false} {
		d, ok := docs.Get(key)
		if ok != want || ok && d.Key != key || !ok && d.ACL != nil {
			t.Errorf("Get(%q) = %+v, %t; want %t", key, d, ok, want)
		}
	}
	var zero s3meta.Documents
	if _, ok := zero.Get("a"); ok || zero.Len() != 0 || len(keysOf(&zero)) != 0 {
		t.Error("the zero value has documents")
	}
}

// Rules G1, G4: slips in the options hide, and none panics.
func TestOptions(t *testing.T) {
	files := map[string]string{
		"docs/a.txt": "", "docs/b.txt": "", "docs/b.txt.metadata.json": list("+HR"),
		"Meta/docs/b.txt.metadata.json": list("+HR"), "acl.json": "[]",
	}
	const noPrefix = "not a key prefix such as Meta/, without a leading slash"
	tests := []struct {
		name    string
		fsys    fs.FS
		options s3meta.Options
		hr      []string
		defect  s3meta.Defect
	}{
		{"no file system", nil, s3meta.Options{}, nil, s3meta.Defect{Reason: "no file system is given"}},
		{"metadata: leading slash", bucket(files), s3meta.Options{Metadata: "/Meta/"}, nil, s3meta.Defect{File: "Options.Metadata", Reason: noPrefix}},
		{"metadata: slash", bucket(files), s3meta.Options{Metadata: "/"}, nil, s3meta.Defect{File: "Options.Metadata", Reason: noPrefix}},
		{"metadata: dot", bucket(files), s3meta.Options{Metadata: "./"}, nil, s3meta.Defect{File: "Options.Metadata", Reason: noPrefix}},
		{"metadata: two slashes", bucket(files), s3meta.Options{Metadata: "Meta//"}, nil, s3meta.Defect{File: "Options.Metadata", Reason: noPrefix}},
		{"metadata: nothing there", bucket(files), s3meta.Options{Metadata: "Meto"}, nil,
			s3meta.Defect{File: "Options.Metadata", Reason: "nothing has this key prefix; correct it, or leave it empty for metadata files beside their documents"}},
		{"data: nothing there", bucket(files), s3meta.Options{Data: "Data/"}, nil, s3meta.Defect{File: "Options.Data", Reason: "no document has this key prefix"}},
		{"no bucket", bucket(files), s3meta.Options{ACLFile: "acl.json", Data: "docs/"}, []string{"docs/b.txt"},
			s3meta.Defect{File: "Options.Bucket", Reason: "empty, want the bucket whose keyPrefix entries apply"}},
		{"ACL file: not there", bucket(files), s3meta.Options{ACLFile: "acl.jsn", Bucket: "b", Data: "docs/"}, []string{"docs/b.txt"},
			s3meta.Defect{File: "acl.jsn", Reason: "cannot be read: file does not exist"}},
		{"ACL file: invalid path", bucket(files), s3meta.Options{ACLFile: "/acl.json", Bucket: "b", Data: "docs/"}, []string{"docs/b.txt"},
			s3meta.Defect{File: "/acl.json", Reason: "cannot be read: file does not exist"}},
		{"ACL file: directory", bucket(files), s3meta.Options{ACLFile: "docs", Bucket: "b", Data: "docs/"}, []string{"docs/b.txt"},
			s3meta.Defect{File: "docs", Reason: "not a regular file"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, report := s3meta.Read(tt.fsys, tt.options)
			wantDefects(t, report, tt.defect)
			wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}))
			wantKeys(t, "HR", visible(docs, member("HR"), acl.Rules{}), tt.hr...)
		})
	}
	if _, report := s3meta.Read(fstest.MapFS{}, s3meta.Options{}); report.Err() != nil || report.String() != "documents: 0, public: 0, hidden: 0; defects: 0, findings: 0" {
		t.Errorf("an empty bucket: %v, %v", report, report.Err())
	}
}
