package main

import (
	"math"
	"strings"
	"testing"
)

func TestGoal(t *testing.T) {
	for _, tt := range []struct {
		name string
		goal goal
		met  bool
		want string
	}{
		{"within", goal{is: 4_000, limit: 4_000}, true, "met"},
		{"over", goal{is: 5_000, limit: 4_000}, false, "**missed** by 25 % (1.00 µs)"},
		{"enough", goal{is: 0.9, limit: 0.9, atLeast: true, unit: times}, true, "met"},
		{"too little", goal{is: 0.6, limit: 0.8, atLeast: true, unit: times}, false, "**missed** by 25 % (0.20)"},
		{"none wanted", goal{is: 0, limit: 0, unit: times}, true, "met"},
		{"one instead of none", goal{is: 1, limit: 0, unit: times}, false, "**missed** by 1.00"},
		{"bytes", goal{is: 78, limit: 52, unit: perDocument}, false, "**missed** by 50 % (26.0 B)"},
		{"unmeasured", goal{is: math.NaN(), limit: 1}, false, "**missed**, not measured"},
		{"unmeasured floor", goal{is: 1, limit: math.NaN()}, false, "**missed**, not measured"},
		{"unmeasured scaling", goal{is: math.NaN(), limit: 1, atLeast: true}, false, "**missed**, not measured"},
	} {
		if got := tt.goal.verdict(); got != tt.want || tt.goal.met() != tt.met {
			t.Errorf("%s: %q, met %t; want %q, %t", tt.name, got, tt.goal.met(), tt.want, tt.met)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, tt := range []struct {
		unit unit
		x    float64
		want string
	}{
		{perOperation, 0.5, "0.50 ns"}, {perOperation, 12.34, "12.3 ns"}, {perOperation, 999, "999 ns"}, {perOperation, 1_500, "1.50 µs"},
		{perOperation, 2.5e6, "2.50 ms"}, {perOperation, 87e9, "87.0 s"}, {perDocument, 51.96, "52.0 B"}, {times, 1.987, "1.99"}, {perOperation, math.NaN(), "–"},
	} {
		if got := tt.unit.format(tt.x); got != tt.want {
			t.Errorf("%v in unit %d is %q, want %q", tt.x, tt.unit, got, tt.want)
		}
	}
	for n, want := range map[int]string{1: "1", 999: "999", 1000: "1,000", 123456: "123,456", 1000000: "1,000,000"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is %q", n, got)
		}
	}
}

// TestReport writes one row, and counts the goals.
func TestReport(t *testing.T) {
	var r report
	quick, slow := figure(us, ours, 500, ""), figure("other", peer, 2_000, "by hand")
	quick.times, quick.allocs, slow.allocs = 7, 0, 12
	r.add(row{
		title: "A row", method: "So.", values: []result{slow, quick},
		goals: []goal{{what: "first", wanted: "≤ 1 µs", is: 500, limit: 1000}, {what: "second", wanted: "0", is: 2, limit: 0, unit: times}},
	})
	var out strings.Builder
	if err := r.write(&out, "# Head\n\n", "\nfoot\n"); err != nil {
		t.Fatal(err)
	}
	const want = `# Head

## Goals

| what | goal | here | best peer | ours / peer | |
| --- | --- | --: | --: | --: | --- |
| first | ≤ 1 µs | 500 ns | other 2.00 µs | 0.25 | met |
| second | 0 | 2.00 | other 2.00 µs | 0.25 | **missed** by 2.00 |

### A row

So.

| | minimum | median | allocations | ours / this | passes × operations | |
| --- | --: | --: | --: | --: | --: | --- |
| other | 2.00 µs | 2.00 µs | 12 | 0.25 | 1 × 0 | by hand |
| **tokenacl** | 500 ns | 500 ns | 0 | 1.00 | 1 × 7 |  |

- Goal, first: ≤ 1 µs; here 500 ns: met
- Goal, second: 0; here 2.00: **missed** by 2.00

foot

1 of 2 goals are met.
`
	if out.String() != want {
		t.Errorf("the report is\n%s\nwant\n%s", out.String(), want)
	}
}
