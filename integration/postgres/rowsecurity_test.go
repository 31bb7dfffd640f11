package postgres

import (
	"fmt"
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

// secured makes the roles owner and reader, neither of them a superuser, and
// returns pools of one connection each for them.
func secured(t *testing.T) (admin, owner, reader *pgxpool.Pool) {
	t.Helper()
	admin, url := database(t, debian.get(t))
	run(t, admin, `DO $$ BEGIN CREATE ROLE owner LOGIN; CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
	as := func(role string) *pgxpool.Pool {
		return pool(t, strings.Replace(url, "postgres@", role+"@", 1)+"&pool_max_conns=1")
	}
	return admin, as("owner"), as("reader")
}

// secure turns row-level security on for the table documents, which becomes owner's.
func secure(t *testing.T, admin *pgxpool.Pool, r acl.Rules, o postgres.Options) error {
	ddl, err := postgres.RowSecurity(r, o)
	if err != nil {
		return err
	}
	_, err = admin.Exec(t.Context(), ddl+"ALTER TABLE documents OWNER TO owner; GRANT SELECT ON documents TO reader")
	return err
}

// as runs a query of ids in a transaction of s, or of nobody.
func as(t *testing.T, db *pgxpool.Pool, s *acl.Scope, r acl.Rules) (ids []string, err error) {
	tx, err := db.Begin(t.Context())
	if err != nil {
		return nil, err
	}
	defer tx.Rollback(t.Context())
	if s != nil {
		query, args, err := postgres.Setting(*s, r)
		if err != nil {
			return nil, err
		}
		if _, err := tx.Exec(t.Context(), query, args...); err != nil {
			return nil, err
		}
	}
	rows, err := tx.Query(t.Context(), "SELECT id FROM documents")
	if err != nil {
		return nil, err
	}
	if ids, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return nil, err
	}
	return ids, tx.Commit(t.Context())
}

// rows is the engine whose queries have no filter.
type rows struct {
	engine
	t      *testing.T
	reader *pgxpool.Pool
}

func (e *rows) Store(r acl.Rules, docs []acltest.Document) error {
	if err := e.engine.Store(r, docs); err != nil {
		return err
	}
	return secure(e.t, e.db, r, postgres.Options{Table: "documents", FewVisible: e.options.FewVisible})
}

func (e *rows) Search(s acl.Scope) ([]string, error) { return as(e.t, e.reader, &s, e.rules) }

// A query without a filter finds what acl admits, on one pooled connection that
// serves one caller after the other.
//
// Rules P1, P4
func TestRowSecurity(t *testing.T) {
	for _, lookup := range []bool{false, true} {
		t.Run(fmt.Sprint("few visible ", lookup), func(t *testing.T) {
			admin, _, reader := secured(t)
			e := &rows{engine{t: t, db: admin, options: postgres.Options{FewVisible: lookup}}, t, reader}
			report := acltest.Run(t, e, acltest.Options{RuleSets: few, Without: without})
			if report.Decisions < 400_000 {
				t.Errorf("only %v", report)
			}
			feature := "row-level security on a pooled connection"
			if lookup {
				feature = "row-level security by the index"
			}
			real.Proven(t, proof(t, admin, feature).Report(report))
		})
	}
}

// Whoever has not said who asks sees nothing: a connection just made, one whose
// last transaction was somebody's, an empty setting, that of other rules, and
// the table's owner in each of these.
//
// Rule P4
func TestRowSecurityNobody(t *testing.T) {
	admin, owner, reader := secured(t)
	r := acl.Rules{}
	docs := []acltest.Document{{ID: "public", ACL: acl.Public()}, {ID: "mary", ACL: acl.List{acl.Allow.User("mary")}}, {ID: "nobody"}}
	if err := store(t.Context(), admin, r, docs); err != nil {
		t.Fatal(err)
	}
	if err := secure(t, admin, r, postgres.Options{Table: "documents"}); err != nil {
		t.Fatal(err)
	}
	name := one[string](t, admin, "SELECT current_database()") // any query, on the superuser's pool
	mary, everything, nothing := acl.For(acl.Principal{User: "mary"}), acl.Unrestricted(), acl.Scope{}
	for who, db := range map[string]*pgxpool.Pool{"reader": reader, "owner": owner} {
		t.Run(who, func(t *testing.T) {
			conns := map[uint32]bool{}
			sees := func(what string, s *acl.Scope, rules acl.Rules, want ...string) {
				t.Helper()
				got, err := as(t, db, s, rules)
				slices.Sort(got)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s: %v, found %q, want %q", what, err, got, want)
				}
				conns[one[uint32](t, db, "SELECT pg_backend_pid()::oid")] = true
			}
			if before := texts(t, db, "SELECT id FROM documents"); len(before) > 0 {
				t.Errorf("a new connection to %s: found %q", name, before)
			}
			sees("no setting", nil, r)
			sees("mary", &mary, r, "mary", "public")
			sees("after mary", nil, r)
			sees("everything", &everything, r, "mary", "nobody", "public")
			sees("after everything", nil, r)
			sees("nothing", &nothing, r)
			sees("mary under other rules", &mary, acl.Rules{Fold: true})
			sees("everything under other rules", &everything, acl.Rules{Fold: true})
			query, args, err := postgres.Setting(mary, r)
			if err != nil {
				t.Fatal(err)
			}
			run(t, db, query, args...) // without a transaction
			sees("after mary without a transaction", nil, r)
			run(t, db, "SELECT set_config($1, '', false)", args[0])
			sees("an empty setting", nil, r)
			if _, err := db.Exec(t.Context(), "INSERT INTO documents (id) VALUES ('new')"); err == nil {
				t.Error("writing is allowed")
			}
			if tag, err := db.Exec(t.Context(), "UPDATE documents SET acl_allow = '{*}'"); err == nil && tag.RowsAffected() > 0 {
				t.Error("updating is allowed")
			}
			if len(conns) != 1 {
				t.Errorf("%d connections, want one for all", len(conns))
			}
		})
	}
}

// What the documentation says to look out for is so: whose view it is counts, a
// partition has no policy of its own, and a savepoint has the caller of before.
//
// Rule P4
func TestRowSecurityWaysRound(t *testing.T) {
	admin, _, reader := secured(t)
	r := acl.Rules{}
	docs := []acltest.Document{{ID: "public", ACL: acl.Public()}, {ID: "mary", ACL: acl.List{acl.Allow.User("mary")}}, {ID: "bob", ACL: acl.List{acl.Allow.User("bob")}}}
	if err := store(t.Context(), admin, r, docs); err != nil {
		t.Fatal(err)
	}
	if err := secure(t, admin, r, postgres.Options{Table: "documents"}); err != nil {
		t.Fatal(err)
	}
	run(t, admin, `CREATE VIEW superusers AS SELECT id FROM documents; CREATE VIEW invokers WITH (security_invoker) AS SELECT id FROM documents;
		CREATE VIEW owners AS SELECT id FROM documents; ALTER VIEW owners OWNER TO owner; GRANT SELECT ON superusers, invokers, owners TO reader;
		CREATE TABLE parts (id text) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF parts DEFAULT`)
	o := postgres.Options{Table: "parts"}
	schema, err := postgres.Schema(r, o)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := postgres.RowSecurity(r, o)
	if err != nil {
		t.Fatal(err)
	}
	run(t, admin, schema+policy+"INSERT INTO parts SELECT * FROM documents; GRANT SELECT ON parts, part TO reader")

	tx, err := reader.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	ask := func(name string) {
		query, args, err := postgres.Setting(acl.For(acl.Principal{User: name}), r)
		if err == nil {
			_, err = tx.Exec(t.Context(), query, args...)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	sees := func(table, want string) {
		t.Helper()
		var got string
		if err := tx.QueryRow(t.Context(), "SELECT coalesce(string_agg(id, ' ' ORDER BY id), '') FROM "+table).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", table, got, err, want)
		}
	}
	sees("owners", "")
	sees("invokers", "")
	sees("parts", "")
	ask("mary")
	for _, table := range []string{"documents", "owners", "invokers", "parts"} {
		sees(table, "mary public")
	}
	for _, table := range []string{"superusers", "part"} { // as documented
		sees(table, "bob mary public")
	}
	for _, back := range []struct{ end, want string }{{"ROLLBACK TO SAVEPOINT before", "mary public"}, {"RELEASE SAVEPOINT before", "bob public"}} {
		if _, err := tx.Exec(t.Context(), "SAVEPOINT before"); err != nil {
			t.Fatal(err)
		}
		ask("bob")
		sees("documents", "bob public")
		if _, err := tx.Exec(t.Context(), back.end); err != nil {
			t.Fatal(err)
		}
		sees("documents", back.want)
	}
}
