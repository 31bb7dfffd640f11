package acl_test

import (
	"bytes"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"weak"

	"github.com/tokenacl/tokenacl/acl"
)

type hit struct {
	id    string
	score int
}

// counted yields the hits and counts how many were asked for.
func counted(hits []hit, n *int) iter.Seq[hit] {
	return func(yield func(hit) bool) {
		for _, h := range hits {
			*n++
			if !yield(h) {
				return
			}
		}
	}
}

// Rule A8: hits stay in their order, and are asked for one at a time.
func TestFilter(t *testing.T) {
	x := acl.NewIndex(acl.Rules{})
	var hits []hit
	for i := range 20 {
		id := fmt.Sprint("d", i)
		switch {
		case i%3 == 0:
			x.Put(id, acl.Public())
		case i%3 == 1:
			x.Put(id, acl.List{acl.Allow.User("bob")})
		} // the others are unknown
		hits = append(hits, hit{id, 100 - i})
	}
	v := x.View(acl.Guest())
	visible := []hit{{"d0", 100}, {"d3", 97}, {"d6", 94}, {"d9", 91}, {"d12", 88}, {"d15", 85}, {"d18", 82}}
	id := func(h hit) string { return h.id }
	ordinal := func(h hit) uint32 {
		o, ok := x.Ordinal(h.id)
		if !ok {
			return 1 << 30
		}
		return o
	}
	asked := 0
	if got := slices.Collect(acl.Filter(v, counted(hits, &asked), id)); !slices.Equal(got, visible) || asked != 20 {
		t.Errorf("asked for %d hits, got %v", asked, got)
	}
	if got := slices.Collect(acl.Filter(v, slices.Values(hits), ordinal)); !slices.Equal(got, visible) {
		t.Errorf("by ordinal: %v", got)
	}
	again := slices.Clone(hits)
	slices.Reverse(again)
	if got := slices.Collect(acl.Filter(v, slices.Values(again), id)); got[0] != visible[6] || len(got) != 7 {
		t.Errorf("reversed: %v", got)
	}
	cases := []struct{ k, asked, want int }{{-1, 0, 0}, {0, 0, 0}, {1, 1, 1}, {2, 4, 2}, {6, 16, 6}, {7, 19, 7}, {8, 20, 7}, {100, 20, 7}}
	for _, c := range cases {
		t.Run(fmt.Sprint("page of ", c.k), func(t *testing.T) {
			asked := 0
			got := acl.Page(v, counted(hits, &asked), id, c.k)
			if !slices.Equal(got, visible[:c.want]) || asked != c.asked {
				t.Errorf("asked for %d hits, want %d; got %v", asked, c.asked, got)
			}
			if at := acl.Page(v, slices.Values(hits), ordinal, c.k); !slices.Equal(at, got) {
				t.Errorf("by ordinal: %v", at)
			}
		})
	}
	asked = 0
	for h := range acl.Filter(v, counted(hits, &asked), id) {
		if h != visible[0] || asked != 1 {
			t.Errorf("first %v after %d", h, asked)
		}
		break
	}
	if asked != 1 {
		t.Errorf("asked for %d hits after the consumer has stopped", asked)
	}
	for _, nobody := range []*acl.View{nil, new(acl.View), x.View(acl.Scope{})} {
		if got := acl.Page(nobody, slices.Values(hits), id, 10); len(got) > 0 {
			t.Errorf("visible without a scope: %v", got)
		}
	}
}

func TestViewStops(t *testing.T) {
	x := acl.NewIndex(acl.Rules{})
	for i := range 500 {
		x.Put(fmt.Sprint("d", i), acl.Public())
	}
	v, n := x.View(acl.Guest()), 0
	for id := range v.All() {
		if id != fmt.Sprint("d", n) {
			t.Errorf("%q, want d%d", id, n)
		}
		if n++; n == 200 {
			break
		}
	}
	for o := range v.Ordinals() {
		if int(o) != n-200 {
			t.Errorf("ordinal %d, want %d", o, n-200)
		}
		if n++; n == 400 {
			break
		}
	}
	if n != 400 {
		t.Errorf("%d were yielded", n)
	}
}

