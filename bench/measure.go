package main

import (
	"math"
	"runtime"
	"slices"
	"time"
)

// kind says what a contender is in the comparison.
type kind int

const (
	peer  kind = iota // what a user could pick instead
	ours              // this library
	floor             // what nobody can avoid
	aside             // what explains the others
)

// contender is one way of doing what a row measures.
type contender struct {
	name string
	kind kind
	run  func(n int) // does it n times
	// before, if set, is called before each pass and not measured.
	before func()
	// clock is the processor time of another process that works for it; nil is none.
	clock func() int64
	// most bounds the times of one pass; 0 is no bound.
	most int
	// note tells in the table what differs, such as fewer documents.
	note string
}

// result is what a contender took for one operation, in nanoseconds of processor
// time.
type result struct {
	contender
	passes []float64 // sorted
	times  int       // operations in a pass
	allocs float64
}

func (r result) min() float64 {
	if len(r.passes) == 0 {
		return math.NaN()
	}
	return r.passes[0]
}

func (r result) median() float64 {
	n := len(r.passes)
	if n == 0 {
		return math.NaN()
	}
	return (r.passes[(n-1)/2] + r.passes[n/2]) / 2
}

// meter says how long and how often to measure.
type meter struct {
	pass   time.Duration // processor time of a pass
	passes int
	few    int           // passes of what takes longer than slow
	slow   time.Duration // for one operation
}

// race measures the contenders in turn, so that what disturbs the machine disturbs
// them all: each of them has its n-th pass before any has the one after it.
func (m meter) race(all ...contender) []result {
	runtime.GC() // else that of what was built before ends in somebody's pass
	results := make([]result, len(all))
	left := make([]int, len(all))
	for i, c := range all {
		results[i] = result{contender: c}
		results[i].times, left[i] = m.calibrate(c)
	}
	for range m.passes {
		for i := range results {
			if left[i] > 0 {
				left[i]--
				results[i].once()
			}
		}
	}
	for i := range results {
		slices.Sort(results[i].passes)
	}
	runtime.KeepAlive(sink)
	return results
}

// calibrate finds how many operations make a pass, and how many passes there are.
func (m meter) calibrate(c contender) (times, passes int) {
	for times = 1; ; times = c.bounded(4 * times) {
		took := c.pass(times)
		each := took / time.Duration(times)
		switch {
		case each > m.slow:
			return times, m.few
		case took >= m.pass/8 || times >= 1<<28:
			return c.bounded(int(float64(m.pass) / max(float64(took)/float64(times), 0.01))), m.passes
		case times == c.most:
			return times, m.passes
		}
	}
}

func (c contender) bounded(times int) int {
	if c.most > 0 {
		times = min(times, c.most)
	}
	return max(times, 1)
}

func (c contender) pass(times int) time.Duration {
	if c.before != nil {
		c.before()
	}
	start := c.now()
	c.run(times)
	return time.Duration(c.now() - start)
}

// now is the processor time of all that works for the contender.
func (c contender) now() int64 {
	if c.clock != nil {
		return processorTime() + c.clock()
	}
	return processorTime()
}

func (r *result) once() {
	var before, after runtime.MemStats
	if r.before != nil {
		r.before()
	}
	runtime.ReadMemStats(&before)
	start := r.now()
	r.run(r.times)
	took := r.now() - start
	runtime.ReadMemStats(&after)
	r.passes = append(r.passes, float64(took)/float64(r.times))
	r.allocs = math.Round(float64(after.Mallocs-before.Mallocs)/float64(r.times)*100) / 100
}

// heap is what is in use after the garbage has been collected, in bytes.
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one finalised
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// sink keeps the compiler from leaving out what nobody reads.
var sink int

func named(results []result, name string) result {
	for _, r := range results {
		if r.name == name {
			return r
		}
	}
	panic("no contender is called " + name)
}

// best is the quickest result of a kind, false when there is none.
func best(results []result, k kind) (result, bool) {
	var found result
	for _, r := range results {
		if r.kind == k && len(r.passes) > 0 && (found.name == "" || r.median() < found.median()) {
			found = r
		}
	}
	return found, found.name != ""
}
