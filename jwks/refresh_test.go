package jwks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// eachKind runs a test in a bubble for each kind of source, the first fetch of
// which is done.
func eachKind(t *testing.T, l limit, test func(t *testing.T, p *provider, s fresh)) {
	t.Helper()
	for name, make := range kinds {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProvider("a", "b")
				s := make(t, p, l)
				defer s.Close()
				synctest.Wait()
				test(t, p, s)
			})
		})
	}
}

// TestKnownKeyNeverWaits: not for a fetch that hangs, nor for a signature that is
// wrong.
//
// Rule K7
func TestKnownKeyNeverWaits(t *testing.T) {
	eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
		p.fail(hang)
		for range 200 { // of a minute each: the refresh after 15 minutes hangs
			time.Sleep(time.Minute)
			wants(t, s, genuine(t, "a"), "ok", 0)
			wants(t, s, forged(t, "b"), "401 signature", 0)
		}
		if n := p.fetches(); n < 100 {
			t.Errorf("%d fetches, want many that hang", n)
		}
	})
}

// TestUnknownKid: a token whose kid is new waits for a fetch; afterwards its kid is
// known. What is refused, and for how long, depends on the latest fetch.
//
// Rule K7
func TestUnknownKid(t *testing.T) {
	eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
		p.publish("a", "b", "c")
		wants(t, s, genuine(t, "c"), "401 unknown", 0) // after a good fetch that is young
		time.Sleep(30*time.Second - 1)
		wants(t, s, genuine(t, "c"), "401 unknown", 0)
		if n := p.fetches(); n != 1 {
			t.Errorf("%d fetches", n)
		}
		time.Sleep(time.Nanosecond)
		p.set(func(p *provider) { p.latency = 300 * time.Millisecond })
		wants(t, s, genuine(t, "c"), "ok", 300*time.Millisecond)
		wants(t, s, forged(t, "c"), "401 signature", 0)
		wants(t, s, genuine(t, "d"), "401 unknown", 0)
		if n := p.fetches(); n != 2 {
			t.Errorf("%d fetches", n)
		}

		time.Sleep(30 * time.Second)
		synctest.Wait() // the one that the wrong signature asked for
		p.publish("a", "b", "c", "d")
		p.fail(status(500))
		time.Sleep(30 * time.Second)
		wants(t, s, genuine(t, "d"), "503", 300*time.Millisecond) // the fetch fails
		wants(t, s, genuine(t, "d"), "503", 0)                    // and a further one is suppressed
		p.fail(nil)
		time.Sleep(5*time.Second + 300*time.Millisecond)
		synctest.Wait() // the retry
		wants(t, s, genuine(t, "d"), "ok", 0)

		p.fail(hang)
		time.Sleep(30 * time.Second)
		wants(t, s, genuine(t, "e"), "503", time.Second)
		wants(t, s, genuine(t, "e"), "503", 0) // the fetch is too old to wait for
		wants(t, s, genuine(t, "d"), "ok", 0)
	})
}

// TestUnknownKidHeedsContext: whoever gives up gets away, and the fetch goes on.
//
// Rules K7, G1
func TestUnknownKidHeedsContext(t *testing.T) {
	eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
		time.Sleep(time.Minute)
		p.publish("c")
		p.set(func(p *provider) { p.latency = 500 * time.Millisecond })
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := s.Verify(ctx, genuine(t, "c"))
		if !errors.Is(err, jwks.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 100*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		wants(t, s, genuine(t, "c"), "ok", 400*time.Millisecond)
		if n := p.fetches(); n != 2 {
			t.Errorf("%d fetches", n)
		}
	})
}

