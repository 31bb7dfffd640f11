package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/blevesearch/bleve/v2"
	_ "github.com/blevesearch/bleve/v2/analysis/analyzer/simple" // what our mapping names
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search/query"
	"github.com/tokenacl/tokenacl/acl"
	pushdown "github.com/tokenacl/tokenacl/acl/pushdown/bleve"
)

// flatLists has no levels: one is enough for lists.
var flatLists = pushdown.Options{Levels: 1}

// newBleve is an index in files of its own, with the fields and the filter of
// acl/pushdown/bleve.
func newBleve(c *corpus) (engine, error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return engine{}, err
	}
	path := filepath.Join(folder, "index")
	if err := fillBleve(path, c); err != nil {
		return engine{}, err
	}
	index, err := bleve.Open(path)
	if err != nil {
		return engine{}, err
	}
	size, err := lengthOf(path)
	return engine{
		note:  "on disk; filtering counts alone",
		bytes: size / float64(c.documents),
		view: func(c caller) view {
			filter := bleveFilter(c)
			return view{allowed: func(o uint32) bool {
				return searchBleve(index, bleve.NewConjunctionQuery(bleve.NewDocIDQuery([]string{bleveID(o)}), filter), 0).Total == 1
			}}
		},
		filter: func(who caller) set {
			filter := bleveFilter(who)
			return set{int(searchBleve(index, filter, 0).Total), func(yield func(uint32) bool) {
				for _, hit := range searchBleve(index, filter, c.documents).Hits {
					if !yield(bleveOrdinal(hit.ID)) {
						return
					}
				}
			}}
		},
		page:  func(c caller, hits []uint32, most int) []uint32 { return pageBleve(index, c, hits, most) },
		close: func() { index.Close(); os.RemoveAll(folder) },
	}, err
}

func bleveID(o uint32) string { return strconv.Itoa(int(o)) }

func bleveOrdinal(id string) uint32 {
	o, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		panic(fmt.Sprintf("bleve: %v", err))
	}
	return uint32(o)
}

func fillBleve(path string, c *corpus) error {
	text, err := pushdown.Mapping(acl.Rules{}, flatLists)
	if err != nil {
		return err
	}
	var ours mapping.DocumentMapping
	if err := json.Unmarshal(text, &ours); err != nil {
		return err
	}
	m := bleve.NewIndexMapping()
	m.DefaultMapping.AddSubDocumentMapping(pushdown.Field, &ours)
	builder, err := bleve.NewBuilder(path, m, map[string]any{"batchSize": 10_000})
	if err != nil {
		return err
	}
	for o, a := range c.all() {
		fields, err := pushdown.Fields(a, acl.Rules{}, flatLists)
		if err != nil {
			return err
		}
		if err := builder.Index(bleveID(o), map[string]any{pushdown.Field: fields}); err != nil {
			return err
		}
	}
	return builder.Close()
}

func lengthOf(folder string) (bytes float64, err error) {
	err = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			bytes += float64(info.Size())
		}
		return err
	})
	return bytes, err
}

func bleveFilter(c caller) query.Query {
	clause, err := pushdown.Filter(c.scope, acl.Rules{}, flatLists)
	if err != nil {
		panic(fmt.Sprintf("bleve: %v", err))
	}
	q, err := query.ParseQuery(clause.JSON())
	if err != nil {
		panic(fmt.Sprintf("bleve: %v", err))
	}
	return q
}

func searchBleve(index bleve.Index, q query.Query, size int) *bleve.SearchResult {
	request := bleve.NewSearchRequestOptions(q, size, 0, false)
	request.Score = "none"
	result, err := index.Search(request)
	if err != nil {
		panic(fmt.Sprintf("bleve: %v", err))
	}
	return result
}

// pageBleve asks for all hits at once and ranks what it gets.
func pageBleve(index bleve.Index, c caller, hits []uint32, most int) []uint32 {
	ids := make([]string, len(hits))
	for i, o := range hits {
		ids[i] = bleveID(o)
	}
	found := searchBleve(index, bleve.NewConjunctionQuery(bleve.NewDocIDQuery(ids), bleveFilter(c)), len(hits))
	visible := make([]uint32, len(found.Hits))
	for i, hit := range found.Hits {
		visible[i] = bleveOrdinal(hit.ID)
	}
	return ranked(hits, visible, most)
}
