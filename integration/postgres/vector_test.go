package postgres

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	"github.com/tokenacl/tokenacl/acl/pushdown/postgres"
	"github.com/tokenacl/tokenacl/integration/real"
)

// PostgreSQL 18 in WebAssembly, with pgvector. It has one session for all of
// its connections, hence one test for all that is asked of it.
//
// Rules P1, P4
func TestPGlite(t *testing.T) {
	db := pool(t, pglite.get(t)+"&pool_max_conns=1")
	t.Run("filter", func(t *testing.T) {
		report := acltest.Run(t, &engine{t: t, db: db}, acltest.Options{Documents: 5000, RuleSets: few, Without: without})
		if report.Decisions < 1_200_000 {
			t.Errorf("only %v", report)
		}
		real.Proven(t, proof(t, db, "filter").Report(report))
	})
	t.Run("nearest", func(t *testing.T) { testNearest(t, db) })
}

// testNearest: a search by vector gives exactly K visible rows while there are
// so many, where the index alone gives fewer.
func testNearest(t *testing.T, db *pgxpool.Pool) {
	const n, k = 5000, 10
	rng := rand.New(rand.NewPCG(1, 1))
	var docs []acltest.Document
	for i := range n {
		a := acl.List{acl.Allow.Group("common"), acl.Deny.User("eve")}
		switch {
		case i%500 == 0: // 10 of them
			a = append(a, acl.Allow.Group("rare"))
		case i%1000 == 1: // 5
			a = append(a, acl.Allow.Group("rarer"))
		}
		docs = append(docs, acltest.Document{ID: fmt.Sprint("d", i), ACL: a})
	}
	if err := store(t.Context(), db, acl.Rules{}, docs); err != nil {
		t.Fatal(err)
	}
	run(t, db, "CREATE EXTENSION IF NOT EXISTS vector")
	run(t, db, "ALTER TABLE documents ADD COLUMN v vector(8)")
	var ids, vectors []string
	for _, d := range docs {
		ids, vectors = append(ids, d.ID), append(vectors, vector(rng))
	}
	run(t, db, "UPDATE documents SET v = rows.v::vector FROM unnest($1::text[], $2::text[]) AS rows (id, v) WHERE documents.id = rows.id", ids, vectors)
	run(t, db, "CREATE INDEX documents_v ON documents USING hnsw (v vector_l2_ops)")
	run(t, db, "ANALYZE documents")
	near := postgres.Neighbours{ID: "id", Vector: "v", Distance: "<->", K: k}
	short := 0
	for _, tt := range []struct {
		group string
		want  int
	}{{"common", k}, {"rare", k}, {"rarer", 5}, {"none", 0}} {
		for _, iterative := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s iterative %t", tt.group, iterative), func(t *testing.T) {
				tx, err := db.Begin(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer tx.Rollback(t.Context())
				settings := "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL hnsw.max_scan_tuples = 100"
				if iterative {
					settings += "; " + postgres.IterativeScan
				}
				if _, err := tx.Exec(t.Context(), settings); err != nil {
					t.Fatal(err)
				}
				type hit struct {
					ID       string
					Distance float64
				}
				ask := func(query string, args ...any) []hit {
					rows, _ := tx.Query(t.Context(), query, args...)
					hits, err := pgx.CollectRows(rows, pgx.RowToStructByPos[hit])
					if err != nil {
						t.Fatalf("%v: %s", err, query)
					}
					return hits
				}
				scope := acl.For(acl.Principal{User: "u", Groups: []string{tt.group}})
				query, args, err := postgres.Nearest(scope, acl.Rules{}, postgres.Options{Table: "documents"}, near)
				if err != nil {
					t.Fatal(err)
				}
				v := vector(rng)
				got := ask(query, append([]any{v}, args...)...)
				where, args, err := postgres.Filter(scope, acl.Rules{}, postgres.Options{FirstPlaceholder: 2})
				if err != nil {
					t.Fatal(err)
				}
				all := append([]any{v}, args...)
				indexed := ask("SELECT id, v <-> $1 FROM documents WHERE "+where+" ORDER BY v <-> $1 LIMIT 10", all...)
				exact := ask("SELECT id, (v <-> $1) + 0 AS d FROM documents WHERE "+where+" ORDER BY d LIMIT 10", all...)
				if len(got) != tt.want || len(exact) != tt.want {
					t.Errorf("found %d, an exact scan %d, want %d", len(got), len(exact), tt.want)
				}
				if len(indexed) < tt.want { // then what is found is the exact scan's
					short++
					if !slices.Equal(got, exact) {
						t.Errorf("found %v, want %v", got, exact)
					}
				}
				rows, _ := tx.Query(t.Context(), "EXPLAIN (ANALYZE, TIMING off) "+query, append([]any{v}, args...)...)
				lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
				if err != nil {
					t.Fatal(err)
				}
				plan := strings.Join(lines, "\n")
				if !strings.Contains(plan, "Index Scan using documents_v") || !strings.Contains(plan, "One-Time Filter") {
					t.Errorf("the index is not asked first, or the exact scan not only then:\n%s", plan)
				}
				// documents_1 is the table in the exact scan.
				if skipped := regexp.MustCompile(`on documents documents_1 .*never executed`).MatchString(plan); skipped != (len(indexed) == k) {
					t.Errorf("the index finds %d and the exact scan is skipped: %t\n%s", len(indexed), skipped, plan)
				}
			})
		}
	}
	if short < 2 {
		t.Errorf("the index falls short %d times: this shows nothing", short)
	}
	p := proof(t, db, "nearest vectors: as many as are visible")
	p.Documents, p.Callers, p.Answers = n, 4, 8
	real.Proven(t, p)
}

func vector(rng *rand.Rand) string {
	v := make([]string, 8)
	for i := range v {
		v[i] = fmt.Sprintf("%.4f", rng.Float64())
	}
	return "[" + strings.Join(v, ",") + "]"
}
