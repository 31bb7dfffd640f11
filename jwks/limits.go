package jwks

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"time"
)

// Defaults, and bounds that are no options.
const (
	defaultFloor          = time.Minute
	defaultCeiling        = 15 * time.Minute
	defaultMinRefresh     = 30 * time.Second
	defaultMaxStale       = 4 * time.Hour
	defaultUnknownKidWait = time.Second
	defaultMaxWaiters     = 16
	defaultTimeout        = 10 * time.Second
	defaultRetry          = 5 * time.Second

	maxRetry   = time.Minute          // between attempts, unless the first pause is longer
	maxLimit   = 365 * 24 * time.Hour // no limit is longer
	jitterPart = 10                   // a refresh is late by up to a tenth of its interval
)

// limits are how often keys are fetched, who waits for them, and how long they
// are trusted.
type limits struct {
	floor, ceiling time.Duration // from one good fetch to the next, before jitter
	minRefresh     time.Duration // from a good fetch to one that a token asks for
	maxStale       time.Duration // age of keys that verify nothing any more
	wait           time.Duration // of a token for the fetch of its key
	waiters        int
	timeout        time.Duration // of a fetch
	retry          time.Duration // from the first failure to the next attempt
}

// resolve puts in the defaults and checks the rest. In errors, the ceiling has
// the name that it has among the options.
func (l *limits) resolve(ceiling string) error {
	atMost := cmp.Or(l.ceiling, defaultCeiling)
	for _, d := range [...]struct {
		name  string
		value *time.Duration
		unset time.Duration
	}{
		{ceiling, &l.ceiling, defaultCeiling},
		{"RefreshFloor", &l.floor, min(defaultFloor, atMost)},
		{"MinRefresh", &l.minRefresh, min(defaultMinRefresh, atMost)},
		{"MaxStale", &l.maxStale, defaultMaxStale},
		{"UnknownKidWait", &l.wait, defaultUnknownKidWait},
		{"Timeout", &l.timeout, defaultTimeout},
		{"RetryInterval", &l.retry, defaultRetry},
	} {
		if *d.value < 0 || *d.value > maxLimit {
			return wrong(d.name, "want 0 for the default, or up to a year")
		}
		if *d.value == 0 {
			*d.value = d.unset
		}
	}
	if l.waiters < 0 {
		return wrong("MaxWaiters", "want 0 for the default, or more")
	}
	if l.waiters == 0 {
		l.waiters = defaultMaxWaiters
	}
	switch {
	case l.floor > l.ceiling:
		return wrong("RefreshFloor", "%v, want at most %s, %v", l.floor, ceiling, l.ceiling)
	case l.minRefresh > l.ceiling:
		return wrong("MinRefresh", "%v, want at most %s, %v", l.minRefresh, ceiling, l.ceiling)
	case l.timeout > l.ceiling:
		return wrong("Timeout", "%v, want at most %s, %v", l.timeout, ceiling, l.ceiling)
	case l.maxStale < l.reachable():
		return wrong("MaxStale", "%v, want at least %v: a refresh may take as long (%s, a tenth more, and Timeout)", l.maxStale, l.reachable(), ceiling)
	}
	return nil
}

// wrong is an error about an option.
func wrong(option, format string, args ...any) error {
	return fmt.Errorf("%s: %s", option, fmt.Sprintf(format, args...))
}

// reachable is how long a key may outlive its removal when every fetch succeeds:
// the last one that brought it began no later than the removal, and the next one
// begins within the ceiling and its jitter, and takes no longer than a fetch may.
func (l *limits) reachable() time.Duration {
	return l.ceiling + l.ceiling/jitterPart + l.timeout
}

// due returns when to refresh after a good fetch: when the answer says, within
// floor and ceiling, and a bit later, lest all processes fetch at once.
func (l *limits) due(hint time.Duration) time.Duration {
	interval := min(max(hint, l.floor), l.ceiling)
	return interval + rand.N(interval/jitterPart+1)
}

// backoff returns the pause after so many failures in a row: the first one
// doubled with each of them, and between half of that and all of it.
func (l *limits) backoff(failures int) time.Duration {
	most := max(maxRetry, l.retry)
	pause := l.retry
	for ; failures > 1 && pause < most; failures-- {
		pause *= 2
	}
	pause = min(pause, most)
	return pause/2 + rand.N(pause/2+1)
}
