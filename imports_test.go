package tokenacl_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// policy has, for each package, what its code (not its tests) may import: ours,
// and after a bar the modules of others. internal/strictjson is open to all.
// This is a statement of policy: a new arrow is a decision, not a repair.
var policy = map[string]string{
	"":     "acl claims jwks tokenconfig",
	"acl":  "| golang.org/x/text",
	"jwks": "internal/base64url internal/jose | golang.org/x/sync golang.org/x/time",

	"acl/groups":                    "acl",
	"acl/s3meta":                    "acl",
	"acl/pushdown/opensearch":       "acl acl/pushdown/internal/request acl/pushdown/internal/terms",
	"acl/pushdown/postgres":         "acl acl/pushdown/internal/terms",
	"acl/pushdown/sqlite":           "acl acl/pushdown/internal/terms",
	"acl/pushdown/bleve":            "acl acl/pushdown/internal/request acl/pushdown/internal/terms",
	"acl/pushdown/qdrant":           "acl acl/pushdown/internal/request acl/pushdown/internal/terms",
	"acl/acltest":                   "acl",
	"acl/pushdown/internal/terms":   "acl",
	"acl/pushdown/internal/request": "",
	"tokenconfig":                   "",
	"jwks/secretsmanager":           "jwks | github.com/aws/aws-sdk-go-v2 github.com/aws/smithy-go",
	"claims":                        "acl jwks tokenconfig internal/base64url",
	"fgac":                          "acl | go.yaml.in/yaml/v3",
	"kmssigner":                     "jwks | golang.org/x/sync golang.org/x/time",
	"kmssigner/awskms":              "jwks kmssigner | github.com/aws/aws-sdk-go-v2 github.com/aws/smithy-go",
	"kmssigner/kmstest":             "jwks kmssigner",
	"bearer":                        ". acl claims",
	"tokentest":                     ". acl jwks tokenconfig internal/testkeys",
	"internal/base64url":            "",
	"internal/jose":                 "| github.com/lestrrat-go/jwx/v2",
	"internal/strictjson":           "",
	"internal/testkeys":             "",
}

// nested modules may import every public package, and nobody imports them.
var nested = []string{"examples", "bench", "integration"}

// pure packages never reach, by whatever way, the AWS SDK or an engine's client.
var (
	pure    = []string{"", "acl", "claims", "jwks", "tokenconfig", "fgac", "kmssigner", "kmssigner/kmstest"}
	clients = []string{
		"github.com/aws/", "github.com/opensearch-project/", "github.com/elastic/", "github.com/blevesearch/",
		"github.com/jackc/", "github.com/lib/pq", "modernc.org/", "github.com/mattn/", "github.com/qdrant/",
		"google.golang.org/grpc", "database/sql",
	}
)

const (
	strictjson = module + "/internal/strictjson"      // open to all
	jsonTwin   = "github.com/go-json-experiment/json" // for the tests of internal/strictjson alone
)

// listed is what "go list" tells of a package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

// TestImports holds every package to the policy.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports,Deps", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", describe(err))
	}
	var pkgs []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	t.Logf("%d packages", len(pkgs))
	for _, p := range checkImports(pkgs) {
		t.Error(p)
	}
}

// TestNestedImports keeps nested modules on the public packages, as their
// readers are.
func TestNestedImports(t *testing.T) {
	modules := 0
	for _, name := range files(t, "go.mod") {
		dir := path.Dir(name)
		if dir == "." {
			continue
		}
		modules++
		if !slices.Contains(nested, dir) {
			t.Errorf("%s is a module that the list of nested ones lacks", dir)
		}
		for _, file := range files(t, ".go") {
			if !strings.HasPrefix(file, dir+"/") {
				continue
			}
			for _, spec := range parse(t, file, nil).ast.Imports {
				imp, _ := strconv.Unquote(spec.Path.Value)
				if strings.HasPrefix(imp, module+"/internal/") {
					t.Errorf("%s imports %s, which a user cannot", file, imp)
				}
			}
		}
	}
	if modules == 0 {
		t.Error("found no nested module")
	}
}

func checkImports(pkgs []listed) []string {
	if len(pkgs) == 0 {
		return []string{"go list lists no package"}
	}
	var problems []string
	for _, p := range pkgs {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		allowed, known := policy[name]
		if !known {
			problems = append(problems, fmt.Sprintf("%s is a package that the policy lacks", p.ImportPath))
			continue
		}
		for _, imp := range p.Imports {
			if !mayImport(allowed, imp) {
				problems = append(problems, fmt.Sprintf("%s imports %s, which the policy does not allow", p.ImportPath, imp))
			}
		}
		for _, imp := range slices.Concat(p.TestImports, p.XTestImports) {
			if strings.HasPrefix(imp, jsonTwin) && name != "internal/strictjson" {
				problems = append(problems, fmt.Sprintf("tests of %s import %s, which is for those of internal/strictjson", p.ImportPath, imp))
			}
		}
		for _, dep := range p.Deps {
			if slices.Contains(pure, name) && hasAnyPrefix(dep, clients) {
				problems = append(problems, fmt.Sprintf("%s reaches %s; it must stay free of clients", p.ImportPath, dep))
			}
		}
	}
	return problems
}

