package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// request is a token in and ten documents out, with this library.
type request struct {
	gate  *tokenacl.Gate
	index *acl.Index
}

func newGate(keys jwks.Source) (*tokenacl.Gate, error) {
	trusted := trust()
	return tokenacl.NewGate([]tokenacl.Issuer{{Config: &tokenconfig.Config{JWT: &trusted}, Keys: keys}}, nil)
}

func (r request) answer(raw string, hits []uint32) []uint32 {
	scope, err := r.gate.Scope(context.Background(), tokenacl.UserContext{Token: raw})
	if err != nil {
		panic(err)
	}
	return acl.Page(r.index.View(scope), slices.Values(hits), self, pageSize)
}

// byHand is what one would put together from the quickest of the peers.
func byHand(v verifier, e engine) func(raw string, hits []uint32) []uint32 {
	return func(raw string, hits []uint32) []uint32 {
		p, err := v.verify(raw)
		if err != nil {
			panic(err)
		}
		return e.firstPage(caller{user: p.user, groups: p.groups}, hits, pageSize)
	}
}

// requests are tokens of one user that differ in their id.
func (t tokens) requests(n int, now time.Time) ([]string, error) {
	all := make([]string, n)
	for i := range all {
		raw, err := t.rings[jwks.RS256].sign(newClaims(now).with("jti", strconv.Itoa(i)))
		if err != nil {
			return nil, err
		}
		all[i] = raw
	}
	return all, nil
}

func (s stage) requestRows(m meter, t tokens, n int, now time.Time) ([]row, error) {
	keys, err := t.rings[jwks.RS256].keySource()
	if err != nil {
		return nil, err
	}
	x := acl.NewIndex(acl.Rules{})
	if err := x.PutAllAt(s.distinct[0].corpus.all()); err != nil {
		return nil, err
	}
	gate, err := newGate(keys)
	if err != nil {
		return nil, err
	}
	raw, err := t.requests(n, now)
	if err != nil {
		return nil, err
	}
	hand := byHand(findVerifier(t.verifiers[jwks.RS256], "golang-jwt"), find(s.distinct, "bitset"))
	hits := ordinals(1000, rankedHits, s.documents)
	if got, want := (request{gate, x}).answer(raw[0], hits), hand(raw[0], hits); !slices.Equal(got, want) || len(got) == 0 {
		return nil, errRequests
	}
	return []row{
		s.warmRequest(m, request{gate, x}, hand, raw[:min(differentCallers, len(raw))], hits),
		s.coldRequest(m, request{gate, x}, hand, keys, t.rings[jwks.RS256].verifying(inForce), raw, hits),
	}, nil
}

func findVerifier(all []verifier, name string) verifier {
	for _, v := range all {
		if v.name == name {
			return v
		}
	}
	panic("no verifier is called " + name)
}

func (s stage) warmRequest(m meter, r request, hand func(string, []uint32) []uint32, raw []string, hits []uint32) row {
	do := func(answer func(string, []uint32) []uint32, raw []string) func(n int) {
		turn := 0
		return func(n int) {
			for range n {
				sink += len(answer(raw[turn%len(raw)], hits))
				turn++
			}
		}
	}
	results := m.race(
		contender{name: us, kind: ours, run: do(r.answer, raw[:1])},
		contender{name: us + ", many callers", kind: aside, note: fmt.Sprintf("%d tokens seen before take turns, too many for their views to be kept", len(raw)), run: do(r.answer, raw)},
		contender{name: "golang-jwt and bitset", note: "put together by hand", run: do(hand, raw[:1])},
	)
	return row{
		title: "Token in, ten documents out, over 1,000 hits, token seen before, N = " + grouped(s.documents) + ", k = 10", values: results,
		method: "RS256; the token and the hits are the same, and the index does not change, so that it has kept the view.",
		goals:  []goal{{what: "token in, ten documents out, warm", wanted: "≤ 3 µs", is: results[0].median(), limit: 3_000}},
	}
}

func (s stage) coldRequest(m meter, r request, hand func(string, []uint32) []uint32, keys jwks.Source, key any, raw []string, hits []uint32) row {
	do := func(answer func(string, []uint32) []uint32) func(n int) {
		return func(n int) {
			for i := range n {
				sink += len(answer(raw[i], hits))
			}
		}
	}
	buffer := make([]byte, len(raw[0])+100)
	forget := func() {
		gate, err := newGate(keys)
		if err != nil {
			panic(err)
		}
		r.gate = gate
	}
	results := m.race(
		contender{name: us, kind: ours, most: len(raw), before: forget, run: do(func(raw string, hits []uint32) []uint32 { return r.answer(raw, hits) })},
		contender{name: "crypto floor", kind: floor, most: len(raw), run: func(n int) {
			for i := range n {
				if err := verifyAlone(key, raw[i], buffer); err != nil {
					panic(err)
				}
			}
		}},
		contender{name: "golang-jwt and bitset", note: "put together by hand", most: len(raw), run: do(hand)},
	)
	limit := results[1].median() + 12_000
	return row{
		title: "Token in, ten documents out, over 1,000 hits, token never seen, N = " + grouped(s.documents) + ", k = 10", values: results,
		method: "RS256; each pass has a new gate, and no token twice; the hits are the same.",
		goals:  []goal{{what: "token in, ten documents out, cold", wanted: "≤ crypto floor + 12 µs = " + perOperation.format(limit), is: results[0].median(), limit: limit}},
	}
}
