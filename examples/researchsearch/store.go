package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/tokenacl/tokenacl/fgac"
)

//go:embed data
var data embed.FS

// document is one of an index, as it was indexed.
type document struct {
	id     string
	source json.RawMessage
}

// store is the search engine's part that keeps documents. It knows no roles.
type store struct {
	mu      sync.RWMutex
	indices map[string][]document // never changed, only replaced
}

// openStore reads the documents that are built in. Their files are bodies of
// OpenSearch's _bulk: a line with the id, a line with the document.
func openStore() (*store, error) {
	s := &store{indices: map[string][]document{}}
	for _, index := range []string{"pubmed", "clinical-trials"} {
		file, err := data.ReadFile("data/" + index + ".ndjson")
		if err != nil {
			return nil, err
		}
		lines := bytes.Split(bytes.TrimSpace(file), []byte("\n"))
		for pair := range slices.Chunk(lines, 2) {
			var action struct {
				Index struct {
					ID string `json:"_id"`
				}
			}
			if err := json.Unmarshal(pair[0], &action); err != nil || len(pair) != 2 {
				return nil, fmt.Errorf("data/%s.ndjson: want lines in pairs (%v)", index, err)
			}
			s.indices[index] = append(s.indices[index], document{action.Index.ID, pair[1]})
		}
	}
	return s, nil
}

func (s *store) documents(index string) ([]document, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	docs, ok := s.indices[index]
	if !ok {
		return nil, &problem{http.StatusNotFound, "index_not_found_exception", "no such index [" + index + "]"}
	}
	return docs, nil
}

const mostDocuments = 10_000 // of one index

// put adds a document, or replaces the one with its id.
func (s *store) put(index string, doc document) (created bool, err error) {
	if _, err := s.documents(index); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	docs := slices.Clone(s.indices[index])
	i := slices.IndexFunc(docs, func(d document) bool { return d.id == doc.id })
	switch {
	case i >= 0:
		docs[i] = doc
	case len(docs) == mostDocuments:
		return false, &problem{http.StatusTooManyRequests, "circuit_breaking_exception", "the index is full"}
	default:
		docs = append(docs, doc)
	}
	s.indices[index] = docs
	return i < 0, nil
}

// matcher returns what tells whether a document matches a query. An engine has
// that; fgac has it as the rule of a role, so the query becomes the rule of one
// that everybody has. In a rule, ${…} is a variable: a query with it is refused.
func matcher(query json.RawMessage) (func(document) bool, error) {
	if bytes.Contains(query, []byte("${")) {
		return nil, badRequest("a value with ${ in it cannot be searched for here")
	}
	rule, err := json.Marshal(map[string]any{"query": map[string]any{"index_permissions": []any{
		map[string]any{"index_patterns": []string{"any"}, "dls": string(query), "allowed_actions": []string{"read"}},
	}}})
	if err != nil {
		return nil, err
	}
	roles, err := fgac.Parse(rule, []byte(`{"query": {"users": ["*"]}}`), nil)
	if refused := (*fgac.Error)(nil); errors.As(err, &refused) {
		return nil, badRequest("query: " + refused.Reason)
	}
	everybody, err := fgac.FromClaims(maps.All(map[string]any{"sub": "everybody"}), fgac.Keys{})
	if err != nil {
		return nil, err
	}
	access, err := roles.For(everybody).Access(fgac.Search, "any")
	if err != nil {
		return nil, err
	}
	return func(d document) bool {
		_, ok := access.Hit(d.id, d.source)
		return ok
	}, nil
}
