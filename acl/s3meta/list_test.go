package s3meta_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/s3meta"
)

// broken is a file system in which some names cannot be used.
type broken struct {
	fs.FS
	open, stat, content, list map[string]bool
}

var errBroken = errors.New("broken disk")

func (b broken) Open(name string) (fs.File, error) {
	if b.open[name] {
		return nil, &fs.PathError{Op: "open", Path: "/secret/mount/" + name, Err: errBroken}
	}
	f, err := b.FS.Open(name)
	if err == nil && (b.stat[name] || b.content[name]) {
		f = brokenFile{f, b.stat[name]}
	}
	return f, err
}

func (b broken) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(b.FS, name)
	if b.list[name] {
		return entries[:len(entries)/2], &fs.PathError{Op: "readdir", Path: "/secret/mount/" + name, Err: errBroken}
	}
	return entries, err
}

type brokenFile struct {
	fs.File
	stat bool
}

func (f brokenFile) Stat() (fs.FileInfo, error) {
	if f.stat {
		return nil, errBroken
	}
	return f.File.Stat()
}

func (brokenFile) Read([]byte) (int, error) { return 0, errBroken }

// Rules S2, G1: what cannot be read hides what depends on it, and nothing else.
func TestUnreadable(t *testing.T) {
	files := map[string]string{
		"acl.json":                aclFile(entry("s3://b/d/z", "+HR")),
		"d/a":                     "",
		"d/sub/b":                 "",
		"d/sub/c":                 "",
		"d/z":                     "",
		"o":                       "",
		"M/d/a.metadata.json":     list("+HR"),
		"M/d/sub/b.metadata.json": list("+HR"),
		"M/o.metadata.json":       list("+HR"),
	}
	set := func(names ...string) map[string]bool {
		m := map[string]bool{}
		for _, n := range names {
			m[n] = true
		}
		return m
	}
	const reason = "cannot be read: broken disk"
	tests := []struct {
		name   string
		fs     broken
		defect string
		guest  []string
		hr     []string
	}{
		{"nothing", broken{}, "", []string{"d/sub/c"}, []string{"d/a", "d/sub/b", "d/sub/c", "d/z", "o"}},
		{"metadata: open", broken{open: set("M/d/sub/b.metadata.json")}, "M/d/sub/b.metadata.json", []string{"d/sub/c"}, []string{"d/a", "d/sub/c", "d/z", "o"}},
		{"metadata: stat", broken{stat: set("M/d/sub/b.metadata.json")}, "M/d/sub/b.metadata.json", []string{"d/sub/c"}, []string{"d/a", "d/sub/c", "d/z", "o"}},
		{"metadata: read", broken{content: set("M/d/sub/b.metadata.json")}, "M/d/sub/b.metadata.json", []string{"d/sub/c"}, []string{"d/a", "d/sub/c", "d/z", "o"}},
		{"documents are not opened", broken{open: set("d/a", "d/sub/b", "d/sub/c", "d/z", "o")}, "", []string{"d/sub/c"}, []string{"d/a", "d/sub/b", "d/sub/c", "d/z", "o"}},
		{"metadata: directory", broken{list: set("M/d/sub")}, "M/d/sub", nil, []string{"d/a", "d/z", "o"}},
		{"metadata: directory above", broken{list: set("M/d")}, "M/d", nil, []string{"o"}},
		{"metadata: root", broken{list: set("M")}, "M", nil, nil},
		{"documents: directory", broken{list: set("d/sub")}, "d/sub", nil, []string{"d/a", "d/z", "o"}},
		{"documents: directory above", broken{list: set("d")}, "d", nil, []string{"o"}},
		{"the root", broken{list: set(".")}, ".", nil, nil},
		{"ACL file: open", broken{open: set("acl.json")}, "acl.json", nil, []string{"d/a", "d/sub/b", "o"}},
		{"ACL file: stat", broken{stat: set("acl.json")}, "acl.json", nil, []string{"d/a", "d/sub/b", "o"}},
		{"ACL file: read", broken{content: set("acl.json")}, "acl.json", nil, []string{"d/a", "d/sub/b", "o"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.fs.FS = bucket(files)
			docs, report := s3meta.Read(tt.fs, s3meta.Options{Metadata: "M", ACLFile: "acl.json", Bucket: "b"})
			if tt.defect == "" {
				wantDefects(t, report)
			} else {
				wantDefects(t, report, s3meta.Defect{File: tt.defect, Reason: reason})
			}
			wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}), tt.guest...)
			wantKeys(t, "HR", visible(docs, member("HR"), acl.Rules{}), tt.hr...)
			for _, f := range report.Lint() {
				if f.Kind == s3meta.OrphanMetadata {
					t.Errorf("metadata of a document that cannot be seen is no orphan: %v", f)
				}
			}
		})
	}
}

