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

// TestClocks: what must not last too long ends by either clock, what must not
// begin too early waits for both.
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
		now            time.Time
		passed, surely bool
	}{
		"before":            {at.Add(-1), false, false},
		"at":                {at, true, true},
		"after a sleep":     {slept, true, false},
		"after a step back": {setBack, true, false},
	} {
		if got := passed(at, tt.now); got != tt.passed {
			t.Errorf("%s: passed: %t", name, got)
		}
		if got := surely(at, tt.now); got != tt.surely {
			t.Errorf("%s: surely: %t", name, got)
		}
	}
}
