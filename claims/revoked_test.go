package claims_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tokenacl/tokenacl/claims"
)

// Rules T3, G1: a revocation list that does not answer is no refusal.
func TestRevokedCannotTell(t *testing.T) {
	for _, cause := range []error{context.DeadlineExceeded, context.Canceled} {
		v := verifier(t, config(), &claims.Options{Revoked: func(*claims.Token) error { return fmt.Errorf("list: %w", cause) }})
		_, err := verify(t, v, sign(payload()))
		if !errors.Is(err, claims.ErrUnavailable) || errors.Is(err, claims.ErrRevoked) || !errors.Is(err, cause) {
			t.Errorf("%v: %v, want ErrUnavailable", cause, err)
		}
	}
}

// Rules T3, G1
func TestRevoked(t *testing.T) {
	var seen []*claims.Token
	var answer error
	v := verifier(t, config(), &claims.Options{Revoked: func(token *claims.Token) error {
		seen = append(seen, token)
		return answer
	}})
	token, err := verify(t, v, sign(payload()))
	if err != nil || len(seen) != 1 || seen[0] != token || seen[0].ID() != "id-zq7" {
		t.Errorf("accepted: %v, %v; the hook saw %v", token, err, seen)
	}

	own := errors.New("on the list")
	answer = own
	_, err = verify(t, v, sign(payload()))
	wantError(t, err, claims.ErrRevoked, "claims: token revoked: on the list")
	if !errors.Is(err, own) {
		t.Errorf("%v does not wrap the hook's error", err)
	}

	answer = fmt.Errorf("redis: %w", claims.ErrUnavailable)
	_, err = verify(t, v, sign(payload()))
	wantError(t, err, claims.ErrUnavailable, "claims: Revoked: redis: jwks: keys unavailable")

	calls := len(seen)
	for _, text := range []string{payload("exp=1"), payload("-user"), payload(`aud="zq7"`)} {
		if _, err := verify(t, v, sign(text)); err == nil {
			t.Errorf("accepted %s", text)
		}
	}
	if calls != 3 || len(seen) != calls {
		t.Errorf("the hook was called %d times, then %d; want 3, since it is asked last", calls, len(seen))
	}
}
