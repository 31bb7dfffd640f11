package jwks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// SecretFetcher returns the current value of a secret, from AWS Secrets Manager
// for instance. It must be safe for concurrent use, give up when ctx ends, and
// keep the value out of its errors.
type SecretFetcher interface {
	FetchSecret(ctx context.Context, arn string) ([]byte, error)
}

// SecretOptions are the limits of a [SecretSource]. The zero value and nil have
// the defaults.
type SecretOptions struct {
	Timeout       time.Duration // of one fetch; 0: 10 s
	RetryInterval time.Duration // from a failed fetch to the next; 0: 5 s
}

var _ Source = (*SecretSource)(nil)

// SecretSource is a [Source] of the keys in a secret, which it fetches at first
// use. Make one with [NewSecret]; the zero value has no keys.
type SecretSource struct {
	state **secretState // formatting by reflection follows one pointer, for some verbs
}

type secretState struct {
	fetcher SecretFetcher
	arn     string
	opts    SecretOptions

	set atomic.Pointer[Set] // the keys in force, read without the lock

	mu     sync.Mutex
	call   *call     // the fetch under way, or the one that succeeded, or nil
	failed error     // why the last fetch failed, or nil
	next   time.Time // no fetch before then
}

// call is one fetch that any number of callers wait for. It belongs to none of
// them: the first may give up and the others still get their keys.
type call struct {
	ctx  context.Context
	done chan struct{} // closed when set and err are written
	set  *Set
	err  error
}

// NewSecret returns a Source of the keys that fetcher returns for arn, read with
// [Parse] in mode [Secret]. It does no I/O. The first token that needs the keys
// fetches them, once, however many come at the same time; each waits no longer
// than its own context. After a failure the next use but one interval later
// tries again; until then, as during a failure, the answer is [ErrUnavailable].
// Keys that were fetched stay.
func NewSecret(fetcher SecretFetcher, arn string, opts *SecretOptions) (*SecretSource, error) {
	if fetcher == nil {
		return nil, errors.New("jwks: NewSecret needs a SecretFetcher")
	}
	if arn == "" {
		return nil, errors.New("jwks: NewSecret needs the ARN of a secret")
	}
	s := &secretState{fetcher: fetcher, arn: arn}
	if opts != nil {
		s.opts = *opts
	}
	if s.opts.Timeout < 0 || s.opts.RetryInterval < 0 {
		return nil, errors.New("jwks: NewSecret: Timeout and RetryInterval must not be negative")
	}
	if s.opts.Timeout == 0 {
		s.opts.Timeout = 10 * time.Second
	}
	if s.opts.RetryInterval == 0 {
		s.opts.RetryInterval = 5 * time.Second
	}
	return &SecretSource{&s}, nil
}

// Verify is [Set.Verify] with the keys of the secret, which it fetches if need
// be, at the current time.
func (s *SecretSource) Verify(ctx context.Context, j *JWS) (Verified, error) {
	if j.parsed() == nil {
		return Verified{}, malformed("not parsed")
	}
	state := s.get()
	if state == nil {
		return Verified{}, errNotMade
	}
	set, err := state.keys(ctx)
	if err != nil {
		return Verified{}, err
	}
	return set.Verify(j, time.Now())
}

// Generation is that of the keys in force. It never fetches: before the first
// fetch succeeded, the error is [ErrUnavailable].
func (s *SecretSource) Generation() (uint64, error) {
	if state := s.get(); state != nil {
		if set := state.set.Load(); set != nil {
			return set.generation, nil
		}
	}
	return 0, fmt.Errorf("%w: the secret was not fetched", ErrUnavailable)
}

var errNotMade = fmt.Errorf("%w: a SecretSource that NewSecret did not make", ErrUnavailable)

func (s *SecretSource) get() *secretState {
	if s == nil || s.state == nil {
		return nil
	}
	return *s.state
}

// keys returns the keys in force, or waits for the fetch of them.
func (s *secretState) keys(ctx context.Context) (*Set, error) {
	if set := s.set.Load(); set != nil {
		return set, nil
	}
	c, err := s.join()
	if err != nil {
		return nil, err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: waiting for the secret: %w", ErrUnavailable, context.Cause(ctx))
	case <-c.ctx.Done():
	}
	select {
	case <-c.done: // closed before run cancels the context
		return c.set, c.err
	default: // the fetcher did not give up when it should have
		return nil, fmt.Errorf("%w: no answer within %v", ErrUnavailable, s.opts.Timeout)
	}
}

// join returns the fetch under way, or starts one if it may. Whoever looked for
// the keys just before they came gets the fetch that brought them.
func (s *secretState) join() (*call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.call != nil {
		return s.call, nil
	}
	if time.Now().Before(s.next) {
		return nil, s.failed
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.Timeout)
	s.call = &call{ctx: ctx, done: make(chan struct{})}
	go s.run(s.call, cancel)
	return s.call, nil
}

// run makes one fetch. Its context is cancelled when the result is there.
func (s *secretState) run(c *call, cancel func()) {
	defer cancel()
	c.set, c.err = s.fetch(c.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.err == nil {
		s.set.Store(c.set)
	} else {
		s.next = time.Now().Add(s.opts.RetryInterval)
		c.err = &postponed{c.err, s.next}
		s.failed, s.call = c.err, nil
	}
	close(c.done)
}

// postponed is an error that stays until the next attempt.
type postponed struct {
	error
	next time.Time
}

func (p *postponed) Unwrap() error { return p.error }

// RetryAfter is what [ErrUnavailable] promises.
func (p *postponed) RetryAfter() time.Duration { return max(0, time.Until(p.next)) }

func (s *secretState) fetch(ctx context.Context) (*Set, error) {
	value, err := s.fetcher.FetchSecret(ctx, s.arn)
	if err != nil {
		return nil, fmt.Errorf("%w: fetching the secret: %w", ErrUnavailable, err)
	}
	set, err := Parse(value, Secret)
	if err != nil {
		return nil, fmt.Errorf("%w: reading the secret: %w", ErrUnavailable, err)
	}
	return set, nil
}

// String tells how many keys there are, and nothing of the secret.
func (s *SecretSource) String() string {
	if state := s.get(); state != nil {
		if set := state.set.Load(); set != nil {
			return "jwks.SecretSource(" + set.String() + ")"
		}
	}
	return "jwks.SecretSource(not fetched)"
}

// Format writes [SecretSource.String] for every verb.
func (s *SecretSource) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue is [SecretSource.String].
func (s *SecretSource) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is [SecretSource.String].
func (s *SecretSource) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
