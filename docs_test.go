package tokenacl_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	strict "github.com/tokenacl/tokenacl/internal/strictjson"
)

// page is a Markdown file of the repository.
type page struct {
	name, text string
}

func pages(t *testing.T) []page {
	t.Helper()
	var all []page
	for _, name := range files(t, ".md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page{name, string(text)})
	}
	return all
}

// fenced is a fenced code block (CommonMark, section 4.5).
type fenced struct {
	place  string // of its first line of text
	prefix string // what stands before the fence: of lists, quotes and indentation
	fence  string // that it begins with
	info   string // what follows the fence
	text   string
	open   bool // nothing closes it
}

// fenceBegin is wider than CommonMark, which has at most three spaces before a
// fence outside of lists: a check that sees too much is noticed.
var (
	fenceBegin = regexp.MustCompile("^((?:[ \\t>]|[-*+] |[0-9]+[.)] )*)(`{3,}|~{3,})(.*)$")
	fenceEnd   = regexp.MustCompile("^[ \\t>]*(`{3,}|~{3,})[ \\t]*$")
	language   = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+#._-]*`)
)

// blocks returns the fenced code blocks of a page, and what lies outside of them.
func (p page) blocks() (blocks []fenced, prose string) {
	var inside *fenced
	for i, line := range strings.SplitAfter(p.text, "\n") {
		bare := strings.TrimRight(line, "\r\n")
		if inside == nil {
			m := fenceBegin.FindStringSubmatch(bare)
			if m == nil || m[2][0] == '`' && strings.Contains(m[3], "`") { // code within a line
				prose += line
				continue
			}
			inside = &fenced{place: fmt.Sprintf("%s:%d", p.name, i+2), prefix: m[1], fence: m[2], info: m[3], open: true}
			continue
		}
		if m := fenceEnd.FindStringSubmatch(bare); m != nil && strings.HasPrefix(m[1], inside.fence) {
			inside.open = false
			blocks, inside = append(blocks, *inside), nil
			continue
		}
		inside.text += line
	}
	if inside != nil {
		blocks = append(blocks, *inside)
	}
	return blocks, prose
}

// language is what the info string means, in lower case, "" when it says none.
func (b fenced) language() string {
	name := strings.ToLower(language.FindString(b.info))
	for _, prefix := range []string{"language-", "lang-"} {
		name = strings.TrimPrefix(name, prefix)
	}
	if name == "golang" {
		return "go"
	}
	return name
}

// check returns what keeps the block from being checked as the code it is.
func (b fenced) check() (problem string) {
	plain := b.prefix == "" && b.fence == "```"
	_, notGo := parser.ParseFile(token.NewFileSet(), "", b.text, parser.SkipObjectResolution)
	switch name := b.language(); {
	case b.open:
		return "nothing ends this block"
	case name == "go" && !(plain && b.info == "go"):
		return "a block of Go is not compiled unless it is written ```go, with nothing before and after"
	case name == "" && notGo == nil:
		return "a whole Go file without a language; write ```go, so that it is compiled"
	case name == "json":
		if _, err := strict.Parse(b.text, strict.Limits{}); err != nil {
			return err.Error() + "; a block of JSON has one whole value"
		}
	}
	return ""
}

// goBlocks returns the Go code of a page, by the place where it begins.
func (p page) goBlocks() map[string]string {
	found := map[string]string{}
	blocks, _ := p.blocks()
	for _, b := range blocks {
		if b.language() == "go" {
			found[b.place] = b.text
		}
	}
	return found
}

// checkBlocks counts the blocks of each language.
func checkBlocks(pages []page) (checked map[string]int, problems []string) {
	checked = map[string]int{}
	for _, p := range pages {
		blocks, _ := p.blocks()
		for _, b := range blocks {
			checked[b.language()]++
			if problem := b.check(); problem != "" {
				problems = append(problems, b.place+": "+problem)
			}
		}
	}
	return checked, problems
}

// TestGoInDocuments compiles the Go code in Markdown files. Each block is a
// whole file, so that a reader can copy it; the README has one at least. Blocks of
// JSON are whole values.
func TestGoInDocuments(t *testing.T) {
	all := pages(t)
	checked, problems := checkBlocks(all)
	for _, p := range problems {
		t.Error(p)
	}
	if checked["json"] == 0 {
		t.Error("found no JSON in Markdown files")
	}
	blocks := map[string]string{}
	var imports []string
	for _, p := range all {
		for place, source := range p.goBlocks() {
			blocks[place] = source
			imports = append(imports, importsOf(t, place, source)...)
		}
		if p.name == "README.md" && len(p.goBlocks()) == 0 {
			t.Error("README.md has no Go code")
		}
	}
	t.Logf("%d blocks of Go, %d of JSON", len(blocks), checked["json"])
	if len(blocks) == 0 {
		t.Fatal("found no Go code in Markdown files")
	}
	exports := goListExports(t, imports...)
	for place, source := range blocks {
		if _, err := typeCheck(exports, place, source); err != nil {
			t.Error(err)
		}
	}
}

