package tokenacl_test

import (
	"go/ast"
	"os"
	"path"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFuzzSeeds requires that every fuzz target starts from seeds: calls of Add,
// its own or those of a function of its package that it gives its *testing.F,
// or files in testdata/fuzz.
func TestFuzzSeeds(t *testing.T) {
	targets, bare := fuzzTargets(testFiles(t))
	t.Logf("%d fuzz targets", len(targets))
	if len(targets) == 0 {
		t.Error("found no fuzz target")
	}
	for _, name := range bare {
		corpus := path.Join(path.Dir(name), "testdata/fuzz", path.Base(name))
		if entries, err := os.ReadDir(corpus); err != nil || len(entries) == 0 {
			t.Errorf("%s has no seed; give it f.Add or files in %s", name, corpus)
		}
	}
}

// fuzzTargets returns the fuzz targets of the files, as folder/FuzzName, and
// those of them that add no seed.
func fuzzTargets(tests []testFile) (targets, bare []string) {
	adders := map[string]bool{} // folder/function that adds to its *testing.F
	for _, f := range tests {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && addsSeed(fn, func(string) bool { return false }) {
				adders[path.Join(path.Dir(f.name), fn.Name.Name)] = true
			}
		}
	}
	for _, f := range tests {
		dir := path.Dir(f.name)
		for _, fn := range f.testFuncs("Fuzz") {
			target := path.Join(dir, fn.Name.Name)
			targets = append(targets, target)
			if !addsSeed(fn, func(callee string) bool { return adders[path.Join(dir, callee)] }) {
				bare = append(bare, target)
			}
		}
	}
	return targets, bare
}

// addsSeed reports whether fn calls Add on its *testing.F, or hands that to a
// function that is known to.
func addsSeed(fn *ast.FuncDecl, known func(string) bool) bool {
	f := fuzzParam(fn)
	if f == "" || fn.Body == nil {
		return false
	}
	found := false
	isF := func(e ast.Expr) bool {
		id, ok := e.(*ast.Ident)
		return ok && id.Name == f
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch callee := call.Fun.(type) {
		case *ast.SelectorExpr:
			found = found || callee.Sel.Name == "Add" && isF(callee.X)
		case *ast.Ident:
			for _, arg := range call.Args {
				found = found || isF(arg) && known(callee.Name)
			}
		}
		return true
	})
	return found
}

// fuzzParam returns the name of the first parameter of type *testing.F.
func fuzzParam(fn *ast.FuncDecl) string {
	for _, p := range fn.Type.Params.List {
		star, ok := p.Type.(*ast.StarExpr)
		if !ok || len(p.Names) == 0 {
			continue
		}
		if sel, ok := star.X.(*ast.SelectorExpr); ok && sel.Sel.Name == "F" {
			return p.Names[0].Name
		}
	}
	return ""
}

// TestFuzzSeedsCanFail runs the check on a sample with bare targets.
func TestFuzzSeedsCanFail(t *testing.T) {
	const source = `package p

func FuzzOwn(f *testing.F)    { f.Add("x"); f.Fuzz(func(t *testing.T, s string) {}) }
func FuzzHelped(f *testing.F) { seed(f, 1); f.Fuzz(func(t *testing.T, s string) {}) }
func FuzzBare(f *testing.F)   { f.Fuzz(func(t *testing.T, s string) { set.Add(s) }) }
func FuzzLost(f *testing.F)   { lose(f); f.Fuzz(func(t *testing.T, s string) {}) }

func seed(f *testing.F, n int) { for range n { f.Add("x") } }
func lose(f *testing.F)        {}
`
	targets, bare := fuzzTargets([]testFile{parse(t, "p/p_test.go", source)})
	if diff := cmp.Diff([]string{"p/FuzzOwn", "p/FuzzHelped", "p/FuzzBare", "p/FuzzLost"}, targets); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"p/FuzzBare", "p/FuzzLost"}, bare); diff != "" {
		t.Errorf("without seeds (-want +got):\n%s", diff)
	}
}
