package pushdown_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
	server "github.com/tokenacl/tokenacl/integration/opensearch"
)

// Neighbours are sought among what the caller sees: as many as were asked for
// are found, the nearest first, where a filter beside knn leaves few or none.
//
// Rules P3, P1
func TestNeighbours(t *testing.T) {
	e := &engine{t: t, server: server.Start(t, server.Config{Version: versions[0], Vectors: true}), index: "vectors"}
	e.do("PUT", "/vectors", []byte(`{"settings": {"index.knn": true, "number_of_replicas": 0}, "mappings": {"properties": {
		"vector": {"type": "knn_vector", "dimension": 8, "method": {"name": "hnsw", "engine": "lucene", "space_type": "l2"}}}}}`), 200)
	e.do("PUT", "/vectors/_mapping", opensearch.Mapping(acl.Rules{}), 200)
	const documents, k = 3000, 10
	r := rand.New(rand.NewPCG(1, 1))
	point := func() (v []float64) {
		for range 8 {
			v = append(v, r.Float64())
		}
		return v
	}
	vectors, acls := make([][]float64, documents), make([]acl.ACL, documents)
	if err := e.bulk(documents, func(i int) (string, any) {
		vectors[i] = point()
		acls[i] = acl.List{acl.Allow.Group(fmt.Sprintf("group%d", i%100)), acl.Deny.User("eve")} // a hundredth each
		if i%100 == 7 && i%200 == 7 {
			acls[i] = acl.Hierarchy{{acl.Allow.Group("group7")}, {acl.Allow.Group("group8")}}
		}
		fields, err := opensearch.Fields(acls[i], acl.Rules{})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("d%d", i), map[string]any{"vector": vectors[i], opensearch.Field: fields}
	}); err != nil {
		t.Fatal(err)
	}
	found, short := 0, 0
	for q := range 20 {
		s := acl.For(acl.Principal{User: "mary", Groups: []string{fmt.Sprintf("group%d", q)}})
		if q == 10 {
			s = acl.For(acl.Principal{User: "eve", Groups: []string{"group10"}})
		}
		target := point()
		text, err := json.Marshal(target)
		if err != nil {
			t.Fatal(err)
		}
		user := fmt.Sprintf(`{"query": {"knn": {"vector": {"vector": %s, "k": %d}}}, "size": %d}`, text, k, k)
		hits, err := e.search(s, user)
		if err != nil {
			t.Fatal(err)
		}
		want := nearest(s, target, vectors, acls, k)
		var got []string
		for _, h := range hits {
			got = append(got, h.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("found %v, want %v", got, want)
		}
		found += len(got)

		clause, err := e.clause(s)
		if err != nil {
			t.Fatal(err)
		}
		beside := fmt.Sprintf(`{"query": {"bool": {"must": [{"knn": {"vector": {"vector": %s, "k": %d}}}], "filter": [%s]}}}`, text, k, clause.JSON())
		if strings.Count(string(e.do("POST", "/vectors/_search", []byte(beside), 200)), `"_id"`) < len(want) {
			short++
		}
	}
	t.Logf("%d neighbours in 20 searches; a filter beside knn finds too few in %d of them", found, short)
	if found != 190 || short < 15 {
		t.Errorf("%d neighbours, %d searches short", found, short)
	}
}

// nearest is by looking at all.
func nearest(s acl.Scope, target []float64, vectors [][]float64, acls []acl.ACL, k int) (ids []string) {
	var seen []int
	for i, a := range acls {
		if acl.Decide(s, a, acl.Rules{}).Allowed {
			seen = append(seen, i)
		}
	}
	far := func(i int) (sum float64) {
		for j := range target {
			sum += math.Pow(target[j]-vectors[i][j], 2)
		}
		return sum
	}
	slices.SortFunc(seen, func(a, b int) int {
		if far(a) < far(b) {
			return -1
		}
		return 1
	})
	for _, i := range seen[:min(k, len(seen))] {
		ids = append(ids, fmt.Sprintf("d%d", i))
	}
	return ids
}