// Rules S2, G1: without a file system that can be listed there is nothing.
func TestUnreadableRoot(t *testing.T) {
	docs, report := s3meta.Read(os.DirFS(filepath.Join(t.TempDir(), "absent")), s3meta.Options{Metadata: "M"})
	if got := report.Defects(); docs.Len() != 0 || len(got) != 1 || got[0].File != "." || !strings.HasPrefix(got[0].Reason, "cannot be read: ") {
		t.Errorf("%d documents, %v; want one defect", docs.Len(), got)
	}
}

// Rules S2, G1: links are not followed, whatever they hold is unknown.
func TestSpecialFiles(t *testing.T) {
	const reason = "a symbolic link or special file, want a regular file or directory"
	link := &fstest.MapFile{Data: []byte("elsewhere"), Mode: fs.ModeSymlink | 0o777}
	tests := []struct {
		name    string
		key     string
		mode    fs.FileMode
		options s3meta.Options
		hidden  []string
		defect  bool
	}{
		{"document", "d/a", fs.ModeSymlink, s3meta.Options{Metadata: "M"}, []string{"d/a"}, true},
		{"pipe", "d/a", fs.ModeNamedPipe, s3meta.Options{Metadata: "M"}, []string{"d/a"}, true},
		{"metadata", "M/d/a.metadata.json", fs.ModeSymlink, s3meta.Options{Metadata: "M"}, []string{"d/a"}, true},
		{"folder of metadata", "M/d", fs.ModeSymlink, s3meta.Options{Metadata: "M"}, []string{"d/a", "d/b"}, true},
		{"root of metadata", "M", fs.ModeSymlink, s3meta.Options{Metadata: "M"}, []string{"d/a", "d/b", "e/c"}, true},
		{"folder of documents", "d", fs.ModeSymlink, s3meta.Options{Metadata: "M"}, []string{"d/a", "d/b"}, true},
		{"folder outside the documents", "e", fs.ModeSymlink, s3meta.Options{Metadata: "M", Data: "d/"}, []string{"e/c"}, false},
		{"metadata outside the documents", "M/e", fs.ModeSymlink, s3meta.Options{Metadata: "M", Data: "d/"}, []string{"e/c"}, false},
		{"folder above the documents", "d", fs.ModeSymlink, s3meta.Options{Metadata: "M", Data: "d/x/"}, []string{"d/a", "d/b", "e/c"}, true},
		{"name that only begins alike", "d.link", fs.ModeSymlink, s3meta.Options{Metadata: "M", Data: "d/"}, []string{"e/c"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := bucket(map[string]string{"d/a": "", "d/b": "", "e/c": "", "M/d/a.metadata.json": `{}`, "M/x": ""})
			for key := range m {
				if key == tt.key || strings.HasPrefix(key, tt.key+"/") {
					delete(m, key)
				}
			}
			m[tt.key] = &fstest.MapFile{Data: link.Data, Mode: tt.mode | 0o777}
			docs, report := s3meta.Read(m, tt.options)
			var want []string
			for _, key := range []string{"d/a", "d/b", "e/c"} {
				hidden := false
				for _, h := range tt.hidden {
					hidden = hidden || h == key
				}
				if !hidden {
					want = append(want, key)
				}
			}
			wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}), want...)
			var special []s3meta.Defect
			for _, d := range report.Defects() {
				if d.File != "Options.Data" {
					special = append(special, d)
				}
			}
			switch {
			case !tt.defect && len(special) != 0:
				t.Errorf("got %v", special)
			case tt.defect && (len(special) != 1 || special[0] != s3meta.Defect{File: tt.key, Reason: reason}):
				t.Errorf("got %v", special)
			}
		})
	}
}

