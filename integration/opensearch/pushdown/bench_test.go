package pushdown_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
	server "github.com/tokenacl/tokenacl/integration/opensearch"
)

var benchDocuments = flag.Int("documents", 100_000, "how many documents BenchmarkFirstPage stores")

// people draws names as often as people and groups have them: a few much, most
// hardly ever.
type people struct {
	*rand.Rand
	groups, users *rand.Zipf
}

func newPeople(seed uint64) people {
	r := rand.New(rand.NewPCG(seed, 1))
	return people{r, rand.NewZipf(r, 1.1, 10, 9_999), rand.NewZipf(r, 1.1, 10, 49_999)}
}

func (p people) group() string { return "group" + strconv.FormatUint(p.groups.Uint64(), 10) }

func (p people) list() acl.List {
	list := make(acl.List, 1+p.IntN(20))
	for i := range list {
		list[i] = acl.Allow.Group(p.group())
		if p.IntN(4) == 0 {
			list[i] = acl.Allow.User("user" + strconv.FormatUint(p.users.Uint64(), 10))
		}
		if i > 0 && p.IntN(20) == 0 {
			list[i].Access = acl.Deny
		}
	}
	return list
}

// acl is one level, or for one document in five two to four.
func (p people) acl() acl.ACL {
	if p.IntN(100) < 3 {
		return acl.Public()
	}
	if p.IntN(5) > 0 {
		return p.list()
	}
	levels := make(acl.Hierarchy, 2+p.IntN(3))
	for i := range levels {
		levels[i] = p.list()
	}
	return levels
}

func (p people) caller(groups int) acl.Principal {
	names := map[string]bool{}
	for len(names) < groups {
		names[p.group()] = true
		if len(names) > groups/2 { // the other half are groups of any size
			names["group"+strconv.Itoa(p.IntN(10_000))] = true
		}
	}
	c := acl.Principal{User: "user" + strconv.FormatUint(p.users.Uint64(), 10)}
	for name := range names {
		c.Groups = append(c.Groups, name)
	}
	return c
}

const maxLevels = 30

// perLevel is the other way to store levels: a field for each.
func perLevel(s opensearch.Stored) map[string]any {
	fields := map[string]any{"deny": s.Deny}
	if s.Allow != nil {
		fields["l0"] = s.Allow
	}
	for i, level := range s.Levels {
		fields["l"+strconv.Itoa(i+1)] = level.Allow
	}
	return fields
}

// terms are those of a caller, as the clause has them.
func terms(b *testing.B, c opensearch.Clause) json.RawMessage {
	var q struct {
		Bool struct {
			Filter []struct{ Terms map[string]json.RawMessage }
		}
	}
	if err := json.Unmarshal(c.JSON(), &q); err != nil {
		b.Fatal(err)
	}
	return q.Bool.Filter[0].Terms["tokenacl.allow"]
}

// perLevelFilter asks of each level that it is not there or has a term.
func perLevelFilter(list json.RawMessage) any {
	in := func(field string) any { return map[string]any{"terms": map[string]any{field: list}} }
	filter := []any{in("levels.l0")}
	for i := 1; i < maxLevels; i++ {
		field := "levels.l" + strconv.Itoa(i)
		without := map[string]any{"bool": map[string]any{"must_not": []any{map[string]any{"exists": map[string]any{"field": field}}}}}
		filter = append(filter, map[string]any{"bool": map[string]any{"should": []any{in(field), without}, "minimum_should_match": 1}})
	}
	return map[string]any{"bool": map[string]any{"filter": filter, "must_not": []any{in("levels.deny")}}}
}

// byHand is what one writes who thinks of lists alone: it has no levels, no data
// sources and no unknown groups.
func byHand(c acl.Principal) any {
	return map[string]any{"bool": map[string]any{
		"should": []any{
			map[string]any{"terms": map[string]any{"hand.groups": c.Groups}},
			map[string]any{"term": map[string]any{"hand.users": c.User}},
			map[string]any{"term": map[string]any{"hand.public": true}},
		},
		"minimum_should_match": 1,
		"must_not": []any{
			map[string]any{"terms": map[string]any{"hand.deny_groups": c.Groups}},
			map[string]any{"term": map[string]any{"hand.deny_users": c.User}},
		},
	}}
}

func handFields(a acl.ACL) map[string]any {
	fields := map[string][]string{}
	var lists []acl.List
	switch a := a.(type) {
	case acl.List:
		lists = []acl.List{a}
	case acl.Hierarchy:
		lists = a
	default:
		return map[string]any{"public": true}
	}
	for _, e := range slices.Concat(lists...) {
		name := map[acl.Type]string{acl.User: "users", acl.Group: "groups"}[e.Type]
		if e.Access == acl.Deny {
			name = "deny_" + name
		}
		fields[name] = append(fields[name], e.Name)
	}
	return map[string]any{"groups": fields["groups"], "users": fields["users"], "deny_groups": fields["deny_groups"], "deny_users": fields["deny_users"]}
}

