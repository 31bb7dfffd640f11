package kmssigner

import (
	"testing"
	"time"
	"unsafe"
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