// TestLinkedACLFile may be a link, as mounted configuration is: its name was
// given. It is no document either way.
func TestLinkedACLFile(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"a": "", "..data": aclFile(entry("s3://b/", "+HR"))} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("..data", filepath.Join(dir, "acl.json")); err != nil {
		t.Fatal(err)
	}
	docs, report := s3meta.Read(os.DirFS(dir), s3meta.Options{ACLFile: "acl.json", Bucket: "b"})
	wantDefects(t, report)
	wantKeys(t, "documents", keysOf(docs), "..data", "a")
	wantKeys(t, "HR", visible(docs, member("HR"), acl.Rules{}), "..data", "a")
	wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}))
}

// Rule G1: a metadata file that is named as the ACL configuration file still
// counts for its document.
func TestACLFileIsMetadata(t *testing.T) {
	m := bucket(map[string]string{"a": "", "a.metadata.json": "[]", "b": "[]"})
	o := s3meta.Options{ACLFile: "a.metadata.json", Bucket: "b"}
	docs, report := s3meta.Read(m, o)
	wantDefects(t, report, s3meta.Defect{File: "a.metadata.json", Reason: "want an object"})
	wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}), "b")

	m["a.metadata.json"] = &fstest.MapFile{Data: []byte("b"), Mode: fs.ModeSymlink | 0o777}
	docs, _ = s3meta.Read(m, o)
	wantKeys(t, "guest, link", visible(docs, acl.Guest(), acl.Rules{}), "b")
}

// counter counts the regular files that are open, and those that were.
type counter struct {
	fs.FS
	open, opened int
}

func (c *counter) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if err != nil {
		return nil, err
	}
	c.open++
	c.opened++
	if dir, ok := f.(fs.ReadDirFile); ok {
		return countedDir{dir, c}, nil
	}
	return countedFile{f, c}, nil
}

type countedFile struct {
	fs.File
	c *counter
}

func (f countedFile) Close() error { f.c.open--; return f.File.Close() }

type countedDir struct {
	fs.ReadDirFile
	c *counter
}

func (d countedDir) Close() error { d.c.open--; return d.ReadDirFile.Close() }

// TestClosed leaves nothing open.
func TestClosed(t *testing.T) {
	c := &counter{FS: bucket(sample)}
	_, report := s3meta.Read(c, sampleOptions)
	if report.Err() != nil || c.opened < 5 || c.open != 0 {
		t.Errorf("%d of %d files are open, %v", c.open, c.opened, report.Err())
	}
}

// Rules S2, G1: a directory where the metadata file belongs hides the document;
// what is in it are documents like any other.
func TestDirectoryNamedAsMetadata(t *testing.T) {
	docs, report := s3meta.Read(bucket(map[string]string{
		"a":                    "",
		"a.metadata.json/b":    "",
		"none.metadata.json/c": "",
	}), s3meta.Options{})
	wantDefects(t, report, s3meta.Defect{File: "a.metadata.json", Reason: "a directory, want a regular file"})
	wantKeys(t, "documents", keysOf(docs), "a", "a.metadata.json/b", "none.metadata.json/c")
	wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}), "a.metadata.json/b", "none.metadata.json/c")
}

