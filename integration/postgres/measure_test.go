package postgres

import (
	"flag"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/postgres"
	"github.com/tokenacl/tokenacl/integration/corpus"
)

var measured = flag.Int("measure", 100_000, "measure searches of so many documents")

// BenchmarkSearch prints figures for docs/pushdown.md: go test -C integration
// ./postgres -run '^$' -bench Search -benchtime 1x -measure 1000000 -timeout 1h.
func BenchmarkSearch(t *testing.B) {
	t.Setenv("SHARED_BUFFERS", "1GB")
	db, _ := database(t, debian.get(t))
	load(t, db, *measured)
	octets := func(relation string) float64 {
		return float64(one[int64](t, db, "SELECT pg_relation_size($1::regclass)", relation)) / float64(*measured)
	}
	columns := one[float64](t, db, "SELECT avg(pg_column_size(acl_allow) + pg_column_size(acl_deny) + pg_column_size(acl_levels))::float8 FROM documents TABLESAMPLE SYSTEM (1)")
	fmt.Printf("%d documents: index of terms %.1f octets a document, columns %.1f, table %.1f\n", *measured, octets("documents_acl_allow_idx"), columns, octets("documents"))
	for _, uniform := range []bool{false, true} {
		for _, groups := range []int{10, 100, 1000} {
			scope := corpus.Member(groups, uniform)
			stored, args, err := postgres.Filter(scope, acl.Rules{}, postgres.Options{})
			if err != nil {
				t.Fatal(err)
			}
			few, _, err := postgres.Filter(scope, acl.Rules{}, postgres.Options{FewVisible: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range []struct{ name, sql string }{
				{"walk", "SELECT id FROM documents WHERE %s ORDER BY rank LIMIT 10"},
				{"1,000 hits", "SELECT id FROM documents WHERE hit < 1000 AND %s ORDER BY score LIMIT 10"},
			} {
				line := fmt.Sprintf("%d groups, uniform %t, %s:", groups, uniform, q.name)
				var want []int32
				for _, f := range []struct{ name, where string }{
					{"no filter", "$1::text[] IS NOT NULL"}, {"filter", stored}, {"few visible", few},
					{"obvious", "acl_allow && $1::text[] AND NOT acl_deny && $1::text[]"},
				} {
					for _, mode := range []string{"auto", "force_custom_plan"} { // auto is the server's default
						took, got := timed(t, db, mode, fmt.Sprintf(q.sql, f.where), args)
						line += fmt.Sprintf(" %s %s %v;", f.name, mode, took)
						if f.name == "filter" {
							want = got
						} else if f.name != "no filter" && !slices.Equal(got, want) {
							t.Errorf("%s %s finds %v, the filter %v", line, f.name, got, want)
						}
					}
				}
				fmt.Println(line) // a benchmark logs ten lines at most
			}
		}
	}
}

// load makes documents whose rank, score and hit are of no order.
func load(t testing.TB, db *pgxpool.Pool, n int) {
	t.Helper()
	schema, err := postgres.Schema(acl.Rules{}, postgres.Options{Table: "documents"})
	if err != nil {
		t.Fatal(err)
	}
	ddl, index, found := strings.Cut(schema, "CREATE INDEX")
	if !found {
		t.Fatal("the schema has no index")
	}
	run(t, db, "CREATE TABLE documents (id int PRIMARY KEY, rank int, hit int, score int); "+ddl)
	i := -1
	next, stop := iter.Pull(corpus.Documents(n))
	defer stop()
	_, err = db.CopyFrom(t.Context(), pgx.Identifier{"documents"}, []string{"id", "rank", "hit", "score", "acl_allow", "acl_deny", "acl_levels"}, pgx.CopyFromFunc(func() ([]any, error) {
		a, ok := next()
		if !ok {
			return nil, nil
		}
		i++
		stored, err := postgres.Fields(a, acl.Rules{})
		if err != nil {
			return nil, err
		}
		mixed := int32(uint64(i) * 2654435761 % uint64(n))
		deny := stored.Deny
		if deny == nil {
			deny = []string{}
		}
		allow := stored.Allow
		if allow == nil {
			allow = []string{}
		}
		return []any{int32(i), mixed, int32(uint64(i) * 40503 % uint64(n)), int32(uint64(i) * 7919 % uint64(n)), allow, deny, "[]"}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, "CREATE INDEX"+index+"CREATE INDEX ON documents (rank); CREATE INDEX ON documents (hit);")
	run(t, db, "VACUUM ANALYZE documents")
}

// timed returns the time that a tenth of the runs stay below, which other work
// of the machine disturbs least, of a query that is prepared, as pgx does it, after
// the server has settled on a plan.
func timed(t testing.TB, db *pgxpool.Pool, mode, query string, args []any) (time.Duration, []int32) {
	t.Helper()
	conn, err := db.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), "DEALLOCATE ALL; SET jit = off; SET plan_cache_mode = "+mode); err != nil {
		t.Fatal(err)
	}
	conn.Conn().DeallocateAll(t.Context())
	var took []time.Duration
	var ids []int32
	for begin := time.Now(); len(took) < 8 && time.Since(begin) < 20*time.Second || len(took) < 200 && time.Since(begin) < 3*time.Second; {
		start := time.Now()
		rows, _ := conn.Query(t.Context(), query, args...)
		ids, err = pgx.CollectRows(rows, pgx.RowTo[int32])
		if err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	took = took[min(6, len(took)-1):] // the first five have plans of their own
	slices.Sort(took)
	return took[len(took)/10].Round(time.Microsecond), ids
}
