package jwks_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// fetcher is a SecretFetcher.
type fetcher func(ctx context.Context, arn string) ([]byte, error)

func (f fetcher) FetchSecret(ctx context.Context, arn string) ([]byte, error) { return f(ctx, arn) }

func newSecret(t *testing.T, f fetcher, opts *jwks.SecretOptions) *jwks.SecretSource {
	t.Helper()
	s, err := jwks.NewSecret(f, "arn:aws:secretsmanager:eu-central-1:1:secret:keys", opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func hs256(t *testing.T) *jwks.JWS { return compact(t, sign(jwks.HS256, testkeys.HMAC(64), "oct")) }

// TestSecretIsFetchedOnce: at first use, with the ARN that was given.
func TestSecretIsFetchedOnce(t *testing.T) {
	var calls atomic.Int32
	source := newSecret(t, func(ctx context.Context, arn string) ([]byte, error) {
		calls.Add(1)
		if arn != "arn:aws:secretsmanager:eu-central-1:1:secret:keys" {
			t.Errorf("asked for %s", arn)
		}
		if _, ok := ctx.Deadline(); !ok {
			t.Error("a fetch without a deadline")
		}
		return file(octJWK()), nil
	}, nil)
	if g, err := source.Generation(); g != 0 || !errors.Is(err, jwks.ErrUnavailable) || calls.Load() != 0 {
		t.Errorf("before: generation %d, %v, %d fetches", g, err, calls.Load())
	}
	if _, err := source.Verify(t.Context(), nil); !errors.Is(err, jwks.ErrMalformed) || calls.Load() != 0 {
		t.Errorf("no token: %v, %d fetches", err, calls.Load())
	}
	for range 3 {
		got, err := source.Verify(t.Context(), hs256(t))
		if err != nil || got.KeyID != "oct" {
			t.Fatalf("%+v, %v", got, err)
		}
		if g, err := source.Generation(); err != nil || g != got.Generation || g == 0 {
			t.Errorf("generation %d, %v", g, err)
		}
	}
	forged := compact(t, sign(jwks.HS256, testkeys.HMAC(32), "oct"))
	if _, err := source.Verify(t.Context(), forged); !errors.Is(err, jwks.ErrSignature) {
		t.Errorf("forged: %v", err)
	}
	if calls.Load() != 1 {
		t.Errorf("%d fetches", calls.Load())
	}
}

// TestSecretIsSharedByWaiters: 100 tokens at the same time make one fetch; one
// caller who gives up neither ends it nor waits.
//
// Rule G4
func TestSecretIsSharedByWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls, verified atomic.Int32
		source := newSecret(t, func(ctx context.Context, _ string) ([]byte, error) {
			calls.Add(1)
			time.Sleep(3 * time.Second)
			return file(octJWK()), ctx.Err()
		}, nil)
		j := hs256(t)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() {
			began := time.Now()
			_, err := source.Verify(impatient, j)
			if !errors.Is(err, jwks.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
				t.Errorf("impatient: %v after %v", err, time.Since(began))
			}
		}()
		synctest.Wait()
		for range 100 {
			go func() {
				if _, err := source.Verify(context.Background(), j); err != nil {
					t.Error(err)
				}
				verified.Add(1)
			}()
		}
		time.Sleep(3*time.Second - 1)
		synctest.Wait()
		if verified.Load() != 0 {
			t.Errorf("%d verified before the keys came", verified.Load())
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if calls.Load() != 1 || verified.Load() != 100 {
			t.Errorf("%d fetches, %d verified", calls.Load(), verified.Load())
		}
	})
}

// TestSecretRetries: after a failure one attempt per interval, made by the next
// use; in between the answer is the same failure, at once.
//
// Rules G1, G4
func TestSecretRetries(t *testing.T) {
	for name, tt := range map[string]struct {
		opts     *jwks.SecretOptions
		interval time.Duration
	}{
		"by default": {nil, 5 * time.Second},
		"zero":       {&jwks.SecretOptions{}, 5 * time.Second},
		"by option":  {&jwks.SecretOptions{RetryInterval: time.Minute}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				denied := errors.New("access denied")
				calls := 0
				source := newSecret(t, func(context.Context, string) ([]byte, error) {
					if calls++; calls < 3 {
						return nil, denied
					}
					return file(octJWK()), nil
				}, tt.opts)
				check := func(wantCalls int, want error) {
					t.Helper()
					_, err := source.Verify(t.Context(), hs256(t))
					if !errors.Is(err, want) || want != nil && !errors.Is(err, denied) || calls != wantCalls {
						t.Errorf("%v after %d fetches; want %v after %d", err, calls, want, wantCalls)
					}
				}
				check(1, jwks.ErrUnavailable)
				check(1, jwks.ErrUnavailable)
				time.Sleep(tt.interval - 1)
				check(1, jwks.ErrUnavailable)
				time.Sleep(time.Nanosecond)
				check(2, jwks.ErrUnavailable)
				check(2, jwks.ErrUnavailable)
				if _, err := source.Generation(); !errors.Is(err, jwks.ErrUnavailable) {
					t.Errorf("generation: %v", err)
				}
				time.Sleep(tt.interval)
				check(3, nil)
				time.Sleep(24 * time.Hour)
				check(3, nil)
			})
		})
	}
}