// Rules S2, G1, G4: keys that S3 does not have.
func TestKeys(t *testing.T) {
	long := func(n int) string { return strings.Repeat("k", n) }
	const tooLong, notUTF8 = "the key is longer than 1024 bytes", "the key is not valid UTF-8"
	tests := []struct {
		name    string
		files   map[string]string
		options s3meta.Options
		guest   []string
		defect  s3meta.Defect
	}{
		{"1024 bytes", map[string]string{long(1024): ""}, s3meta.Options{}, []string{long(1024)}, s3meta.Defect{}},
		{"1025 bytes", map[string]string{long(1025): "", "a": ""}, s3meta.Options{}, []string{"a"}, s3meta.Defect{File: long(1025), Reason: tooLong}},
		{"directory of 1025 bytes", map[string]string{long(1025) + "/x": "", "a": ""}, s3meta.Options{}, []string{"a"}, s3meta.Defect{File: long(1025), Reason: tooLong}},
		{"metadata of 1024 bytes", map[string]string{long(1010): "", long(1010) + ".metadata.json": `{}`}, s3meta.Options{}, []string{long(1010)}, s3meta.Defect{}},
		{"metadata of 1025 bytes", map[string]string{long(1011): "", long(1011) + ".metadata.json": `{}`}, s3meta.Options{}, nil, s3meta.Defect{File: long(1011) + ".metadata.json", Reason: tooLong}},
		{"a file where Data wants a folder", map[string]string{"d": ""}, s3meta.Options{Data: "d/"}, nil, s3meta.Defect{File: "Options.Data", Reason: "no document has this key prefix"}},
		{"not UTF-8", map[string]string{"\xff": "", "a": ""}, s3meta.Options{}, []string{"a"}, s3meta.Defect{File: "\xff", Reason: notUTF8}},
		{"directory is not UTF-8", map[string]string{"\xff/b": "", "a": ""}, s3meta.Options{}, []string{"a"}, s3meta.Defect{File: "\xff", Reason: notUTF8}},
		{"not UTF-8, outside", map[string]string{"\xff/b": "", "d/a": ""}, s3meta.Options{Data: "d/"}, []string{"d/a"}, s3meta.Defect{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, report := s3meta.Read(bucket(tt.files), tt.options)
			wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}), tt.guest...)
			if tt.defect == (s3meta.Defect{}) {
				wantDefects(t, report)
			} else {
				wantDefects(t, report, tt.defect)
			}
		})
	}
}

// listed counts listings, to end a walk that does not end by itself.
type listed struct {
	fs.FS
	n *int
}

func (l listed) ReadDir(name string) ([]fs.DirEntry, error) {
	if *l.n++; *l.n > 1000 {
		panic("a walk without end")
	}
	return fs.ReadDir(l.FS, name)
}

// Rules S2, G4: keys that S3 has and no path can spell end the walk nowhere else.
func TestKeysThatAreNoPaths(t *testing.T) {
	for _, key := range []string{"docs//b.txt", "docs/../b.txt", "docs/./b.txt", "/b.txt", "//", "docs/..", "docs/../../b.txt", "./b.txt", "docs//"} {
		t.Run(key, func(t *testing.T) {
			n := 0
			files := bucket(map[string]string{key: "", "docs/a.txt": "", "docs/a.txt.metadata.json": list("+HR"), "z.txt": ""})
			docs, report := s3meta.Read(listed{files, &n}, s3meta.Options{})
			wantKeys(t, "documents", keysOf(docs), "docs/a.txt", "z.txt")
			wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}), "z.txt")
			if d := report.Defects(); len(d) != 1 || !strings.Contains(d[0].Reason, "no path") {
				t.Errorf("defects %v, want the key that is no path", d)
			}
		})
	}
}

// nested names an entry by a path, which no file system should.
type nested struct{ fs.DirEntry }

func (nested) Name() string { return "a/b.txt.metadata.json" }

type nestedFS struct{ fs.FS }

func (f nestedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.FS, name)
	if name == "docs" {
		entries = append(entries, nested{entries[len(entries)-1]})
	}
	return entries, err
}

// Rules S2, G1: what such an entry is about is hidden.
func TestNameThatIsAPath(t *testing.T) {
	docs, report := s3meta.Read(nestedFS{bucket(map[string]string{"docs/a/b.txt": "", "docs/c.txt": ""})}, s3meta.Options{})
	wantKeys(t, "documents", keysOf(docs), "docs/a/b.txt", "docs/c.txt")
	wantKeys(t, "guest", visible(docs, acl.Guest(), acl.Rules{}), "docs/c.txt")
	if report.Err() == nil {
		t.Error("nothing is reported")
	}
}
