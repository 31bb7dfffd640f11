package real

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Program builds an example and returns a function that runs it.
func Program(t testing.TB, example string) func(args ...string) (code int, stdout, stderr string) {
	t.Helper()
	root, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/tokenacl/tokenacl").Output()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), example)
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-C", filepath.Join(strings.TrimSpace(string(root)), "examples"), "-o", name, "./"+example).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return func(args ...string) (int, string, string) {
		var out, errs strings.Builder
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Stdout, cmd.Stderr = &out, &errs
		err := cmd.Run()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), out.String(), errs.String()
	}
}

// Ragfilter runs the example in an engine, "postgres" or "opensearch", and holds
// all that it prints to what it prints in process. names are the engine's tables
// or indices, p says what it is.
func Ragfilter(t *testing.T, engine, url string, p Proof, names func() []string) {
	t.Helper()
	run := Program(t, "ragfilter")
	before := fmt.Sprint(names())
	same := func(args ...string) (stdout string) {
		t.Helper()
		code, want, stderr := run(args...)
		if code != 0 || want == "" {
			t.Fatalf("in process: exit %d, %s", code, stderr)
		}
		code, got, stderr := run(append(args, "-"+engine, url)...)
		if code != 0 || stderr != "" || strings.Replace(got, engine+": ", "memory: ", 1) != want {
			t.Errorf("%q: exit %d, %s, prints\n%s\nwant\n%s", args, code, stderr, got, want)
		}
		return got
	}
	for _, n := range []string{"5", "1000"} { // a page; all that is visible, the unlike too
		out := same("-n", n)
		_, figures, _ := strings.Cut(out, "\n\n")
		if _, err := fmt.Sscanf(figures, "%d chunks\n"+engine+": 100 answers compared", &p.Documents); err != nil {
			t.Errorf("%v, compared:\n%s", err, out)
		}
		p.Callers, p.Answers = 5, p.Answers+100
	}
	same("-as", "mary", "-q", "token")
	same("-as", "guest", "-q", "token", "-n", "100")
	same("-as", "mary", "-q", "? !", "-n", "7") // all are as near
	if after := fmt.Sprint(names()); after != before {
		t.Errorf("there were %s, and are %s", before, after)
	}

	// A name of the user's is kept, and taken once.
	for _, want := range []int{0, 1} {
		if code, out, stderr := run("-name", "ragfilter_kept", "-"+engine, url); code != want || (stderr == "") != (want == 0) || (out == "") != (want == 1) {
			t.Errorf("exit %d, want %d: %s", code, want, stderr)
		}
		if got := fmt.Sprint(names()); !strings.Contains(got, "ragfilter_kept") {
			t.Errorf("there is no ragfilter_kept in %s", got)
		}
	}
	Proven(t, p)
}
