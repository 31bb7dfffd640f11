// Package real is what tests against real components share.
package real

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"testing"
)

// Wanted skips a test that needs a real component under -short.
func Wanted(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("NOT RUN: a real component, which -short leaves out")
	}
}

// Start starts cmd and returns its ends. It has to end when its standard input
// does, which is closed after the test.
func Start(t testing.TB, cmd *exec.Cmd) (in io.Writer, out *bufio.Reader) {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out = bufio.NewReader(stdout)
	t.Cleanup(func() {
		stdin.Close()
		io.Copy(io.Discard, out)
		cmd.Wait()
	})
	return stdin, out
}

// Missing ends a test without its component: as a loud skip on a machine of
// one's own, as a failure in CI.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("NOT RUN: %s", what)
	}
	t.Skipf("NOT RUN: %s", what)
}
