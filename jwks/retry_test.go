package jwks_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// TestSecretRetryAfter: an error that stays for a while says for how long, to the
// nanosecond, and is otherwise the error of the failure. One that says nothing of
// the next attempt has no such method.
//
// Rule G1
func TestSecretRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		denied, calls := errors.New("access denied"), 0
		source := newSecret(t, func(context.Context, string) ([]byte, error) {
			calls++
			return nil, denied
		}, &jwks.SecretOptions{RetryInterval: time.Minute})
		for _, row := range []struct {
			sleep, want time.Duration
			calls       int
		}{{0, time.Minute, 1}, {time.Second, 59 * time.Second, 1}, {59*time.Second - 1, 1, 1}, {1, time.Minute, 2}} {
			time.Sleep(row.sleep)
			_, err := source.Verify(t.Context(), hs256(t))
			var postponed interface{ RetryAfter() time.Duration }
			if !errors.As(fmt.Errorf("wrapped: %w", err), &postponed) || postponed.RetryAfter() != row.want || calls != row.calls {
				t.Errorf("after %v: %v, %d fetches; want to retry after %v, %d fetches", row.sleep, err, calls, row.want, row.calls)
			}
			if !errors.Is(err, jwks.ErrUnavailable) || !errors.Is(err, denied) || err.Error() != "jwks: keys unavailable: fetching the secret: access denied" {
				t.Errorf("error is %v", err)
			}
			if row.calls == 2 {
				time.Sleep(time.Hour)
				if d := postponed.RetryAfter(); d != 0 {
					t.Errorf("long after the next attempt was allowed: %v", d)
				}
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		hanging := newSecret(t, func(ctx context.Context, _ string) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() }, nil)
		_, err := hanging.Verify(ctx, hs256(t))
		var postponed interface{ RetryAfter() time.Duration }
		if errors.As(err, &postponed) || !errors.Is(err, context.Canceled) {
			t.Errorf("of a caller who gave up: %v", err)
		}
		time.Sleep(10 * time.Second) // until that fetch gives up
	})
}
