package kmssigner

import (
	"testing"
	"time"
	"unsafe"

	"github.com/tokenacl/tokenacl/internal/testkeys"
)

// asleep returns now as it is read after the machine slept for d: the wall clock
// went on, the monotonic one stood still.
func asleep(now time.Time, d time.Duration) time.Time {
	later := now.Add(d)
	(*struct { // as package time has it since Go 1.9
		wall uint64
		ext  int64 // the monotonic reading
		loc  *time.Location
	})(unsafe.Pointer(&later)).ext -= int64(d)
	return later
}

// TestClocks: what must not last too long ends by either clock.
//
// Rule M3
func TestClocks(t *testing.T) {
	now := time.Now()
	slept := asleep(now, time.Hour)
	if slept.Sub(now) != 0 || slept.Round(0).Sub(now.Round(0)) != time.Hour {
		t.Fatalf("the clocks of %v and %v are not what this test makes of them", now, slept)
	}
	setBack := asleep(now.Add(time.Hour), -time.Hour) // an hour went by, and the wall clock was set back by it
	if setBack.Sub(now) != time.Hour || setBack.Round(0).Sub(now.Round(0)) != 0 {
		t.Fatalf("the clocks of %v and %v are not what this test makes of them", now, setBack)
	}
	at := now.Add(time.Hour)
	for name, tt := range map[string]struct {
		now    time.Time
		passed bool
	}{
		"before": {at.Add(-1), false}, "at": {at, true}, "after a sleep": {slept, true}, "after a step back": {setBack, true},
	} {
		if got := passed(at, tt.now); got != tt.passed {
			t.Errorf("%s: passed: %t", name, got)
		}
	}
}

// TestClocksInRotation: a wall clock that is set back or runs ahead neither keeps
// the old key signing beyond what it verifies for, nor leaves nothing to sign.
//
// Rule M3
func TestClocksInRotation(t *testing.T) {
	o, err := (&Options{}).resolved()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	r := &ring{}
	for _, kid := range []string{"a", "b"} {
		r = r.advance(&o, news{named: &key{Key: Key{ID: kid}, kid: kid, checked: now}, began: now, now: now}, nil)
	}
	for name, tt := range map[string]struct {
		now  time.Time
		want string
	}{
		"before":                  {now.Add(o.PublishAhead - 1), "a"},
		"at":                      {now.Add(o.PublishAhead), "b"},
		"at, the wall set back":   {asleep(now.Add(o.PublishAhead), -2*time.Hour), "b"},
		"asleep for a while":      {asleep(now, o.PublishAhead+time.Minute), "a"},
		"asleep until a must end": {asleep(now, o.outlives()-o.Lifetime-o.Leeway), "b"},
	} {
		if got := r.signer(tt.now); got != tt.want {
			t.Errorf("%s: %s signs, want %s", name, got, tt.want)
		}
	}
}

// TestGenerationEndsByEitherClock: who remembers a token by the generation and the
// end of its key, of which only the wall clock is known, believes it no longer than
// the key verifies. Another key under the same kid is another generation.
//
// Rules M3, T8, K8
func TestGenerationEndsByEitherClock(t *testing.T) {
	o, err := (&Options{}).resolved()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	fresh := now.Add(3 * time.Hour)
	r := (&ring{keys: []*key{{kid: "a", checked: now}, {kid: "b", checked: fresh}}}).sealed()
	stale := now.Add(o.MaxStale) // the backend told of b alone
	before := r.generation(stale.Add(-1), o.MaxStale)
	for name, tt := range map[string]struct {
		now  time.Time
		same bool
	}{
		"soon after":              {now.Add(1), true},
		"just before":             {stale.Add(-1), true},
		"at":                      {stale, false},
		"at, the wall set back":   {asleep(stale, -2*time.Hour), false},
		"asleep until then":       {asleep(now, o.MaxStale), false},
		"asleep, not until then":  {asleep(now, o.MaxStale-1), true},
		"neither is heard of now": {fresh.Add(o.MaxStale), false},
	} {
		if got := r.generation(tt.now, o.MaxStale); (got == before) != tt.same || (got == 0) != (name == "neither is heard of now") {
			t.Errorf("%s: %d, of both keys %d", name, got, before)
		}
	}
	seen := map[uint64]string{}
	for name, k := range map[string]*key{
		"a": {kid: "a"}, "another kid": {kid: "b"}, "an end": {kid: "a", until: now}, "an algorithm": {kid: "a", alg: "ES256"},
		"a public key":      {kid: "a", Key: Key{Public: testkeys.P256().Public()}},
		"another of it":     {kid: "a", Key: Key{Public: testkeys.Ed25519().Public()}},
		"asked of just now": {kid: "a", checked: now},
	} {
		seen[k.print()] += name
	}
	if len(seen) != 6 {
		t.Errorf("generations: %v", seen)
	}
}
