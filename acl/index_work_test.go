package acl_test

import (
	"bytes"
	"iter"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
)

// What a request costs, counted and not timed: two indices begin with the same
// documents, and one has ten times as many, which name more groups and users. Their
// Views make no bitmap by themselves.

const fewDocuments, manyDocuments = 10_000, 100_000

var twoIndices = sync.OnceValue(func() (x [2]*acl.Index) {
	never := acl.Defaults()
	never.Scan = 1 << 60
	for i, n := range []int{fewDocuments, manyDocuments} {
		var err error
		if x[i], err = acl.BuildTuned(acl.Rules{}, never, withIDs(corpus(n))); err != nil {
			panic(err)
		}
	}
	if few, many := x[0].Stats(), x[1].Stats(); many.Names < 2*few.Names || many.ACLs < 9*few.ACLs {
		panic("the second index should know many more names and ACLs")
	}
	return x
})

// allocated returns how often, and how many bytes, f allocates.
func allocated(f func()) (times, size float64) {
	const rounds = 100
	times = testing.AllocsPerRun(rounds, f)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		f()
	}
	runtime.ReadMemStats(&after)
	return times, float64(after.TotalAlloc-before.TotalAlloc) / rounds
}

// Rule A8: a decision allocates nothing, by ordinal or by id, with any bitmap or
// none.
func TestDecisionAllocates(t *testing.T) {
	x := twoIndices()[0]
	counted, prepared := x.View(member(100, false)), x.View(member(100, false))
	counted.Count()
	prepared.Prepare()
	for _, row := range []struct {
		name       string
		view       *acl.View
		acls, docs bool
	}{
		{"no bitmap", x.View(member(100, false)), false, false},
		{"ACLs", counted, true, false},
		{"documents", prepared, true, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			visible, i := 0, uint32(0)
			id := documentID(77)
			if n := testing.AllocsPerRun(200, func() {
				i = (i + 37) % fewDocuments
				if row.view.AllowedAt(i) {
					visible++
				}
				row.view.Allowed(id)
			}); n != 0 {
				t.Errorf("%v allocations, want none", n)
			}
			if acls, docs := row.view.Bitmaps(); acls != row.acls || docs != row.docs {
				t.Errorf("bitmaps of ACLs %t and documents %t", acls, docs)
			}
			if visible == 0 || visible == 201 {
				t.Errorf("%d of 201 documents are visible", visible)
			}
		})
	}
}

// Rule A8: the first page of a principal who was never seen before costs the same
// whatever else the index holds. It allocates the View, the filter of its names and the page.
func TestFirstPageWork(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	hits := make([]uint32, 300)
	ids := make([]string, len(hits))
	for i := range hits {
		hits[i] = rng.Uint32N(fewDocuments)
		ids[i] = documentID(hits[i])
	}
	for _, k := range []int{10, 100, 1000} {
		scope := member(k, true)
		type work struct {
			decided     int64 // the cost of decisions
			filter      int   // words of it
			times, byID float64
			visible     int
		}
		var done [2]work
		var sizes, sizesByID [2]float64 // of what is allocated, in which the runtime has a small part
		for i, x := range twoIndices() {
			v, w := x.NewView(scope), &done[i]
			w.visible = len(acl.Page(v, slices.Values(hits), self, 10))
			w.decided, w.filter = v.Work(), v.FilterWords()
			w.times, sizes[i] = allocated(func() { acl.Page(x.NewView(scope), slices.Values(hits), self, 10) })
			w.byID, sizesByID[i] = allocated(func() { acl.Page(x.NewView(scope), slices.Values(ids), same, 10) })
		}
		if done[0] != done[1] || done[0].visible == 0 || done[0].decided == 0 {
			t.Errorf("k=%d: %+v of %d documents,\n%+v of %d", k, done[0], fewDocuments, done[1], manyDocuments)
		}
		if math.Abs(sizes[0]-sizes[1]) > 100 || math.Abs(sizesByID[0]-sizesByID[1]) > 100 {
			t.Errorf("k=%d: %v bytes, %v by id", k, sizes, sizesByID)
		}
		if w := done[0]; w.times > 7 || w.byID > 7 || w.filter > 8*(k+2) {
			t.Errorf("k=%d: %v and %v allocations, a filter of %d words", k, w.times, w.byID, w.filter)
		}
		t.Logf("k=%d: %+v", k, done[0])
	}
}

func self(o uint32) uint32  { return o }
func same(id string) string { return id }

// Rule A8: a page that is decided together is the one that is decided hit by hit,
// whatever its length, and asks for no more hits.
func TestPageTogether(t *testing.T) {
	x := twoIndices()[0]
	rng := rand.New(rand.NewPCG(13, 14))
	lengths := map[int]int{}
	for round := range 300 {
		scope := memberOf(uint64(round), 1+rng.IntN(200), round%2 == 0)
		hits := make([]uint32, rng.IntN(200))
		for i := range hits {
			hits[i] = rng.Uint32N(fewDocuments + 100) // some are unknown
		}
		k := 1 + rng.IntN(40)
		var want []uint32
		needs := 0
		for o := range acl.Filter(x.NewView(scope), count(hits, &needs), self) {
			if want = append(want, o); len(want) == k {
				break
			}
		}
		asked := 0
		if got := acl.Page(x.NewView(scope), count(hits, &asked), self, k); !slices.Equal(got, want) || asked != needs {
			t.Fatalf("page of %d: %v after %d hits, want %v after %d", k, got, asked, want, needs)
		}
		asked = 0
		if got := acl.Page(x.NewView(scope), count(hits, &asked), documentID, k); !slices.Equal(got, want) || asked != needs {
			t.Fatalf("page of %d by id: %v after %d hits, want %v after %d", k, got, asked, want, needs)
		}
		lengths[len(want)]++
	}
	if len(lengths) < 20 {
		t.Errorf("pages of %d lengths", len(lengths))
	}
}

