package jwks_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenacl/tokenacl/jwks"
)

// step is something that happens to a source.
type step struct {
	sleep   time.Duration
	publish []string
	fault   string // "" is none
	latency time.Duration
	kid     string // of the token that comes then
	forged  bool
}

var modelFaults = map[string]fault{"stopped": stopped, "hanging": hang, "500": status(500), "HTML": body("<html>"), "empty": body(`{"keys":[]}`)}

func steps(t *rapid.T) []step {
	kids := []string{"a", "b", "c", "d"}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		s := step{
			sleep:   rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second, 10 * time.Second, 31 * time.Second, 5 * time.Minute, 20 * time.Minute, 61 * time.Minute}).Draw(t, "sleep"),
			latency: rapid.SampledFrom([]time.Duration{0, 10 * time.Millisecond, 2 * time.Second, 20 * time.Second}).Draw(t, "latency"),
			kid:     rapid.SampledFrom(kids).Draw(t, "kid"),
			forged:  rapid.Bool().Draw(t, "forged"),
			publish: rapid.SliceOfNDistinct(rapid.SampledFrom(kids), 1, 3, rapid.ID).Draw(t, "publish"),
		}
		if rapid.Bool().Draw(t, "faulty") {
			s.fault = rapid.SampledFrom([]string{"stopped", "hanging", "500", "HTML", "empty"}).Draw(t, "fault")
		}
		return s
	}), 1, 30).Draw(t, "steps")
}

// oracle reads the rules naively: it knows which fetches the provider answered,
// how, and when. It returns what a token with that kid gets at the time now.
func oracle(log []fetched, now time.Time, kid string, forged bool, maxStale, minRefresh time.Duration) string {
	var inForce []string
	var began time.Time
	last := fetched{}
	for _, f := range log {
		if f.ended.IsZero() || f.ended.After(now) { // under way
			last = fetched{}
			continue
		}
		if last = f; f.good {
			inForce, began = f.kids, f.began
		}
	}
	stale := now.Sub(began) >= maxStale
	switch {
	case !stale && slices.Contains(inForce, kid) && forged:
		return "401 signature"
	case !stale && slices.Contains(inForce, kid):
		return "ok"
	case !stale && last.good && now.Sub(last.began) < minRefresh:
		return "401 unknown"
	}
	return "503"
}

// TestModel compares sources with the oracle, over random behaviour of the
// provider. A token with a key in force must not take time; any other one must
// get what is right when it is answered. No fetch begins before the one before
// has ended, and tokens cause none within MinRefresh.
//
// Rules K7, K8, G1
func TestModel(t *testing.T) {
	const maxStale, minRefresh = time.Hour, 30 * time.Second
	seen := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		plan, kind := steps(rt), rapid.SampledFrom([]string{"url", "discovered", "secret"}).Draw(rt, "kind")
		var problem string
		synctest.Test(t, func(t *testing.T) {
			p := newProvider("a")
			s := kinds[kind](t, p, limit{maxStale: maxStale})
			defer s.Close()
			for i, step := range plan {
				time.Sleep(step.sleep)
				synctest.Wait()
				p.set(func(p *provider) { p.kids, p.fault, p.latency = step.publish, modelFaults[step.fault], step.latency })
				j := genuine(t, step.kid)
				if step.forged {
					j = forged(t, step.kid)
				}
				before := oracle(p.history(), time.Now(), step.kid, step.forged, maxStale, minRefresh)
				got, waited := ask(s, j)
				synctest.Wait()
				want := oracle(p.history(), time.Now(), step.kid, step.forged, maxStale, minRefresh)
				if before == "ok" || before == "401 signature" {
					if want = before; waited != 0 {
						problem = fmt.Sprintf("step %d: waited %v with a known key", i, waited)
					}
				}
				if seen[got]++; got != want || waited > time.Second {
					problem = fmt.Sprintf("step %d: %s after %v, want %s; %s", i, got, waited, want, asJSON(p.history()))
				}
			}
			log := p.history()
			for i := range len(log) - 1 {
				f, next := log[i], log[i+1]
				if next.began.Before(f.ended) || f.good && next.began.Sub(f.began) < minRefresh {
					problem = fmt.Sprintf("fetch %d began too soon: %+v, %+v", i+1, f, next)
				}
			}
		})
		if problem != "" {
			rt.Fatal(problem)
		}
	})
	t.Log(seen)
	for _, class := range []string{"ok", "503", "401 unknown", "401 signature"} {
		if seen[class] < 20 {
			t.Errorf("%s %d times only: %v", class, seen[class], seen)
		}
	}
}

var _ jwks.Source = fresh(nil)
