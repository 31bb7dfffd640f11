// Load verifies tokens while their issuer rotates its keys, and asserts what the
// documents promise:
//
//	go run ./load [-for 60s]
//
// Eight goroutines ask in an open loop: by the clock, whatever the answers take.
// One request in ten has a random kid that nobody knows; one in ten is of a key
// that was revoked. A second source, whose issuer hangs all the time but for its
// first answer, gets requests of the same kinds, side by side. It prints a report, and
// exits with 1 when a count is wrong; times are reported and not judged.
package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"log"
	mathrand "math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

const (
	workers  = 8
	interval = 4 * time.Millisecond // of one worker's requests
	rotation = 5 * time.Second
)

var options = jwks.RemoteOptions{
	RefreshFloor: time.Second, RefreshCeiling: 3 * time.Second, MinRefresh: time.Second, Timeout: 2 * time.Second, MaxStale: time.Hour,
}

// propagation is how long after its publication a new key may be unknown here: a
// token may have to wait until MinRefresh is over, and then for one fetch.
var propagation = options.MinRefresh + options.Timeout

func main() {
	span := flag.Duration("for", time.Minute, "how `LONG`")
	flag.Parse()
	ok, err := run(*span)
	if err != nil {
		log.Fatal(err)
	}
	if !ok {
		os.Exit(1)
	}
}

func open(i *issuer) (*jwks.Remote, *tokenacl.Gate, error) {
	o := options
	o.RootCAs = x509.NewCertPool()
	o.RootCAs.AddCert(i.server.Certificate())
	keys, err := jwks.NewRemote(i.server.URL, &o)
	if err != nil {
		return nil, nil, err
	}
	config := &tokenconfig.Config{JWT: &tokenconfig.JWT{KeyLocation: tokenconfig.KeyURL, URL: i.server.URL, Issuer: i.server.URL, ClaimRegex: "load"}}
	gate, err := tokenacl.NewGate([]tokenacl.Issuer{{Config: config, Keys: keys}}, nil)
	return keys, gate, err
}

func run(span time.Duration) (bool, error) {
	healthy, hanging := newIssuer(), newIssuer()
	defer healthy.server.Close()
	defer hanging.server.Close()
	keys, gate, err := open(healthy)
	if err != nil {
		return false, err
	}
	defer keys.Close()
	stuckKeys, stuckGate, err := open(hanging)
	if err != nil {
		return false, err
	}
	defer stuckKeys.Close()
	for _, g := range []struct {
		*issuer
		*tokenacl.Gate
	}{{healthy, gate}, {hanging, stuckGate}} { // until the first keys are there
		for end := time.Now().Add(10 * time.Second); ; {
			if _, err := g.Scope(context.Background(), tokenacl.UserContext{Token: g.current().token}); err == nil {
				break
			} else if time.Now().After(end) {
				return false, fmt.Errorf("no keys after 10 s: %w", err)
			}
		}
	}
	hanging.hang.Store(true)

	ctx, cancel := context.WithTimeout(context.Background(), span)
	defer cancel()
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(rotation)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				healthy.rotate()
			}
		}
	})
	bound, _ := keys.RevocationBound()
	began := time.Now()
	well, stuck := &result{}, &result{}
	for range workers / 2 {
		group.Go(func() { well.work(ctx, healthy, gate, bound) })
		group.Go(func() { stuck.work(ctx, hanging, stuckGate, bound) })
	}
	group.Wait()
	return report(time.Since(began), well, stuck, keys.Health(), stuckKeys.Health(), healthy, hanging), nil
}

type result struct {
	mu                   sync.Mutex
	good, goodRefused    int             // tokens of a key that has been published for long enough
	revoked, revokedGood int             // tokens of a key that was revoked longer ago than the bound
	unknown, unknownGood int             // tokens of a random kid
	times                []time.Duration // of good tokens, from when they were due
}

