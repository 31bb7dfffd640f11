package tokenacl_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/tokenacl/tokenacl"

// files returns the repository's files whose name ends in suffix, those of the
// nested modules included, slash-separated and sorted. It fails when there is
// none: a check with nothing to check is no check.
func files(t *testing.T, suffix string) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || name != "." && hidden(d.Name())):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(name, suffix):
			found = append(found, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("found no file *%s", suffix)
	}
	return found
}

// hidden reports whether the go command ignores a folder of that name.
// Documents in .github count as well, but hold no Go.
func hidden(name string) bool {
	return name != ".github" && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_"))
}

// testFile is a parsed *_test.go file.
type testFile struct {
	name string
	ast  *ast.File
}

// testFiles parses the *_test.go files of the repository that a plain "go test"
// builds: a test behind a build constraint proves nothing every day.
func testFiles(t *testing.T) []testFile {
	t.Helper()
	var parsed []testFile
	for _, name := range files(t, "_test.go") {
		built, err := build.Default.MatchFile(filepath.FromSlash(path.Dir(name)), path.Base(name))
		if err != nil {
			t.Fatal(err)
		}
		if built {
			parsed = append(parsed, parse(t, name, nil))
		}
	}
	if len(parsed) == 0 {
		t.Fatal("no test file is built without tags")
	}
	return parsed
}

// parse parses one file; src nil reads it from disk.
func parse(t *testing.T, name string, src any) testFile {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return testFile{name, f}
}

// testFuncs returns the functions of f whose name begins with one of the kinds
// (Test, Fuzz, Example), as "go test" recognises them.
func (f testFile) testFuncs(kinds ...string) []*ast.FuncDecl {
	var funcs []*ast.FuncDecl
	for _, decl := range f.ast.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Recv != nil {
			continue
		}
		for _, kind := range kinds {
			rest, ok := strings.CutPrefix(fn.Name.Name, kind)
			if ok && (rest == "" || rest[0] < 'a' || rest[0] > 'z') {
				funcs = append(funcs, fn)
			}
		}
	}
	return funcs
}