// TestSecretTimeout: a fetcher that answers too late is not waited for, whether
// it heeds its context or not, and still there is one fetch at a time.
//
// Rules G1, G4
func TestSecretTimeout(t *testing.T) {
	for name, tt := range map[string]struct {
		opts    *jwks.SecretOptions
		timeout time.Duration
		heeds   bool
	}{
		"by default":         {nil, 10 * time.Second, true},
		"by option":          {&jwks.SecretOptions{Timeout: time.Minute}, time.Minute, true},
		"ignored":            {nil, 10 * time.Second, false},
		"by option, ignored": {&jwks.SecretOptions{Timeout: time.Second}, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32
				source := newSecret(t, func(ctx context.Context, _ string) ([]byte, error) {
					calls.Add(1)
					if tt.heeds {
						<-ctx.Done()
						return nil, context.Cause(ctx)
					}
					time.Sleep(time.Hour)
					return file(octJWK()), nil
				}, tt.opts)
				began := time.Now()
				_, err := source.Verify(context.Background(), hs256(t))
				if !errors.Is(err, jwks.ErrUnavailable) || time.Since(began) != tt.timeout {
					t.Errorf("%v after %v, want %v", err, time.Since(began), tt.timeout)
				}
				if tt.heeds {
					return
				}
				began = time.Now()
				if _, err := source.Verify(context.Background(), hs256(t)); !errors.Is(err, jwks.ErrUnavailable) || time.Since(began) != 0 {
					t.Errorf("while it hangs: %v after %v", err, time.Since(began))
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				if _, err := source.Verify(context.Background(), hs256(t)); err != nil || calls.Load() != 1 {
					t.Errorf("in the end: %v, %d fetches", err, calls.Load())
				}
			})
		})
	}
}

// TestSecretUnreadable: a secret that Parse refuses is a failure that tells the
// position and not the value.
//
// Rules K1, G3
func TestSecretUnreadable(t *testing.T) {
	source := newSecret(t, func(context.Context, string) ([]byte, error) {
		return file(octJWK(), symmetric(testkeys.HMAC(31), "short")), nil
	}, nil)
	_, err := source.Verify(t.Context(), hs256(t))
	var fault *jwks.KeyError
	if !errors.Is(err, jwks.ErrUnavailable) || !errors.As(err, &fault) || fault.Index != 1 || fault.Member != "k" {
		t.Errorf("%v", err)
	}
	if strings.Contains(err.Error(), "TESTING") || strings.Contains(err.Error(), b64(testkeys.HMAC(31))) {
		t.Errorf("the error shows the secret: %v", err)
	}
}

// TestSecretBounds: the bounds of a key hold at each use, and a key that is not
// valid is no reason to fetch.
//
// Rule K3
func TestSecretBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		exp := time.Now().Add(time.Hour)
		source := newSecret(t, func(context.Context, string) ([]byte, error) {
			calls++
			return file(octJWK().with("exp", exp.Format(time.RFC3339))), nil
		}, nil)
		if got, err := source.Verify(t.Context(), hs256(t)); err != nil || !got.NotAfter.Equal(exp) {
			t.Errorf("%+v, %v", got, err)
		}
		time.Sleep(time.Hour)
		if _, err := source.Verify(t.Context(), hs256(t)); !errors.Is(err, jwks.ErrKeyExpired) || calls != 1 {
			t.Errorf("%v, %d fetches", err, calls)
		}
	})
}

// TestNewSecretRefuses has what no source can be made of.
func TestNewSecretRefuses(t *testing.T) {
	f := fetcher(func(context.Context, string) ([]byte, error) { return nil, nil })
	for name, tt := range map[string]struct {
		fetcher jwks.SecretFetcher
		arn     string
		opts    *jwks.SecretOptions
		reason  string
	}{
		"no fetcher":        {nil, "arn", nil, "needs a SecretFetcher"},
		"no ARN":            {f, "", nil, "needs the ARN"},
		"negative timeout":  {f, "arn", &jwks.SecretOptions{Timeout: -1}, "must not be negative"},
		"negative interval": {f, "arn", &jwks.SecretOptions{RetryInterval: -1}, "must not be negative"},
	} {
		s, err := jwks.NewSecret(tt.fetcher, tt.arn, tt.opts)
		if s != nil || err == nil || !strings.Contains(err.Error(), tt.reason) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

// TestSecretOptionsAreCopied changes the options after they were given.
//
// Rule G5
func TestSecretOptionsAreCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := &jwks.SecretOptions{Timeout: time.Second}
		source := newSecret(t, func(ctx context.Context, _ string) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, opts)
		opts.Timeout = time.Hour
		began := time.Now()
		if _, err := source.Verify(t.Context(), hs256(t)); err == nil || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
