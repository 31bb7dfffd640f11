package main

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/tokenacl/tokenacl/acl"
)

// memory is what each engine takes for a document.
func (s stage) memory(engines []engine, limit float64) row {
	var values []result
	for _, e := range engines {
		values = append(values, figure(e.name, e.kind, e.bytes, s.remark(e)))
	}
	name := engines[0].corpus.name
	return row{
		title:  fmt.Sprintf("Memory for a document, N = %s, %s", grouped(s.documents), name),
		method: "Heap after garbage collection, less that before the engine was built; documents are known by ordinals, names are shared by all engines and not counted. Ours has both directions, has filtered once, and may keep 16 views, a quarter of a byte each. The loops and casbin share their lists, which are counted in each; SQLite's is the growth of its file.",
		unit:   perDocument,
		values: values,
		goals:  []goal{{what: "memory, " + name, wanted: "≤ " + perDocument.format(limit), is: values[0].median(), limit: limit, unit: perDocument}},
	}
}

// build races the bulk builds. The input is a list at a time, in a buffer; making it
// is measured alone and taken off.
func (s stage) build(m meter) ([]row, error) {
	c := s.distinct[0].corpus
	var failed error
	each := func(do func() error) func(n int) {
		return func(n int) {
			for range n {
				if err := do(); err != nil {
					failed = err
				}
			}
		}
	}
	var saved bytes.Buffer
	x := acl.NewIndex(acl.Rules{})
	if err := x.PutAllAt(c.all()); err != nil {
		return nil, err
	}
	if _, err := x.WriteTo(&saved); err != nil {
		return nil, err
	}
	results := m.race(
		contender{name: us, kind: ours, note: "by ordinal, both directions", run: each(func() error { return acl.NewIndex(acl.Rules{}).PutAllAt(c.all()) })},
		contender{name: us + " by id", kind: aside, run: each(func() error { return acl.NewIndex(acl.Rules{}).PutAll(c.identified()) })},
		contender{name: "bitset", run: each(func() error { _, err := newBitset(c); return err })},
		contender{name: "roaring", run: each(func() error { _, err := newRoaring(c); return err })},
		contender{name: "input", kind: aside, note: "taken off the others", run: each(func() error {
			for _, a := range c.all() {
				if a != nil {
					sink++
				}
			}
			return nil
		})},
		contender{name: "load", kind: aside, note: fmt.Sprintf("of a saved index of %s", megabytes(saved.Len())), run: each(func() error {
			_, err := acl.NewIndex(acl.Rules{}).ReadFrom(bytes.NewReader(saved.Bytes()))
			return err
		})},
	)
	if failed != nil {
		return nil, failed
	}
	input := named(results, "input").median()
	for i := range results {
		if name := results[i].name; name != "input" && name != "load" {
			results[i] = results[i].less(input, results[i].note)
		}
	}
	for _, e := range s.distinct {
		if e.slow && !math.IsNaN(e.built) {
			k := peer
			if e.corpus.documents < s.documents {
				k = aside // it is no match
			}
			values := figure(e.name, k, e.built, s.remark(e)+"; its only build, with the input")
			values.times = 1
			results = append(results, values)
		}
	}
	built, load := results[0].median(), named(results, "load").median()
	return []row{{
		title:  "Bulk build, N = " + grouped(s.documents),
		method: "The input is one list at a time, in a buffer. What making it takes is measured alone and taken off the others, but not off engines that are built only once.",
		values: results,
		goals: []goal{
			{what: "bulk build", wanted: "≤ 1.3 s", is: built, limit: 1.3e9},
			{what: "load of a saved index", wanted: "≤ 0.1 × build = " + perOperation.format(0.1*built), is: load, limit: 0.1 * built},
		},
	}}, nil
}

