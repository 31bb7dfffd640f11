package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// tokens has what the rows about tokens need: a token of each algorithm on which
// all verifiers agree.
type tokens struct {
	rings     map[jwks.Algorithm]keyRing
	raw       map[jwks.Algorithm]string
	verifiers map[jwks.Algorithm][]verifier
}

func newTokens(now time.Time) (tokens, error) {
	t := tokens{map[jwks.Algorithm]keyRing{}, map[jwks.Algorithm]string{}, map[jwks.Algorithm][]verifier{}}
	for _, alg := range algorithms {
		r, err := newKeyRing(alg)
		if err != nil {
			return t, err
		}
		all, err := verifiers(r)
		if err != nil {
			return t, err
		}
		tests, err := samples(r, now)
		if err != nil {
			return t, err
		}
		if err := agreeOnTokens(all, tests, newClaims(now)); err != nil {
			return t, fmt.Errorf("%s: %w", alg, err)
		}
		t.rings[alg], t.raw[alg], t.verifiers[alg] = r, tests[0].raw, all
	}
	return t, nil
}

func (t tokens) rows(m meter) ([]row, error) {
	stub, err := t.withoutCrypto(m)
	if err != nil {
		return nil, err
	}
	rows := []row{stub}
	for _, alg := range algorithms {
		rows = append(rows, t.whole(m, alg))
	}
	hit, scaling, err := t.again(m)
	return append(rows, hit, scaling), err
}

// withoutCrypto races this library with a signature check that accepts all
// against the peers with HS256, less the HMAC.
func (t tokens) withoutCrypto(m meter) (row, error) {
	raw, key := t.raw[jwks.HS256], t.rings[jwks.HS256].verifying(inForce).([]byte)
	input := raw[:strings.LastIndexByte(raw, '.')]
	buffer := make([]byte, len(raw))
	stubbed, err := claimsVerifier(unchecked{}, -1)
	if err != nil {
		return row{}, err
	}
	all := []contender{
		stubbed.contender(raw),
		{name: "base64 of the three parts", kind: floor, run: func(n int) {
			for range n {
				decodeParts(raw, buffer)
			}
		}},
		{name: "HMAC alone", kind: aside, run: func(n int) {
			for range n {
				sink += len(sum(key, input))
			}
		}},
	}
	for _, v := range t.verifiers[jwks.HS256] {
		if v.kind == peer {
			all = append(all, v.contender(raw))
		}
	}
	results := m.race(all...)
	less := named(results, "HMAC alone").median()
	for i := range results {
		if results[i].kind == peer {
			results[i] = results[i].less(less, "HS256 less HMAC alone")
		}
	}
	first := results[0]
	return row{
		title:  "Verify, everything but the crypto",
		method: "Ours has a source of keys that accepts each signature. The peers verify HS256, and the median of the HMAC alone is taken off. The key is found by `kid` among three; exp, nbf, iss and aud are checked, user and groups read.",
		values: results,
		goals: []goal{
			{what: "verify without crypto", wanted: "≤ 4 µs", is: first.median(), limit: 4_000},
			{what: "verify without crypto, allocations", wanted: "≤ 12", is: first.allocs, limit: 12, unit: times},
		},
	}, nil
}

// less is r without so many nanoseconds.
func (r result) less(ns float64, note string) result {
	r.passes = slices.Clone(r.passes)
	for i := range r.passes {
		r.passes[i] -= ns
	}
	r.note = note
	return r
}

// whole races the verifiers that know an algorithm.
func (t tokens) whole(m meter, alg jwks.Algorithm) row {
	raw, key := t.raw[alg], t.rings[alg].verifying(inForce)
	buffer := make([]byte, len(raw))
	all := []contender{{name: "crypto floor", kind: floor, note: "base64, SHA-256 and the call that verifies", run: func(n int) {
		for range n {
			if err := verifyAlone(key, raw, buffer); err != nil {
				panic(err)
			}
		}
	}}}
	for _, v := range t.verifiers[alg] {
		all = append(all, v.contender(raw))
	}
	results := m.race(all...)
	quick, lowest := named(results, us), named(results, "crypto floor")
	first, _ := best(results, peer)
	return row{
		title:  "Verify " + string(alg),
		values: results,
		goals: []goal{
			{what: "verify " + string(alg), wanted: "≤ floor + 4 µs = " + perOperation.format(lowest.median()+4_000), is: quick.median(), limit: lowest.median() + 4_000},
			{what: "verify " + string(alg) + ", first of all", wanted: "≤ best peer", is: quick.median(), limit: first.median()},
		},
	}
}