// mayImport reports whether a package with that row of the policy may import imp.
func mayImport(row, imp string) bool {
	if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") || imp == strictjson {
		return true // the standard library has no dot there
	}
	ours, others, _ := strings.Cut(row, "|")
	if name, ok := strings.CutPrefix(imp, module); ok {
		return slices.Contains(strings.Fields(ours), path.Clean("."+name)) // "." is the root
	}
	return slices.ContainsFunc(strings.Fields(others), func(m string) bool {
		return imp == m || strings.HasPrefix(imp, m+"/")
	})
}

func hasAnyPrefix(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

// describe adds to an error of a command what that printed.
func describe(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return err.Error() + "\n" + string(exit.Stderr)
	}
	return err.Error()
}

// TestPolicy keeps the policy itself sound.
func TestPolicy(t *testing.T) {
	for name, row := range policy {
		ours, _, _ := strings.Cut(row, "|")
		for _, to := range strings.Fields(ours) {
			if _, known := policy[strings.TrimPrefix(to, ".")]; !known {
				t.Errorf("policy[%q] has %q, which is no package of the policy", name, to)
			}
		}
	}
	for _, name := range pure {
		if _, known := policy[name]; !known {
			t.Errorf("pure has %q, which is no package of the policy", name)
		}
	}
}

// TestImportsCanFail runs the check on lists that break the policy.
func TestImportsCanFail(t *testing.T) {
	pkg := func(name string, imports ...string) listed {
		return listed{ImportPath: path.Join(module, name), Imports: imports}
	}
	for _, tt := range []struct {
		name string
		pkgs []listed
		want []string
	}{
		{"allowed", []listed{
			pkg("", "fmt", module+"/acl"),
			pkg("acl", "net/netip", "golang.org/x/text/cases", module+"/internal/strictjson"),
			pkg("bearer", module),
			{ImportPath: module + "/bearer", XTestImports: []string{module + "/tokentest"}},
			{ImportPath: module + "/acl", XTestImports: []string{"github.com/lestrrat-go/jwx/v2/jwt"}},
			{ImportPath: module + "/internal/strictjson", TestImports: []string{jsonTwin}},
			{ImportPath: module + "/jwks/secretsmanager", Deps: []string{"github.com/aws/aws-sdk-go-v2/config"}},
		}, nil},
		{"no list", nil, []string{"go list lists no package"}},
		{"new package", []listed{pkg("util")}, []string{module + "/util is a package that the policy lacks"}},
		{"new arrow", []listed{pkg("acl", module+"/claims")},
			[]string{module + "/acl imports " + module + "/claims, which the policy does not allow"}},
		{"arrow to the root", []listed{pkg("claims", module)},
			[]string{module + "/claims imports " + module + ", which the policy does not allow"}},
		{"code that trusts test keys", []listed{pkg("bearer", module+"/tokentest")},
			[]string{module + "/bearer imports " + module + "/tokentest, which the policy does not allow"}},
		{"jwx elsewhere", []listed{pkg("jwks", "github.com/lestrrat-go/jwx/v2/jwk")},
			[]string{module + "/jwks imports github.com/lestrrat-go/jwx/v2/jwk, which the policy does not allow"}},
		{"jwx's next version", []listed{pkg("internal/jose", "github.com/lestrrat-go/jwx/v20")},
			[]string{module + "/internal/jose imports github.com/lestrrat-go/jwx/v20, which the policy does not allow"}},
		{"x/text elsewhere", []listed{pkg("claims", "golang.org/x/text/cases")},
			[]string{module + "/claims imports golang.org/x/text/cases, which the policy does not allow"}},
		{"JSON twin in code", []listed{pkg("internal/strictjson", jsonTwin)},
			[]string{module + "/internal/strictjson imports " + jsonTwin + ", which the policy does not allow"}},
		{"JSON twin in other tests", []listed{{ImportPath: module + "/acl", XTestImports: []string{jsonTwin + "/jsontext"}}},
			[]string{"tests of " + module + "/acl import " + jsonTwin + "/jsontext, which is for those of internal/strictjson"}},
		{"client reached", []listed{{ImportPath: module, Deps: []string{"github.com/aws/smithy-go"}}},
			[]string{module + " reaches github.com/aws/smithy-go; it must stay free of clients"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, checkImports(tt.pkgs)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
