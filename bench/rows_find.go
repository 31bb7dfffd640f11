package main

import (
	"fmt"
)

const (
	differentCallers = 256 // many more than the Views that an index of ours keeps
	hitLists         = 1_000
	rankedHits       = 1_000
	pageSize         = 10
)

// crowd is callers who take turns, so that each is new to what remembers some.
func crowd(n, k int, alike bool) []caller {
	all := make([]caller, n)
	for i := range all {
		all[i] = newCaller(uint64(100+i), k, alike)
	}
	return all
}

// drawn says how the groups of callers were drawn.
func drawn(alike bool) string {
	if alike {
		return "groups all alike"
	}
	return "groups as documents name them"
}

// page races the first ten visible of 1,000 hits, always the same ones, for callers
// who were not there before.
func (s stage) page(m meter, k int, alike bool) row {
	callers := crowd(differentCallers, k, alike)
	results := m.race(append([]contender{nameLookups(callers)}, s.pages(s.distinct, callers, 1)...)...)
	least, quick := results[0], named(results, us)
	limit := least.median() + 5_000
	return row{
		title:  fmt.Sprintf("First ten visible of 1,000 ranked hits, new caller, N = %s, k = %s, %s", grouped(s.documents), grouped(k), drawn(alike)),
		method: fmt.Sprintf("%d callers take turns; the hits are the same.", differentCallers),
		values: results,
		goals:  []goal{{what: fmt.Sprintf("first page, k = %s, %s", grouped(k), drawn(alike)), wanted: "≤ name look-ups + 5 µs = " + perOperation.format(limit), is: quick.median(), limit: limit}},
	}
}

// coldPage is the same of hits that are in no cache, which adds random reads to all.
func (s stage) coldPage(m meter, k int, alike bool) row {
	callers := crowd(differentCallers, k, alike)
	results := m.race(append([]contender{nameLookups(callers)}, s.pages(s.quick(), callers, hitLists)...)...)
	return row{
		title:  fmt.Sprintf("The same with hits in no cache, k = %s, %s", grouped(k), drawn(alike)),
		method: fmt.Sprintf("%s lists of hits take turns. There is no goal: what is added are random reads.", grouped(hitLists)),
		values: results,
	}
}

// quick are the engines that are quick to build and to ask.
func (s stage) quick() (all []engine) {
	for _, e := range s.distinct {
		if !e.slow && e.name != "roaring" {
			all = append(all, e)
		}
	}
	return all
}

func (s stage) pages(engines []engine, callers []caller, lists int) []contender {
	var all []contender
	for _, e := range engines {
		hits := make([][]uint32, lists)
		for i := range hits {
			hits[i] = ordinals(uint64(1000+i), rankedHits, e.corpus.documents)
		}
		turn := 0
		all = append(all, e.contender(s.remark(e), func(n int) {
			for range n {
				sink += len(e.firstPage(callers[turn%len(callers)], hits[turn%len(hits)], pageSize))
				turn++
			}
		}))
	}
	return all
}

func nameLookups(callers []caller) contender {
	turn := 0
	return contender{name: "name look-ups", kind: floor, note: "in two maps of all names", run: func(n int) {
		for range n {
			for i := range allNumbers.each(callers[turn%len(callers)]) {
				sink += int(i)
			}
			turn++
		}
	}}
}

// filters are the engines that find all visible documents for a caller at once.
func (s stage) filters(engines []engine, callers []caller) []contender {
	var all []contender
	for _, e := range engines {
		if e.filter == nil {
			continue
		}
		turn := 0
		all = append(all, e.contender(s.remark(e), func(n int) {
			for range n {
				sink += e.filter(callers[turn%len(callers)]).size
				turn++
			}
		}))
	}
	return all
}

func (s stage) filter(m meter, engines []engine, k int, alike bool, limit float64) row {
	name := engines[0].corpus.name
	results := m.race(s.filters(engines, crowd(differentCallers, k, alike))...)
	what := fmt.Sprintf("filter all, %s, k = %s, %s", name, grouped(k), drawn(alike))
	return row{
		title:  fmt.Sprintf("Filter all for a new caller, N = %s, k = %s, %s, %s", grouped(s.documents), grouped(k), name, drawn(alike)),
		method: fmt.Sprintf("%d callers take turns. Ours is a view and its Count, which makes the bitmap of all visible documents; SQLite's is the list of their ids.", differentCallers),
		values: results,
		goals:  []goal{{what: what, wanted: "≤ " + perOperation.format(limit), is: named(results, us).median(), limit: limit}},
	}
}

func (s stage) findRows(m meter) []row {
	var rows []row
	for _, alike := range []bool{false, true} {
		for _, k := range []int{100, 1000} {
			rows = append(rows, s.page(m, k, alike), s.coldPage(m, k, alike))
		}
	}
	for _, alike := range []bool{false, true} {
		rows = append(rows,
			s.filter(m, s.distinct, 100, alike, 0.5e6), s.filter(m, s.distinct, 1000, alike, 4e6),
			s.filter(m, s.folders, 100, alike, 0.2e6), s.filter(m, s.folders, 1000, alike, 0.5e6))
	}
	return rows
}