// churn is an index that is written to while another thread reads it.
type churn struct {
	index   *acl.Index
	corpus  *corpus
	callers []caller // many more than the Views that an index keeps
	hits    []uint32
	at      []uint32 // documents in the order in which they are written
	turn    int
	failed  error
}

// write does n operations: of four, two replace a document, one deletes one, and
// one puts it back.
func (w *churn) write(n int) {
	buffer := make(acl.List, 0, longest+1)
	for range n {
		o := w.at[w.turn/2%len(w.at)]
		w.turn++
		if w.turn%4 == 3 {
			w.index.DeleteAt(o)
			continue
		}
		list, _ := w.corpus.acl((int(o)+w.turn)%w.corpus.documents, buffer).(acl.List)
		if err := w.index.PutAt(o, append(list, acl.Allow.User(userNames[w.turn%manyUsers]))); err != nil {
			w.failed = err
		}
	}
}

// read does first pages until it is told to stop, and returns their number and
// the processor time of its thread.
func (w *churn) read(stop *atomic.Bool) (pages int, took int64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own := oursOf(w.index)
	start := threadTime()
	for ; !stop.Load(); pages++ {
		own.page(w.callers[pages%len(w.callers)], w.hits, pageSize)
	}
	return pages, threadTime() - start
}

// beside runs do while a reader reads. It returns the processor time of do with
// all that it causes, and that of a page.
func (w *churn) beside(do func()) (took, page float64) {
	var stop atomic.Bool
	type counted struct {
		pages int
		took  int64
	}
	done := make(chan counted)
	start := processorTime()
	go func() {
		pages, took := w.read(&stop)
		done <- counted{pages, took}
	}()
	do()
	stop.Store(true)
	reader := <-done
	return float64(processorTime() - start - reader.took), float64(reader.took) / float64(reader.pages)
}

// update measures single documents put and deleted beside a reader, and the
// reader beside that and alone.
func (s stage) update(m meter, writes int) (row, error) {
	c := s.distinct[0].corpus
	w := &churn{index: acl.NewIndex(acl.Rules{}), corpus: c, callers: crowd(differentCallers, groupCounts[0], false), hits: ordinals(9, rankedHits, c.documents), at: ordinals(8, c.documents, c.documents)}
	if err := w.index.PutAllAt(c.all()); err != nil {
		return row{}, err
	}
	put := result{contender: contender{name: us, kind: ours, note: "put or delete, one reader running"}, times: writes, allocs: math.NaN()}
	with := result{contender: contender{name: "reader's page", kind: aside, note: "while documents are written"}, times: 1, allocs: math.NaN()}
	alone := result{contender: contender{name: "reader's page alone", kind: aside}, times: 1, allocs: math.NaN()}
	for range m.passes {
		took, page := w.beside(func() { w.write(writes) })
		put.passes, with.passes = append(put.passes, took/float64(writes)), append(with.passes, page)
		_, page = w.beside(func() { spin(int64(took)) })
		alone.passes = append(alone.passes, page)
	}
	for _, r := range []*result{&put, &with, &alone} {
		slices.Sort(r.passes)
	}
	return row{
		title:  "Put or delete one document, N = " + grouped(s.documents) + ", one reader running",
		method: "The index was built in bulk. Two of four operations replace a document, one deletes it, one puts it back. The writer's time is that of the process less that of the reader's thread, so that all that writing causes is in it; the reader asks for first pages of new callers, k = 10. For the reader alone another thread spins.",
		values: []result{put, with, alone},
		goals: []goal{
			{what: "put or delete, reader running", wanted: "≤ 20 µs", is: put.median(), limit: 20_000},
			{what: "the reader while documents are written", wanted: "≤ 1.2 × alone = " + perOperation.format(1.2*alone.median()), is: with.median(), limit: 1.2 * alone.median()},
		},
	}, w.failed
}

// spin takes so many nanoseconds of the thread's processor time.
func spin(ns int64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for start := threadTime(); threadTime()-start < ns; {
		sink++
	}
}
