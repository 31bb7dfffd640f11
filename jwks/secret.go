package jwks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// SecretFetcher returns the current value of a secret, AWSCURRENT in AWS Secrets
// Manager. It must be safe for concurrent use, give up when ctx ends, and keep
// the value out of its errors.
type SecretFetcher interface {
	FetchSecret(ctx context.Context, arn string) ([]byte, error)
}

// StagedSecretFetcher is a [SecretFetcher] that knows the versions of a secret.
// Only SecretOptions.PreviousGrace needs one.
//
// FetchSecretStage returns the value of the version with that staging label,
// AWSCURRENT or AWSPREVIOUS, and when that version was created. A nil value
// without an error says that no version has the label, which is normal.
type StagedSecretFetcher interface {
	SecretFetcher
	FetchSecretStage(ctx context.Context, arn, stage string) (value []byte, created time.Time, err error)
}

// SecretOptions are the limits of a [SecretSource]. The zero value and nil have
// the defaults. Negative values, and more than a year, are errors.
type SecretOptions struct {
	// RefreshInterval is from one good fetch to the next, which is late by up to
	// a tenth of it at random. 0: 15 minutes.
	RefreshInterval time.Duration
	// MinRefresh is how old the latest good fetch must be before a token with an
	// unknown kid, or with a wrong signature, causes another one. 0: 30 s, or
	// RefreshInterval if that is shorter.
	MinRefresh time.Duration
	// MaxStale is the age at which keys stop to verify when none can be fetched.
	// 0: 4 hours. It must leave time for a refresh.
	MaxStale time.Duration
	// UnknownKidWait is how old a fetch may get before no token waits for it any
	// longer. 0: 1 s.
	UnknownKidWait time.Duration
	// MaxWaiters is how many tokens wait for a fetch at the same time. 0: 16.
	MaxWaiters int
	// Timeout is of one fetch. 0: 10 s. At most RefreshInterval.
	Timeout time.Duration
	// RetryInterval is from a failed fetch to the next one, doubled with each
	// further failure until it is a minute, and shortened at random by up to
	// half. 0: 5 s.
	RetryInterval time.Duration
	// PreviousGrace is for how long the keys of AWSPREVIOUS verify as well,
	// counted from the creation of AWSCURRENT, so that a restart does not extend
	// it. 0: not at all. It needs a [StagedSecretFetcher]. A key that leaked and
	// was replaced works for as long.
	PreviousGrace time.Duration
}

func (o SecretOptions) limits() (limits, error) {
	l := limits{
		ceiling: o.RefreshInterval, floor: o.RefreshInterval, minRefresh: o.MinRefresh, maxStale: o.MaxStale,
		wait: o.UnknownKidWait, waiters: o.MaxWaiters, timeout: o.Timeout, retry: o.RetryInterval,
	}
	return l, l.resolve("RefreshInterval")
}

var _ Source = (*SecretSource)(nil)

// SecretSource is a [Source] of the keys in a secret, which it keeps fresh. Make
// one with [NewSecret], and close it; the zero value has no keys. It is safe for
// concurrent use.
type SecretSource struct {
	state **secretState // formatting by reflection follows one pointer, for some verbs
}

type secretState struct {
	*refresher
	secret secret
}

// secret is where to fetch it.
type secret struct {
	fetcher SecretFetcher
	staged  StagedSecretFetcher // nil without grace
	arn     string
	grace   time.Duration
}

// NewSecret returns a Source of the keys that fetcher returns for arn, read with
// [Parse] in mode [Secret]. It begins to fetch them and returns at once: that
// they cannot be had now is no error. opts may be nil, and is copied.
//
// What holds for a [Remote] holds here: a token whose key is known never waits,
// one with an unknown kid waits for a fetch within the limits, and keys that the
// secret has no longer stop to verify with the next good fetch. A secret that is
// empty or broken replaces nothing.
//
// The version with the label AWSPENDING is never asked for. With a grace, a kid
// that is in both versions means the key of AWSCURRENT first. A value of
// AWSPREVIOUS that cannot be read has no keys; [SecretSource.Health] tells.
func NewSecret(fetcher SecretFetcher, arn string, opts *SecretOptions) (*SecretSource, error) {
	if fetcher == nil {
		return nil, errors.New("jwks: NewSecret needs a SecretFetcher")
	}
	if arn == "" {
		return nil, errors.New("jwks: NewSecret needs the ARN of a secret")
	}
	var o SecretOptions
	if opts != nil {
		o = *opts
	}
	l, err := o.limits()
	if err != nil {
		return nil, fmt.Errorf("jwks: NewSecret: %w", err)
	}
	from := secret{fetcher: fetcher, arn: arn, grace: o.PreviousGrace}
	if from.grace < 0 || from.grace > maxLimit {
		return nil, errors.New("jwks: NewSecret: PreviousGrace: want 0 for none, or up to a year")
	}
	if from.grace > 0 {
		var ok bool
		if from.staged, ok = fetcher.(StagedSecretFetcher); !ok {
			return nil, errors.New("jwks: NewSecret: PreviousGrace needs a StagedSecretFetcher")
		}
	}
	state := &secretState{newRefresher(l, from.fetch), from}
	return &SecretSource{&state}, nil
}

