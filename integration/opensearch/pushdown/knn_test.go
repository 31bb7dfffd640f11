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
	"github.com/tokenacl/tokenacl/integration/real"
)

// Vectors are sought among what the caller sees. The example finds in OpenSearch
// what it finds in process.
//
// Rules P1, P3, P5
func TestVectors(t *testing.T) {
	s := server.Start(t, server.Config{Version: versions[0], Vectors: true})
	t.Run("Neighbours", func(t *testing.T) { neighbours(t, s) })
	t.Run("Ragfilter", func(t *testing.T) {
		real.Ragfilter(t, "opensearch", s.URL, proof(versions[0], "`examples/ragfilter`"), func() []string {
			status, list := s.Do(t, "GET", "/_cat/indices?h=index&expand_wildcards=all", "", nil)
			if status != 200 {
				t.Fatalf("%d %s", status, list)
			}
			return slices.Sorted(slices.Values(strings.Fields(string(list))))
		})
	})
}

// neighbours are as many as were asked for, the nearest first, where a filter
// beside knn leaves few or none.
func neighbours(t *testing.T, on *server.Server) {
	e := &engine{t: t, server: on, index: "vectors"}
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
	p := proof(versions[0], "nearest vectors: as many as are visible")
	p.Documents, p.Callers, p.Answers = documents, 20, 20
	real.Proven(t, p)
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
