package main

import (
	"fmt"
	"iter"
	"math"
	"slices"
)

// engine is one way to hold a corpus and to decide by it.
type engine struct {
	name string
	kind kind
	note string
	// bytes is what it takes for a document.
	bytes  float64
	corpus *corpus
	slow   bool
	built  float64 // processor time in nanoseconds; not a number where the lists are all there is

	view func(caller) view
	// filter finds all visible documents for a caller who was not there before; nil
	// where that is no more than a view's decision on each.
	filter func(caller) set
	// page is the first hits that are visible; nil where a view's decisions do it.
	page  func(c caller, hits []uint32, most int) []uint32
	close func()
	// clock is the processor time of another process that works for it; nil is none.
	clock func() int64
}

// view is an engine prepared for one caller.
type view struct {
	allowed func(ordinal uint32) bool
	// loop decides n documents, those of at in turn, and counts the visible ones. It
	// is there where a call of allowed would count; nil calls that.
	loop func(at []uint32, n int) int
}

// set is visible documents.
type set struct {
	size    int
	members iter.Seq[uint32]
}

func listed(ordinals []uint32) set { return set{len(ordinals), slices.Values(ordinals)} }

func (v view) decide(at []uint32, n int) int {
	if v.loop != nil {
		return v.loop(at, n)
	}
	visible := 0
	for n > 0 {
		part := at[:min(n, len(at))]
		n -= len(part)
		for _, o := range part {
			if v.allowed(o) {
				visible++
			}
		}
	}
	return visible
}

func (e engine) firstPage(c caller, hits []uint32, most int) []uint32 {
	if e.page != nil {
		return e.page(c, hits, most)
	}
	v := e.view(c)
	page := make([]uint32, 0, most)
	for _, o := range hits {
		if v.allowed(o) {
			if page = append(page, o); len(page) == most {
				break
			}
		}
	}
	return page
}

// ranked is the first of the hits that are among the visible.
func ranked(hits, visible []uint32, most int) []uint32 {
	in := make(map[uint32]bool, len(visible))
	for _, o := range visible {
		in[o] = true
	}
	page := make([]uint32, 0, most)
	for _, o := range hits {
		if in[o] && len(page) < most {
			page = append(page, o)
		}
	}
	return page
}

// maker makes an engine of a corpus.
type maker struct {
	name string
	make func(*corpus) (engine, error)
	most int  // how many documents it can be expected to hold; 0 is any number
	over bool // works on the lists of goLists
}

// build makes the engine and counts its bytes and the processor time.
func (m maker) build(c *corpus) (engine, error) {
	if m.most > 0 {
		c = c.first(m.most)
	}
	if m.over {
		c.goLists()
	}
	before, start := heap(), processorTime()
	e, err := m.make(c)
	if err != nil {
		return e, fmt.Errorf("%s: %w", m.name, err)
	}
	e.name, e.corpus, e.slow = m.name, c, m.most > 0
	e.built = float64(processorTime() - start)
	if e.clock != nil {
		e.built += float64(e.clock()) // of a process that began with it
	}
	if e.bytes == 0 {
		e.bytes = (heap() - before) / float64(c.documents)
	}
	if m.over {
		e.bytes += c.valueBytes / float64(c.documents)
		e.built = math.NaN()
	}
	if e.close == nil {
		e.close = func() {}
	}
	return e, nil
}

// oracle is the terms of a caller, by number: the rules of the package acl, spelled
// out for these corpora. It shares no code with any engine.
type oracle []bool

func newOracle(c caller) oracle {
	has := map[string]bool{"user " + c.user: true}
	for _, g := range c.groups {
		has["group "+g] = true
	}
	all := make(oracle, 0, manyGroups+manyUsers)
	for _, name := range groupNames {
		all = append(all, has["group "+name])
	}
	for _, name := range userNames {
		all = append(all, has["user "+name])
	}
	return all
}

func (s oracle) visible(list []term) bool {
	allowed := len(list) == 0
	for _, t := range list {
		if s[t.name()] {
			if t.deny() {
				return false
			}
			allowed = true
		}
	}
	return allowed
}

// Documents that are compared for each caller.
const checked, checkedSlow = 2_000, 50

// agree requires that all engines decide as the oracle does, and that the answers
// are neither all yes nor all no.
func agree(engines []engine, callers []caller) error {
	for _, c := range callers {
		o := newOracle(c)
		for _, e := range engines {
			if err := e.agrees(c, o); err != nil {
				return fmt.Errorf("%s disagrees (%s, %d groups): %w", e.name, e.corpus.name, len(c.groups), err)
			}
		}
	}
	return nil
}

func (e engine) agrees(c caller, truth oracle) error {
	n := checked
	if e.slow {
		n = checkedSlow
	}
	at := ordinals(3, n, e.corpus.documents)
	var visible []uint32
	v := e.view(c)
	for _, o := range at {
		want := truth.visible(e.corpus.list(int(o)))
		if got := v.allowed(o); got != want {
			return fmt.Errorf("document %d is visible: %t, want %t", o, got, want)
		}
		if want {
			visible = append(visible, o)
		}
	}
	if len(visible) == 0 || len(visible) == len(at) {
		return fmt.Errorf("%d of %d documents are visible, which proves nothing", len(visible), len(at))
	}
	if got := v.decide(at, len(at)); got != len(visible) {
		return fmt.Errorf("its loop sees %d documents, want %d", got, len(visible))
	}
	want := visible[:min(10, len(visible))]
	if got := e.firstPage(c, at, 10); !slices.Equal(got, want) {
		return fmt.Errorf("the first page is %v, want %v", got, want)
	}
	return e.filterAgrees(c, truth)
}

func (e engine) filterAgrees(c caller, truth oracle) error {
	if e.filter == nil {
		return nil
	}
	got := e.filter(c)
	members := slices.Sorted(got.members)
	var want []uint32
	for i := range uint32(e.corpus.documents) {
		if truth.visible(e.corpus.list(int(i))) {
			want = append(want, i)
		}
	}
	if got.size != len(want) || !slices.Equal(members, want) {
		return fmt.Errorf("the filter finds %d documents, want %d", got.size, len(want))
	}
	return nil
}

// contender is the engine in a race.
func (e engine) contender(note string, run func(n int)) contender {
	return contender{name: e.name, kind: e.kind, note: note, clock: e.clock, run: run}
}
