package kmssigner_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

// slow is a backend that takes a while to describe a key, and answers for when it
// was asked.
type slow struct {
	*kmstest.Backend
	takes func(id string) time.Duration
}

func (s *slow) Describe(ctx context.Context, id string) (kmssigner.Key, error) {
	key, err := s.Backend.Describe(ctx, id)
	select {
	case <-time.After(s.takes(id)):
		return key, err
	case <-ctx.Done():
		return kmssigner.Key{}, ctx.Err()
	}
}

// TestBoundsOfSlowBackend: the stated times hold when each answer is as late as it
// may be.
//
// Rule M3
func TestBoundsOfSlowBackend(t *testing.T) {
	for _, takes := range []time.Duration{time.Millisecond, 4900 * time.Millisecond, 9900 * time.Millisecond} {
		for after := range 25 {
			synctest.Test(t, func(t *testing.T) {
				backend := &slow{memory(kmstest.P256), func(string) time.Duration { return takes }}
				opts := &kmssigner.Options{RefreshInterval: 20 * time.Second, Timeout: 20 * time.Second, MaxStale: time.Hour}
				signer := newSigner(t, backend, opts)
				defer signer.Close()
				token := must(signer.Mint(t.Context(), map[string]any{}))
				bound, _ := signer.Keys().RevocationBound()
				if bound != 42*time.Second {
					t.Fatalf("%v", bound)
				}
				time.Sleep(time.Minute + time.Duration(after)*time.Second)
				if after%2 == 0 {
					backend.Disable(signer.Keys().List()[0].BackendID)
					time.Sleep(bound)
					if _, err := signer.Keys().Verify(t.Context(), compact(t, token)); !errors.Is(err, jwks.ErrUnavailable) {
						t.Errorf("answers after %v, disabled at %d s: verifies after %v", takes, after, bound)
					}
					return
				}
				backend.Point(backend.Create(kmstest.P256))
				time.Sleep(bound)
				if list := signer.Keys().List(); len(list) != 2 {
					t.Errorf("answers after %v, rotated at %d s: %d keys after %v", takes, after, len(list), bound)
				}
			})
		}
	}
}

// TestNameDenied: when nobody may ask for the new key, an old one that is disabled
// is dropped all the same, and none verifies longer for being enabled.
//
// Rule M3
func TestNameDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.P256)
		leaked := newSigner(t, backend, nil)
		defer leaked.Close()
		well := newSigner(t, backend, nil)
		defer well.Close()
		old := leaked.Keys().List()[0]
		token := must(leaked.Mint(t.Context(), map[string]any{}))
		next := backend.Create(kmstest.P256)
		backend.FailKey(next, kmstest.Describe, kmssigner.ErrAccessDenied)
		backend.Point(next)
		time.Sleep(3*time.Hour + 50*time.Minute)
		if _, err := well.Mint(t.Context(), map[string]any{}); err != nil {
			t.Errorf("before MaxStale: %v", err)
		}
		backend.Disable(old.BackendID)
		time.Sleep(reachable)
		if _, err := leaked.Keys().Verify(t.Context(), compact(t, token)); !errors.Is(err, jwks.ErrUnavailable) {
			t.Errorf("a disabled key: %v", err)
		}
		backend.Enable(old.BackendID)
	})
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.P256)
		signer := newSigner(t, backend, nil)
		defer signer.Close()
		next := backend.Create(kmstest.P256)
		backend.FailKey(next, kmstest.Describe, kmssigner.ErrAccessDenied)
		backend.Point(next)
		time.Sleep(4*time.Hour + time.Minute)
		if _, err := signer.Mint(t.Context(), map[string]any{}); !errors.Is(err, jwks.ErrUnavailable) || !errors.Is(err, kmssigner.ErrAccessDenied) {
			t.Errorf("signs with what the name ceased to stand for: %v", err)
		}
	})
}

// TestOneHangs: a key that the backend does not answer for hides no other.
//
// Rule M3
func TestOneHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := memory(kmstest.P256)
		first, second := inner.IDs()[0], inner.Create(kmstest.P256)
		hangs := "none"
		var mu sync.Mutex
		backend := &slow{inner, func(id string) time.Duration {
			mu.Lock()
			defer mu.Unlock()
			if id == hangs {
				return time.Hour
			}
			return 0
		}}
		inner.Point(inner.Create(kmstest.P256))
		signer := newSigner(t, backend, &kmssigner.Options{TrustedKeys: []string{first, second}})
		defer signer.Close()
		for _, id := range []string{first, ""} { // the name, too
			mu.Lock()
			hangs = id
			mu.Unlock()
			if id == "" {
				inner.Disable(first)
			} else {
				inner.Disable(second)
			}
			if err := signer.Keys().Refresh(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
			for _, info := range signer.Keys().List() {
				if info.BackendID == second || id == "" && info.BackendID == first {
					t.Errorf("while %q hangs, a disabled key stays", id)
				}
			}
		}
	})
}

// TestFailuresShareARefresh: many tokens at once that a key cannot sign cause one
// refresh.
//
// Rule M3
func TestFailuresShareARefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := &slow{memory(kmstest.P256), func(string) time.Duration { return time.Second }}
		signer := newSigner(t, backend, nil)
		defer signer.Close()
		time.Sleep(time.Minute)
		backend.Fail(kmstest.Sign, kmssigner.ErrAccessDenied)
		before := backend.Calls().Describe
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := signer.Mint(t.Context(), map[string]any{}); !errors.Is(err, kmssigner.ErrAccessDenied) {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if got := backend.Calls().Describe - before; got != 1 {
			t.Errorf("%d questions, want 1", got)
		}
	})
}

