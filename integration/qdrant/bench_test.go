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
	"github.com/tokenacl/tokenacl/integration/corpus"
)

const benchPoints = 20_000

// byHand is the filter that one would write without this package.
func byHand(s acl.Scope) json.RawMessage {
	p, _ := s.Principal()
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
	random := rand.New(rand.NewSource(2))
	var points []any
	bytes := 0
	i := 0
	for a := range corpus.Documents(benchPoints) {
		i++
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
		points = append(points, map[string]any{"id": i, "vector": vector, "payload": map[string]any{qdrant.Field: s, "allow": allow, "deny": deny}})
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
		caller := corpus.Member(n, false)
		clause, err := qdrant.Filter(caller, acl.Rules{}, qdrant.Options{})
		if err != nil {
			b.Fatal(err)
		}
		measure(fmt.Sprintf("ours/%d", n), clause.JSON())
		measure(fmt.Sprintf("hand/%d", n), byHand(caller))
	}
}
