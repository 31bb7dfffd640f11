package acl_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
)

// Readers see states that were, whole, while writers change documents, add names,
// extend, compact and save. Documents "first" and "second" of a pair open in this
// order and close in the other: no state shows the second alone.
//
// Rule A8
func TestIndexConcurrent(t *testing.T) {
	const pairs, rounds, readers = 20, 80, 3
	x := acl.NewTuned(acl.Rules{}, acl.Tuning{Merge: 200, Compact: 20, Scan: 200, Limit: 1 << 30})
	alice := acl.For(acl.Principal{User: "alice", Groups: []string{"staff", "g7", "g8"}})
	first := func(i int) string { return fmt.Sprint("first ", i) }
	second := func(i int) string { return fmt.Sprint("second ", i) }
	var stop atomic.Bool
	var looked, saw [readers]int // pairs, those with both visible
	var writers, others sync.WaitGroup
	writers.Go(func() {
		open := func(round int) acl.ACL {
			if round%2 == 0 {
				return acl.Hierarchy{{acl.Allow.Group("staff")}, {acl.Allow.User("alice"), acl.Allow.User(fmt.Sprint("friend ", round))}}
			}
			return acl.List{acl.Allow.User("alice"), acl.Allow.Group(fmt.Sprint("group ", round))}
		}
		for round := range rounds {
			for i := range pairs {
				x.Put(first(i), open(round))
				x.Put(second(i), open(round))
			}
			for i := range pairs {
				switch round % 3 {
				case 0:
					x.Delete(second(i))
				case 1:
					x.Put(second(i), acl.List{acl.Allow.Group("staff"), acl.Deny.User("alice")})
				case 2:
					x.Put(second(i), acl.List{acl.Allow.User("bob")})
				}
				x.Delete(first(i))
			}
		}
	})
	writers.Go(func() {
		m := maker{rand.New(rand.NewPCG(1, 1)).IntN}
		for i := range 10 * rounds {
			x.Put(fmt.Sprint("other ", i%50), m.acl())
			x.Delete(fmt.Sprint("other ", i%70))
		}
	})
	for r := range readers {
		others.Go(func() {
			for n := 0; !stop.Load() || n < 10; n++ {
				v := x.View(alice)
				if n%3 == 1 {
					v.Count()
				}
				var visible [pairs]bool
				for i := range pairs {
					visible[i] = v.Allowed(first(i))
					if v.Allowed(second(i)) {
						saw[r]++
						if !visible[i] {
							t.Error("a View shows the second document of a pair alone")
							return
						}
					}
					looked[r]++
				}
				page := acl.Page(v, func(yield func(int) bool) {
					for i := 0; i < pairs && yield(i); i++ {
					}
				}, first, pairs)
				for _, i := range page {
					visible[i] = !visible[i]
				}
				if slices.Contains(visible[:], true) {
					t.Error("a page is not what a View shows")
					return
				}
				for _, i := range page {
					visible[i] = true
				}
				if n%3 == 2 {
					v.Prepare()
				}
				for i := range pairs {
					if v.Allowed(first(i)) != visible[i] {
						t.Error("a View changes its answer")
						return
					}
					x.Explain(alice, second(i))
					x.WhoCanSee(second(i))
				}
			}
		})
	}
	others.Go(func() {
		for n := 0; !stop.Load() || n < 3; n++ {
			var file bytes.Buffer
			if _, err := x.WriteTo(&file); err != nil {
				t.Error(err)
			}
			y, err := acl.ReadIndex(&file, acl.Rules{})
			if err != nil {
				t.Error(err)
				return
			}
			v := y.View(alice)
			for i := range pairs {
				if v.Allowed(second(i)) && !v.Allowed(first(i)) {
					t.Error("a saved index is of no state that was")
				}
			}
		}
	})
	writers.Wait()
	stop.Store(true)
	others.Wait()
	t.Logf("looked at %v pairs, saw %v open; %+v", looked, saw, x.Stats())
	for r := range readers {
		if looked[r] == 0 {
			t.Error("a reader saw nothing")
		}
	}
}

// One View serves many goroutines, of which one makes the bitmaps.
//
// Rule A8
func TestViewConcurrent(t *testing.T) {
	const documents = 3000
	x, _ := acl.BuildIndex(acl.Rules{}, corpus(documents))
	reference := x.View(member(100, false))
	reference.Prepare()
	want := reference.Count()
	for _, prepare := range []bool{false, true} {
		v := x.View(member(100, false))
		if prepare {
			v.Count()
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 10 {
					visible := 0
					for o := range uint32(documents) {
						if v.AllowedAt(o) {
							visible++
						}
					}
					if visible != want || v.Count() != want {
						t.Errorf("%d visible, counted %d, want %d", visible, v.Count(), want)
						return
					}
				}
			})
		}
		wg.Wait()
		if acls, docs := v.Bitmaps(); !acls || !docs {
			t.Errorf("bitmaps of ACLs %t and documents %t after %d decisions", acls, docs, 120_000)
		}
	}
	if want == 0 || want == documents {
		t.Errorf("%d of %d documents are visible", want, documents)
	}
}