// clocked is the least that remembers tokens: a map and a clock.
type clocked map[string]int64

func (c clocked) alive(raw string) bool {
	until, ok := c[raw]
	return ok && time.Now().Unix() < until
}

func (t tokens) again(m meter) (hit, scaling row, err error) {
	raw := t.raw[jwks.RS256]
	keys, err := t.rings[jwks.RS256].keySource()
	if err != nil {
		return row{}, row{}, err
	}
	v, err := claimsVerifier(keys, 0)
	if err != nil {
		return row{}, row{}, err
	}
	if err := v.quick(raw); err != nil { // remembers it
		return row{}, row{}, err
	}
	remembered := clocked{raw: math.MaxInt64}
	for i := range 1_000 {
		remembered[fmt.Sprint(raw, i)] = math.MaxInt64
	}
	results := m.race(v.contender(raw), contender{name: "map look-up and clock", kind: floor, run: func(n int) {
		for range n {
			if remembered.alive(raw) {
				sink++
			}
		}
	}})
	again, least := results[0], results[1]
	hit = row{
		title:  "Verify again",
		method: "The token was verified before; what comes back has the scope of its principal, before groups of a directory. No peer remembers tokens.",
		values: results,
		goals: []goal{
			{what: "verify again", wanted: "≤ 2.5 × map look-up and clock = " + perOperation.format(2.5*least.median()), is: again.median(), limit: 2.5 * least.median()},
			{what: "verify again, allocations", wanted: "0", is: again.allocs, limit: 0, unit: times},
		},
	}
	return hit, t.scaling(m, v, raw), nil
}

// scaling compares how much more two cores do: wall time, since waiting counts.
func (t tokens) scaling(m meter, v verifier, raw string) row {
	hit := func(n int) {
		for range n {
			if err := v.quick(raw); err != nil {
				panic(err)
			}
		}
	}
	pure := func(n int) {
		x := uint64(n)
		for range n * 64 {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
		}
		if x == 0 {
			panic("xorshift reached zero")
		}
	}
	both := [2]scaled{{run: hit}, {run: pure}}
	for i := range both {
		both[i].times = both[i].calibrate(m.pass)
	}
	for range m.passes {
		for i := range both {
			both[i].pass()
		}
	}
	hits, loop := both[0].factor(), both[1].factor()
	return row{
		title:  "Verify again on two cores",
		method: "How many times as much two goroutines do as one, with the same token; the best wall time of the passes of each. One thing in all rows that is wall time: waiting counts.",
		unit:   times,
		values: []result{figure(us, ours, hits, ""), figure("pure loop", floor, loop, "nothing shared")},
		goals:  []goal{{what: "verify again, two cores", wanted: "≥ 0.9 × a pure loop = " + times.format(0.9*loop), is: hits, limit: 0.9 * loop, atLeast: true, unit: times}},
	}
}

// figure is a result that is one number.
func figure(name string, k kind, x float64, note string) result {
	return result{contender: contender{name: name, kind: k, note: note}, passes: []float64{x}, allocs: math.NaN()}
}

// scaled runs on one goroutine and on two.
type scaled struct {
	run   func(n int)
	times int
	one   time.Duration // the least
	two   time.Duration
}

func (s *scaled) calibrate(pass time.Duration) int {
	for n := 1; ; n *= 2 {
		if s.wall(1, n) > pass/2 || n >= 1<<26 {
			return n
		}
	}
}

func (s *scaled) wall(goroutines, n int) time.Duration {
	var all sync.WaitGroup
	start := time.Now()
	for range goroutines {
		all.Go(func() { s.run(n) })
	}
	all.Wait()
	return time.Since(start)
}

func (s *scaled) pass() {
	one, two := s.wall(1, s.times), s.wall(2, s.times)
	if s.one == 0 || one < s.one {
		s.one = one
	}
	if s.two == 0 || two < s.two {
		s.two = two
	}
}

// factor is 2 where two goroutines do twice as much, and is not known on one core.
func (s *scaled) factor() float64 {
	if runtime.GOMAXPROCS(0) < 2 {
		return math.NaN()
	}
	return 2 * float64(s.one) / float64(s.two)
}
