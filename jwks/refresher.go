package jwks

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// refresher keeps keys fresh. Readers take those in force from an atomic
// snapshot; one fetch at a time, which belongs to none of the tokens that wait
// for it, replaces them.
type refresher struct {
	limits
	fetch fetchKeys
	clock func() instant

	current atomic.Pointer[snapshot] // nil until the first good fetch, and when closed

	mu       sync.Mutex
	closed   bool
	call     *call         // the fetch under way, or nil
	mark     instant       // no token causes a fetch
	pause    time.Duration // until so long after mark
	timer    *time.Timer   // of the next fetch, nil before the first ended
	wake     time.Duration // when timer fires, on the monotonic clock
	forced   bool          // whether that fetch goes past caches
	failed   error         // why the latest fetch failed, or nil
	failures int           // in a row
	counts   Health        // LastSuccess, Fetches and Suppressed
	defect   error         // of the latest good fetch
}

// fetchKeys gets the keys, past all caches when forced. It is never called
// twice at the same time.
type fetchKeys func(ctx context.Context, forced bool) (answer, error)

// answer is what a good fetch brought.
type answer struct {
	set    *Set
	hint   time.Duration // when to fetch again, before limits
	defect error         // what could not be used, without being a failure
}

// noHint leaves the time of the next fetch to the limits.
const noHint = maxLimit

// snapshot is what is in force. It is never written.
type snapshot struct {
	set   *Set
	began instant       // the fetch: what was removed before is not in it
	due   time.Duration // after began: the next fetch
}

// call is one fetch.
type call struct {
	ctx     context.Context
	cancel  context.CancelFunc
	forced  bool
	began   instant
	done    chan struct{} // closed when err is written
	err     error
	waiters int
}

// newRefresher returns one whose first fetch is under way.
func newRefresher(l limits, fetch fetchKeys) *refresher {
	r := &refresher{limits: l, fetch: fetch, clock: newClock()}
	r.begin()
	return r
}

func (r *refresher) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.start(r.clock(), false)
}

// verify verifies j, which is parsed, with the keys in force. They may have to
// come first when none has its kid.
func (r *refresher) verify(ctx context.Context, j *JWS) (Verified, error) {
	now := r.clock()
	snap := r.usable(now)
	if snap == nil {
		return r.await(ctx, j)
	}
	v, err := snap.set.Verify(j, now.wall)
	unknown := errors.Is(err, ErrUnknownKey)
	switch {
	case unknown && !snap.set.has(j.parsed().kid):
		return r.await(ctx, j)
	case unknown, errors.Is(err, ErrSignature), errors.Is(err, ErrKeyExpired):
		r.suspect(now)
	}
	return v, err
}

// generation is that of the keys in force.
func (r *refresher) generation() (uint64, error) {
	now := r.clock()
	if snap := r.usable(now); snap != nil {
		return snap.set.generation, nil
	}
	return 0, r.missing(now)
}

// usable returns the keys in force, nil when there are none, or none fresh
// enough. It never waits, for a lock neither.
func (r *refresher) usable(now instant) *snapshot {
	snap := r.current.Load()
	if snap == nil {
		return nil
	}
	age := now.since(snap.began)
	if age >= snap.due {
		r.catchUp(now)
	}
	if age >= r.maxStale {
		return nil
	}
	return snap
}

// catchUp starts the refresh that is due, if the timer did not: it sleeps with
// the machine, and knows nothing of the wall clock.
func (r *refresher) catchUp(now instant) {
	if !r.mu.TryLock() {
		return // whoever has the lock sees to it, or the next token
	}
	defer r.mu.Unlock()
	if !r.closed && r.call == nil && r.allowed(now) {
		r.start(now, r.forced)
	}
}

// suspect gets the keys again because a signature is not that of the key with
// its kid: the issuer may use the kid for another key now. Nobody waits.
func (r *refresher) suspect(now instant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
	case r.call != nil: // it began before, and a cache may answer it
		r.forced = true
	case r.allowed(now):
		r.start(now, true)
	default:
		r.counts.Suppressed++
		r.forced = true
		if left := r.pause - now.since(r.mark); now.mono+left < r.wake {
			r.schedule(now, left)
		}
	}
}

// await waits for the fetch that may bring the key of j.
func (r *refresher) await(ctx context.Context, j *JWS) (Verified, error) {
	if err := r.join(ctx); err != nil {
		return Verified{}, err
	}
	now := r.clock()
	snap := r.usable(now)
	if snap == nil {
		return Verified{}, r.missing(now)
	}
	return snap.set.Verify(j, now.wall)
}

