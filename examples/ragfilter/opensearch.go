package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
)

// cluster is OpenSearch with its plugin for vectors, and an index of its own
// there.
type cluster struct {
	url    *url.URL // of the index
	index  string
	made   bool
	rules  acl.Rules
	chunks int
}

const mostBytes = 64 << 20 // of an answer

// client follows no redirect, which would take names of callers elsewhere.
var client = &http.Client{
	Timeout:       time.Minute,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func openOpenSearch(address, name string) (*cluster, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("-opensearch: want a URL such as http://127.0.0.1:9200, without ? and #") // and not err, which has the password
	}
	return &cluster{url: u.JoinPath(name), index: name}, nil
}

func (*cluster) name() string { return "opensearch" }

type object = map[string]any

// store makes the index, which must not exist.
func (c *cluster) store(ctx context.Context, r acl.Rules, chunks []chunk) error {
	err := c.do(ctx, "PUT", "", object{
		"settings": object{"index.knn": true, "number_of_shards": 1, "number_of_replicas": 0},
		"mappings": object{"properties": object{
			"id":     object{"type": "keyword"},
			"vector": object{"type": "knn_vector", "dimension": dimensions, "method": object{"name": "hnsw", "engine": "lucene", "space_type": "innerproduct"}},
		}},
	}, nil)
	c.made, c.rules, c.chunks = err == nil || ctx.Err() != nil, r, len(chunks) // after an interrupt it may be there
	if err != nil {
		return fmt.Errorf("%w; the index must be new, and the server needs the plugin for vectors, opensearch-knn, which the full distribution has", err)
	}
	if err := c.do(ctx, "PUT", "/_mapping", opensearch.Mapping(r), nil); err != nil {
		return err
	}
	var mapping json.RawMessage
	if err := c.do(ctx, "GET", "/_mapping", nil, &mapping); err != nil {
		return err
	}
	if err := opensearch.CheckMapping(mapping, r); err != nil { // what a service asks when it starts
		return err
	}
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, chunk := range chunks {
		fields, err := opensearch.Fields(chunk.acl, r)
		if err != nil {
			return err
		}
		if err := errors.Join(enc.Encode(object{"index": object{"_id": chunk.id}}),
			enc.Encode(object{"id": chunk.id, "vector": chunk.vector, opensearch.Field: fields})); err != nil {
			return err
		}
	}
	var stored struct{ Errors bool }
	if err := c.do(ctx, "POST", "/_bulk?refresh=true", lines.Bytes(), &stored); err != nil {
		return err
	}
	if stored.Errors {
		return errors.New("the server did not store all chunks")
	}
	return nil
}

// found is a hit with what Verify reads.
type found struct {
	ID     string                     `json:"_id"`
	Score  float32                    `json:"_score"`
	Source map[string]json.RawMessage `json:"_source"`
}

// nearest is exact, since the clause of vectors asks for as many as there are:
// Lucene then compares all that pass the filter. A large index asks for k.
func (c *cluster) nearest(ctx context.Context, s acl.Scope, vector []float32, k int) ([]hit, error) {
	clause, err := opensearch.Filter(s, c.rules, opensearch.Options{Verify: true})
	if err != nil {
		return nil, err
	}
	request, err := json.Marshal(object{
		"query":   object{"knn": object{"vector": object{"vector": vector, "k": c.chunks}}},
		"size":    k,
		"sort":    []any{object{"_score": "desc"}, object{"id": "asc"}}, // the order of [best]
		"_source": false,
	})
	if err != nil {
		return nil, err
	}
	body, err := opensearch.Body(clause, request)
	if err != nil {
		return nil, err
	}
	var answer struct {
		TimedOut bool                 `json:"timed_out"`
		Shards   struct{ Failed int } `json:"_shards"`
		Hits     struct{ Hits []found }
	}
	if err := c.do(ctx, "POST", "/_search", body, &answer); err != nil {
		return nil, err
	}
	if answer.TimedOut || answer.Shards.Failed > 0 {
		return nil, errors.New("a part of the index did not answer")
	}
	kept, dropped, err := opensearch.Verify(s, c.rules, answer.Hits.Hits, func(f found) []byte { return f.Source[opensearch.Field] })
	return verified(kept, dropped, err, func(f found) hit { return hit{f.ID, f.similarity()} })
}

// similarity undoes what Lucene makes of an inner product to have a score above
// 0: 1 is added, or, below 0, 1/(1-x) taken.
func (f found) similarity() float64 {
	score := float64(f.Score)
	if score < 1 {
		score = 2 - 1/score
	}
	return math.Round((score-1)/unit/unit) * unit * unit
}

// do sends a request about the index. What the server says of an error may quote
// names of the caller, so only its type is told.
func (c *cluster) do(ctx context.Context, method, path string, body, answer any) error {
	sent, ok := body.([]byte)
	if !ok && body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url.String()+path, bytes.NewReader(sent))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(http.MaxBytesReader(nil, res.Body, mostBytes))
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		var refused struct{ Error struct{ Type string } }
		_ = json.Unmarshal(got, &refused)
		return fmt.Errorf("%s %s%s: %s, %s", method, c.index, path, res.Status, cmp.Or(refused.Error.Type, "for no reason that it tells"))
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(got, answer)
}

// close deletes the index unless the user named it.
func (c *cluster) close(ctx context.Context, keep bool) error {
	if !c.made || keep {
		return nil
	}
	return c.do(ctx, "DELETE", "?ignore_unavailable=true", nil, nil)
}