func importsOf(t *testing.T, place, source string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), place, source, parser.ImportsOnly)
	if err != nil {
		t.Fatalf("%v; want a whole file, from its package clause on", err)
	}
	var imports []string
	for _, spec := range f.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		imports = append(imports, imp)
	}
	return imports
}

// typeCheck compiles one file against the packages that it imports.
func typeCheck(exports exportData, name, source string) (*types.Package, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	conf := types.Config{Importer: exports.importer()}
	return conf.Check(f.Name.Name, fset, []*ast.File{f}, nil)
}

var (
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	code    = regexp.MustCompile("`[^`\n]*`")
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	scheme  = regexp.MustCompile(`^[a-z]+:`)
)

// TestLinks requires that relative links lead to files that exist, and to
// headings that exist in them.
func TestLinks(t *testing.T) {
	all := pages(t)
	checked, problems := checkLinks(all, func(name string) bool {
		_, err := os.Stat(name)
		return err == nil
	})
	t.Logf("%d relative links", checked)
	if checked == 0 {
		t.Error("found no relative link")
	}
	for _, p := range problems {
		t.Error(p)
	}
}

func checkLinks(pages []page, exists func(string) bool) (checked int, problems []string) {
	anchors := map[string][]string{}
	for _, p := range pages {
		anchors[p.name] = p.anchors()
	}
	for _, p := range pages {
		_, prose := p.blocks()
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(prose, ""), -1) {
			if scheme.MatchString(m[1]) {
				continue
			}
			checked++
			file, anchor, _ := strings.Cut(m[1], "#")
			target := p.name
			if file != "" {
				target = path.Join(path.Dir(p.name), file)
			}
			known, isPage := anchors[target]
			switch {
			case !exists(target):
				problems = append(problems, fmt.Sprintf("%s links to %s, which does not exist", p.name, m[1]))
			case isPage && anchor != "" && !slices.Contains(known, anchor):
				problems = append(problems, fmt.Sprintf("%s links to %s, a heading that does not exist", p.name, m[1]))
			}
		}
	}
	return checked, problems
}

// anchors returns the names that a page's headings have in links.
func (p page) anchors() []string {
	var names []string
	_, prose := p.blocks()
	for _, m := range heading.FindAllStringSubmatch(prose, -1) {
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1]))
	}
	return names
}

// goName is a Go name in Markdown, such as `acl.Rules` or `Gate.Replace`.
var goName = regexp.MustCompile("`([A-Za-z0-9]+(?:\\.[A-Z][A-Za-z0-9]*)+)")

// TestNamesInDocuments requires that names of this module in Markdown exist, as
// package.Name, Type.Member or package.Type.Member.
func TestNamesInDocuments(t *testing.T) {
	exports := goListExports(t, "./...")
	var packages []*types.Package
	for _, path := range exports.public() {
		packages = append(packages, exports.load(t, path))
	}
	checked, problems := checkNames(pages(t), packages)
	t.Logf("%d names", checked)
	if checked == 0 {
		t.Error("found no name")
	}
	for _, p := range problems {
		t.Error(p)
	}
}

func checkNames(pages []page, packages []*types.Package) (checked int, problems []string) {
	known, ours := map[string]bool{}, map[string]bool{}
	for _, pkg := range packages {
		ours[pkg.Name()] = true
		for _, name := range pkg.Scope().Names() {
			known[pkg.Name()+"."+name] = true
			if typ, ok := pkg.Scope().Lookup(name).(*types.TypeName); ok {
				ours[name] = true
				for _, member := range members(typ.Type()) {
					known[name+"."+member] = true
					known[pkg.Name()+"."+name+"."+member] = true
				}
			}
		}
	}
	for _, p := range pages {
		for _, m := range goName.FindAllStringSubmatch(p.text, -1) {
			if first, _, _ := strings.Cut(m[1], "."); !ours[first] {
				continue
			}
			checked++
			if !known[m[1]] {
				problems = append(problems, fmt.Sprintf("%s speaks of %s, which does not exist", p.name, m[1]))
			}
		}
	}
	return checked, problems
}

// members returns the names of the fields and methods of a type.
func members(typ types.Type) []string {
	var names []string
	if s, ok := typ.Underlying().(*types.Struct); ok {
		for f := range s.Fields() {
			names = append(names, f.Name())
		}
	}
	set := typ
	if !types.IsInterface(typ) {
		set = types.NewPointer(typ)
	}
	for m := range types.NewMethodSet(set).Methods() {
		names = append(names, m.Obj().Name())
	}
	return names
}

