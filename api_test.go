package tokenacl_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the files in api")

// TestAPI compares the exported names of every public package with the files in
// api, so that no change of the API happens by accident. To rewrite them:
//
//	go test -run TestAPI . -update
func TestAPI(t *testing.T) {
	exports := goListExports(t, "./...")
	want := map[string]string{}
	for _, path := range exports.public() {
		want[apiFile(path)] = strings.Join(apiOf(exports.load(t, path)), "\n") + "\n"
	}
	t.Logf("%d packages", len(want))
	if *update {
		writeAPI(t, want)
	}
	for _, p := range compareAPI(want, readAPI(t)) {
		t.Error(p)
	}
}

// TestPackageOnOneScreen bounds the surface of a package.
func TestPackageOnOneScreen(t *testing.T) {
	const most = 30
	packages := goListExports(t, "./...").public()
	if len(packages) == 0 {
		t.Error("found no public package")
	}
	for _, path := range packages {
		out, err := exec.Command("go", "doc", "-short", path).Output()
		if err != nil {
			t.Fatalf("go doc -short %s: %v", path, describe(err))
		}
		if n := strings.Count(string(out), "\n"); n == 0 || n > most {
			t.Errorf("%s: %d lines of go doc -short, want 1 to %d", path, n, most)
		}
	}
}

// apiFile names the file that lists a package.
func apiFile(path string) string {
	name := strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
	if name == "" {
		name = "tokenacl"
	}
	return filepath.Join("api", strings.ReplaceAll(name, "/", "-")+".txt")
}

func readAPI(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("api/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]string{}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		have[name] = string(content)
	}
	return have
}

