package real

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl/acltest"
)

// Proof is what a test has shown of an engine: a row of the table in the README.
// All of it is the same in every run of a version.
type Proof struct {
	Engine, Version string
	How             string // what was run
	Feature         string
	Documents       int
	Callers         int
	Decisions       int // compared, of a caller and a document each
	Answers         int // or compared as a whole
	Differences     int
}

// Proven tells p, for the program in ../proven, at the end of a test: one that
// failed has proven nothing.
func Proven(t testing.TB, p Proof) {
	t.Helper()
	line, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if !t.Failed() {
		t.Logf("PROVEN %s", line)
	}
}

// Report adds the figures of a report, whose differences fail its test.
func (p Proof) Report(r acltest.Report) Proof {
	p.Documents, p.Callers, p.Decisions = r.Documents, r.Callers, r.Decisions
	return p
}

// Version is that of a module among the requirements of the tests.
func Version(t testing.TB, module string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		t.Fatalf("go list %s: %v", module, err)
	}
	return strings.TrimPrefix(strings.TrimSpace(string(out)), "v")
}
