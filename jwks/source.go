package jwks

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Source verifies tokens with the keys that are in force now. It is the joint
// between keys and those who use them: [Static], [NewRemote], [NewDiscovered] and
// [NewSecret] make sources, and so may others.
//
// Verify errors are those of [Set.Verify], and [ErrUnavailable] when the keys
// cannot be had: that says nothing of the token.
//
// Generation identifies the keys in force, see [Set.Generation], and fails when
// there are none, or none fresh enough to be trusted. A result of Verify may be
// remembered for as long as the generation stays what [Verified] says, and the
// key is within its validity.
type Source interface {
	Verify(ctx context.Context, j *JWS) (Verified, error)
	Generation() (uint64, error)
}

var _ Source = (*StaticSource)(nil)

// StaticSource is a [Source] of keys that never change. The zero value, nil, and
// one of a Set without keys have none: that says nothing of any token, and is an
// [ErrUnavailable].
type StaticSource struct{ set *Set }

// Static returns a Source of the keys of s.
func Static(s *Set) *StaticSource { return &StaticSource{s} }

var errNoKeys = fmt.Errorf("%w: %w: Static was given no keys", ErrUnavailable, ErrNoUsableKey)

// Verify is [Set.Verify] at the current time. It does no I/O.
func (s *StaticSource) Verify(_ context.Context, j *JWS) (Verified, error) {
	if s.keys().Len() == 0 {
		return Verified{}, errNoKeys
	}
	return s.keys().Verify(j, time.Now())
}

// Generation is [Set.Generation], an [ErrNoUsableKey] when there are no keys.
func (s *StaticSource) Generation() (uint64, error) {
	if s.keys().Len() == 0 {
		return 0, errNoKeys
	}
	return s.set.generation, nil
}

func (s *StaticSource) keys() *Set {
	if s == nil {
		return nil
	}
	return s.set
}

// String tells how many keys there are.
func (s *StaticSource) String() string { return "jwks.Static(" + s.keys().String() + ")" }

// Format writes [StaticSource.String] for every verb.
func (s *StaticSource) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue is [StaticSource.String].
func (s *StaticSource) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is [StaticSource.String].
func (s *StaticSource) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
