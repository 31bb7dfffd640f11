// Package bleve has Bleve apply ACLs, in process.
package bleve

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"github.com/blevesearch/bleve/v2"
	_ "github.com/blevesearch/bleve/v2/analysis/analyzer/simple" // what our mapping names
	"github.com/blevesearch/bleve/v2/mapping"
	_ "github.com/blevesearch/bleve/v2/search/highlight/highlighter/ansi" // so that highlighting is there
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	pushdown "github.com/tokenacl/tokenacl/acl/pushdown/bleve"
)

// newMapping is a mapping of an application that stores ACLs.
func newMapping(r acl.Rules, o pushdown.Options) (*mapping.IndexMappingImpl, error) {
	m := bleve.NewIndexMapping()
	text, err := pushdown.Mapping(r, o)
	if err != nil {
		return nil, err
	}
	var ours mapping.DocumentMapping
	if err := json.Unmarshal(text, &ours); err != nil {
		return nil, err
	}
	m.DefaultMapping.AddSubDocumentMapping(pushdown.Field, &ours)
	return m, nil
}

// engine is an index on disk.
type engine struct {
	t     testing.TB
	rules acl.Rules
	o     pushdown.Options
	index bleve.Index
}

func (e *engine) open(r acl.Rules) error {
	m, err := newMapping(r, e.o)
	if err != nil {
		return err
	}
	e.close()
	e.rules = r
	e.index, err = bleve.New(e.t.TempDir()+"/index", m)
	if err != nil {
		return err
	}
	return e.checkMapping()
}

func (e *engine) close() {
	if e.index != nil {
		e.index.Close()
	}
}

func (e *engine) checkMapping() error {
	text, err := json.Marshal(e.index.Mapping())
	if err != nil {
		return err
	}
	return pushdown.CheckMapping(text, e.rules, e.o)
}

// Store writes batches, so that there are several segments.
func (e *engine) Store(r acl.Rules, docs []acltest.Document) error {
	if err := e.open(r); err != nil {
		return err
	}
	batch := e.index.NewBatch()
	for i, d := range docs {
		fields, err := pushdown.Fields(d.ACL, r, e.o)
		if (err != nil) != (r.Validate(d.ACL) != nil) {
			return err
		}
		if err := batch.Index(d.ID, map[string]any{pushdown.Field: fields, "text": "word", "n": strconv.Itoa(i % 7)}); err != nil {
			return err
		}
		if batch.Size() == 2000 || i == len(docs)-1 {
			if err := e.index.Batch(batch); err != nil {
				return err
			}
			batch.Reset()
		}
	}
	return nil
}

// Search is of a request that a caller could send.
func (e *engine) Search(s acl.Scope) (ids []string, err error) {
	clause, err := pushdown.Filter(s, e.rules, e.o)
	if err != nil {
		return nil, err
	}
	result, err := e.ask(clause, `{"query":{"term":"word","field":"text"},"size":100000,"facets":{"n":{"field":"n","size":10}}}`)
	if err != nil {
		return nil, err
	}
	for _, hit := range result.Hits {
		ids = append(ids, hit.ID)
	}
	if f := result.Facets["n"]; f.Total != len(ids) || result.Total != uint64(len(ids)) {
		return nil, fmt.Errorf("%d hits, a total of %d, and %d in a facet", len(ids), result.Total, f.Total)
	}
	kept, dropped, err := pushdown.Verify(s, e.rules, result.Hits, stored)
	if err == nil && e.o.Verify && (dropped != 0 || len(kept) != len(ids)) && s.String() != acl.Unrestricted().String() {
		err = fmt.Errorf("%d of %d hits do not verify", dropped, len(ids))
	}
	return ids, err
}

func (e *engine) ask(clause pushdown.Clause, user string) (*bleve.SearchResult, error) {
	text, err := pushdown.Request(clause, []byte(user))
	if err != nil {
		return nil, err
	}
	var request bleve.SearchRequest
	if err := json.Unmarshal(text, &request); err != nil {
		return nil, err
	}
	return e.index.Search(&request)
}
