package kmssigner

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// history is the naive reading of the rule: what the processes learnt, in order.
type history struct {
	o      *Options
	points []point // the name was seen to stand for this key then
}

type point struct {
	key int
	at  time.Time
}

// signs returns the key that signs at that time: the first one, or that of the
// last point that was published for long enough before another replaced it.
func (h *history) signs(now time.Time) int {
	current := h.points[0].key
	for i, p := range h.points {
		last := i == len(h.points)-1
		replaced := !last && h.points[i+1].at.Before(p.at.Add(h.o.PublishAhead)) // before it could sign
		ready := !now.Before(p.at.Add(h.o.PublishAhead)) && !replaced
		if ready {
			current = p.key
		}
	}
	return current
}

// verifies reports whether a key verifies: the name stands for it, or some
// process may have signed with it until so long ago.
func (h *history) verifies(key int, now time.Time) bool {
	for i := 1; i < len(h.points); i++ {
		at := h.points[i].at
		before := &history{h.o, h.points[:i]}
		if now.Before(at.Add(h.o.outlives())) && (h.points[i-1].key == key || before.signs(at) == key) {
			return true
		}
	}
	return h.points[len(h.points)-1].key == key
}

// TestRingModel points a name at keys at random times, and compares who signs
// and who verifies with the naive reading.
//
// Rule M3
func TestRingModel(t *testing.T) {
	o, err := (*Options)(nil).resolved()
	if err != nil {
		t.Fatal(err)
	}
	var signed, refused, waited, moved int
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		h := &history{o: &o}
		r := &ring{}
		named := -1
		for range rapid.IntRange(1, 40).Draw(t, "refreshes") {
			n := news{began: now, now: now}
			if k := rapid.SampledFrom([]int{0, 1, 2, 3, named, named, named, named}).Draw(t, "key"); k >= 0 && k != named || named < 0 {
				k = max(k, 0)
				named = k
				h.points = append(h.points, point{k, now})
			}
			n.named = &key{Key: Key{ID: fmt.Sprint(named)}, kid: fmt.Sprint(named), checked: now}
			r = r.advance(&o, n, nil)
			for range rapid.IntRange(1, 2).Draw(t, "looks") {
				most := rapid.SampledFrom([]time.Duration{o.PublishAhead / 4, o.reachable(), o.PublishAhead, o.outlives()}).Draw(t, "most")
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(most)).Draw(t, "pause")))
				want := h.signs(now)
				if got := r.signer(now); got != fmt.Sprint(want) {
					t.Fatalf("after %v: key %s signs, want %d", h.points, got, want)
				}
				signed++
				if want != named {
					waited++
				} else if len(h.points) > 1 {
					moved++
				}
				for k := range 4 {
					got := r.find(fmt.Sprint(k))
					if verifies := got != nil && got.usable(now, year); verifies != h.verifies(k, now) {
						t.Fatalf("after %v at %v: key %d verifies: %t", h.points, now, k, verifies)
					} else if !verifies {
						refused++
					}
				}
				for _, k := range r.advance(&o, news{began: now, now: now}, nil).keys {
					if !k.until.IsZero() && !k.until.After(now) {
						t.Fatalf("after %v: key %s is kept although it verifies no more", h.points, k.kid)
					}
				}
				// whatever signs verifies, and for as long as its token lives
				if k := r.find(r.signer(now)); k == nil || !k.until.IsZero() && k.until.Before(now.Add(o.Lifetime+o.Leeway)) {
					t.Fatalf("after %v: the key that signs verifies until %v", h.points, k)
				}
			}
		}
	})
	if signed == 0 || refused == 0 || waited == 0 || moved == 0 {
		t.Errorf("%d signed, %d refused, %d waited, %d moved: one of them never happened", signed, refused, waited, moved)
	}
}

// TestSuccessorReplaced: a key that signs on, because its successor was replaced
// before its turn, verifies for as long as its later tokens need.
//
// Rule M3
func TestSuccessorReplaced(t *testing.T) {
	o, err := (&Options{}).resolved()
	if err != nil {
		t.Fatal(err)
	}
	r, now := &ring{}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, kid := range []string{"a", "b", "c"} {
		r = r.advance(&o, news{named: &key{Key: Key{ID: kid}, kid: kid, checked: now}, began: now, now: now}, nil)
		now = now.Add(o.PublishAhead - time.Second)
	}
	if got := r.signer(now); got != "a" {
		t.Fatalf("%s signs, want a", got)
	}
	last := now.Add(time.Second) // c signs from then on
	if got := r.signer(last); got != "c" {
		t.Fatalf("%s signs, want c", got)
	}
	if until, want := r.find("a").until, last.Add(o.MaxStale+o.Lifetime+o.Leeway); !until.Equal(want) {
		t.Errorf("a verifies until %v, want %v", until, want)
	}
}
