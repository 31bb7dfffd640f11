package jwks_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// TestRevocationBoundNumbers has what the defaults come to.
//
// Rule K10
func TestRevocationBoundNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		custom := limit{interval: 10 * time.Minute, maxStale: time.Hour, timeout: 5 * time.Second, discovery: 2 * time.Hour}
		for name, want := range map[string][4]time.Duration{ // by default, and custom
			"url":        {16*time.Minute + 40*time.Second, 4 * time.Hour, 11*time.Minute + 5*time.Second, time.Hour},
			"secret":     {16*time.Minute + 40*time.Second, 4 * time.Hour, 11*time.Minute + 5*time.Second, time.Hour},
			"discovered": {76*time.Minute + 40*time.Second, 5 * time.Hour, 131*time.Minute + 5*time.Second, 3 * time.Hour},
		} {
			var got [4]time.Duration
			s := kinds[name](t, newProvider("a"), limit{})
			got[0], got[1] = s.RevocationBound()
			s.Close()
			s = kinds[name](t, newProvider("a"), custom)
			got[2], got[3] = s.RevocationBound()
			s.Close()
			if got != want {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	})
}

// lastAccepted returns for how long from now key "a" verifies, to
// the second. It looks for so long.
func lastAccepted(t *testing.T, s fresh, looks time.Duration) time.Duration {
	t.Helper()
	j := genuine(t, "a")
	var last time.Duration
	for began := time.Now(); time.Since(began) < looks; time.Sleep(time.Second) {
		v, err := s.Verify(context.Background(), j)
		gen, genErr := s.Generation()
		switch {
		case err == nil && genErr == nil && gen == v.Generation:
			last = time.Since(began)
		case err == nil:
			t.Fatalf("verified by generation %d, in force %d, %v", v.Generation, gen, genErr)
		case !errors.Is(err, jwks.ErrUnknownKey) && !errors.Is(err, jwks.ErrUnavailable) && !errors.Is(err, jwks.ErrKeyExpired):
			t.Fatal(err)
		}
	}
	return last
}

// TestRevocationBound revokes a key at the worst moment, just after a request
// for the keys came: it is refused everywhere within the bound, and verifies
// until shortly before. Both while every fetch succeeds, slowly, and when none
// does any more.
//
// Rules K8, K10
func TestRevocationBound(t *testing.T) {
	limits := limit{interval: 5 * time.Minute, maxStale: 20 * time.Minute, discovery: 30 * time.Minute}
	for name, make := range kinds {
		t.Run(name+"/reachable", func(t *testing.T) {
			longest := time.Duration(0)
			for range 3 { // the jitter is another one each time
				synctest.Test(t, func(t *testing.T) {
					p := newProvider("a", "b")
					p.latency = 9*time.Second + 900*time.Millisecond
					s := make(t, p, limits)
					defer s.Close()
					bound, _ := s.RevocationBound()
					time.Sleep(time.Second) // the request is there, the answer is not
					p.revoke(name)
					last := lastAccepted(t, s, bound+2*time.Minute)
					if last > bound {
						t.Errorf("accepted after %v, the bound is %v", last, bound)
					}
					longest = max(longest, last)
				})
			}
			worst := map[string]time.Duration{"url": 5 * time.Minute, "secret": 5 * time.Minute, "discovered": 30 * time.Minute}[name]
			if longest < worst+8*time.Second {
				t.Errorf("accepted for %v at most, want %v and most of a fetch or longer", longest, worst)
			}
		})
		t.Run(name+"/unreachable", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProvider("a", "b")
				s := make(t, p, limits)
				defer s.Close()
				_, bound := s.RevocationBound()
				synctest.Wait()
				p.revoke(name)
				began := time.Now()
				if name == "discovered" { // the old URL is still read, the metadata are not
					time.Sleep(29 * time.Minute)
				}
				p.fail(stopped)
				past := time.Since(began)
				last := past + lastAccepted(t, s, bound+2*time.Minute)
				if last > bound {
					t.Errorf("accepted after %v, the bound is %v", last, bound)
				}
				if shortly := bound - 6*time.Minute; last < shortly || past == 0 && last < bound-time.Second {
					t.Errorf("accepted for %v only, the bound is %v", last, bound)
				}
			})
		})
	}
}