// BenchmarkFirstPage is the median time for the first ten hits of a query that a
// tenth of the documents match, by a caller of so many groups, each time another
// of 50: without a filter, with the one written by hand, and with ours by a field
// for each level and by nested objects.
func BenchmarkFirstPage(b *testing.B) {
	e := &engine{t: b, server: server.Start(b, server.Config{Version: versions[0]})}
	keyword := `{"type": "keyword", "doc_values": false}`
	levels := ""
	for i := range maxLevels {
		levels += fmt.Sprintf(`"l%d": %s, `, i, keyword)
	}
	stores := map[string]string{ // fields beside ours
		"ours":   "",
		"levels": `, "levels": {"properties": {` + levels + `"deny": ` + keyword + `}}`,
		"hand":   `, "hand": {"properties": {"groups": {"type": "keyword"}, "users": {"type": "keyword"}, "deny_groups": {"type": "keyword"}, "deny_users": {"type": "keyword"}, "public": {"type": "boolean"}}}`,
		"none":   "",
	}
	bytes := map[string]int{} // on disk, of a document
	for _, store := range []string{"none", "hand", "levels", "ours"} {
		e.index = store
		e.create(acl.Rules{}, `"title": {"type": "text"}`+stores[store])
		p := newPeople(1)
		if err := e.bulk(*benchDocuments, func(i int) (string, any) {
			a := p.acl()
			fields, err := opensearch.Fields(a, acl.Rules{})
			if err != nil {
				b.Fatal(err)
			}
			source := map[string]any{"title": fmt.Sprintf("document about topic%d and word%d", i%10, p.IntN(5000))}
			switch store {
			case "ours":
				source[opensearch.Field] = fields
			case "levels":
				source["levels"] = perLevel(fields)
			case "hand":
				source["hand"] = handFields(a)
			}
			return "d" + strconv.Itoa(i), source
		}); err != nil {
			b.Fatal(err)
		}
		e.do("POST", "/"+store+"/_forcemerge?max_num_segments=5", nil, 200)
		var stats struct {
			All struct {
				Primaries struct {
					Store struct {
						Size int `json:"size_in_bytes"`
					}
				}
			} `json:"_all"`
		}
		if err := json.Unmarshal(e.do("GET", "/"+store+"/_stats/store", nil, 200), &stats); err != nil {
			b.Fatal(err)
		}
		bytes[store] = stats.All.Primaries.Store.Size / *benchDocuments
	}
	for _, groups := range []int{10, 100, 1000} {
		p := newPeople(uint64(groups))
		bodies := map[string][][]byte{}
		for range 50 {
			c := p.caller(groups)
			clause, err := opensearch.Filter(acl.For(c), acl.Rules{}, opensearch.Options{})
			if err != nil {
				b.Fatal(err)
			}
			for store, filter := range map[string]any{
				"none": map[string]any{"match_all": map[string]any{}}, "hand": byHand(c),
				"levels": perLevelFilter(terms(b, clause)), "ours": json.RawMessage(clause.JSON()),
			} {
				body, err := json.Marshal(map[string]any{"_source": false, "query": map[string]any{"bool": map[string]any{
					"must": []any{map[string]any{"match": map[string]any{"title": "topic3"}}}, "filter": []any{filter}}}})
				if err != nil {
					b.Fatal(err)
				}
				bodies[store] = append(bodies[store], body)
			}
		}
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) {
			took, hits := map[string][]time.Duration{}, map[string]int{}
			i := 0
			for b.Loop() {
				for store := range bodies { // in turn: what else runs slows each alike
					began := time.Now()
					answer := e.do("POST", "/"+store+"/_search", bodies[store][i%50], 200)
					took[store] = append(took[store], time.Since(began))
					var found struct {
						Hits struct{ Total struct{ Value int } }
					}
					if err := json.Unmarshal(answer, &found); err != nil {
						b.Fatal(err)
					}
					hits[store] += found.Hits.Total.Value
				}
				i++
			}
			if hits["ours"] != hits["levels"] {
				b.Errorf("%d hits by nested objects, %d by a field for each level", hits["ours"], hits["levels"])
			}
			for store, all := range took {
				slices.Sort(all)
				b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, store+"-ms")
				b.ReportMetric(float64(hits[store])/float64(i), store+"-hits")
				b.ReportMetric(float64(bytes[store]), store+"-bytes")
			}
			b.ReportMetric(0, "ns/op") // says nothing
		})
	}
}
