package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/sqlite"
)

// newSQLite is a file of its own, with the table and the condition of
// acl/pushdown/sqlite.
func newSQLite(c *corpus) (engine, error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return engine{}, err
	}
	file := filepath.Join(folder, "db")
	db, err := sql.Open("sqlite", file+"?_pragma=journal_mode(off)&_pragma=synchronous(off)&_pragma=cache_size(-1000000)")
	if err != nil {
		return engine{}, err
	}
	db.SetMaxOpenConns(1)
	e := engine{note: "on disk", close: func() { db.Close(); os.RemoveAll(folder) }}
	size, err := fillSQLite(db, c)
	e.bytes = size / float64(c.documents)
	e.view = func(c caller) view {
		one := prepareSQLite(db, c, 2, "SELECT 1 FROM documents WHERE id = ?1 AND ")
		return view{allowed: func(o uint32) bool { return len(one(o)) == 1 }}
	}
	e.filter = func(c caller) set { return listed(prepareSQLite(db, c, 1, "SELECT id FROM documents WHERE ")()) }
	e.page = func(c caller, hits []uint32, most int) []uint32 { return pageSQLite(db, c, hits, most) }
	return e, err
}

// pageSQLite asks for all hits at once and ranks what it gets.
func pageSQLite(db *sql.DB, c caller, hits []uint32, most int) []uint32 {
	list, err := json.Marshal(hits)
	if err != nil {
		panic(fmt.Sprintf("sqlite: %v", err))
	}
	found := prepareSQLite(db, c, 2, "SELECT id FROM documents WHERE id IN (SELECT value FROM json_each(?1)) AND ")(string(list))
	return ranked(hits, found, most)
}

// fillSQLite returns how many bytes the ACLs take.
func fillSQLite(db *sql.DB, c *corpus) (float64, error) {
	schema, err := sqlite.Schema(acl.Rules{}, sqlite.Options{IntegerID: true})
	if err != nil {
		return 0, err
	}
	if _, err := db.Exec("CREATE TABLE documents (id INTEGER PRIMARY KEY); " + schema); err != nil {
		return 0, err
	}
	err = inTransaction(db, func(tx *sql.Tx) error {
		_, err := tx.Exec("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO documents SELECT i FROM n", c.documents-1)
		return err
	})
	if err != nil {
		return 0, err
	}
	before, err := sqlitePages(db)
	if err != nil {
		return 0, err
	}
	err = inTransaction(db, func(tx *sql.Tx) error { return insertSQLite(tx, c) })
	if err != nil {
		return 0, err
	}
	after, err := sqlitePages(db)
	return after - before, err
}

func insertSQLite(tx *sql.Tx, c *corpus) error {
	for o, a := range c.all() {
		rows, err := sqlite.Fields(a, acl.Rules{})
		if err != nil {
			return err
		}
		args := make([]any, 0, 3*len(rows))
		for _, row := range rows {
			args = append(args, o, row.Level, row.Term)
		}
		if len(rows) == 0 {
			continue
		}
		if _, err := tx.Exec("INSERT INTO acl_terms VALUES (?, ?, ?)"+strings.Repeat(", (?, ?, ?)", len(rows)-1), args...); err != nil {
			return err
		}
	}
	return nil
}

func inTransaction(db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		tx.Rollback()
		return err
	}
	return tx.Commit()
}

func sqlitePages(db *sql.DB) (bytes float64, err error) {
	err = db.QueryRow("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()").Scan(&bytes)
	return bytes, err
}

// prepareSQLite returns the documents that a query finds for a caller; what it is
// given are the arguments before those of the filter.
func prepareSQLite(db *sql.DB, c caller, first int, query string) func(before ...any) []uint32 {
	where, args, err := sqlite.Filter(c.scope, acl.Rules{}, sqlite.Options{IntegerID: true, FirstPlaceholder: first})
	if err != nil {
		panic(fmt.Sprintf("sqlite: %v", err))
	}
	statement, err := db.Prepare(query + where)
	if err != nil {
		panic(fmt.Sprintf("sqlite: %v", err))
	}
	return func(before ...any) []uint32 {
		rows, err := statement.Query(append(before, args...)...)
		if err != nil {
			panic(fmt.Sprintf("sqlite: %v", err))
		}
		found, err := scan(rows)
		if err != nil {
			panic(fmt.Sprintf("sqlite: %v", err))
		}
		return found
	}
}

func scan(rows *sql.Rows) (found []uint32, err error) {
	defer rows.Close()
	for rows.Next() {
		var o uint32
		if err := rows.Scan(&o); err != nil {
			return nil, err
		}
		found = append(found, o)
	}
	return found, rows.Err()
}