// TestWaitEndsWithTheFetch: the later a token joins a fetch, the less it waits.
//
// Rule K7
func TestWaitEndsWithTheFetch(t *testing.T) {
	eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
		time.Sleep(time.Minute)
		p.fail(hang)
		go ask(s, genuine(t, "c"))
		time.Sleep(600 * time.Millisecond)
		wants(t, s, genuine(t, "c"), "503", 400*time.Millisecond)
		if n := s.Health().Suppressed; n != 0 {
			t.Errorf("%d suppressed", n)
		}
		wants(t, s, genuine(t, "c"), "503", 0)
		if n := s.Health().Suppressed; n != 1 {
			t.Errorf("%d suppressed", n)
		}
	})
}

// TestMaxWaiters: of 100 tokens as many as allowed wait, and one that leaves makes
// room.
//
// Rules K7, G4
func TestMaxWaiters(t *testing.T) {
	for name, tt := range map[string]struct{ option, most int }{"by default": {0, 16}, "one": {1, 1}, "40": {40, 40}} {
		t.Run(name, func(t *testing.T) {
			eachKind(t, limit{waiters: tt.option}, func(t *testing.T, p *provider, s fresh) {
				time.Sleep(time.Minute)
				p.publish("c")
				p.set(func(p *provider) { p.latency = 900 * time.Millisecond })
				ctx, cancel := context.WithCancel(t.Context())
				var left, refused, verified atomic.Int32
				count := func(ctx context.Context) {
					switch _, err := s.Verify(ctx, genuine(t, "c")); {
					case errors.Is(err, context.Canceled):
						left.Add(1)
					case err == nil:
						verified.Add(1)
					case errors.Is(err, jwks.ErrUnavailable):
						refused.Add(1)
					default:
						t.Error(err)
					}
				}
				go count(ctx)
				synctest.Wait()
				for range 99 {
					go count(t.Context())
				}
				synctest.Wait()
				if n := int(refused.Load()); n != 100-tt.most {
					t.Errorf("%d refused at once, want %d", n, 100-tt.most)
				}
				cancel()
				synctest.Wait()
				for range 2 {
					go count(t.Context())
					synctest.Wait()
				}
				time.Sleep(time.Second)
				synctest.Wait()
				if n := int(verified.Load()); left.Load() != 1 || n != tt.most || int(refused.Load()) != 100-tt.most+1 {
					t.Errorf("%d left, %d verified, %d refused", left.Load(), n, refused.Load())
				}
				if n := p.fetches(); n != 2 {
					t.Errorf("%d fetches", n)
				}
			})
		})
	}
}

// TestFlood sends 10,000 tokens with random kids within ten minutes, in bursts.
// They cause a fetch per MinRefresh, and a token with a known key does not notice.
//
// Rules K7, G4
func TestFlood(t *testing.T) {
	eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
		p.set(func(p *provider) { p.latency = 100 * time.Millisecond })
		known := genuine(t, "a")
		var outcomes sync.Map
		for burst := range 100 {
			for i := range 100 {
				go func() {
					got, waited := ask(s, forged(t, fmt.Sprintf("random %d.%d", burst, i)))
					outcomes.Store(got, true)
					if waited > time.Second {
						t.Errorf("waited %v", waited)
					}
				}()
			}
			wants(t, s, known, "ok", 0)
			synctest.Wait()
			wants(t, s, known, "ok", 0)
			time.Sleep(6 * time.Second)
		}
		if n := p.fetches(); n < 10 || n > 10*60/30+1 {
			t.Errorf("%d fetches", n)
		}
		for _, want := range []string{"401 unknown", "503"} {
			if _, ok := outcomes.Load(want); !ok {
				t.Errorf("no %s", want)
			}
		}
		if n := s.Health().Suppressed; n < 9000 || n > 10_000 {
			t.Errorf("%d suppressed", n)
		}
	})
}

