// Package postgres tests acl/pushdown/postgres on PostgreSQL 15, as Debian has
// it, and on PGlite, PostgreSQL 18 with pgvector from npm.
package postgres

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	"github.com/tokenacl/tokenacl/acl/pushdown/postgres"
	"github.com/tokenacl/tokenacl/integration/real"
)

// server is one that start.sh serves for all tests of a run.
type server struct {
	what string
	once sync.Once
	url  string
	err  error
	stop func()
}

var debian, pglite = &server{what: "serve"}, &server{what: "pglite"}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, s := range []*server{debian, pglite} {
		if s.stop != nil {
			s.stop()
		}
	}
	os.Exit(code)
}

func (s *server) start() error {
	dir, err := os.MkdirTemp("/tmp", "postgres") // where the server's own user may go
	if err != nil {
		return err
	}
	cmd := exec.Command("bash", "start.sh", s.what, dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	s.stop = func() { in.Close(); cmd.Wait(); os.RemoveAll(dir) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(dir, 0o755), cmd.Start()); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	s.url = strings.TrimSpace(line)
	return err
}

// get returns the URL of the server, which is started when it is first wanted.
func (s *server) get(t testing.TB) string {
	t.Helper()
	real.Wanted(t)
	s.once.Do(func() { s.err = s.start() })
	if s.err != nil {
		real.Missing(t, "start.sh "+s.what+": "+s.err.Error())
	}
	return s.url
}

var databases atomic.Int32

// database makes a database of a server and connects to it.
func database(t testing.TB, url string) (db *pgxpool.Pool, own string) {
	t.Helper()
	name := "test" + strconv.Itoa(int(databases.Add(1)))
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	own = strings.Replace(url, "/postgres?", "/"+name+"?", 1)
	return pool(t, own), own
}

func pool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	db, err := pgxpool.New(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func run(t testing.TB, db *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%v: %s", err, sql)
	}
}

func one[T any](t testing.TB, db *pgxpool.Pool, sql string, args ...any) T {
	t.Helper()
	rows, _ := db.Query(t.Context(), sql, args...)
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%v: %s", err, sql)
	}
	return v
}

func texts(t testing.TB, db *pgxpool.Pool, sql string, args ...any) []string {
	t.Helper()
	rows, _ := db.Query(t.Context(), sql, args...)
	v, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%v: %s", err, sql)
	}
	return v
}

// proof is that of a server, whose minor version follows what can be had.
func proof(t testing.TB, db *pgxpool.Pool, feature string) real.Proof {
	t.Helper()
	version := one[int](t, db, "SELECT current_setting('server_version_num')::int / 10000")
	how := "its server, from Debian"
	if strings.Contains(one[string](t, db, "SELECT version()"), "emscripten") {
		how = "its code in WebAssembly (PGlite), with pgvector"
	}
	return real.Proof{Engine: "PostgreSQL", Version: strconv.Itoa(version), How: how, Feature: feature}
}

// store makes the table documents anew and fills it. Documents whose ACL is
// invalid are stored as what Fields returns: they admit nobody.
func store(ctx context.Context, db *pgxpool.Pool, r acl.Rules, docs []acltest.Document) error {
	schema, err := postgres.Schema(r, postgres.Options{Table: "documents"})
	if err != nil {
		return err
	}
	if _, err := db.Exec(ctx, "DROP TABLE IF EXISTS documents; CREATE TABLE documents (id text PRIMARY KEY); "+schema); err != nil {
		return err
	}
	columns := make([][]string, 4)
	for _, d := range docs {
		stored, err := postgres.Fields(d.ACL, r)
		if (err != nil) != (r.Validate(d.ACL) != nil) {
			return err
		}
		columns[0] = append(columns[0], d.ID)
		for i, arg := range stored.Args() {
			columns[i+1] = append(columns[i+1], arg.(string))
		}
	}
	_, err = db.Exec(ctx, `INSERT INTO documents SELECT id, allow::text[], deny::text[], levels::jsonb
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS rows (id, allow, deny, levels)`, columns[0], columns[1], columns[2], columns[3])
	return err
}

// engine is PostgreSQL under pgx.
type engine struct {
	t       testing.TB
	db      *pgxpool.Pool
	rules   acl.Rules
	options postgres.Options
}

func (e *engine) Store(r acl.Rules, docs []acltest.Document) error {
	e.rules = r
	return store(e.t.Context(), e.db, r, docs)
}

func (e *engine) Search(s acl.Scope) ([]string, error) {
	where, args, err := postgres.Filter(s, e.rules, e.options)
	if err != nil {
		return nil, err
	}
	rows, err := e.db.Query(e.t.Context(), "SELECT id FROM documents WHERE "+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// standard is PostgreSQL under database/sql. Each hit is verified.
type standard struct {
	engine
	sql     *sql.DB
	dropped int
}

func (e *standard) Search(s acl.Scope) (ids []string, err error) {
	o := postgres.Options{Table: "d", FirstPlaceholder: 2, FewVisible: e.options.FewVisible}
	where, args, err := postgres.Filter(s, e.rules, o)
	if err != nil {
		return nil, err
	}
	columns, err := postgres.Select(o)
	if err != nil {
		return nil, err
	}
	rows, err := e.sql.QueryContext(e.t.Context(), "SELECT id, "+columns+" FROM documents d WHERE id <> $1 AND "+where+" OR id = $1", append([]any{"no document"}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type hit struct {
		id     string
		stored postgres.Stored
	}
	var page []hit
	for rows.Next() {
		var h hit
		if err := rows.Scan(&h.id, &h.stored); err != nil {
			return nil, err
		}
		page = append(page, h)
	}
	page, dropped, err := postgres.Verify(s, e.rules, page, func(h hit) postgres.Stored { return h.stored })
	e.dropped += dropped
	for _, h := range page {
		ids = append(ids, h.id)
	}
	return ids, errors.Join(err, rows.Err())
}
