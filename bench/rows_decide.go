package main

import (
	"fmt"

	"github.com/tokenacl/tokenacl/acl"
)

// stage is the engines with so many documents, and the same questions for all.
type stage struct {
	documents int
	distinct  []engine // of the corpus of distinct ACLs
	folders   []engine // likewise, where it was made
	callers   []caller // k = 10, 100 and 1,000
}

var groupCounts = []int{10, 100, 1000}

func newStage(n int, all []maker, withFolders bool) (stage, error) {
	s := stage{documents: n}
	for i, k := range groupCounts {
		s.callers = append(s.callers, newCaller(uint64(i), k, false))
	}
	var err error
	if s.distinct, err = buildAll(newCorpus(n), all, s.callers); err != nil {
		return s, err
	}
	if withFolders {
		s.folders, err = buildAll(newFolders(n), all, s.callers)
	}
	return s, err
}

// buildAll builds the engines and requires that they agree.
func buildAll(c *corpus, all []maker, callers []caller) ([]engine, error) {
	var engines []engine
	for _, m := range all {
		e, err := m.build(c)
		if err != nil {
			return engines, err
		}
		engines = append(engines, e)
		logf("%s, %d documents, %s: built in %s", e.name, e.corpus.documents, c.name, perOperation.format(e.built))
	}
	return engines, agree(engines, callers)
}

func (s stage) close() {
	for _, e := range append(s.distinct, s.folders...) {
		e.close()
	}
}

func find(engines []engine, name string) engine {
	for _, e := range engines {
		if e.name == name {
			return e
		}
	}
	panic("no engine is called " + name)
}

// remark says what is particular about an engine in a stage.
func (s stage) remark(e engine) string {
	note := e.note
	if e.corpus.documents != s.documents {
		if note != "" {
			note += "; "
		}
		note += "N = " + grouped(e.corpus.documents)
	}
	return note
}

const warm = 1_000 // documents of a cycle that stays in the caches

// decideWarm decides 1,000 documents in turn, again and again.
func (s stage) decideWarm(m meter) []result {
	var all []contender
	for _, e := range s.distinct {
		v, at := e.view(s.callers[1]), ordinals(5, warm, e.corpus.documents)
		all = append(all, e.contender(s.remark(e), func(n int) { sink += v.decide(at, n) }))
	}
	return m.race(all...)
}

// decideRandom decides documents that are in no cache, beside reads that are not.
func (s stage) decideRandom(m meter) []result {
	at := ordinals(7, 1<<20, s.documents)
	array := make([]uint32, s.documents)
	all := []contender{{name: fmt.Sprintf("read of a %s array", megabytes(4*len(array))), kind: floor, run: func(n int) { sink += readAll(array, at, n) }}}
	for _, e := range s.distinct {
		if e.slow || e.name == "map loop" || e.name == "naive loop" {
			continue
		}
		v := e.view(s.callers[1])
		all = append(all, e.contender("", func(n int) { sink += v.decide(at, n) }))
	}
	return m.race(all...)
}

func readAll(array, at []uint32, n int) (sum int) {
	for n > 0 {
		part := at[:min(n, len(at))]
		n -= len(part)
		for _, o := range part {
			sum += int(array[o])
		}
	}
	return sum
}

// byID decides by string ids, beside the look-up of them in a map.
func (s stage) byID(m meter) ([]result, error) {
	c := s.distinct[0].corpus
	x := acl.NewIndex(acl.Rules{})
	if err := x.PutAll(c.identified()); err != nil {
		return nil, err
	}
	numbers := make(map[string]uint32, c.documents)
	for i := range uint32(c.documents) {
		numbers[documentID(i)] = i
	}
	at := ordinals(5, warm, c.documents)
	ids := make([]string, len(at))
	for i, o := range at {
		ids[i] = documentID(o)
	}
	view, other := x.View(s.callers[1].scope), find(s.distinct, "bitset").view(s.callers[1])
	view.Count()
	for i, id := range ids {
		if view.Allowed(id) != other.allowed(at[i]) {
			return nil, fmt.Errorf("%s disagrees by id", us)
		}
	}
	in := func(do func(id string) bool) func(n int) {
		return func(n int) {
			for i := 0; n > 0; n-- {
				if do(ids[i]) {
					sink++
				}
				if i++; i == len(ids) {
					i = 0
				}
			}
		}
	}
	return m.race(
		contender{name: us, kind: ours, run: in(view.Allowed)},
		contender{name: "map look-up", kind: floor, run: in(func(id string) bool { return numbers[id] > 0 })},
		contender{name: "map look-up and bitset", run: in(func(id string) bool { return other.allowed(numbers[id]) })},
	), nil
}

func (s stage) decideRows(m meter) ([]row, error) {
	inTurn := s.decideWarm(m)
	random := s.decideRandom(m)
	byID, err := s.byID(m)
	if err != nil {
		return nil, err
	}
	quick, scattered, read, named := inTurn[0], random[1], random[0], byID[0]
	limit := quick.median() + byID[1].median()
	n := "N = " + grouped(s.documents) + ", k = 100"
	return []row{
		{
			title: "Decide one document, warm cycle over 1,000, " + n, values: inTurn,
			method: "The view is prepared for the caller before.",
			goals: []goal{
				{what: "decide, warm", wanted: "≤ 10 ns", is: quick.median(), limit: 10},
				{what: "decide, allocations", wanted: "0", is: quick.allocs, limit: 0, unit: times},
			},
		},
		{
			title: "Decide one document, random, " + n, values: random,
			goals: []goal{{what: "decide, random", wanted: "≤ 1.3 × random read = " + perOperation.format(1.3*read.median()), is: scattered.median(), limit: 1.3 * read.median()}},
		},
		{
			title: "Decide one document by its id, warm cycle over 1,000, " + n, values: byID,
			goals: []goal{{what: "decide, by id", wanted: "≤ by ordinal + map look-up = " + perOperation.format(limit), is: named.median(), limit: limit}},
		},
	}, nil
}