// TestBadSignature: by a known kid, it is refused at once and causes one fetch, as
// soon as that is allowed; the kid may have a new key.
//
// Rule K7
func TestBadSignature(t *testing.T) {
	eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
		for range 1000 {
			wants(t, s, forged(t, "a"), "401 signature", 0)
		}
		synctest.Wait()
		if n := p.fetches(); n != 1 {
			t.Errorf("at once: %d fetches", n)
		}
		time.Sleep(30*time.Second - 1)
		synctest.Wait()
		if n := p.fetches(); n != 1 {
			t.Errorf("too soon: %d fetches", n)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if n := p.fetches(); n != 2 {
			t.Errorf("when allowed: %d fetches", n)
		}
		time.Sleep(10 * time.Minute)
		if n := p.fetches(); n != 2 {
			t.Errorf("later: %d fetches", n)
		}
		p.publish("b")
		wants(t, s, forged(t, "a"), "401 signature", 0)
		synctest.Wait()
		wants(t, s, genuine(t, "a"), "401 unknown", 0) // the fetch was made at once
		wants(t, s, genuine(t, "b"), "ok", 0)
		if n := p.fetches(); n != 3 {
			t.Errorf("old enough: %d fetches", n)
		}
	})
}

// TestKnownKidOfAnotherAlgorithm: is treated as a wrong signature is.
//
// Rule K7
func TestKnownKidOfAnotherAlgorithm(t *testing.T) {
	eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
		time.Sleep(time.Minute)
		p.set(func(p *provider) { p.latency = 500 * time.Millisecond })
		wants(t, s, compact(t, sign(jwks.HS256, []byte("x"), "a")), "401 unknown", 0)
		time.Sleep(time.Second)
		if n := p.fetches(); n != 2 {
			t.Errorf("%d fetches", n)
		}
	})
}

// TestBroughtForward: the refresh that a wrong signature asked for goes past
// caches, whether it comes at once or later.
//
// Rules K7, K9
func TestBroughtForward(t *testing.T) {
	for _, age := range []time.Duration{0, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			p := newProvider("a")
			s := newRemote(t, p, limit{})
			defer s.Close()
			synctest.Wait()
			time.Sleep(age)
			wants(t, s, forged(t, "a"), "401 signature", 0)
			time.Sleep(time.Minute)
			all := p.headers()
			if len(all) != 2 || all[1].Get("Cache-Control") != "no-cache" {
				t.Errorf("after %v: %v", age, all)
			}
		})
	}
}

// TestBadSignatureDuringFailure: it brings nothing forward.
//
// Rule K7
func TestBadSignatureDuringFailure(t *testing.T) {
	eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
		p.fail(status(500))
		time.Sleep(17 * time.Minute) // a refresh and retries
		before, j := p.fetches(), forged(t, "a")
		for range 1200 {
			wants(t, s, j, "401 signature", 0)
			time.Sleep(time.Second)
		}
		if n := p.fetches() - before; n < 20 || n > 40 {
			t.Errorf("%d fetches in 20 minutes, want one per 30 to 60 s", n)
		}
	})
}

// TestKeysAreReplaced: a removed key verifies until the next good fetch and no
// longer; a set that is the same has the same generation.
//
// Rule K8
func TestKeysAreReplaced(t *testing.T) {
	eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
		first, err := s.Generation()
		if err != nil || first == 0 {
			t.Fatal(first, err)
		}
		time.Sleep(17 * time.Minute)
		if same, err := s.Generation(); same != first || err != nil || p.fetches() != 2 {
			t.Errorf("generation %d after %d, %v, %d fetches", same, first, err, p.fetches())
		}
		p.publish("b")
		wants(t, s, genuine(t, "a"), "ok", 0)
		time.Sleep(17 * time.Minute)
		wants(t, s, genuine(t, "a"), "401 unknown", 0)
		wants(t, s, genuine(t, "b"), "ok", 0)
		v, err := s.Verify(t.Context(), genuine(t, "b"))
		if next, _ := s.Generation(); err != nil || next == first || v.Generation != next {
			t.Errorf("generation %d, then %d, of the token %d; %v", first, next, v.Generation, err)
		}
	})
}