const (
	currentStage  = "AWSCURRENT"
	previousStage = "AWSPREVIOUS"
)

// fetch gets the keys. Nothing lies between it and the store that could be told
// not to cache.
func (s secret) fetch(ctx context.Context, _ bool) (answer, error) {
	if s.staged == nil {
		value, err := s.fetcher.FetchSecret(ctx, s.arn)
		if err != nil {
			return answer{}, fmt.Errorf("the secret: %w", err)
		}
		set, err := readSecret(value, currentStage)
		return answer{set: set, hint: noHint}, err
	}
	value, created, err := s.staged.FetchSecretStage(ctx, s.arn, currentStage)
	if err != nil {
		return answer{}, fmt.Errorf("the secret: %w", err)
	}
	set, err := readSecret(value, currentStage)
	if err != nil {
		return answer{}, err
	}
	return s.addPrevious(ctx, answer{set: set, hint: noHint}, created.Add(s.grace))
}

// addPrevious puts the keys of AWSPREVIOUS behind those of a, until then. That
// they cannot be had is a failure, since tokens made with them may come; that
// they cannot be read is none, since they never verified anything.
func (s secret) addPrevious(ctx context.Context, a answer, until time.Time) (answer, error) {
	if !time.Now().Before(until) {
		return a, nil
	}
	value, _, err := s.staged.FetchSecretStage(ctx, s.arn, previousStage)
	switch {
	case err != nil:
		return answer{}, fmt.Errorf("the secret: %s: %w", previousStage, err)
	case value == nil:
		return a, nil
	}
	previous, err := readSecret(value, previousStage)
	if err != nil {
		a.defect = err
		return a, nil
	}
	a.set = a.set.over(previous, until)
	return a, nil
}

func readSecret(value []byte, stage string) (*Set, error) {
	set, err := Parse(value, Secret)
	if err != nil {
		return nil, fmt.Errorf("reading the secret, %s: %w", stage, err)
	}
	return set, nil
}

// Verify is [Set.Verify] with the keys of the secret at the current time. Without
// the key of j it waits for a fetch, within the limits, but no longer than ctx.
func (s *SecretSource) Verify(ctx context.Context, j *JWS) (Verified, error) {
	state := s.get()
	switch {
	case j.parsed() == nil:
		return Verified{}, malformed("not parsed")
	case state == nil:
		return Verified{}, errNotMade
	}
	return state.verify(ctx, j)
}

// Generation is that of the keys in force. It never waits; when there are none,
// or none fresh enough, the error is [ErrUnavailable].
func (s *SecretSource) Generation() (uint64, error) {
	if state := s.get(); state != nil {
		return state.generation()
	}
	return 0, errNotMade
}

// RevocationBound returns for how long a key may verify at most after the version
// of the secret without it became AWSCURRENT: when every fetch succeeds, and
// whatever happens. It includes PreviousGrace.
func (s *SecretSource) RevocationBound() (reachable, unreachable time.Duration) {
	if state := s.get(); state != nil {
		return max(state.reachable(), state.secret.grace), max(state.maxStale, state.secret.grace)
	}
	return 0, 0
}

// Health tells how s fares. It never waits; a fetch that is due may begin.
func (s *SecretSource) Health() Health {
	if state := s.get(); state != nil {
		return state.health()
	}
	return Health{LastError: errNotMade}
}

// Close ends the refreshing. Every token is an [ErrUnavailable] from then on. The
// error is always nil.
func (s *SecretSource) Close() error {
	if state := s.get(); state != nil {
		state.close()
	}
	return nil
}

var errNotMade = fmt.Errorf("%w: a source that no constructor made", ErrUnavailable)

func (s *SecretSource) get() *secretState {
	if s == nil || s.state == nil {
		return nil
	}
	return *s.state
}

// String tells how many keys there are, and nothing of the secret.
func (s *SecretSource) String() string {
	if state := s.get(); state != nil {
		return "jwks.SecretSource(" + state.String() + ")"
	}
	return "jwks.SecretSource(not fetched)"
}

// Format writes [SecretSource.String] for every verb.
func (s *SecretSource) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue is [SecretSource.String].
func (s *SecretSource) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is [SecretSource.String].
func (s *SecretSource) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