// Rule A8: a View of before an Index grew, lost documents and was compacted decides a
// page as it did then; so does one of before there was anything.
func TestPageOfThePast(t *testing.T) {
	const documents = 200
	x := acl.NewTuned(acl.Rules{}, acl.Tuning{Merge: 1 << 10, Compact: 20, Scan: 1 << 60, Limit: 1 << 30})
	guest := acl.Guest()
	var ids []string
	for i := range uint32(2 * documents) {
		ids = append(ids, documentID(i))
	}
	empty := x.View(guest)
	for i, id := range ids[:documents] {
		x.Put(id, []acl.ACL{acl.Public(), acl.List{acl.Allow.User("bob")}}[i%2])
	}
	past := x.View(guest)
	want := acl.Page(past, slices.Values(ids), same, documents)
	for i, id := range ids {
		x.Put(id, acl.Public()) // in the same table of ids, until it grows
		if got := acl.Page(past, slices.Values(ids), same, documents); !slices.Equal(got, want) {
			t.Fatalf("after %d changes: %d documents, want %d", i+1, len(got), len(want))
		}
	}
	for _, id := range ids {
		x.Delete(id)
	}
	if got := acl.Page(past, slices.Values(ids), same, documents); !slices.Equal(got, want) || len(want) != documents/2 {
		t.Errorf("after all was deleted: %d documents, want %d of %d", len(got), len(want), documents/2)
	}
	for name, v := range map[string]*acl.View{"empty": empty, "emptied": x.View(guest), "zero": new(acl.Index).View(guest)} {
		if got := acl.Page(v, slices.Values(ids), same, 10); got != nil {
			t.Errorf("%s: %q", name, got)
		}
		if got := acl.Page(v, slices.Values([]uint32{0, 1, 1 << 31, 1<<32 - 1}), self, 10); got != nil {
			t.Errorf("%s: by ordinal %d", name, got)
		}
	}
}

// Rules A2, A8: a hit that the index does not know costs no look at the ACL of a
// document that it does.
func TestPageOfUnknown(t *testing.T) {
	long := acl.List{}
	for i := range 1000 {
		long = append(long, acl.Allow.User(userNames[i]))
	}
	x := acl.NewTuned(acl.Rules{}, acl.Tuning{Merge: 1 << 10, Compact: 20, Scan: 1 << 60, Limit: 1 << 30})
	x.Put(documentID(0), long)
	byOrdinal := acl.NewIndex(acl.Rules{})
	byOrdinal.PutAt(0, long)
	scope := acl.For(acl.Principal{User: "nobody"})
	var ids []string
	for i := range uint32(20) {
		ids = append(ids, documentID(1+i))
	}
	for _, v := range []*acl.View{x.View(scope), byOrdinal.View(scope)} {
		if page := acl.Page(v, slices.Values(ids), same, 10); page != nil || v.Work() != 0 {
			t.Errorf("%d documents, work %d, want none", len(page), v.Work())
		}
	}
	v := x.NewView(scope)
	if acl.Page(v, slices.Values([]string{documentID(0)}), same, 10); v.Work() < 1000 {
		t.Errorf("work %d of a document that is known", v.Work())
	}
}

func count(hits []uint32, n *int) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, o := range hits {
			*n++
			if !yield(o) {
				return
			}
		}
	}
}

// A change replaces the pages that it is in and nothing else, in an index of any
// size; extending the lists that many changes share is bounded for each of them.
func TestPutWork(t *testing.T) {
	var file bytes.Buffer
	for _, n := range []int{fewDocuments, manyDocuments} {
		file.Reset()
		twoIndices()[n/manyDocuments].WriteTo(&file) // a copy that may be changed
		x, err := acl.ReadTuned(&file, acl.Rules{}, acl.Tuning{Merge: 1 << 10, Compact: 1 << 20, Scan: 1, Limit: 1 << 30})
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(15, 16))
		x.Put(documentID(3), acl.Public()) // makes what only a change needs
		groups, extended := 0, 0
		const changes = 6000
		for i := range changes {
			before := x.State()
			if id := documentID(rng.Uint32N(fewDocuments)); i%3 == 2 {
				x.Delete(id)
			} else {
				x.Put(id, acl.List{acl.Allow.User(userNames[i]), acl.Deny.Group(groupNames[i%100])})
			}
			g, e := before.Replaced(x)
			groups = max(groups, g)
			if e {
				extended++
			}
		}
		times, size := allocated(func() { x.Put(documentID(rng.Uint32N(fewDocuments)), acl.Public()) })
		if groups < 2 || groups > 3 || extended == 0 || extended > changes/100 {
			t.Errorf("%d documents: a change replaces %d groups of pages, want 2 or 3; %d changes extended the lists", n, groups, extended)
		}
		if times > 12 || size > 24<<10 {
			t.Errorf("%d documents: a change allocates %v times, %v bytes", n, times, size)
		}
		t.Logf("%d documents: %d groups, %d extended, %v allocations, %v bytes", n, groups, extended, times, size)
	}
}
