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

// TestSecretIsFetched: with the ARN that was given, and a deadline.
func TestSecretIsFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		source := newSecret(t, func(ctx context.Context, arn string) ([]byte, error) {
			calls.Add(1)
			if arn != "arn:aws:secretsmanager:eu-central-1:1:secret:keys" {
				t.Errorf("asked for %s", arn)
			}
			if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) != 10*time.Second {
				t.Error("a fetch without a deadline of 10 s")
			}
			return file(octJWK()), nil
		}, nil)
		defer source.Close()
		for range 3 {
			got, err := source.Verify(t.Context(), hs256(t))
			if err != nil || got.KeyID != "oct" {
				t.Fatalf("%+v, %v", got, err)
			}
			if g, err := source.Generation(); err != nil || g != got.Generation || g == 0 {
				t.Errorf("generation %d, %v", g, err)
			}
		}
		if _, err := source.Verify(t.Context(), nil); !errors.Is(err, jwks.ErrMalformed) {
			t.Errorf("no token: %v", err)
		}
		forged := compact(t, sign(jwks.HS256, testkeys.HMAC(32), "oct"))
		if _, err := source.Verify(t.Context(), forged); !errors.Is(err, jwks.ErrSignature) {
			t.Errorf("forged: %v", err)
		}
		if calls.Load() != 1 {
			t.Errorf("%d fetches", calls.Load())
		}
	})
}

// TestSecretFetcherHangs: a fetcher that does not heed its context is not asked
// again before it is back, and nobody waits for it. What it brings then is as
// old as its beginning.
//
// Rules K7, K8, G4
func TestSecretFetcherHangs(t *testing.T) {
	for name, tt := range map[string]struct {
		takes time.Duration
		want  string
	}{"too long": {5 * time.Minute, "ok"}, "until the keys are stale": {4 * time.Hour, "503"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32
				source := newSecret(t, func(ctx context.Context, _ string) ([]byte, error) {
					if calls.Add(1) > 1 {
						return nil, errors.New("denied")
					}
					time.Sleep(tt.takes)
					return file(octJWK()), nil
				}, nil)
				defer source.Close()
				wants(t, source, hs256(t), "503", time.Second)
				time.Sleep(tt.takes - 2*time.Second)
				wants(t, source, hs256(t), "503", 0)
				if n := calls.Load(); n != 1 {
					t.Errorf("%d calls", n)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				wants(t, source, hs256(t), tt.want, 0)
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
	defer source.Close()
	_, err := source.Verify(t.Context(), hs256(t))
	var fault *jwks.KeyError
	if !errors.Is(err, jwks.ErrUnavailable) || !errors.As(err, &fault) || fault.Index != 1 || fault.Member != "k" {
		t.Errorf("%v", err)
	}
	if strings.Contains(err.Error(), "TESTING") || strings.Contains(err.Error(), b64(testkeys.HMAC(31))) {
		t.Errorf("the error shows the secret: %v", err)
	}
}

// TestSecretBounds: the bounds of a key hold at each use. A key past them is
// refused at once, and its dates are asked for again, as often as MinRefresh
// allows.
//
// Rules K3, K7
func TestSecretBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		exp := time.Now().Add(5 * time.Minute)
		source := newSecret(t, func(context.Context, string) ([]byte, error) {
			calls.Add(1)
			return file(octJWK().with("exp", exp.Format(time.RFC3339))), nil
		}, nil)
		defer source.Close()
		if got, err := source.Verify(t.Context(), hs256(t)); err != nil || !got.NotAfter.Equal(exp) {
			t.Errorf("%+v, %v", got, err)
		}
		time.Sleep(5 * time.Minute)
		for range 2 {
			if _, err := source.Verify(t.Context(), hs256(t)); !errors.Is(err, jwks.ErrKeyExpired) {
				t.Errorf("%v", err)
			}
			synctest.Wait()
			if n := calls.Load(); n != 2 {
				t.Errorf("%d fetches, want the first and one for the dates", n)
			}
		}
	})
}

// TestNewSecretRefuses has what no source can be made of.
func TestNewSecretRefuses(t *testing.T) {
	f := fetcher(func(context.Context, string) ([]byte, error) { return nil, nil })
	const year = 365 * 24 * time.Hour
	for name, tt := range map[string]struct {
		fetcher jwks.SecretFetcher
		arn     string
		opts    jwks.SecretOptions
		reason  string
	}{
		"no fetcher":         {nil, "arn", jwks.SecretOptions{}, "needs a SecretFetcher"},
		"no ARN":             {f, "", jwks.SecretOptions{}, "needs the ARN"},
		"negative timeout":   {f, "arn", jwks.SecretOptions{Timeout: -1}, "Timeout: want 0"},
		"negative retry":     {f, "arn", jwks.SecretOptions{RetryInterval: -1}, "RetryInterval: want 0"},
		"negative refresh":   {f, "arn", jwks.SecretOptions{RefreshInterval: -1}, "RefreshInterval: want 0"},
		"negative minimum":   {f, "arn", jwks.SecretOptions{MinRefresh: -1}, "MinRefresh: want 0"},
		"negative age":       {f, "arn", jwks.SecretOptions{MaxStale: -1}, "MaxStale: want 0"},
		"negative wait":      {f, "arn", jwks.SecretOptions{UnknownKidWait: -1}, "UnknownKidWait: want 0"},
		"negative waiters":   {f, "arn", jwks.SecretOptions{MaxWaiters: -1}, "MaxWaiters: want 0"},
		"negative grace":     {f, "arn", jwks.SecretOptions{PreviousGrace: -1}, "PreviousGrace: want 0"},
		"a long grace":       {f, "arn", jwks.SecretOptions{PreviousGrace: year + 1}, "PreviousGrace: want 0"},
		"a long age":         {f, "arn", jwks.SecretOptions{MaxStale: year + 1}, "MaxStale: want 0"},
		"grace, no stages":   {f, "arn", jwks.SecretOptions{PreviousGrace: 1}, "StagedSecretFetcher"},
		"rare, then limited": {f, "arn", jwks.SecretOptions{MinRefresh: time.Hour}, "at most RefreshInterval"},
		"slow":               {f, "arn", jwks.SecretOptions{Timeout: time.Hour}, "at most RefreshInterval"},
		"stale too soon":     {f, "arn", jwks.SecretOptions{RefreshInterval: 10 * time.Minute, MaxStale: 11*time.Minute + 10*time.Second - 1}, "at least 11m10s"},
		"stale by default":   {f, "arn", jwks.SecretOptions{RefreshInterval: 4 * time.Hour}, "MaxStale: 4h0m0s, want at least 4h24m10s"},
	} {
		s, err := jwks.NewSecret(tt.fetcher, tt.arn, &tt.opts)
		if s != nil || err == nil || !strings.Contains(err.Error(), tt.reason) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	for name, opts := range map[string]jwks.SecretOptions{
		"as old as one refresh": {RefreshInterval: 10 * time.Minute, MaxStale: 11*time.Minute + 10*time.Second},
		"short":                 {RefreshInterval: 20 * time.Second},
		"a year":                {MaxStale: year},
	} {
		s, err := jwks.NewSecret(f, "arn", &opts)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s.Close()
	}
}

// TestSecretOptionsAreCopied changes the options after they were given.
//
// Rule G5
func TestSecretOptionsAreCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := &jwks.SecretOptions{UnknownKidWait: 2 * time.Second}
		source := newSecret(t, func(ctx context.Context, _ string) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, opts)
		defer source.Close()
		opts.UnknownKidWait = time.Minute
		wants(t, source, hs256(t), "503", 2*time.Second)
	})
}