// TestMaxStale: the last good keys verify until just before they are too old, and
// then nothing does, until they are fetched again.
//
// Rules K8, G1
func TestMaxStale(t *testing.T) {
	eachKind(t, limit{maxStale: time.Hour}, func(t *testing.T, p *provider, s fresh) {
		p.fail(status(503))
		time.Sleep(time.Hour - 1)
		wants(t, s, genuine(t, "a"), "ok", 0)
		if _, err := s.Generation(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Nanosecond)
		for _, j := range []*jwks.JWS{genuine(t, "a"), forged(t, "a"), genuine(t, "c")} {
			wants(t, s, j, "503", 0)
		}
		_, err := s.Generation()
		if !errors.Is(err, jwks.ErrUnavailable) || !strings.Contains(err.Error(), "older than 1h0m0s") || s.Health().Generation != 0 {
			t.Errorf("%v, %+v", err, s.Health())
		}
		p.fail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		wants(t, s, genuine(t, "a"), "ok", 0)
	})
}

// TestBackoff: after failures the pauses double from 2.5 to 5 seconds to 30 to 60
// seconds, are not all the same, and begin anew after a good fetch.
//
// Rule K8
func TestBackoff(t *testing.T) {
	pauses := map[time.Duration]bool{}
	eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
		for range 2 {
			p.fail(status(500))
			time.Sleep(27 * time.Minute)
			p.fail(nil)
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		attempts, failures := 0, 0
		log := p.history()
		for i, f := range log[:len(log)-1] {
			if f.good {
				failures = 0
				continue
			}
			failures++
			attempts++
			most := min(5*time.Second<<(failures-1), time.Minute)
			pause := log[i+1].began.Sub(f.ended)
			if pause < most/2 || pause > most {
				t.Errorf("pause %v after %d failures", pause, failures)
			}
			pauses[pause] = true
		}
		if attempts < 20 {
			t.Errorf("%d attempts", attempts)
		}
	})
	if len(pauses) < 50 {
		t.Errorf("%d different pauses", len(pauses))
	}
}

// TestNewWhileDown: a source is made while nothing answers, says so with the time
// of the next attempt, and then works.
//
// Rules K8, G1
func TestNewWhileDown(t *testing.T) {
	for name, make := range kinds {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProvider("a")
				p.fail(stopped)
				p.set(func(p *provider) { p.latency = time.Millisecond })
				s := make(t, p, limit{})
				defer s.Close()
				if _, err := s.Generation(); retryAfter(t, err) != time.Second {
					t.Errorf("while it fetches: %v", err)
				}
				time.Sleep(time.Millisecond)
				synctest.Wait()
				p.set(func(p *provider) { p.latency = 0 })
				_, err := s.Verify(t.Context(), genuine(t, "a"))
				after := retryAfter(t, err)
				if after < 2500*time.Millisecond || after > 5*time.Second || !strings.Contains(err.Error(), "connection refused") {
					t.Errorf("%v after %v", err, after)
				}
				_, err = s.Generation()
				if retryAfter(t, err) != after {
					t.Errorf("generation: %v after %v", err, after)
				}
				if h := s.Health(); h.LastError == nil || !h.LastSuccess.IsZero() || h.Generation != 0 || h.Fetches != 1 {
					t.Errorf("%+v", h)
				}
				p.fail(nil)
				time.Sleep(after - 1)
				wants(t, s, genuine(t, "a"), "503", 0)
				time.Sleep(time.Nanosecond)
				synctest.Wait() // the timer was first
				wants(t, s, genuine(t, "a"), "ok", 0)
				if h := s.Health(); h.LastError != nil || !h.LastSuccess.Equal(time.Now()) || h.Generation == 0 || h.Fetches != 2 || h.Suppressed != 2 {
					t.Errorf("%+v", h)
				}
			})
		})
	}
}

// retryAfter finds when to try again.
func retryAfter(t *testing.T, err error) time.Duration {
	t.Helper()
	var e interface{ RetryAfter() time.Duration }
	if !errors.Is(err, jwks.ErrUnavailable) || !errors.As(err, &e) {
		t.Fatalf("no time to try again: %v", err)
	}
	return e.RetryAfter()
}