// work begins a request at every tick, and does not wait for the answers.
func (r *result) work(ctx context.Context, i *issuer, gate *tokenacl.Gate, bound time.Duration) {
	var group sync.WaitGroup
	defer group.Wait()
	due := time.Now().Add(time.Duration(mathrand.Int64N(int64(interval))))
	for n := 0; ctx.Err() == nil; n++ {
		due = due.Add(interval)
		time.Sleep(time.Until(due)) // who is late does not ask less often
		at := due
		group.Go(func() {
			switch n % 10 {
			case 0:
				accepted := ask(gate, i.current().renamed(rand.Text()))
				r.count(&r.unknown, &r.unknownGood, accepted)
			case 1:
				if old := i.revokedBefore(time.Now().Add(-bound)); old != nil {
					r.count(&r.revoked, &r.revokedGood, ask(gate, old.token))
				}
			default:
				k := i.publishedBefore(time.Now().Add(-propagation))
				accepted := ask(gate, k.token)
				took := time.Since(at)
				r.count(&r.good, &r.goodRefused, !accepted && !i.revoked(k)) // it may have been revoked meanwhile
				r.mu.Lock()
				r.times = append(r.times, took)
				r.mu.Unlock()
			}
		})
	}
}

func ask(g *tokenacl.Gate, token string) (accepted bool) {
	_, err := g.Scope(context.Background(), tokenacl.UserContext{Token: token})
	if err != nil && !errors.Is(err, tokenacl.ErrUnauthenticated) && !errors.Is(err, tokenacl.ErrUnavailable) {
		log.Fatalf("an error of no class: %v", err)
	}
	return err == nil
}

func (r *result) count(all, wrong *int, isWrong bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*all++
	if isWrong {
		*wrong++
	}
}

func report(span time.Duration, well, stuck *result, h, stuckHealth jwks.Health, healthy, hanging *issuer) bool {
	allowance, hangAllowance := int(span/min(options.MinRefresh, options.RefreshFloor))+2, failing(span)
	fmt.Printf("%v, %d workers, %d rotations\n", span.Round(time.Second), workers, healthy.rotations())
	fmt.Printf("%-28s%16s%16s\n", "", "issuer well", "issuer hangs")
	row := func(what string, a, b any) { fmt.Printf("%-28s%16v%16v\n", what, a, b) }
	row("good tokens", well.good, stuck.good)
	row("  refused", well.goodRefused, stuck.goodRefused)
	row("tokens of revoked keys", well.revoked, stuck.revoked)
	row("  accepted", well.revokedGood, stuck.revokedGood)
	row("tokens of unknown kids", well.unknown, stuck.unknown)
	row("  accepted", well.unknownGood, stuck.unknownGood)
	row("fetches", healthy.requests.Load(), hanging.requests.Load())
	row("  allowed", allowance, hangAllowance)
	row("  timed out", healthy.timeouts.Load(), hanging.timeouts.Load())
	row("  suppressed", h.Suppressed, stuckHealth.Suppressed)
	row("good tokens, p50", quantile(well.times, .5), quantile(stuck.times, .5))
	row("good tokens, p99", quantile(well.times, .99), quantile(stuck.times, .99))
	ok := true
	require := func(holds bool, what string) {
		if !holds {
			ok = false
			fmt.Println("WRONG:", what)
		}
	}
	require(healthy.timeouts.Load() == 0, "a fetch timed out: this machine is too busy to tell, since what is promised here is for fetches that succeed")
	require(well.goodRefused == 0, "a good token was refused after the propagation time")
	require(stuck.goodRefused == 0, "a good token was refused while the issuer hangs")
	require(well.revokedGood == 0, "a revoked key was accepted after the bound")
	require(well.unknownGood+stuck.unknownGood == 0, "an unknown kid was accepted")
	require(int(healthy.requests.Load()) <= allowance, "more fetches than the limiter allows")
	require(int(hanging.requests.Load()) <= hangAllowance, "more fetches than the limiter allows, while the issuer hangs")
	require(min(well.good, stuck.good) > 100 && min(well.unknown, stuck.unknown) > 10, "too few requests to prove anything")
	require(span < 4*rotation || well.revoked > 10 && healthy.rotations() >= 2, "no key was revoked")
	return ok
}

// failing returns how often an issuer may be asked that always hangs but for its
// first answer: pauses double from 5 s to a minute, and are up to half shorter.
func failing(span time.Duration) int {
	n := 2 // the first, and one under way when the time is over
	pause := 5 * time.Second
	for at := options.MinRefresh; at < span; n++ {
		at += options.Timeout + pause/2
		pause = min(2*pause, time.Minute)
	}
	return n
}

func quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(len(d)-1, int(q*float64(len(d))))].Round(time.Microsecond)
}