// TestDocumentsCanFail runs the checks on samples that break them.
func TestDocumentsCanFail(t *testing.T) {
	p := page{"docs/a.md", "# One, two\n\n[ok](b.md) [ok](b.md#far-away) [ok](#one-two) [web](https://example.com)\n" +
		"[gone](c.md) [lost](b.md#near)\n\n```go\npackage p\n\nvar x int = \"\"\n```\n\n```\n[not](d.md) a link\n```\n`[nor](e.md)` this\n~~~\n# Nor this\n[here](f.md)\n~~~\n"}
	q := page{"docs/b.md", "## Far away\n"}
	checked, problems := checkLinks([]page{p, q}, func(name string) bool { return name == "docs/a.md" || name == "docs/b.md" })
	want := []string{"docs/a.md links to c.md, which does not exist", "docs/a.md links to b.md#near, a heading that does not exist"}
	if diff := cmp.Diff(want, problems); diff != "" || checked != 5 {
		t.Errorf("%d links, want 5; problems (-want +got):\n%s", checked, diff)
	}

	blocks := p.goBlocks()
	if len(blocks) != 1 || blocks["docs/a.md:7"] == "" {
		t.Fatalf("blocks = %q, want one at docs/a.md:7", blocks)
	}
	if _, err := typeCheck(exportData{}, "docs/a.md:7", blocks["docs/a.md:7"]); err == nil {
		t.Error("a block with a type error compiles")
	}

	for _, row := range []struct {
		name, text string
		problem    bool
	}{
		{"Go", "```go\npackage p\n```\n", false},
		{"Go in CRLF", "```go\r\npackage p\r\n```\r\n", false},
		{"another name", "```golang\npackage p\n```\n", true},
		{"upper case", "```Go\npackage p\n```\n", true},
		{"tildes", "~~~go\npackage p\n~~~\n", true},
		{"four backticks", "````go\npackage p\n````\n", true},
		{"a space before the language", "``` go\npackage p\n```\n", true},
		{"a space behind the language", "```go \npackage p\n```\n", true},
		{"words behind the language", "```go title=p.go\npackage p\n```\n", true},
		{"a comma behind the language", "```go,ignore\npackage p\n```\n", true},
		{"attributes", "``` {.go}\npackage p\n```\n", true},
		{"a class", "```language-go\npackage p\n```\n", true},
		{"indentation", "  ```go\n  package p\n  ```\n", true},
		{"a tab", "\t```go\n\tpackage p\n\t```\n", true},
		{"in a list", "- ```go\n  package p\n  ```\n", true},
		{"in a numbered list", "1. ```go\n   package p\n   ```\n", true},
		{"in a quote", "> ```go\n> package p\n> ```\n", true},
		{"Go without an end", "```go\npackage p\n", true},
		{"Go without a language", "```\npackage p\n```\n", true},
		{"Go in a document in a document", "````markdown\n```golang\npackage p\n```\n````\n", false},
		{"a language that begins alike", "```go.mod\nmodule m\n```\n", false},
		{"a fence within a line", "```go``` is a fence\n", false},
		{"no language", "```\ngo test\n```\n", false},
		{"no end", "```sh\ngo test\n", true},
		{"JSON", "```json\n{\"a\": [1]}\n```\n", false},
		{"JSON in a list", "- ```json\n  {\"a\": [1]}\n  ```\n", false},
		{"JSON without an end", "```json\n{}\n", true},
		{"JSON with a comment", "```json\n{} // all\n```\n", true},
		{"JSON left out", "```json\n{\"a\": [...]}\n```\n", true},
		{"JSON in part", "```json\n\"a\": 1\n```\n", true},
		{"JSON in upper case", "~~~ JSON\n{\n~~~\n", true},
		{"a JSON member twice", "```json\n{\"a\": 1, \"a\": 2}\n```\n", true},
	} {
		if _, problems := checkBlocks([]page{{"c.md", row.text}}); (len(problems) > 0) != row.problem {
			t.Errorf("%s: problems %q, want some: %t", row.name, problems, row.problem)
		}
	}

	pkg, err := typeCheck(exportData{}, "p.go", "package p\n\ntype T struct{ F int }\n\nfunc (*T) M() {}\n\nfunc Do() {}\n")
	if err != nil {
		t.Fatal(err)
	}
	r := page{"r.md", "`p.Do`, `p.T.F`, `T.M()`, `fmt.Nothing`, `p.Gone`, `T.Gone`, `p.T.Gone`"}
	checked, problems = checkNames([]page{r}, []*types.Package{pkg})
	want = []string{"r.md speaks of p.Gone, which does not exist", "r.md speaks of T.Gone, which does not exist", "r.md speaks of p.T.Gone, which does not exist"}
	if diff := cmp.Diff(want, problems); diff != "" || checked != 6 {
		t.Errorf("%d names, want 6; problems (-want +got):\n%s", checked, diff)
	}
}
