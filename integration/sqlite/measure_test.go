package sqlite

import (
	"database/sql"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/sqlite"
	"github.com/tokenacl/tokenacl/integration/corpus"
)

var measured = flag.Int("measure", 100_000, "measure searches of so many documents")

// BenchmarkSearch prints figures for docs/pushdown.md: go test -C integration
// ./sqlite -run '^$' -bench Search -benchtime 1x -measure 1000000 -timeout 1h.
func BenchmarkSearch(t *testing.B) {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "db")+"?_pragma=journal_mode(off)&_pragma=synchronous(off)&_pragma=cache_size(-1000000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	defer db.Close()
	load(t, db, *measured)
	const obvious = "EXISTS (SELECT 1 FROM acl_terms a JOIN json_each(?1) j ON a.term = j.value WHERE a.document = documents.id AND a.level = %d)"
	for _, uniform := range []bool{false, true} {
		for _, groups := range []int{10, 100, 1000} {
			where, args, err := sqlite.Filter(corpus.Member(groups, uniform), acl.Rules{}, sqlite.Options{IntegerID: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range []struct{ name, sql string }{
				{"walk", "SELECT id FROM documents WHERE %s ORDER BY rank LIMIT 10"},
				{"1,000 hits", "SELECT id FROM documents WHERE hit < 1000 AND %s ORDER BY score LIMIT 10"},
			} {
				line := fmt.Sprintf("%d groups, uniform %t, %s:", groups, uniform, q.name)
				var want []string
				for _, f := range []struct{ name, where string }{
					{"no filter", "?1 IS NOT NULL"}, {"filter", where}, {"obvious", fmt.Sprintf(obvious, 1) + " AND NOT " + fmt.Sprintf(obvious, 0)},
				} {
					took, got := timed(t, db, fmt.Sprintf(q.sql, f.where), args)
					line += fmt.Sprintf(" %s %v;", f.name, took)
					if f.name == "filter" {
						want = got
					} else if f.name != "no filter" && !slices.Equal(got, want) {
						t.Errorf("%s %s finds %v, the filter %v", line, f.name, got, want)
					}
				}
				fmt.Println(line) // a benchmark logs ten lines at most
			}
		}
	}
}

// load makes documents whose rank, score and hit are of no order.
func load(t testing.TB, db *sql.DB, n int) {
	t.Helper()
	schema, err := sqlite.Schema(acl.Rules{}, sqlite.Options{IntegerID: true})
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, "CREATE TABLE documents (id INTEGER PRIMARY KEY, rank INTEGER, hit INTEGER, score INTEGER); "+schema)
	pages := func() (n int) {
		if err := db.QueryRow("PRAGMA page_count").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	each := func(table string, insert func(*sql.Tx, int, []sqlite.Row) error) {
		before := pages()
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for a := range corpus.Documents(n) {
			rows, err := sqlite.Fields(a, acl.Rules{})
			if err == nil {
				err = insert(tx, i, rows)
			}
			if err != nil {
				t.Fatal(err)
			}
			i++
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%d documents, %s: %.1f octets each\n", n, table, float64(pages()-before)*4096/float64(n))
	}
	each("documents", func(tx *sql.Tx, i int, _ []sqlite.Row) error {
		k, m := uint64(i), uint64(n)
		_, err := tx.Exec("INSERT INTO documents VALUES (?, ?, ?, ?)", k, k*2654435761%m, k*40503%m, k*7919%m)
		return err
	})
	each("acl_terms", func(tx *sql.Tx, i int, rows []sqlite.Row) error {
		args := make([]any, 0, 3*len(rows))
		for _, row := range rows {
			args = append(args, i, row.Level, row.Term)
		}
		if len(rows) == 0 {
			return nil
		}
		_, err := tx.Exec("INSERT INTO acl_terms VALUES (?, ?, ?)"+strings.Repeat(", (?, ?, ?)", len(rows)-1), args...)
		return err
	})
	run(t, db, "CREATE INDEX by_rank ON documents (rank); CREATE INDEX by_hit ON documents (hit)")
}

// timed returns the time that a tenth of the runs stay below, which other work
// of the machine disturbs least.
func timed(t testing.TB, db *sql.DB, query string, args []any) (time.Duration, []string) {
	t.Helper()
	stmt, err := db.Prepare(query)
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	var took []time.Duration
	var ids []string
	for begin := time.Now(); len(took) < 1 || len(took) < 200 && time.Since(begin) < 3*time.Second; {
		start := time.Now()
		rows, err := stmt.Query(args...)
		if err != nil {
			t.Fatal(err)
		}
		ids = nil
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/10].Round(time.Microsecond), ids
}
