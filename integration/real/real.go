// Package real is what tests against real components share.
package real

import (
	"os"
	"testing"
)

// Wanted skips a test that needs a real component under -short.
func Wanted(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("NOT RUN: a real component, which -short leaves out")
	}
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
