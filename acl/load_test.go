package acl_test

import (
	"bytes"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
)

// Readers see each load as a whole, and the state before it in the Views that they
// have, while PutAll, ReadFrom, single changes and compactions overlap.
//
// Rule A8
func TestLoadConcurrent(t *testing.T) {
	const documents, groups, rounds, readers = 150, 3, 60, 2
	id := func(i int) string { return fmt.Sprint("d", i) }
	all := func(round int) iter.Seq2[string, acl.ACL] { // open to one group
		return func(yield func(string, acl.ACL) bool) {
			for i := range documents {
				a := acl.List{
					acl.Allow.Group(fmt.Sprint("g", round%groups)), acl.Allow.User(fmt.Sprint("u", round, i%7)),
					{Name: fmt.Sprint("g", (round+1)%groups), Type: acl.Group, Access: acl.Deny, DataSourceID: fmt.Sprint("s", round)},
				}
				if !yield(id(i), a) {
					return
				}
			}
		}
	}
	var files [groups][]byte
	for round := range files {
		var file bytes.Buffer
		x := acl.NewIndex(acl.Rules{})
		x.PutAll(all(round))
		x.WriteTo(&file)
		files[round] = file.Bytes()
	}
	var scopes [groups]acl.Scope // the same each time, so that a View may be a kept one
	for i := range scopes {
		scopes[i] = acl.For(acl.Principal{Groups: []string{fmt.Sprint("g", i)}})
	}
	x := acl.NewTuned(acl.Rules{}, acl.Tuning{Merge: 100, Compact: 10, Scan: 100, Limit: 1 << 30})
	x.PutAll(all(0))
	var stop atomic.Bool
	var open, closed atomic.Int64
	var writers, others sync.WaitGroup
	writers.Go(func() {
		for round := range rounds {
			x.PutAll(all(round))
		}
	})
	writers.Go(func() {
		for round := range rounds {
			if _, err := x.ReadFrom(bytes.NewReader(files[round%groups])); err != nil {
				t.Error(err)
			}
		}
	})
	writers.Go(func() {
		for round := range rounds {
			for i := range 30 {
				x.Put(fmt.Sprint("other ", i), acl.List{acl.Allow.Group(fmt.Sprint("h", round, i))})
				x.Delete(fmt.Sprint("other ", i))
			}
		}
	})
	for range readers {
		others.Go(func() {
			for n := 0; !stop.Load() || n < 10; n++ {
				v := x.View(scopes[n%groups])
				visible := 0
				for i := range documents {
					if v.Allowed(id(i)) {
						visible++
					}
				}
				if visible != 0 && visible != documents {
					t.Errorf("%d of %d documents are visible: a part of a load", visible, documents)
					return
				}
				if n%2 == 0 {
					v.Prepare()
				}
				again := 0
				for range v.All() {
					again++
				}
				if again != visible || v.Count() != visible {
					t.Errorf("a View has %d documents, then %d, and counts %d", visible, again, v.Count())
					return
				}
				if visible > 0 {
					open.Add(1)
				} else {
					closed.Add(1)
				}
			}
		})
	}
	writers.Wait()
	stop.Store(true)
	others.Wait()
	if open.Load() == 0 || closed.Load() == 0 {
		t.Errorf("%d views were open, %d closed, want both", open.Load(), closed.Load())
	}
}

// The greatest ordinal is one like others, also where an int has 32 bits.
func TestGreatestOrdinal(t *testing.T) {
	const last = 1<<32 - 1
	x := acl.NewTuned(acl.Rules{}, acl.Tuning{Merge: 1, Compact: 1, Scan: 1, Limit: 1 << 20})
	for ordinal, group := range map[uint32]string{0: "others", 1 << 31: "others", last - 1: "others", last: "AWS-SA"} {
		if err := x.PutAt(ordinal, acl.List{acl.Allow.Group(group)}); err != nil {
			t.Fatal(err)
		}
	}
	v := x.View(inSA)
	for range 100 {
		if !v.AllowedAt(last) || v.AllowedAt(last-1) || v.AllowedAt(1<<31) || v.AllowedAt(0) || v.AllowedAt(1) {
			t.Fatal("not the last document alone is visible")
		}
	}
	if v.Count() != 1 || x.Len() != 4 {
		t.Errorf("%d of %d documents are visible", v.Count(), x.Len())
	}
}
