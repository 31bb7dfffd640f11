package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tiny is a run that measures nothing of use, to see that no row vanishes.
func tiny() settings {
	fast := meter{pass: 100 * time.Microsecond, passes: 2, few: 1, slow: 2 * time.Millisecond}
	return settings{name: "tiny", documents: []int{300, 900}, slow: 600, meter: fast, builds: fast, writes: 8, tokens: 5}
}

// TestRun runs everything at a size that proves nothing about speed, and counts rows
// and goals.
func TestRun(t *testing.T) {
	folder := t.TempDir()
	var printed strings.Builder
	if err := tiny().main(filepath.Join(folder, "RESULTS.md"), folder, &printed); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(folder, "RESULTS.md"))
	if err != nil || string(written) != printed.String() {
		t.Fatalf("what is written differs from what is printed: %v", err)
	}
	text := printed.String()
	const rows, goals = 33, 39
	if n := strings.Count(text, "\n### "); n != rows+1 { // and the versions
		t.Errorf("%d rows, want %d", n-1, rows)
	}
	if n := strings.Count(text, "\n- Goal, "); n != goals {
		t.Errorf("%d goals, want %d", n, goals)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, fmt.Sprintf(" of %d goals are met.", goals)) {
		t.Errorf("the last line is %q", last)
	}
	for _, name := range []string{"golang-jwt", "go-jose", "jwx v2", "jwx v3", "go-oidc", "bitset", "roaring", "map loop", "naive loop", "casbin", "cedar-go", "OPA", "SQLite", "**tokenacl**"} {
		if !strings.Contains(text, "\n| "+name+" | ") {
			t.Errorf("no table has %s", name)
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| bulk build | ") && !strings.Contains(line, "| bitset ") && !strings.Contains(line, "| roaring ") {
			t.Errorf("an engine with fewer documents is the best: %s", line)
		}
	}
	for _, name := range []string{"decide", "filter", "memory"} {
		svg, err := os.ReadFile(filepath.Join(folder, "bench-"+name+".svg"))
		if err != nil || !strings.Contains(string(svg), ">tokenacl</text>") || !strings.Contains(string(svg), ">roaring</text>") {
			t.Errorf("the chart %s: %v\n%s", name, err, svg)
		}
	}
}

// TestRunStops wants a run that ends at an engine that is wrong, names it and
// writes nothing.
func TestRunStops(t *testing.T) {
	s := tiny()
	s.documents = []int{300}
	s.further = []maker{{name: "lax engine", make: func(*corpus) (engine, error) {
		return engine{view: func(caller) view { return view{allowed: func(uint32) bool { return true }} }}, nil
	}}}
	out := filepath.Join(t.TempDir(), "RESULTS.md")
	var printed strings.Builder
	err := s.main(out, "", &printed)
	if err == nil || !strings.HasPrefix(err.Error(), "lax engine disagrees") {
		t.Errorf("%v, want one that names the engine", err)
	}
	if _, err := os.Stat(out); err == nil || printed.Len() > 0 {
		t.Error("there are results")
	}
}