// Rule A8: a decision allocates nothing, at any stage of a View.
func TestViewAllocations(t *testing.T) {
	x, err := acl.BuildIndex(acl.Rules{}, withIDs(corpus(2000)))
	if err != nil {
		t.Fatal(err)
	}
	scope := member(100, false)
	stages := []struct {
		name    string
		prepare func(v *acl.View)
	}{
		{"no bitmap", func(*acl.View) {}},
		{"bitmap of ACLs", func(v *acl.View) { v.Count() }},
		{"bitmap of documents", func(v *acl.View) { v.Prepare() }},
	}
	for i, stage := range stages {
		t.Run(stage.name, func(t *testing.T) {
			v := x.NewView(scope)
			stage.prepare(v)
			o := uint32(0)
			n := testing.AllocsPerRun(10, func() {
				v.AllowedAt(o)
				v.Allowed("Data/documents/17.txt")
				o++
			})
			acls, documents := v.Bitmaps()
			if n != 0 || acls != (i > 0) || documents != (i > 1) {
				t.Errorf("%v allocations; bitmaps of ACLs %t and of documents %t", n, acls, documents)
			}
		})
	}
}

// Rule A8: neither a decision nor a first page costs more in a larger Index, or
// in one that knows more names.
func TestViewWork(t *testing.T) {
	hits := make([]uint32, 100)
	for i := range hits {
		hits[i] = uint32(i * 7)
	}
	type cost struct {
		work  int64
		bytes uint64
		page  int
	}
	costs := map[int]cost{}
	self := func(o uint32) uint32 { return o }
	scope := member(100, false)
	for _, n := range []int{1_000, 100_000} {
		x, err := acl.BuildIndex(acl.Rules{}, corpus(n))
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		v := x.View(scope)
		page := acl.Page(v, slices.Values(hits), self, 10)
		runtime.ReadMemStats(&after)
		costs[n] = cost{v.Work(), after.TotalAlloc - before.TotalAlloc, len(page)}
		t.Logf("%d documents, %d names: %+v", n, x.Stats().Names, costs[n])
	}
	small, large := costs[1_000], costs[100_000]
	if small.page != 10 || small.work == 0 || small.work != large.work {
		t.Errorf("work of a first page: %+v in a small Index, %+v in a large one", small, large)
	}
	if large.bytes > 2*small.bytes || small.bytes > 16<<10 {
		t.Errorf("allocated: %d bytes in a small Index, %d in a large one", small.bytes, large.bytes)
	}
}

// Rule A8: who asks again with the same Scope gets their View, until the Index changes
// or too many others have asked; another Scope never gets it.
func TestViewAgain(t *testing.T) {
	x := acl.NewIndex(acl.Rules{})
	for i, name := range []string{"mary", "bob"} {
		x.PutAt(uint32(i), acl.List{acl.Allow.User(name)})
	}
	x.PutAt(2, acl.Public())
	principal := acl.For(acl.Principal{User: "mary"})
	scopes := []acl.Scope{
		acl.Guest(), acl.Unrestricted(), principal, principal.WithoutPublic(),
		acl.For(acl.Principal{User: "mary"}), acl.For(acl.Principal{User: "bob"}),
	}
	sees := []string{"[2]", "[0 1 2]", "[0 2]", "[0]", "[0 2]", "[1 2]"}
	for range 50 {
		for i, s := range scopes {
			v := x.View(s)
			if got := fmt.Sprint(slices.Collect(v.Ordinals())); got != sees[i] {
				t.Fatalf("%v sees %s, want %s", s, got, sees[i])
			}
			if x.View(s) != v {
				t.Fatalf("%v: another View", s)
			}
			if n := testing.AllocsPerRun(10, func() { x.View(s) }); n != 0 {
				t.Errorf("%v: %v allocations", s, n)
			}
		}
	}
	if x.View(acl.Scope{}).Count() != 0 {
		t.Error("the zero Scope sees something")
	}
	for name, change := range map[string]func(){
		"put":    func() { x.PutAt(0, acl.List{acl.Deny.User("mary"), acl.Allow.User("mary")}) },
		"delete": func() { x.DeleteAt(0) },
		"load": func() {
			var file bytes.Buffer
			acl.NewIndex(acl.Rules{}).WriteTo(&file)
			x.ReadFrom(&file)
		},
	} {
		x.PutAt(0, acl.List{acl.Allow.User("mary")})
		before := x.View(principal)
		if change(); !before.AllowedAt(0) || x.View(principal).AllowedAt(0) {
			t.Errorf("%s: a View of before, or none", name)
		}
	}
	others := make([]weak.Pointer[acl.View], 40)
	for i := range others {
		others[i] = weak.Make(x.View(acl.For(acl.Principal{User: fmt.Sprint("other ", i)})))
	}
	held := x.View(principal)
	x.PutAt(1, acl.Public())
	runtime.GC()
	for _, w := range others {
		if w.Value() != nil && w.Value() != held {
			t.Fatal("a View that is held keeps that of another")
		}
	}
	runtime.KeepAlive(held)
	kept := map[*acl.View]bool{}
	many := make([]acl.Scope, 1000)
	for i := range many {
		many[i] = acl.For(acl.Principal{User: fmt.Sprint("user ", i)})
		kept[x.View(many[i])] = true
	}
	again := 0
	for i := range many {
		if kept[x.View(many[len(many)-1-i])] {
			again++
		}
	}
	if again == 0 || again > 16 {
		t.Errorf("%d of %d Views were kept, want some and 16 at most", again, len(many))
	}
}