// join waits for the one fetch that the limits allow. It returns nil when the
// latest fetch is a good one that is young enough to be the last word.
func (r *refresher) join(ctx context.Context) error {
	c, left, err := r.enter()
	if c == nil {
		return err
	}
	defer r.leave(c)
	late := time.NewTimer(left)
	defer late.Stop()
	select {
	case <-c.done:
	case <-ctx.Done():
	case <-late.C:
	}
	select {
	case <-c.done:
		return c.err
	default:
	}
	if ctx.Err() != nil {
		return &unavailable{"while waiting for keys", context.Cause(ctx), time.Second}
	}
	return r.hanging(r.clock().since(c.began))
}

// enter takes a place among those who wait, and returns for how long. Without a
// call, there is nothing to wait for.
func (r *refresher) enter() (*call, time.Duration, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock()
	switch {
	case r.closed:
		return nil, 0, errClosed
	case r.call != nil:
	case r.allowed(now):
		r.start(now, true)
	default:
		r.counts.Suppressed++
		return nil, 0, r.postponed(now)
	}
	age := now.since(r.call.began)
	switch {
	case age >= r.wait:
		r.counts.Suppressed++
		return nil, 0, r.hanging(age)
	case r.call.waiters >= r.waiters:
		r.counts.Suppressed++
		return nil, 0, &unavailable{fmt.Sprintf("%d tokens wait for them already", r.waiters), nil, time.Second}
	}
	r.call.waiters++
	return r.call, r.wait - age, nil
}

func (r *refresher) leave(c *call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.waiters--
}

// allowed reports whether a token may cause a fetch now.
func (r *refresher) allowed(now instant) bool { return now.since(r.mark) >= r.pause }

// postponed is why no fetch is allowed: nil after a good one.
func (r *refresher) postponed(now instant) error {
	if r.failed == nil {
		return nil
	}
	return &unavailable{"the latest fetch failed", r.failed, r.pause - now.since(r.mark)}
}

// hanging is about a fetch that is too old to wait for.
func (r *refresher) hanging(age time.Duration) error {
	return &unavailable{fmt.Sprintf("no answer within %v", r.wait), nil, max(r.timeout-age, time.Second)}
}

var errClosed = fmt.Errorf("%w: the source is closed", ErrUnavailable)

// missing tells why there are no keys in force.
func (r *refresher) missing(now instant) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errClosed
	}
	e := &unavailable{"not fetched yet", r.failed, time.Second}
	if r.current.Load() != nil {
		e.reason = fmt.Sprintf("older than %v", r.maxStale)
	}
	if r.call == nil {
		e.after = r.pause - now.since(r.mark)
	}
	return e
}

// start begins a fetch. There is none, and the lock is held.
func (r *refresher) start(now instant, forced bool) {
	if r.timer != nil {
		r.timer.Stop()
	}
	r.forced = false
	r.counts.Fetches++
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	r.call = &call{ctx: ctx, cancel: cancel, forced: forced, began: now, done: make(chan struct{})}
	go r.run(r.call)
}

func (r *refresher) run(c *call) {
	defer c.cancel()
	a, err := r.fetch(c.ctx, c.forced)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.call != c {
		return // closed
	}
	now := r.clock()
	if err == nil {
		r.accept(c, a, now)
	} else {
		r.failures++
		r.forced = r.forced || c.forced // a token still asks for what it did not get
		r.failed, r.mark, r.pause = err, now, r.backoff(r.failures)
		r.schedule(now, r.pause)
		c.err = &unavailable{"fetching", err, r.pause}
	}
	r.call = nil
	close(c.done)
}

// accept puts the keys of a good fetch in force. They are as old as its
// beginning.
func (r *refresher) accept(c *call, a answer, now instant) {
	due := r.due(a.hint)
	r.current.Store(&snapshot{a.set, c.began, due})
	r.failures, r.failed, r.defect = 0, nil, a.defect
	r.counts.LastSuccess = c.began.wall
	r.mark, r.pause = c.began, r.minRefresh
	if r.forced { // since a token came meanwhile
		due = min(due, r.minRefresh)
	}
	r.schedule(now, due-now.since(c.began))
}

// schedule sets the timer for the next fetch.
func (r *refresher) schedule(now instant, d time.Duration) {
	d = max(d, 0)
	r.wake = now.mono + d
	if r.timer == nil {
		r.timer = time.AfterFunc(d, r.tick)
		return
	}
	r.timer.Reset(d)
}

func (r *refresher) tick() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock()
	if !r.closed && r.call == nil && now.mono >= r.wake { // or else it was stopped too late
		r.start(now, r.forced)
	}
}

// close ends it all: tokens that wait are told so, and none is verified any more.
func (r *refresher) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	r.current.Store(nil)
	if r.timer != nil {
		r.timer.Stop()
	}
	if c := r.call; c != nil {
		r.call = nil
		c.err = errClosed
		close(c.done)
		c.cancel()
	}
}

// String tells how many keys there are.
func (r *refresher) String() string {
	if snap := r.current.Load(); snap != nil {
		return snap.set.String()
	}
	return "not fetched"
}
