package main

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/postgres"
)

// newPostgres makes tables, with the columns and the condition of
// acl/pushdown/postgres, on a server of this machine: its processor time counts.
func newPostgres(url string) func(*corpus) (engine, error) {
	return func(c *corpus) (engine, error) {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return engine{}, err
		}
		p := &onServer{ctx: ctx, conn: conn, table: fmt.Sprintf("bench_%d_%d", c.lists(), c.documents)}
		if err := p.start(); err != nil {
			return engine{}, err
		}
		if err := p.fill(c); err != nil {
			return engine{}, err
		}
		e := engine{note: "on disk, processor time of the server included", clock: p.clock, close: p.close}
		size, err := p.size()
		e.bytes = size / float64(c.documents)
		e.view = func(c caller) view {
			one := p.prepare(c, 2, "SELECT id FROM "+p.table+" WHERE id = $1 AND ")
			return view{allowed: func(o uint32) bool { return len(one(int32(o))) == 1 }}
		}
		e.filter = func(c caller) set { return listed(p.prepare(c, 1, "SELECT id FROM "+p.table+" WHERE ")()) }
		e.page = func(c caller, hits []uint32, most int) []uint32 {
			ids := make([]int32, len(hits))
			for i, o := range hits {
				ids[i] = int32(o)
			}
			return ranked(hits, p.prepare(c, 2, "SELECT id FROM "+p.table+" WHERE id = ANY($1) AND ")(ids), most)
		}
		return e, err
	}
}

// onServer is a connection and the server's process that answers it.
type onServer struct {
	ctx   context.Context
	conn  *pgx.Conn
	table string
	pid   int
}

// start keeps the work in one process of the server, whose time the system tells.
func (p *onServer) start() error {
	if err := p.conn.QueryRow(p.ctx, "SELECT pg_backend_pid()").Scan(&p.pid); err != nil {
		return err
	}
	if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", p.pid)); err != nil || !bytes.Contains(name, []byte("postgres")) {
		return fmt.Errorf("the server does not run on this machine, or hides its processes: its processor time is not known")
	}
	return p.run("SET max_parallel_workers_per_gather = 0; SET max_parallel_maintenance_workers = 0")
}

// clock is the processor time of the server's process, in nanoseconds.
func (p *onServer) clock() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", p.pid))
	if err != nil {
		panic(err)
	}
	first, _, _ := bytes.Cut(text, []byte(" "))
	ns, err := strconv.ParseInt(string(first), 10, 64)
	if err != nil {
		panic(err)
	}
	return ns
}

func (p *onServer) run(statements string) error {
	_, err := p.conn.Exec(p.ctx, statements, pgx.QueryExecModeSimpleProtocol)
	return err
}

func (p *onServer) close() {
	p.run("DROP TABLE IF EXISTS " + p.table)
	p.conn.Close(p.ctx)
}

func (p *onServer) fill(c *corpus) error {
	schema, err := postgres.Schema(acl.Rules{}, postgres.Options{Table: p.table})
	if err != nil {
		return err
	}
	if err := p.run("DROP TABLE IF EXISTS " + p.table + "; CREATE TABLE " + p.table + " (id int PRIMARY KEY); " + schema); err != nil {
		return err
	}
	next, stop := iter.Pull2(c.all())
	defer stop()
	_, err = p.conn.CopyFrom(p.ctx, pgx.Identifier{p.table}, []string{"id", "acl_allow", "acl_deny", "acl_levels"}, pgx.CopyFromFunc(func() ([]any, error) {
		o, a, ok := next()
		if !ok {
			return nil, nil
		}
		stored, err := postgres.Fields(a, acl.Rules{})
		if err != nil {
			return nil, err
		}
		return []any{int32(o), some(stored.Allow), some(stored.Deny), "[]"}, nil
	}))
	if err != nil {
		return err
	}
	return p.run("VACUUM ANALYZE " + p.table)
}

// some is an empty array for none.
func some(terms []string) []string {
	if terms == nil {
		return []string{}
	}
	return terms
}

// size is what the columns and their index take.
func (p *onServer) size() (bytes float64, err error) {
	err = p.conn.QueryRow(p.ctx, "SELECT sum(pg_column_size(acl_allow) + pg_column_size(acl_deny) + pg_column_size(acl_levels)) + pg_indexes_size('"+p.table+"'::regclass) - pg_relation_size('"+p.table+"_pkey'::regclass) FROM "+p.table).Scan(&bytes)
	return bytes, err
}

func (p *onServer) prepare(c caller, first int, query string) func(before ...any) []uint32 {
	where, args, err := postgres.Filter(c.scope, acl.Rules{}, postgres.Options{Table: p.table, FirstPlaceholder: first})
	if err != nil {
		panic(fmt.Sprintf("postgres: %v", err))
	}
	return func(before ...any) []uint32 {
		rows, err := p.conn.Query(p.ctx, query+where, append(before, args...)...)
		if err != nil {
			panic(fmt.Sprintf("postgres: %v", err))
		}
		found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (uint32, error) {
			var o int32
			err := row.Scan(&o)
			return uint32(o), err
		})
		if err != nil {
			panic(fmt.Sprintf("postgres: %v", err))
		}
		return found
	}
}
