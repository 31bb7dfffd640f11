// Package sqlite tests acl/pushdown/sqlite on SQLite, as modernc.org/sqlite has
// it in Go.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	"github.com/tokenacl/tokenacl/acl/pushdown/sqlite"
	"github.com/tokenacl/tokenacl/integration/real"
)

// few rule sets are enough where the filter's text is the one proven already.
var few = []acl.Rules{{DenyOnlyEveryone: true, AnyLevel: true}, {Fold: true, MissingGroupsMeanNone: true}}

// memory opens a database of one connection.
func memory(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // each has a database of its own
	t.Cleanup(func() { db.Close() })
	return db
}

// engine verifies each hit.
type engine struct {
	t       testing.TB
	db      *sql.DB
	rules   acl.Rules
	options sqlite.Options
	dropped int
}

func (e *engine) Store(r acl.Rules, docs []acltest.Document) error {
	e.rules = r
	schema, err := sqlite.Schema(r, sqlite.Options{})
	if err != nil {
		return err
	}
	if _, err := e.db.Exec("DROP TABLE IF EXISTS documents; DROP TABLE IF EXISTS acl_terms; DROP TABLE IF EXISTS acl_terms_rules; DROP TABLE IF EXISTS asks;" +
		"CREATE TABLE documents (id TEXT PRIMARY KEY COLLATE NOCASE); CREATE TABLE asks (term TEXT PRIMARY KEY);" + schema); err != nil {
		return err
	}
	tx, err := e.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, d := range docs {
		rows, err := sqlite.Fields(d.ACL, r)
		if (err != nil) != (r.Validate(d.ACL) != nil) {
			return err
		}
		if _, err := tx.Exec("INSERT INTO documents VALUES (?)", d.ID); err != nil {
			return err
		}
		for _, row := range rows {
			if _, err := tx.Exec("INSERT INTO acl_terms (document, level, term) VALUES (?, ?, ?)", d.ID, row.Level, row.Term); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

func (e *engine) Search(s acl.Scope) ([]string, error) {
	if err := e.ask(s); err != nil {
		return nil, err
	}
	where, args, err := sqlite.Filter(s, e.rules, e.options)
	if err != nil {
		return nil, err
	}
	var before []any
	if e.options.FirstPlaceholder == 2 {
		before = []any{"no document"}
		where = "documents.id <> ?1 AND " + where + " OR documents.id = ?1"
	}
	found, err := texts(e.t.Context(), e.db, "SELECT id FROM documents WHERE "+where, append(before, args...)...)
	if err != nil {
		return nil, err
	}
	if len(found) > 20 && s.String() != acl.Unrestricted().String() {
		return found, nil // those of fewer are verified: each is read by itself
	}
	kept, dropped, err := sqlite.Verify(s, e.rules, found, e.stored)
	e.dropped += dropped
	return kept, err
}

// ask fills the table of the caller.
func (e *engine) ask(s acl.Scope) error {
	if e.options.Caller == "" {
		return nil
	}
	terms, err := sqlite.Terms(s, e.rules)
	if err != nil {
		return err
	}
	if _, err := e.db.Exec("DELETE FROM asks"); err != nil {
		return err
	}
	for list := range slices.Chunk(terms, 1000) {
		args := make([]any, len(list))
		for i, t := range list {
			args[i] = t
		}
		if _, err := e.db.Exec("INSERT INTO asks VALUES (?)"+strings.Repeat(", (?)", len(list)-1), args...); err != nil {
			return err
		}
	}
	return nil
}

func (e *engine) stored(id string) (stored []sqlite.Row) {
	rows, err := e.db.Query("SELECT level, term FROM acl_terms WHERE document = ?", id)
	if err != nil {
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var row sqlite.Row
		if err := rows.Scan(&row.Level, &row.Term); err != nil {
			return nil
		}
		stored = append(stored, row)
	}
	if rows.Err() != nil {
		return nil
	}
	return stored
}

func texts(ctx context.Context, db *sql.DB, query string, args ...any) (list []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// Each way to ask gives acl's answer.
//
// Rules P1, P4
func TestSQLite(t *testing.T) {
	real.Wanted(t)
	without := []acltest.Corner{acltest.NUL}
	for _, tt := range []struct {
		name    string
		feature string
		options sqlite.Options
		kit     acltest.Options
		least   int
	}{
		{"json", "filter, Verify, every set of rules", sqlite.Options{}, acltest.Options{Documents: 6000, Callers: 250, Without: without}, 3_000_000},
		{"placeholder", "filter among other arguments", sqlite.Options{FirstPlaceholder: 2}, acltest.Options{RuleSets: few, Without: without}, 400_000},
		{"caller's table", "filter by a table of the caller's terms", sqlite.Options{Caller: "asks"}, acltest.Options{RuleSets: few, Without: without}, 400_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := &engine{t: t, db: memory(t), options: tt.options}
			report := acltest.Run(t, e, tt.kit)
			if report.Decisions < tt.least || e.dropped > 0 {
				t.Errorf("only %v, and Verify drops %d", report, e.dropped)
			}
			version, err := texts(t.Context(), e.db, "SELECT sqlite_version()")
			if err != nil {
				t.Fatal(err)
			}
			real.Proven(t, real.Proof{Engine: "SQLite", Version: version[0], How: "its code in Go (modernc.org/sqlite), in process", Feature: tt.feature}.Report(report))
		})
	}
}

func run(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%v: %s", err, query)
	}
}

// Names with U+0000 are refused: this version of SQLite keeps it in JSON and
// compares what is behind it, but its functions end a text there, and earlier
// versions ended strings of JSON.
//
// Rule P4
func TestNUL(t *testing.T) {
	db := memory(t)
	var whole, cut, passed int
	if err := db.QueryRow("SELECT length(CAST(value AS BLOB)), length(value), value = ?2 FROM json_each(?1)", `["a\u0000b"]`, "a\x00b").Scan(&whole, &cut, &passed); err != nil {
		t.Fatal(err)
	}
	if whole != 3 || cut != 1 || passed != 1 {
		t.Errorf("of 3 characters JSON keeps %d, length counts %d, equal to a parameter: %d; want 3, 1, 1", whole, cut, passed)
	}
	for name, a := range map[string]acl.ACL{
		"allow": acl.List{acl.Allow.User("a\x00")}, "deny": acl.List{acl.Allow.User("a"), acl.Deny.Group("\x00")},
		"level": acl.Hierarchy{{acl.Allow.User("a")}, {acl.Allow.Group("b\x00c")}},
	} {
		if rows, err := sqlite.Fields(a, acl.Rules{}); !errors.Is(err, sqlite.ErrTerm) || rows != nil {
			t.Errorf("%s: %v, %v", name, rows, err)
		}
	}
}

// The table keeps out what is no term: a blob is not the text of its octets.
// The text that is found by is compared octet by octet, also when the column of
// ids is not.
//
// Rule P4
func TestTable(t *testing.T) {
	db := memory(t)
	e := &engine{t: t, db: db}
	if err := e.Store(acl.Rules{}, []acltest.Document{{ID: "a", ACL: acl.Public()}, {ID: "b"}, {ID: "c", ACL: acl.List{acl.Allow.User("Mary")}}}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"'b', 1, null", "'b', null, 'ua'", "null, 1, 'ua'", "'b', 1, x'2a'", "'b', -1, '*'", "'b', 1.5, '*'", "'b', 'one', '*'", "'a', 1, '*'"} {
		if _, err := db.Exec("INSERT INTO acl_terms VALUES (" + bad + ")"); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
	run(t, db, "INSERT INTO acl_terms VALUES ('B', 1, '*')") // another document than b
	if got, err := e.Search(acl.For(acl.Principal{User: "mary"})); err != nil || !slices.Equal(got, []string{"a"}) {
		t.Errorf("found %q, %v", got, err)
	}
	// The condition is never null, so that NOT gives the others.
	where, args, err := sqlite.Filter(acl.Guest(), acl.Rules{}, sqlite.Options{Documents: "d"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := texts(t.Context(), db, "SELECT id FROM documents d WHERE NOT "+where+" ORDER BY id", args...)
	if err != nil || !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("not found: %q, %v", got, err)
	}
}

// The hash of the rules is kept and compared; odd names are names, and ids may
// be integers.
//
// Rule A6
func TestRulesKept(t *testing.T) {
	db := memory(t)
	r := acl.Rules{Fold: true}
	o := sqlite.Options{Table: `it's "odd"`, Documents: "the docs", ID: "the;id", IntegerID: true}
	schema, err := sqlite.Schema(r, o)
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, schema+`CREATE TABLE "the docs" ("the;id" INTEGER PRIMARY KEY); INSERT INTO "the docs" VALUES (7), (8); INSERT INTO "it's ""odd""" VALUES (7, 1, '*')`)
	query, err := sqlite.StoredRules(o)
	if err != nil {
		t.Fatal(err)
	}
	read, err := texts(t.Context(), db, query)
	if err != nil || len(read) != 1 {
		t.Fatalf("%q, %v", read, err)
	}
	if err := sqlite.Check(r, read[0]); err != nil {
		t.Errorf("%v: %q", err, read)
	}
	if err := sqlite.Check(acl.Rules{}, read[0]); !errors.Is(err, sqlite.ErrRules) {
		t.Errorf("other rules: %v", err)
	}
	where, args, err := sqlite.Filter(acl.Guest(), r, o)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := texts(t.Context(), db, `SELECT "the;id" FROM "the docs" WHERE `+where, args...); err != nil || fmt.Sprint(got) != "[7]" {
		t.Errorf("found %q, %v", got, err)
	}
}
