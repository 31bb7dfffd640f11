package main

import "fmt"

// growth is what decisions, filters and memory take at each number of documents.
type growth struct {
	decide, filter, memory chart
	pages                  []result // ours, a warm list of hits
	random                 []result
	documents              []int
}

// flat is by how much what does not grow may differ: below it is noise.
const flat = 1.2

func (g *growth) add(m meter, s stage) {
	g.documents = append(g.documents, s.documents)
	for _, r := range s.decideWarm(m) {
		g.decide.add(r.name, find(s.distinct, r.name).corpus.documents, r.median())
	}
	callers := crowd(differentCallers, groupCounts[1], false)
	for _, r := range m.race(s.filters(s.distinct, callers)...) {
		g.filter.add(r.name, find(s.distinct, r.name).corpus.documents, r.median())
	}
	for _, e := range s.distinct {
		g.memory.add(e.name, e.corpus.documents, e.bytes)
	}
	g.pages = append(g.pages, m.race(s.pages(s.distinct[:1], callers, 1)...)[0])
	g.random = append(g.random, named(s.decideRandom(m), us))
}

// row compares this library with itself.
func (g *growth) row() row {
	r := row{
		title:  "Growth",
		method: "This library with itself: a warm cycle over 1,000 decisions, random decisions, and the first page of one list of 1,000 hits that stays in the caches, for one new view each time, k = 100. The goal allows what is noise between equal things, 20 %.",
	}
	var first, last int
	for i, n := range g.documents {
		decided := figure("decide, N = "+grouped(n), aside, g.decide.at(us, n), "warm")
		decided.times = 1
		page, random := g.pages[i], g.random[i]
		page.name, page.kind, page.note = "first page, N = "+grouped(n), aside, "warm"
		random.name, random.kind, random.note = "decide, N = "+grouped(n), aside, "random"
		r.values = append(r.values, decided, random, page)
		if n <= 10_000 {
			first = i
		}
		last = i
	}
	from, to := grouped(g.documents[first]), grouped(g.documents[last])
	small, big := g.decide.at(us, g.documents[first]), g.decide.at(us, g.documents[last])
	wanted := fmt.Sprintf("≤ %.1f × that at N = %s = ", flat, from)
	r.goals = []goal{
		{what: "decide, N = " + to, wanted: wanted + perOperation.format(flat*small), is: big, limit: flat * small},
		{what: "first page, N = " + to, wanted: wanted + perOperation.format(flat*g.pages[first].median()), is: g.pages[last].median(), limit: flat * g.pages[first].median()},
	}
	return r
}
