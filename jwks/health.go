package jwks

import "time"

// Health tells operators how a [Remote] or a [SecretSource] fares. It holds no
// secret. The zero value is that of a source that nobody made.
type Health struct {
	LastSuccess time.Time   // when the latest good fetch began, zero for none
	LastError   error       // what the latest fetch met with, nil for nothing
	Generation  uint64      // of the keys in force, 0 when there are none, or none fresh enough
	Skipped     []*KeyError // keys that the latest good fetch brought and that are unusable
	Fetches     uint64      // begun so far
	Suppressed  uint64      // tokens that asked for a fetch when none was allowed
}

func (r *refresher) health() Health {
	now := r.clock()
	snap := r.usable(now)
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.counts
	if h.LastError = r.failed; h.LastError == nil {
		h.LastError = r.defect
	}
	if snap != nil {
		h.Generation = snap.set.generation
	}
	if latest := r.current.Load(); latest != nil {
		h.Skipped = latest.set.Skipped()
	}
	return h
}
