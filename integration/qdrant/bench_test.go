package qdrant

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/qdrant"
)

const benchPoints = 20_000

// corpus draws ACLs and callers: 3 % public, else 1 to 20 entries, 5 % of them a
// DENY, 70 % for one of 10,000 groups, otherwise for one of 50,000 users, both
// by Zipf's law.
type corpus struct{ rand, groups, users func() uint64 }

func newCorpus(seed int64) corpus {
	r := rand.New(rand.NewSource(seed))
	return corpus{r.Uint64, rand.NewZipf(r, 1.1, 10, 9_999).Uint64, rand.NewZipf(r, 1.1, 10, 49_999).Uint64}
}

func (c corpus) acl() acl.ACL {
	if c.rand()%100 < 3 {
		return acl.Public()
	}
	var list acl.List
	for range 1 + c.rand()%20 {
		access := acl.Allow
		if c.rand()%100 < 5 {
			access = acl.Deny
		}
		if c.rand()%100 < 70 {
			list = append(list, access.Group(fmt.Sprint("group-", c.groups())))
		} else {
			list = append(list, access.User(fmt.Sprint("user-", c.users())))
		}
	}
	return list
}

func (c corpus) caller(groups int) acl.Principal {
	p := acl.Principal{User: fmt.Sprint("user-", c.users())}
	for seen := map[uint64]bool{}; len(seen) < groups; {
		if g := c.groups(); !seen[g] {
			seen[g] = true
			p.Groups = append(p.Groups, fmt.Sprint("group-", g))
		}
	}
	return p
}

// byHand is the filter that one would write without this package.
func byHand(p acl.Principal) json.RawMessage {
	names := []string{"public", "u:" + p.User}
	for _, g := range p.Groups {
		names = append(names, "g:"+g)
	}
	match := func(key string) any { return []any{map[string]any{"key": key, "match": map[string]any{"any": names}}} }
	text, err := json.Marshal(map[string]any{"must": match("allow"), "must_not": match("deny")})
	if err != nil {
		panic(err)
	}
	return text
}

// BenchmarkNearest searches the ten nearest in the engine itself, without the
// request on the way there.
func BenchmarkNearest(b *testing.B) {
	p := start(b, "edge")
	c := newCorpus(1)
	random := rand.New(rand.NewSource(2))
	var points []any
	bytes := 0
	for i := range benchPoints {
		a := c.acl()
		s, err := qdrant.Fields(a, acl.Rules{})
		if err != nil {
			b.Fatal(err)
		}
		var allow, deny []string
		list, _ := a.(acl.List)
		for _, e := range list {
			name := map[acl.Type]string{acl.User: "u:", acl.Group: "g:"}[e.Type] + e.Name
			if e.Access == acl.Deny {
				deny = append(deny, name)
			} else {
				allow = append(allow, name)
			}
		}
		if len(list) == 0 {
			allow = []string{"public"}
		}
		text, err := json.Marshal(s)
		if err != nil {
			b.Fatal(err)
		}
		bytes += len(text)
		vector := make([]float64, 8)
		for j := range vector {
			vector[j] = random.NormFloat64()
		}
		points = append(points, map[string]any{"id": i + 1, "vector": vector, "payload": map[string]any{qdrant.Field: s, "allow": allow, "deny": deny}})
	}
	declared := append(indexes(), json.RawMessage(`{"field_name":"allow","field_schema":"keyword"}`), json.RawMessage(`{"field_name":"deny","field_schema":"keyword"}`))
	if _, err := p.ask("store", map[string]any{"indexes": declared, "points": points}); err != nil {
		b.Fatal(err)
	}
	measure := func(name string, filter json.RawMessage) {
		b.Run(name, func(b *testing.B) {
			n := max(b.N, 3)
			r, err := p.ask("times", map[string]any{"filter": filter, "n": n})
			if err != nil {
				b.Fatal(err)
			}
			slices.Sort(r.Seconds)
			b.ReportMetric(time.Duration(r.Seconds[n/2]*float64(time.Second)).Seconds()*1000, "ms/median")
			b.ReportMetric(float64(len(filter)), "B/filter")
			b.ReportMetric(float64(bytes)/benchPoints, "B/payload")
			found, err := p.ask("count", filter)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(found.Count), "total")
		})
	}
	measure("none", json.RawMessage(`{}`))
	for _, n := range []int{10, 100, 1000} {
		caller := newCorpus(int64(n)).caller(n)
		clause, err := qdrant.Filter(acl.For(caller), acl.Rules{}, qdrant.Options{})
		if err != nil {
			b.Fatal(err)
		}
		measure(fmt.Sprintf("ours/%d", n), clause.JSON())
		measure(fmt.Sprintf("hand/%d", n), byHand(caller))
	}
}