// Bitmaps are made when the decisions without them have cost as much, not before.
func TestViewSwitch(t *testing.T) {
	const documents = 20_000
	x, err := acl.BuildIndex(acl.Rules{}, corpus(documents))
	if err != nil {
		t.Fatal(err)
	}
	v := x.View(member(100, false))
	madeACLs, madeDocuments := 0, 0
	for i := range 100_000 {
		v.AllowedAt(uint32(i) * 7 % documents)
		acls, docs := v.Bitmaps()
		if acls && madeACLs == 0 {
			madeACLs = i + 1
		}
		if docs && madeDocuments == 0 {
			madeDocuments = i + 1
		}
	}
	t.Logf("bitmaps after %d and %d decisions", madeACLs, madeDocuments)
	if madeACLs < 100 || madeACLs > 2000 || madeDocuments < madeACLs+1000 || madeDocuments > madeACLs+10_000 {
		t.Errorf("bitmaps after %d and %d decisions", madeACLs, madeDocuments)
	}
	// That of documents pays by itself, however many names the caller has.
	many := x.View(member(5_000, true))
	many.Count()
	for i := range 10_000 {
		many.AllowedAt(uint32(i) * 7 % documents)
	}
	if _, docs := many.Bitmaps(); !docs {
		t.Error("no bitmap of documents for many names")
	}
	unknown := x.View(member(100, false))
	for range 100_000 {
		unknown.AllowedAt(documents + 1)
	}
	if acls, _ := unknown.Bitmaps(); acls {
		t.Error("unknown documents pay for a bitmap")
	}
}

// Until a bitmap can pay, it is not asked what it would cost: that is to look for each
// of the caller's names in the Index, which a first page shall not.
func TestViewAsksLate(t *testing.T) {
	const documents = 10_000
	x, err := acl.BuildIndex(acl.Rules{}, corpus(documents))
	if err != nil {
		t.Fatal(err)
	}
	v := x.View(member(1000, true))
	before := v.Pays()
	for o := range uint32(500) {
		v.AllowedAt(o)
	}
	if v.Pays() != before || before < 1000*100 || v.Work() < 4*acl.Defaults().Scan {
		t.Errorf("after decisions for %d, a bitmap pays from %d on, before from %d", v.Work(), v.Pays(), before)
	}
	for o := range uint32(documents) {
		v.AllowedAt(o)
	}
	if acls, _ := v.Bitmaps(); !acls {
		t.Error("no bitmap in the end")
	}
}

// A document that names the caller's group in many data sources, none of which is
// theirs, costs a comparison for each. Decisions for such make a bitmap in time.
func TestViewComparesMany(t *testing.T) {
	var list acl.List
	for i := range 1000 {
		list = append(list, acl.Entry{Name: "g", Type: acl.Group, Access: acl.Allow, DataSourceID: fmt.Sprint("s", i)})
	}
	x := acl.NewIndex(acl.Rules{})
	for o := range uint32(3) {
		x.PutAt(o, append(list, acl.Allow.User(fmt.Sprint("u", o))))
	}
	work := map[string]int64{}
	for _, group := range []string{"g", "h"} {
		v := x.View(acl.For(acl.Principal{Groups: []string{group}}))
		if v.AllowedAt(1) {
			t.Errorf("group %q is admitted", group)
		}
		work[group] = v.Work()
	}
	if work["g"] < work["h"]+50*1000 {
		t.Errorf("work %v, want more where names are compared", work)
	}
}

