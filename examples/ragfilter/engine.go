package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/tokenacl/tokenacl/acl"
)

// engine is a search by vector that applies ACLs itself. store is called once,
// before nearest, and calls of nearest one after the other.
type engine interface {
	name() string
	// store makes the chunks all there are, with their ACLs read by r.
	store(ctx context.Context, r acl.Rules, chunks []chunk) error
	// nearest returns the k chunks of the greatest similarity to vector among those
	// that s sees, in the order of best, and all of them if they are fewer.
	nearest(ctx context.Context, s acl.Scope, vector []float32, k int) ([]hit, error)
}

type hit struct {
	id    string
	score float64 // the similarity
}

// best sorts hits and returns the first k. Equal ones go by id.
func best(hits []hit, k int) []hit {
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
	})
	return hits[:min(k, len(hits))]
}

// verified returns the hits that a Verify kept. It drops some when the engine
// lost its filter; what else it found is then not to be trusted either.
func verified[T any](kept []T, dropped int, err error, of func(T) hit) ([]hit, error) {
	if err == nil && dropped > 0 {
		err = fmt.Errorf("LEAK: the engine found %d hidden chunks", dropped)
	}
	if err != nil {
		return nil, err
	}
	hits := make([]hit, len(kept))
	for i, k := range kept {
		hits[i] = of(k)
	}
	return hits, nil
}

// memory is the engine in process: an index of ACLs beside the vectors, whose
// view goes over visible chunks alone.
type memory struct {
	index   *acl.Index
	vectors map[string][]float32
}

func (*memory) name() string { return "memory" }

func (m *memory) store(_ context.Context, r acl.Rules, chunks []chunk) error {
	m.index, m.vectors = acl.NewIndex(r), make(map[string][]float32, len(chunks))
	for _, c := range chunks {
		m.vectors[c.id] = c.vector
	}
	return m.index.PutAll(func(yield func(string, acl.ACL) bool) {
		for _, c := range chunks {
			if !yield(c.id, c.acl) {
				return
			}
		}
	})
}

func (m *memory) nearest(_ context.Context, s acl.Scope, vector []float32, k int) ([]hit, error) {
	var hits []hit
	for id := range m.index.View(s).All() {
		hits = append(hits, hit{id, similarity(vector, m.vectors[id])})
	}
	return best(hits, k), nil
}