// TestRetryAfter of every reason there is.
//
// Rule K7
func TestRetryAfter(t *testing.T) {
	eachKind(t, limit{waiters: 1}, func(t *testing.T, p *provider, s fresh) {
		time.Sleep(time.Minute)
		p.fail(hang)
		verify := func() error {
			_, err := s.Verify(t.Context(), genuine(t, "c"))
			return err
		}
		go func() {
			if after := retryAfter(t, verify()); after != 9*time.Second {
				t.Errorf("waited in vain: %v", after)
			}
		}()
		synctest.Wait()
		if after := retryAfter(t, verify()); after != time.Second {
			t.Errorf("too many wait: %v", after)
		}
		time.Sleep(4 * time.Second)
		if after := retryAfter(t, verify()); after != 6*time.Second {
			t.Errorf("hanging: %v", after)
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if after := retryAfter(t, verify()); after < 2500*time.Millisecond || after > 5*time.Second {
			t.Errorf("failed: %v", after)
		}
	})
}

// TestClose: whoever waits is told so, nothing verifies any more, nothing is
// fetched, and no goroutine is left, since the bubble ends.
//
// Rules K8, G1
func TestClose(t *testing.T) {
	for name, tt := range map[string]struct {
		fault   fault
		waiters int
		before  string
	}{"during a fetch": {hang, 10, ""}, "between fetches": {nil, 0, "401 unknown"}, "after a failure": {status(500), 0, "503"}} {
		t.Run(name, func(t *testing.T) {
			eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
				time.Sleep(time.Minute)
				p.fail(tt.fault)
				told := make(chan error)
				for range tt.waiters {
					go func() {
						_, err := s.Verify(context.Background(), genuine(t, "c"))
						told <- err
					}()
				}
				if tt.waiters == 0 {
					wants(t, s, genuine(t, "c"), tt.before, 0)
				}
				synctest.Wait()
				before := p.fetches()
				for range 2 {
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				}
				for range tt.waiters {
					if err := <-told; class(err) != "503" || !strings.Contains(err.Error(), "closed") {
						t.Error(err)
					}
				}
				for _, j := range []*jwks.JWS{genuine(t, "a"), forged(t, "a"), genuine(t, "c")} {
					wants(t, s, j, "503", 0)
				}
				if _, err := s.Generation(); !errors.Is(err, jwks.ErrUnavailable) {
					t.Error(err)
				}
				time.Sleep(24 * time.Hour)
				if n := p.fetches(); n != before {
					t.Errorf("%d fetches after Close", n-before)
				}
				if h := s.Health(); h.Generation != 0 || h.Fetches == 0 {
					t.Errorf("%+v", h)
				}
			})
		})
	}
}

// TestVerifyAllocates: a source costs no more than its set.
func TestVerifyAllocates(t *testing.T) {
	p := newProvider("a")
	s := newRemote(t, p, limit{})
	defer s.Close()
	j := genuine(t, "a")
	for {
		if _, err := s.Verify(t.Context(), j); err == nil {
			break
		}
	}
	set, err := jwks.Parse(keyFile("a"), jwks.Public)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	want := testing.AllocsPerRun(100, func() { set.Verify(j, now) })
	got := testing.AllocsPerRun(100, func() { s.Verify(t.Context(), j) })
	gen := testing.AllocsPerRun(100, func() { s.Generation() })
	if got > want || gen > 0 {
		t.Errorf("%v allocations, the set has %v; Generation %v", got, want, gen)
	}
}

// The faults.

func stopped(context.Context, []byte) (*http.Response, error) {
	return nil, errors.New("connect: connection refused")
}

func hang(ctx context.Context, _ []byte) (*http.Response, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func status(code int) fault {
	return func(context.Context, []byte) (*http.Response, error) { return response(code, []byte("{}")), nil }
}