// The filter of a caller's names lets all of these pass and hardly another.
func TestViewFilter(t *testing.T) {
	x := acl.NewIndex(acl.Rules{})
	for _, k := range []int{0, 1, 10, 100, 1000, 10_000} {
		p := acl.Principal{User: "user"}
		for i := range k {
			p.Groups = append(p.Groups, fmt.Sprint("group ", i))
		}
		p.DataSourceGroups = []acl.DataSourceGroup{{GroupID: "g", DataSourceID: "s"}}
		v := x.View(acl.For(p))
		if !v.MayHave(acl.User, "user") || !v.MayHave(acl.Group, "g") {
			t.Errorf("k=%d: the user or the group of a data source does not pass", k)
		}
		for _, g := range p.Groups {
			if !v.MayHave(acl.Group, g) {
				t.Fatalf("k=%d: %q does not pass", k, g)
			}
		}
		others := 0
		for i := range 50_000 {
			for _, kind := range []acl.Type{acl.User, acl.Group} {
				if v.MayHave(kind, fmt.Sprint("other ", i)) {
					others++
				}
			}
			if i < k && v.MayHave(acl.User, p.Groups[i]) { // a user who is called like a group
				others++
			}
		}
		if others > 2000 {
			t.Errorf("k=%d: %d of 100,000 others pass", k, others)
		}
	}
}

// Ordinals that are far apart never cost a bitmap of all between.
func TestViewSparse(t *testing.T) {
	for _, row := range []struct {
		last uint32
		want bool
	}{{500_000, true}, {600_000, false}} {
		x := acl.NewIndex(acl.Rules{})
		x.PutAt(row.last, acl.List{acl.Allow.User("mary")})
		v := x.View(inSA)
		for range 300_000 {
			if !v.AllowedAt(row.last) || v.AllowedAt(row.last-1) {
				t.Fatal("not the last document alone is visible")
			}
		}
		if acls, documents := v.Bitmaps(); !acls || documents != row.want {
			t.Errorf("last ordinal %d: bitmaps of ACLs %t and of documents %t", row.last, acls, documents)
		}
	}
}

// Views do not show names.
//
// Rule G3
func TestViewShowsNoNames(t *testing.T) {
	x := acl.NewIndex(acl.Rules{})
	x.Put("d", acl.List{acl.Allow.User("mary-secret"), acl.Allow.Group("group-secret")})
	v := x.View(acl.For(acl.Principal{User: "mary-secret", Groups: []string{"group-secret"}}))
	v.Prepare()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{x, v} {
			if text := fmt.Sprintf(verb, value); len(text) == 0 || strings.Contains(text, "secret") {
				t.Errorf("%s shows a name", verb)
			}
		}
	}
}

// Rules A3, A5, A8: a View decides as Decide does whatever the width of tokens, which
// depends on how many names were there before.
func TestTokenWidths(t *testing.T) {
	for _, before := range []int{0, 200, 300, 65_400, 70_000} {
		rng := rand.New(rand.NewPCG(uint64(before), 9))
		name := func() string { return fmt.Sprint("name ", rng.IntN(before+400)) }
		first := make(acl.List, before)
		for i := range first {
			first[i] = acl.Allow.User(fmt.Sprint("name ", i))
		}
		docs := map[uint32]acl.ACL{0: first}
		if before == 0 {
			docs[0] = acl.Public()
		}
		for i := range uint32(300) {
			var list acl.List
			for range 1 + rng.IntN(12) {
				access := []acl.Access{acl.Allow, acl.Allow, acl.Deny}[rng.IntN(3)]
				list = append(list, []acl.Entry{access.User(name()), access.Group(name())}[rng.IntN(2)])
			}
			docs[1+i] = list
		}
		x := acl.NewTuned(acl.Rules{}, acl.Tuning{Merge: 1 << 30, Compact: 100, Scan: 1 << 60, Limit: 1 << 30})
		for i := range uint32(len(docs)) {
			x.PutAt(i, docs[i])
		}
		verdicts := map[acl.Reason]int{}
		for range 60 {
			p := acl.Principal{User: name()}
			for range 6 {
				list := docs[1+rng.Uint32N(300)].(acl.List)
				p.Groups = append(p.Groups, list[rng.IntN(len(list))].Name)
			}
			scope := acl.For(p)
			v := x.View(scope)
			for i, a := range docs {
				want := acl.Decide(scope, a, acl.Rules{})
				if verdicts[want.Reason]++; v.AllowedAt(i) != want.Allowed {
					t.Fatalf("%d names before: document %d: want %v", before, i, want)
				}
			}
		}
		if verdicts[acl.ReasonAllowed] < 50 || verdicts[acl.ReasonDenied] < 50 || verdicts[acl.ReasonNotAllowed] < 1000 {
			t.Errorf("%d names before: %v", before, verdicts)
		}
	}
}