func writeAPI(t *testing.T, want map[string]string) {
	t.Helper()
	for name := range readAPI(t) {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range want {
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// compareAPI returns the differences between what the code has and what the
// files say.
func compareAPI(want, have map[string]string) []string {
	var problems []string
	if len(want) == 0 {
		problems = append(problems, "found no public package")
	}
	for name, content := range want {
		switch listed, ok := have[name]; {
		case !ok:
			problems = append(problems, name+" is missing; go test -run TestAPI . -update writes it")
		case listed != content:
			problems = append(problems, fmt.Sprintf("%s differs (-file +code); go test -run TestAPI . -update rewrites it\n%s",
				name, cmp.Diff(strings.Split(listed, "\n"), strings.Split(content, "\n"))))
		}
	}
	for name := range have {
		if _, ok := want[name]; !ok {
			problems = append(problems, name+" has no package")
		}
	}
	slices.Sort(problems)
	return problems
}

// apiOf lists the exported names of a package with their full types, one a
// line, sorted.
func apiOf(pkg *types.Package) []string {
	short := func(p *types.Package) string {
		if p == pkg {
			return ""
		}
		return strings.TrimPrefix(p.Path(), module+"/")
	}
	var lines []string
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		switch obj := obj.(type) {
		case *types.TypeName:
			lines = append(lines, typeLines(obj, short)...)
		case *types.Const:
			lines = append(lines, types.ObjectString(obj, short)+" = "+obj.Val().ExactString())
		default:
			lines = append(lines, types.ObjectString(obj, short))
		}
	}
	for i := range lines {
		lines[i] = unnamed(lines[i])
	}
	slices.Sort(lines)
	return lines
}

var (
	oneResult  = regexp.MustCompile(`\(#rv1 ([^,]+)\)$`)
	someResult = regexp.MustCompile(`#rv\d+ `)
)

// unnamed takes away the names that the compiler gives to results without one
// where it inlines a function: whether it does is no part of the API.
func unnamed(line string) string {
	return someResult.ReplaceAllString(oneResult.ReplaceAllString(line, "$1"), "")
}

// typeLines lists a type, its exported fields and its methods, those of
// embedded types included.
func typeLines(obj *types.TypeName, short types.Qualifier) []string {
	if obj.IsAlias() {
		return []string{types.ObjectString(obj, short)}
	}
	name := types.TypeString(obj.Type(), short)
	switch u := obj.Type().Underlying().(type) {
	case *types.Interface:
		return interfaceLines(name, u, short)
	case *types.Struct:
		lines := []string{"type " + name + " struct"}
		for f := range u.Fields() {
			if f.Exported() {
				lines = append(lines, fmt.Sprintf("type %s struct, %s %s", name, f.Name(), types.TypeString(f.Type(), short)))
			}
		}
		return append(lines, methodLines(obj.Type(), short)...)
	default:
		line := fmt.Sprintf("type %s %s", name, types.TypeString(u, short))
		return append([]string{line}, methodLines(obj.Type(), short)...)
	}
}

func interfaceLines(name string, u *types.Interface, short types.Qualifier) []string {
	lines := []string{"type " + name + " interface"}
	for m := range u.Methods() {
		if m.Exported() {
			lines = append(lines, fmt.Sprintf("type %s interface, %s%s", name, m.Name(), signature(m, short)))
		} else {
			lines[0] = "type " + name + " interface, sealed"
		}
	}
	return lines
}

func methodLines(typ types.Type, short types.Qualifier) []string {
	var lines []string
	byValue := types.NewMethodSet(typ)
	for sel := range types.NewMethodSet(types.NewPointer(typ)).Methods() {
		m := sel.Obj()
		if !m.Exported() {
			continue
		}
		receiver := types.TypeString(typ, short)
		if byValue.Lookup(m.Pkg(), m.Name()) == nil {
			receiver = "*" + receiver
		}
		lines = append(lines, fmt.Sprintf("method (%s) %s%s", receiver, m.Name(), signature(m, short)))
	}
	return lines
}

func signature(m types.Object, short types.Qualifier) string {
	return strings.TrimPrefix(types.TypeString(m.Type(), short), "func")
}

// exportData is what the compiler knows of packages, by import path.
type exportData map[string]string

// goListExports compiles what the patterns match and all that it imports.
func goListExports(t *testing.T, patterns ...string) exportData {
	t.Helper()
	args := append([]string{"list", "-cover=false", "-export", "-deps", "-json=ImportPath,Export"}, patterns...) // whatever GOFLAGS says
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go list -export: %v", describe(err))
	}
	exports := exportData{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ ImportPath, Export string }
		if err := dec.Decode(&p); err == io.EOF {
			return exports
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
	}
}

// public returns the packages of this module that others can import, sorted.
func (x exportData) public() []string {
	var paths []string
	for path := range x {
		if (path == module || strings.HasPrefix(path, module+"/")) && !strings.Contains(path, "/internal/") {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

func (x exportData) load(t *testing.T, path string) *types.Package {
	t.Helper()
	pkg, err := x.importer().Import(path)
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

func (x exportData) importer() types.Importer {
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		if x[path] == "" {
			return nil, fmt.Errorf("no export data for %q", path)
		}
		return os.Open(x[path])
	})
}

// TestAPICanFail runs the comparison on lists that differ.
func TestAPICanFail(t *testing.T) {
	same := map[string]string{"api/a.txt": "func A()\n"}
	for _, tt := range []struct {
		name       string
		want, have map[string]string
		problem    string
	}{
		{"no package", nil, nil, "found no public package"},
		{"no file", same, nil, "api/a.txt is missing"},
		{"no code", same, map[string]string{"api/a.txt": "func A()\n", "api/b.txt": ""}, "api/b.txt has no package"},
		{"other signature", same, map[string]string{"api/a.txt": "func A(int)\n"}, "api/a.txt differs"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := compareAPI(tt.want, tt.have)
			if len(got) != 1 || !strings.HasPrefix(got[0], tt.problem) {
				t.Errorf("problems = %q, want one beginning %q", got, tt.problem)
			}
		})
	}
	if got := compareAPI(same, same); got != nil {
		t.Errorf("equal lists: problems = %q", got)
	}
}

// TestAPILines pins the format on a small package.
func TestAPILines(t *testing.T) {
	const source = `package p

type (
	Open struct{ Name string; hidden int; Base }
	Base struct{}
	Sealed interface{ Do(n int) error; seal() }
	Kind uint8
	Set[T comparable] map[T]bool
	Alias = Open
	private struct{ Field int }
)
const One Kind = 1
var Err error
func (Base) Promoted() string { return "" }
func (*Open) Pointer(a, b int) (ok bool) { return }
func (s Set[T]) Has(t T) bool { return s[t] }
func Map[T any](in []T, f func(T) Kind) []Kind { return nil }
func private2() {}
`
	want := []string{
		"const One Kind = 1",
		"func Map[T any](in []T, f func(T) Kind) []Kind",
		"method (*Open) Pointer(a int, b int) (ok bool)",
		"method (Base) Promoted() string",
		"method (Open) Promoted() string",
		"method (Set[T comparable]) Has(t T) bool",
		"type Alias = Open",
		"type Base struct",
		"type Kind uint8",
		"type Open struct",
		"type Open struct, Base Base",
		"type Open struct, Name string",
		"type Sealed interface, Do(n int) error",
		"type Sealed interface, sealed",
		"type Set[T comparable] map[T]bool",
		"var Err error",
	}
	pkg, err := typeCheck(exportData{}, "p.go", source)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, apiOf(pkg)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}
