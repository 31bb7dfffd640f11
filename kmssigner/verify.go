package kmssigner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

var (
	_ jwks.Source = (*Keys)(nil)
	_ jwks.Source = (*RemoteKeys)(nil)
)

// maxTries bounds the keys that are tried for a token without a kid.
const maxTries = 8

// Verify checks the signature of j with the public keys, or with the backend for
// an HMAC key, which a token has to name by its kid. The kid of j only selects one
// of them: it is never sent anywhere, and an unknown one causes no call.
//
// Errors are those of [jwks.Source]. An unknown kid is a [jwks.ErrUnavailable]
// instead of [jwks.ErrUnknownKey] while the backend does not tell what the name
// stands for: that may be that key by now. So is a key that the backend did not
// tell of for MaxStale.
func (k *Keys) Verify(ctx context.Context, j *jwks.JWS) (jwks.Verified, error) {
	state := k.get()
	if state == nil {
		return jwks.Verified{}, errNotMade
	}
	return state.verify(ctx, j, false)
}

// Generation identifies the keys in force. It never waits; when there are none,
// or none that was heard of within MaxStale, the error is [jwks.ErrUnavailable].
func (k *Keys) Generation() (uint64, error) {
	state := k.get()
	if state == nil {
		return 0, errNotMade
	}
	return state.generation(time.Now())
}

// RemoteKeys verify the same tokens as the [Keys] they are of, and let the
// backend check each signature as well, with one call: then its log of calls,
// which is CloudTrail in AWS, has every token that was accepted. What the public
// key refutes is refused without a call, so that nobody can cause calls without
// a good token. With HMAC anybody can who knows the kid, one call for each token:
// limit the rate of requests.
type RemoteKeys struct{ keys *Keys }

// Remote returns a [jwks.Source] of the same keys that asks the backend.
func (k *Keys) Remote() *RemoteKeys { return &RemoteKeys{k} }

// Verify is [Keys.Verify] and a call of the backend.
func (r *RemoteKeys) Verify(ctx context.Context, j *jwks.JWS) (jwks.Verified, error) {
	state := r.get()
	if state == nil {
		return jwks.Verified{}, errNotMade
	}
	return state.verify(ctx, j, true)
}

// Generation is [Keys.Generation]. Who remembers results by it makes fewer calls
// than there are tokens.
func (r *RemoteKeys) Generation() (uint64, error) { return r.of().Generation() }

// String tells how many keys there are.
func (r *RemoteKeys) String() string { return r.of().String() }

// Format writes [RemoteKeys.String] for every verb.
func (r *RemoteKeys) Format(f fmt.State, _ rune) { io.WriteString(f, r.String()) }

// LogValue is [RemoteKeys.String].
func (r *RemoteKeys) LogValue() slog.Value { return slog.StringValue(r.String()) }

// MarshalText is [RemoteKeys.String].
func (r *RemoteKeys) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

func (r *RemoteKeys) of() *Keys {
	if r == nil {
		return nil
	}
	return r.keys
}

func (r *RemoteKeys) get() *keys { return r.of().get() }

func (k *keys) generation(now time.Time) (uint64, error) {
	if g := k.current.Load().generation(now, k.MaxStale); g != 0 {
		return g, nil
	}
	return 0, k.missing()
}

func (k *keys) verify(ctx context.Context, j *jwks.JWS, remote bool) (jwks.Verified, error) {
	alg := j.Algorithm()
	if alg == "" {
		return jwks.Verified{}, fmt.Errorf("%w: not parsed", jwks.ErrMalformed)
	}
	now := time.Now()
	r := k.current.Load()
	var room [maxTries]*key
	candidates, err := k.candidates(r, j, now, room[:0])
	if err != nil {
		return jwks.Verified{}, err
	}
	result := jwks.ErrSignature
	for _, key := range candidates {
		err := k.check(ctx, key, j, remote, now)
		switch {
		case err == nil:
			return jwks.Verified{KeyID: key.kid, NotAfter: key.end(k.MaxStale).Round(0), Generation: r.generation(now, k.MaxStale)}, nil
		case errors.Is(err, jwks.ErrSignature):
		case errors.Is(err, ErrKeyUnusable):
			k.drop(key.kid)
			result = fmt.Errorf("%w: %w", jwks.ErrUnknownKey, err)
		default:
			return jwks.Verified{}, fmt.Errorf("%w: %w", jwks.ErrUnavailable, err)
		}
	}
	if errors.Is(result, jwks.ErrUnknownKey) && len(k.current.Load().keys) == 0 {
		return jwks.Verified{}, k.missing()
	}
	return jwks.Verified{}, result
}

// candidates appends to found the keys that may verify j, at least one: RFC 7515
// section 4.1.4 has the kid, and rule K5 the rest.
func (k *keys) candidates(r *ring, j *jwks.JWS, now time.Time, found []*key) ([]*key, error) {
	kid, named := j.KeyID()
	var fresh int
	for _, key := range r.keys {
		if !key.usable(now, k.MaxStale) {
			continue
		}
		fresh++
		if key.alg == j.Algorithm() && (named && key.kid == kid || !named && key.set != nil) {
			found = append(found, key)
		}
	}
	switch {
	case fresh == 0:
		return nil, k.missing()
	case len(found) > maxTries:
		return nil, fmt.Errorf("%w: it has no kid, and %d keys allow %s; want at most %d", jwks.ErrUnknownKey, len(found), j.Algorithm(), maxTries)
	case len(found) > 0:
		return found, nil
	}
	if named {
		switch key, err := r.find(kid), k.nameless(); {
		case key == nil && err != nil:
			return nil, fmt.Errorf("%w: unknown kid, and nobody told what the name stands for: %w", jwks.ErrUnavailable, err)
		case key != nil && key.alg == j.Algorithm() && (key.until.IsZero() || !passed(key.until, now)):
			return nil, fmt.Errorf("%w: the backend did not tell of the key for MaxStale, %v", jwks.ErrUnavailable, k.MaxStale)
		}
	}
	return nil, fmt.Errorf("%w: none has its kid and allows %s", jwks.ErrUnknownKey, j.Algorithm())
}

// check returns nil when the key made the signature of j.
func (k *keys) check(ctx context.Context, key *key, j *jwks.JWS, remote bool, now time.Time) error {
	if !signable(key.alg, len(j.SigningInput())) {
		return jwks.ErrSignature // the backend signs nothing so large
	}
	if key.set != nil {
		if _, err := key.set.Verify(j, now); err != nil || !remote {
			return err
		}
	}
	m, err := message(key.alg, j.SigningInput())
	if err != nil {
		return err
	}
	signature := j.Signature()
	if key.set == nil && len(signature) != macSize(key.alg) {
		return jwks.ErrSignature
	}
	ctx, cancel := context.WithTimeout(ctx, k.Timeout)
	defer cancel()
	return k.backend.Verify(ctx, key.ID, key.alg, m, signature)
}

// nameless is why the latest refresh did not learn what the name stands for, nil
// when it did.
func (k *keys) nameless() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.unnamed
}

// failing is why the latest refresh failed, nil after a good one.
func (k *keys) failing() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.health.LastError
}

// missing tells why there are no keys in force.
func (k *keys) missing() error {
	if k.stopped.Err() != nil {
		return errClosed
	}
	text := "no key is usable, or was heard of within MaxStale"
	if err := k.failing(); err != nil {
		return fmt.Errorf("%w: kmssigner: %s: %w", jwks.ErrUnavailable, text, err)
	}
	return fmt.Errorf("%w: kmssigner: %s", jwks.ErrUnavailable, text)
}
