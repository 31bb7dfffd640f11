package bleve

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search/query"
	"github.com/tokenacl/tokenacl/acl"
	pushdown "github.com/tokenacl/tokenacl/acl/pushdown/bleve"
	"github.com/tokenacl/tokenacl/integration/corpus"
)

// byHand is what one would store without this package: an entry is u:name or
// g:name, in fields of keywords with Bleve's defaults.
func byHand(a acl.ACL) map[string]any {
	list, _ := a.(acl.List)
	doc := map[string]any{}
	var allow, deny []string
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
	doc["allow"], doc["deny"] = allow, deny
	return doc
}

func byHandQuery(s acl.Scope, asked query.Query) query.Query {
	p, _ := s.Principal()
	names := []string{"public", "u:" + p.User}
	for _, g := range p.Groups {
		names = append(names, "g:"+g)
	}
	anyOf := func(field string) query.Query {
		q := bleve.NewDisjunctionQuery()
		for _, n := range names {
			t := bleve.NewTermQuery(n)
			t.SetField(field)
			q.AddQuery(t)
		}
		return q
	}
	q := bleve.NewBooleanQuery()
	q.AddMust(asked, anyOf("allow"))
	q.AddMustNot(anyOf("deny"))
	return q
}

const benchDocuments = 100_000

// kind is a way to store ACLs.
type kind struct {
	mapping func(*mapping.IndexMappingImpl) error
	fields  func(acl.ACL) (string, any, error)
}

func ours(o pushdown.Options) kind {
	return kind{
		func(m *mapping.IndexMappingImpl) error {
			ours, err := newMapping(acl.Rules{}, o)
			if err == nil {
				m.DefaultMapping = ours.DefaultMapping
			}
			return err
		},
		func(a acl.ACL) (string, any, error) {
			fields, err := pushdown.Fields(a, acl.Rules{}, o)
			return pushdown.Field, fields, err
		},
	}
}

var (
	noACL = kind{func(*mapping.IndexMappingImpl) error { return nil }, func(acl.ACL) (string, any, error) { return "n", nil, nil }}
	hand  = kind{
		func(m *mapping.IndexMappingImpl) error {
			sub := bleve.NewDocumentMapping()
			sub.AddFieldMappingsAt("allow", bleve.NewKeywordFieldMapping())
			sub.AddFieldMappingsAt("deny", bleve.NewKeywordFieldMapping())
			m.DefaultMapping = sub
			return nil
		},
		func(a acl.ACL) (string, any, error) { return "", byHand(a), nil },
	}
)

// build makes an index of one segment and returns its length per document.
func build(b *testing.B, k kind) (bleve.Index, float64) {
	b.Helper()
	m := bleve.NewIndexMapping()
	if err := k.mapping(m); err != nil {
		b.Fatal(err)
	}
	path := b.TempDir() + "/index"
	builder, err := bleve.NewBuilder(path, m, map[string]any{"batchSize": 10_000})
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	for a := range corpus.Documents(benchDocuments) {
		i++
		name, fields, err := k.fields(a)
		if err != nil {
			b.Fatal(err)
		}
		doc := map[string]any{"text": "common"}
		if i%2 == 0 {
			doc["text"] = "rare"
		}
		if flat, ok := fields.(map[string]any); ok && name == "" {
			for n, v := range flat {
				doc[n] = v
			}
		} else if fields != nil {
			doc[name] = fields
		}
		if err := builder.Index(fmt.Sprintf("d%07d", i), doc); err != nil {
			b.Fatal(err)
		}
	}
	if err := builder.Close(); err != nil {
		b.Fatal(err)
	}
	index, err := bleve.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	size := int64(0)
	err = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(d.Name()) == ".zap" {
			info, err := d.Info()
			if err != nil {
				return err
			}
			size += info.Size()
		}
		return err
	})
	if err != nil || size == 0 {
		b.Fatal(size, err)
	}
	b.Cleanup(func() { index.Close() })
	return index, float64(size) / benchDocuments
}

func asked() query.Query {
	q := bleve.NewTermQuery("common")
	q.SetField("text")
	return q
}

func firstPage(b *testing.B, index bleve.Index, q query.Query) uint64 {
	b.Helper()
	result, err := index.Search(bleve.NewSearchRequest(q))
	if err != nil || len(result.Hits) != 10 {
		b.Fatalf("%d hits, %v", len(result.Hits), err)
	}
	return result.Total
}

// BenchmarkFirstPage searches for a word that half of the documents have.
func BenchmarkFirstPage(b *testing.B) {
	plain, plainSize := build(b, noACL)
	b.Run("none", func(b *testing.B) {
		for b.Loop() {
			firstPage(b, plain, asked())
		}
		b.ReportMetric(plainSize, "B/document")
	})
	handIndex, handSize := build(b, hand)
	index, size := build(b, ours(pushdown.Options{Levels: 1}))
	deep, deepSize := build(b, ours(pushdown.Options{}))
	for _, n := range []int{10, 100, 1000} {
		s := corpus.Member(n, false)
		b.Run(fmt.Sprintf("hand/%d", n), func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(float64(firstPage(b, handIndex, byHandQuery(s, asked()))), "total")
			}
			b.ReportMetric(handSize-plainSize, "B/ACL")
		})
		for name, of := range map[string]struct {
			index bleve.Index
			size  float64
			o     pushdown.Options
		}{"levels=1": {index, size, pushdown.Options{Levels: 1}}, "levels=30": {deep, deepSize, pushdown.Options{}}} {
			clause, err := pushdown.Filter(s, acl.Rules{}, of.o)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("ours/%s/%d", name, n), func(b *testing.B) { // all that a request costs
				for b.Loop() {
					clause, err := pushdown.Filter(s, acl.Rules{}, of.o)
					if err != nil {
						b.Fatal(err)
					}
					text, err := pushdown.Request(clause, []byte(`{"query":{"term":"common","field":"text"}}`))
					if err != nil {
						b.Fatal(err)
					}
					var request bleve.SearchRequest
					if err := json.Unmarshal(text, &request); err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64(firstPage(b, of.index, request.Query)), "total")
				}
				b.ReportMetric(of.size-plainSize, "B/ACL")
			})
			parsed, err := query.ParseQuery(clause.JSON())
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("ours-kept/%s/%d", name, n), func(b *testing.B) { // the clause was parsed before
				for b.Loop() {
					q := bleve.NewBooleanQuery()
					q.AddMust(asked())
					q.AddFilter(parsed)
					firstPage(b, of.index, q)
				}
			})
		}
	}
}
