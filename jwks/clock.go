package jwks

import "time"

// instant is one moment on two clocks. Somebody may set the wall clock, and the
// monotonic one may stand still while the machine sleeps.
type instant struct {
	wall time.Time // without a monotonic reading
	mono time.Duration
}

// since returns how long ago then was: by the clock that says longer, so that
// neither makes keys look fresher than they are.
func (i instant) since(then instant) time.Duration {
	return max(i.wall.Sub(then.wall), i.mono-then.mono)
}

// newClock returns a function that reads both clocks.
func newClock() func() instant {
	base := time.Now()
	return func() instant {
		now := time.Now()
		return instant{now.Round(0), now.Sub(base)}
	}
}
