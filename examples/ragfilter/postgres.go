package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/postgres"
)

// database is PostgreSQL with pgvector, and a table of its own there.
type database struct {
	db     *sql.DB
	table  string
	quoted string // for SQL
	made   bool
	rules  acl.Rules
}

func openPostgres(url, name string) (*database, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("-postgres: want a URL such as postgres://USER@HOST/DATABASE, and files that it names to be there; in a password, / is %2F and # is %23") // and not err, which may have a part of it
	}
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, 30*time.Second)
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(1) // one question at a time is asked
	return &database{db: db, table: name, quoted: pgx.Identifier{name}.Sanitize()}, nil
}

// ownName is a name that nobody else has.
func ownName() string { return "ragfilter_" + strings.ToLower(rand.Text()) }

func (*database) name() string { return "postgres" }

var errNoVector = errors.New("this database has no pgvector: install it on the server, https://github.com/pgvector/pgvector#installation, " +
	"and run CREATE EXTENSION vector in the database")

// store makes the table, which must not exist. Without an index of vectors
// pgvector compares all visible ones, which is exact; with one, it misses what
// it misses without a filter, too.
func (d *database) store(ctx context.Context, r acl.Rules, chunks []chunk) error {
	var has bool
	if err := d.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')").Scan(&has); err != nil {
		return err
	}
	if !has {
		return errNoVector
	}
	schema, err := postgres.Schema(r, postgres.Options{Table: d.table})
	if err != nil {
		return err
	}
	_, err = d.db.ExecContext(ctx, fmt.Sprintf("CREATE TABLE %s (id text PRIMARY KEY, vector vector(%d) NOT NULL)", d.quoted, dimensions))
	d.made, d.rules = err == nil || ctx.Err() != nil, r // after an interrupt it may be there
	if err != nil {
		return err
	}
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return err
	}
	insert := fmt.Sprintf("INSERT INTO %s (id, vector, acl_allow, acl_deny, acl_levels) VALUES ($1, $2::vector, $3::text[], $4::text[], $5::jsonb)", d.quoted)
	for _, c := range chunks {
		stored, err := postgres.Fields(c.acl, r)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, insert, append([]any{c.id, text(c.vector)}, stored.Args()...)...); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return d.check(ctx)
}

// check is what a service asks when it starts: whether the rows were stored
// under its rules.
func (d *database) check(ctx context.Context) error {
	query, args, err := postgres.StoredRules(postgres.Options{Table: d.table})
	if err != nil {
		return err
	}
	var read string
	if err := d.db.QueryRowContext(ctx, query, args...).Scan(&read); err != nil {
		return err
	}
	return postgres.Check(d.rules, read)
}

// nearest asks for one chunk more than k, and for more as long as the last is as
// near as the one at place k: of equals, [best] takes the first by id, and
// PostgreSQL any.
func (d *database) nearest(ctx context.Context, s acl.Scope, vector []float32, k int) ([]hit, error) {
	for n := k + 1; ; n *= 2 {
		hits, err := d.ask(ctx, s, vector, n)
		if err != nil {
			return nil, err
		}
		if len(hits) < n || hits[k-1].score > hits[n-1].score {
			return best(hits, k), nil
		}
	}
}

// row is a hit with what Verify reads.
type row struct {
	hit
	stored postgres.Stored
}

func (d *database) ask(ctx context.Context, s acl.Scope, vector []float32, n int) ([]hit, error) {
	query, args, err := postgres.Nearest(s, d.rules, postgres.Options{Table: d.table}, postgres.Neighbours{ID: "id", Vector: "vector", Distance: "<#>", K: n})
	if err != nil {
		return nil, err
	}
	columns, err := postgres.Select(postgres.Options{Table: "d"})
	if err != nil {
		return nil, err
	}
	tx, err := d.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, postgres.IterativeScan); err != nil { // for the day when there is an index of vectors
		return nil, err
	}
	query = fmt.Sprintf("SELECT near.id, near.distance, %s FROM (%s) AS near JOIN %s AS d ON d.id = near.id ORDER BY near.distance", columns, query, d.quoted)
	rows, err := tx.QueryContext(ctx, query, append([]any{text(vector)}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.id, &r.score, &r.stored); err != nil {
			return nil, err
		}
		r.score = -r.score // <#> is the negative inner product
		page = append(page, r)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	kept, dropped, err := postgres.Verify(s, d.rules, page, func(r row) postgres.Stored { return r.stored })
	return verified(kept, dropped, err, func(r row) hit { return r.hit })
}

// text is a vector as pgvector reads it.
func text(vector []float32) string {
	parts := make([]string, len(vector))
	for i, v := range vector {
		parts[i] = strconv.FormatFloat(float64(v), 'g', -1, 32)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// close drops the table unless the user named it.
func (d *database) close(ctx context.Context, keep bool) error {
	var err error
	if d.made && !keep {
		_, err = d.db.ExecContext(ctx, "DROP TABLE IF EXISTS "+d.quoted)
	}
	return errors.Join(err, d.db.Close())
}
