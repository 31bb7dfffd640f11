package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/tokenacl/tokenacl/acl"
)

// questions are asked of every engine by every persona.
var questions = []string{
	"token", "rotate a signing key", "who may see this document", "deny beats allow", "public documents without an access control list",
	"groups claim missing", "shared secret configuration", "RSA public key", "what leaks through counts and facets", "embeddings and permissions",
	"revocation of a stolen token", "price of a permission check", "risk register", "default visibility", "metadata files in the bucket",
	"explain why a document is hidden", "migration of a customer", "attack on a signature", "latency of a search", "filter before or after the search",
}

// compare asks every question as every persona, holds each engine's answer to
// that of the decisions, and prints a table of what was found.
func (lib *library) compare(ctx context.Context, out io.Writer, engines []engine, k int) error {
	asked, wrong := map[string]int{}, error(nil)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "persona\tchunks visible\tfound for the 20 questions\tbest for \"token\"")
	for _, p := range personas {
		scope, err := scopeOf(p.name)
		if err != nil {
			return err
		}
		found, first := 0, ""
		for i, q := range questions {
			want := lib.decided(scope, embed(q), k)
			found += len(want)
			if i == 0 && len(want) > 0 {
				first = want[0].id
			}
			for _, e := range engines {
				asked[e.name()]++
				got, err := e.nearest(ctx, scope, embed(q), k)
				if err != nil {
					return fmt.Errorf("%s: %w", e.name(), err)
				}
				if err := lib.same(scope, want, got); err != nil {
					wrong = errors.Join(wrong, fmt.Errorf("%s, %s, %q: %w", e.name(), p.name, q, err))
				}
			}
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", p.name, len(lib.decided(scope, embed(questions[0]), len(lib.chunks))), found, first)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%d chunks\n", len(lib.chunks))
	for _, e := range engines {
		fmt.Fprintf(out, "%s: %d answers compared with the decisions\n", e.name(), asked[e.name()])
	}
	return wrong
}

// decided is the answer without any engine: a decision about each chunk.
func (lib *library) decided(s acl.Scope, vector []float32, k int) []hit {
	var hits []hit
	for _, c := range lib.chunks {
		if acl.Decide(s, c.acl, lib.rules).Allowed {
			hits = append(hits, hit{c.id, similarity(vector, c.vector)})
		}
	}
	return best(hits, k)
}

// same tells how got differs from want: in a chunk, its place or its similarity.
// All are compared exactly, see unit, and equal ones stand in the order of best.
func (lib *library) same(s acl.Scope, want, got []hit) error {
	for _, h := range got {
		if c, known := lib.byID[h.id]; !known || !acl.Decide(s, c.acl, lib.rules).Allowed {
			return fmt.Errorf("LEAK: %s", h.id)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d chunks, want %d", len(got), len(want))
	}
	for i, h := range got {
		if h != want[i] {
			return fmt.Errorf("%s of similarity %v is at place %d, want %s of %v", h.id, h.score, i+1, want[i].id, want[i].score)
		}
	}
	return nil
}