// TestOwnContext: what ends because its caller's context did says nothing of the
// backend.
func TestOwnContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := &slow{memory(kmstest.P256), func(string) time.Duration { return time.Second }}
		signer := newSigner(t, backend, nil)
		defer signer.Close()
		stranger := must(newSigner(t, memory(kmstest.P256), nil).Mint(t.Context(), map[string]any{}))
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		calls := backend.Calls()
		for range 20 {
			if err := signer.Keys().Refresh(cancelled); !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
		}
		if got := since(backend.Backend, calls); got != (kmstest.Calls{}) {
			t.Errorf("%+v although the context was done", got)
		}
		if err := signer.Keys().Refresh(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if h := signer.Keys().Health(); h.LastError != nil {
			t.Errorf("%+v", h)
		}
		if _, err := signer.Keys().Verify(t.Context(), compact(t, stranger)); !errors.Is(err, jwks.ErrUnknownKey) {
			t.Errorf("%v", err)
		}
	})
}

// TestFaultOfAnotherKey: an old key that cannot be asked for makes no unknown kid
// doubtful.
//
// Rule G1
func TestFaultOfAnotherKey(t *testing.T) {
	w := newWorld(t, kmstest.P256)
	stranger := must(newSigner(t, memory(kmstest.P256), nil).Mint(t.Context(), map[string]any{}))
	w.FailKey(w.oldKey, kmstest.Describe, fmt.Errorf("%w: no", kmssigner.ErrAccessDenied))
	if err := w.signer.Keys().Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), w.oldKid) {
		t.Errorf("%v", err)
	}
	if _, err := w.signer.Keys().Verify(t.Context(), compact(t, stranger)); !errors.Is(err, jwks.ErrUnknownKey) || strings.Contains(err.Error(), w.oldKid) {
		t.Errorf("%v", err)
	}
}

// TestLateNews: a refresh that asked before a key was disabled does not bring it
// back when it ends after that became known.
//
// Rule M3
func TestLateNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var takes time.Duration
		backend := &slow{memory(kmstest.P256), func(string) time.Duration { return takes }}
		signer := newSigner(t, backend, nil)
		defer signer.Close()
		token := must(signer.Mint(t.Context(), map[string]any{}))
		takes = 3 * time.Second
		var wg sync.WaitGroup
		wg.Go(func() { signer.Keys().Refresh(t.Context()) })
		time.Sleep(time.Second)
		backend.Disable(signer.Keys().List()[0].BackendID)
		if _, err := signer.Keys().Remote().Verify(t.Context(), compact(t, token)); !errors.Is(err, jwks.ErrUnavailable) {
			t.Errorf("remote: %v", err)
		}
		wg.Wait()
		if _, err := signer.Keys().Verify(t.Context(), compact(t, token)); !errors.Is(err, jwks.ErrUnavailable) {
			t.Errorf("local, after the refresh: %v", err)
		}
		backend.Enable(backend.IDs()[0])
		takes = 0
		refresh(t, signer)
		if _, err := signer.Keys().Verify(t.Context(), compact(t, token)); err != nil {
			t.Errorf("enabled again: %v", err)
		}
	})
}

// TestOldKeyIsAskedFor: an old key verifies as long as the backend tells of it,
// and no longer than MaxStale after it ceased to.
//
// Rule M3
func TestOldKeyIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const maxStale = 6 * time.Minute
		backend := memory(kmstest.P256)
		signer := newSigner(t, backend, &kmssigner.Options{MaxStale: maxStale})
		defer signer.Close()
		old := signer.Keys().List()[0]
		token := must(signer.Mint(t.Context(), map[string]any{}))
		backend.Point(backend.Create(kmstest.P256))
		refresh(t, signer)
		time.Sleep(40 * time.Minute)
		v, err := signer.Keys().Verify(t.Context(), compact(t, token))
		if left := time.Until(v.NotAfter); err != nil || left <= 0 || left > maxStale {
			t.Errorf("%v, for %v", err, left)
		}
		backend.FailKey(old.BackendID, kmstest.Describe, errors.New("denied"))
		asked := time.Now()
		refresh := signer.Keys().Refresh(t.Context())
		if refresh == nil || signer.Keys().Health().LastError == nil {
			t.Error("nobody learns that the old key could not be asked for")
		}
		time.Sleep(maxStale)
		if _, err := signer.Keys().Verify(t.Context(), compact(t, token)); !errors.Is(err, jwks.ErrUnavailable) {
			t.Errorf("%v after it was last heard of: %v", time.Since(asked), err)
		}
		if list := signer.Keys().List(); len(list) != 1 || !list[0].Signs || signer.Keys().Set().Len() != 1 {
			t.Errorf("%+v", list)
		}
		if _, err := signer.Mint(t.Context(), map[string]any{}); err != nil {
			t.Errorf("the new key: %v", err)
		}
	})
}

// TestCallsAreBounded: a backend that hangs keeps nobody for longer than Timeout.
func TestCallsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.P256)
		signer := newSigner(t, backend, nil)
		defer signer.Close()
		token := must(signer.Mint(t.Context(), map[string]any{}))
		for _, op := range []kmstest.Operation{kmstest.Sign, kmstest.Verify} {
			backend.Hang(op, true)
		}
		began := time.Now()
		if _, err := signer.Mint(t.Context(), map[string]any{}); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 10*time.Second {
			t.Errorf("Mint: %v after %v", err, time.Since(began))
		}
		began = time.Now()
		_, err := signer.Keys().Remote().Verify(t.Context(), compact(t, token))
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, jwks.ErrUnavailable) || time.Since(began) != 10*time.Second {
			t.Errorf("Verify: %v after %v", err, time.Since(began))
		}
	})
}
