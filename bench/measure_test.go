package main

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// ticking is a clock that a contender moves on by itself, beside that of the
// process, which hardly moves here.
type ticking struct{ now int64 }

func (t *ticking) contender(name string, each time.Duration) contender {
	return contender{name: name, clock: func() int64 { return t.now }, run: func(n int) { t.now += int64(n) * int64(each) }}
}

// TestRace wants what a contender takes found, and the contenders in turn.
func TestRace(t *testing.T) {
	var clock ticking
	var order []string
	all := []contender{clock.contender("quick", time.Hour), clock.contender("slow", 20*time.Hour)}
	for i, c := range all {
		all[i].run = func(n int) {
			order = append(order, c.name)
			c.run(n)
		}
	}
	m := meter{pass: 100 * time.Hour, passes: 5, few: 2, slow: 10 * time.Hour}
	results := m.race(all...)
	for i, want := range []float64{float64(time.Hour), float64(20 * time.Hour)} {
		if got := results[i].median(); math.Abs(got/want-1) > 0.01 {
			t.Errorf("%s takes %v, want %v", results[i].name, time.Duration(got), time.Duration(want))
		}
	}
	if q, s := results[0], results[1]; len(q.passes) != 5 || q.times < 95 || q.times > 100 || len(s.passes) != 2 || s.times != 1 {
		t.Errorf("passes and times are %d × %d and %d × %d, want 5 × 100 and 2 × 1", len(q.passes), q.times, len(s.passes), s.times)
	}
	if got, want := strings.Join(order[len(order)-7:], " "), "quick slow quick slow quick quick quick"; got != want {
		t.Errorf("the passes are %s, want %s", got, want)
	}
}

// TestBounded wants a contender with few inputs to get no more, and to be prepared
// before each pass.
func TestBounded(t *testing.T) {
	var clock ticking
	c := clock.contender("bounded", time.Millisecond)
	c.most = 7
	prepared := 0
	c.before = func() { prepared++ }
	most, passes := 0, 0
	run := c.run
	c.run = func(n int) { most, passes = max(most, n), passes+1; run(n) }
	r := meter{pass: time.Hour, passes: 3, slow: time.Hour}.race(c)[0]
	if r.times != 7 || most != 7 || len(r.passes) != 3 {
		t.Errorf("%d times, most %d, %d passes; want 7, 7, 3", r.times, most, len(r.passes))
	}
	if prepared != passes {
		t.Errorf("prepared %d times for %d passes", prepared, passes)
	}
}

var kept []byte

// TestAllocations wants them counted.
func TestAllocations(t *testing.T) {
	m := meter{pass: time.Millisecond, passes: 3, slow: time.Second}
	results := m.race(
		contender{name: "two", run: func(n int) {
			for range n {
				kept = make([]byte, 100)
				kept = make([]byte, 200)
			}
		}},
		contender{name: "none", run: func(n int) {
			for range n {
				sink++
			}
		}},
	)
	if two, none := results[0].allocs, results[1].allocs; math.Abs(two-2) > 0.1 || none != 0 {
		t.Errorf("allocations are %v and %v, want 2 and 0", two, none)
	}
}

// TestProcessorTime wants it to move with work.
func TestProcessorTime(t *testing.T) {
	process, thread := processorTime(), threadTime()
	spin(int64(2 * time.Millisecond))
	if took := processorTime() - process; took < int64(2*time.Millisecond) {
		t.Errorf("%v of the process, want 2 ms at least", time.Duration(took))
	}
	if threadTime() < thread {
		t.Error("the thread's time goes back")
	}
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		passes        []float64
		least, median float64
	}{
		{[]float64{3}, 3, 3},
		{[]float64{1, 2, 30}, 1, 2},
		{[]float64{1, 2, 4, 50}, 1, 3},
	} {
		r := result{passes: tt.passes}
		if r.min() != tt.least || r.median() != tt.median {
			t.Errorf("%v: %v and %v, want %v and %v", tt.passes, r.min(), r.median(), tt.least, tt.median)
		}
	}
	if r := (result{}); !math.IsNaN(r.min()) || !math.IsNaN(r.median()) {
		t.Error("what was not measured has figures")
	}
	whole := result{passes: []float64{10, 12}}
	if less := whole.less(4, ""); !slices.Equal(less.passes, []float64{6, 8}) || whole.passes[0] != 10 {
		t.Errorf("less is %v, of %v", less.passes, whole.passes)
	}
}

func TestBest(t *testing.T) {
	of := func(name string, k kind, x float64) result { return figure(name, k, x, "") }
	all := []result{of("a", peer, 3), of("b", peer, 2), of("c", aside, 1), {contender: contender{name: "unmeasured"}}, of(us, ours, 9)}
	if got, ok := best(all, peer); !ok || got.name != "b" {
		t.Errorf("the best peer is %q (%t)", got.name, ok)
	}
	if _, ok := best(all, floor); ok {
		t.Error("there is a floor")
	}
	defer func() {
		if recover() == nil {
			t.Error("a name that nobody has is found")
		}
	}()
	named(all, "z")
}
