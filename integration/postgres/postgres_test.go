package postgres

import (
	"database/sql"
	"encoding/json"
	"errors"
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

// without are the corners that the package refuses.
var without = []acltest.Corner{acltest.NUL, acltest.LongNames}

// few rule sets are enough where the filter's text is the one proven already.
var few = []acl.Rules{{DenyOnlyEveryone: true, AnyLevel: true}, {Fold: true, MissingGroupsMeanNone: true}}

// Each way to ask gives acl's answer.
//
// Rules P1, P4
func TestPostgreSQL(t *testing.T) {
	url := debian.get(t)
	for _, tt := range []struct {
		name    string
		feature string
		options postgres.Options
		kit     acltest.Options
		least   int
	}{
		{"default", "filter, every set of rules", postgres.Options{}, acltest.Options{Documents: 6000, Callers: 250, Without: without}, 3_000_000},
		{"few visible", "filter by the index (FewVisible)", postgres.Options{Table: "public.documents", FewVisible: true}, acltest.Options{RuleSets: few, Without: without}, 400_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, _ := database(t, url)
			report := acltest.Run(t, &engine{t: t, db: db, options: tt.options}, tt.kit)
			if report.Decisions < tt.least {
				t.Errorf("only %v", report)
			}
			real.Proven(t, proof(t, db, tt.feature).Report(report))
		})
	}
	t.Run("database/sql", func(t *testing.T) {
		db, own := database(t, url)
		std, err := sql.Open("pgx", own)
		if err != nil {
			t.Fatal(err)
		}
		defer std.Close()
		e := &standard{engine: engine{t: t, db: db}, sql: std}
		report := acltest.Run(t, e, acltest.Options{RuleSets: few, Without: without})
		if report.Decisions < 400_000 || e.dropped > 0 {
			t.Errorf("only %v, and Verify drops %d", report, e.dropped)
		}
		real.Proven(t, proof(t, db, "filter by database/sql, Verify").Report(report))
	})
}

// Who sees few rows finds them by the index, public ones too. The terms of
// others are hashed. Both hold for a plan that is made before they are known.
//
// Rule P4
func TestPlans(t *testing.T) {
	db, _ := database(t, debian.get(t))
	var docs []acltest.Document
	for i := range 10_000 {
		a := acl.ACL(acl.List{acl.Allow.Group(fmt.Sprint("g", i%2000)), acl.Allow.User(fmt.Sprint("u", i)), acl.Deny.Group(fmt.Sprint("d", i))})
		if i%100 == 0 {
			a = acl.Public()
		}
		docs = append(docs, acltest.Document{ID: fmt.Sprint("d", i), ACL: a})
	}
	if err := store(t.Context(), db, acl.Rules{}, docs); err != nil {
		t.Fatal(err)
	}
	run(t, db, "VACUUM ANALYZE documents")
	var many []string
	for i := range 1000 {
		many = append(many, fmt.Sprint("g", i))
	}
	big := acl.For(acl.Principal{User: "u1", Groups: many})
	const index, scan, hash = "documents_acl_allow_idx", "Seq Scan on documents", "hashed SubPlan"
	for _, tt := range []struct {
		name    string
		scope   acl.Scope
		few     bool
		want    []string
		without string
	}{
		{"guest", acl.Guest(), true, []string{index, hash}, scan},
		{"few groups", acl.For(acl.Principal{User: "u1", Groups: many[:5]}), true, []string{index, hash}, scan},
		{"few visible", acl.For(acl.Principal{User: "u1", Groups: many[:40]}), true, []string{index, hash}, scan},
		{"many visible", big, false, []string{scan, hash}, index},
		{"not said of a guest", acl.Guest(), false, []string{scan, hash}, index},
	} {
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			t.Run(tt.name+" "+mode, func(t *testing.T) {
				where, args, err := postgres.Filter(tt.scope, acl.Rules{}, postgres.Options{FewVisible: tt.few})
				if err != nil {
					t.Fatal(err)
				}
				plan := explain(t, db, mode, "SELECT id FROM documents WHERE "+where, args...)
				for _, want := range tt.want {
					if !strings.Contains(plan, want) {
						t.Errorf("no %q in\n%s", want, plan)
					}
				}
				if strings.Contains(plan, tt.without) {
					t.Errorf("%q in\n%s", tt.without, plan)
				}
			})
		}
	}
}

// explain returns the plan that a prepared statement has in that mode.
func explain(t *testing.T, db *pgxpool.Pool, mode, query string, args ...any) string {
	t.Helper()
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if _, err := tx.Exec(t.Context(), "SET LOCAL plan_cache_mode = "+mode); err != nil {
		t.Fatal(err)
	}
	rows, _ := tx.Query(t.Context(), "EXPLAIN (ANALYZE, TIMING off) "+query, args...)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// A null in a column hides the row, and the columns keep out what has another
// shape.
//
// Rule P4
func TestColumns(t *testing.T) {
	db, _ := database(t, debian.get(t))
	if err := store(t.Context(), db, acl.Rules{}, []acltest.Document{{ID: "public", ACL: acl.Public()}}); err != nil {
		t.Fatal(err)
	}
	run(t, db, "INSERT INTO documents (id) VALUES ('just inserted')")
	find := func(s acl.Scope, few bool) []string {
		where, args, err := postgres.Filter(s, acl.Rules{}, postgres.Options{FewVisible: few})
		if err != nil {
			t.Fatal(err)
		}
		return texts(t, db, "SELECT id FROM documents WHERE "+where, args...)
	}
	big := acl.Principal{User: "u"}
	for i := range 100 {
		big.Groups = append(big.Groups, fmt.Sprint("g", i))
	}
	for _, few := range []bool{false, true} {
		if got := find(acl.For(big), few); !slices.Equal(got, []string{"public"}) {
			t.Errorf("found %q", got)
		}
	}
	for _, bad := range []string{"acl_allow = null", "acl_deny = null", "acl_levels = null", "acl_deny = '{NULL}'", "acl_deny = '{ux,NULL}'", `acl_levels = '{}'`, `acl_levels = 'null'`, `acl_levels = '["*"]'`, `acl_levels = '[["*"], null]'`} {
		if _, err := db.Exec(t.Context(), "UPDATE documents SET "+bad); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
	for _, column := range []string{"acl_allow", "acl_deny", "acl_levels"} {
		run(t, db, "ALTER TABLE documents ALTER "+column+" DROP NOT NULL")
		run(t, db, "BEGIN; UPDATE documents SET "+column+" = null; COMMIT")
		for _, few := range []bool{false, true} {
			if got := find(acl.For(big), few); len(got) > 0 {
				t.Errorf("with %s null: found %q", column, got)
			}
		}
		if err := store(t.Context(), db, acl.Rules{}, []acltest.Document{{ID: "public", ACL: acl.Public()}}); err != nil {
			t.Fatal(err)
		}
	}
}

// Columns and databases that compare names otherwise do not change the answer.
//
// Rule P4
func TestCollation(t *testing.T) {
	db, _ := database(t, debian.get(t))
	docs := []acltest.Document{
		{ID: "Mary", ACL: acl.List{acl.Allow.User("Mary")}}, {ID: "mary", ACL: acl.List{acl.Allow.User("mary")}},
		{ID: "all but MARY", ACL: acl.List{acl.Allow.User("mary"), acl.Deny.User("MARY")}}, {ID: "levels", ACL: acl.Hierarchy{{acl.Allow.User("mary")}, {acl.Allow.User("Mary")}}},
	}
	if err := store(t.Context(), db, acl.Rules{}, docs); err != nil {
		t.Fatal(err)
	}
	run(t, db, `CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
		ALTER TABLE documents ALTER acl_allow TYPE text[] COLLATE loose, ALTER acl_deny TYPE text[] COLLATE loose`)
	if !one[bool](t, db, "SELECT acl_allow = '{uMÁRY}' FROM documents WHERE id = 'mary'") {
		t.Fatal("the collation tells names apart: this shows nothing")
	}
	for _, few := range []bool{false, true} {
		where, args, err := postgres.Filter(acl.For(acl.Principal{User: "mary"}), acl.Rules{}, postgres.Options{FewVisible: few})
		if err != nil {
			t.Fatal(err)
		}
		if got := texts(t, db, "SELECT id FROM documents WHERE "+where+` ORDER BY id COLLATE "C"`, args...); !slices.Equal(got, []string{"all but MARY", "mary"}) {
			t.Errorf("few visible %t: found %q", few, got)
		}
	}
}

// The hash of the rules is kept and compared.
//
// Rule A6
func TestRulesKept(t *testing.T) {
	db, _ := database(t, debian.get(t))
	r := acl.Rules{Fold: true}
	o := postgres.Options{Table: `odd."`, Allow: `it's \ "allow"`, Deny: "deny it", Levels: "LEVELS"}
	run(t, db, `CREATE SCHEMA odd; CREATE TABLE odd."""" (id int)`)
	query, args, err := postgres.StoredRules(o)
	if err != nil {
		t.Fatal(err)
	}
	if read := one[string](t, db, query, args...); !errors.Is(postgres.Check(r, read), postgres.ErrRules) {
		t.Errorf("no columns: read %q", read)
	}
	schema, err := postgres.Schema(r, o)
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, schema)
	read := one[string](t, db, query, args...)
	if err := postgres.Check(r, read); err != nil {
		t.Errorf("%v: %q", err, read)
	}
	if err := postgres.Check(acl.Rules{}, read); !errors.Is(err, postgres.ErrRules) {
		t.Errorf("other rules: %v", err)
	}
	where, fargs, err := postgres.Filter(acl.Guest(), r, o)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := postgres.Fields(acl.Public(), r)
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, `INSERT INTO odd."""" VALUES (7, $1::text[], $2::text[], $3::jsonb)`, stored.Args()...)
	if got := one[int32](t, db, `SELECT id FROM odd."""" WHERE `+where, fargs...); got != 7 {
		t.Errorf("found %d", got)
	}
}

// What the package refuses is what the server refuses: U+0000 anywhere, and
// terms that its index cannot hold. At the limit it holds them.
//
// Rule P4
func TestTerms(t *testing.T) {
	db, _ := database(t, debian.get(t))
	if err := store(t.Context(), db, acl.Rules{}, nil); err != nil {
		t.Fatal(err)
	}
	insert := func(s postgres.Stored) error {
		_, err := db.Exec(t.Context(), "INSERT INTO documents VALUES (gen_random_uuid()::text, $1::text[], $2::text[], $3::jsonb)", s.Args()...)
		return err
	}
	for name, s := range map[string]postgres.Stored{"allow": {Allow: []string{"a\x00"}}, "deny": {Deny: []string{"a\x00"}}, "levels": {Levels: [][]string{{"a\x00"}}}} {
		if insert(s) == nil {
			t.Errorf("U+0000 in %s is accepted", name)
		}
	}
	random := one[string](t, db, "SELECT substr(string_agg(md5(i::text) || upper(md5((-i)::text)), ''), 1, 2800) FROM generate_series(1, 60) i")
	stored, err := postgres.Fields(acl.List{acl.Allow.User(random[:2599])}, acl.Rules{})
	if err == nil {
		err = insert(stored)
	}
	if err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := postgres.Fields(acl.List{acl.Allow.User(random[:2600])}, acl.Rules{}); !errors.Is(err, postgres.ErrTerm) {
		t.Errorf("above the limit: %v", err)
	}
	long := strings.Repeat(random, 10)
	stored, err = postgres.Fields(acl.Hierarchy{{acl.Allow.User("u")}, {acl.Allow.User(long)}, {acl.Deny.User(long), acl.Allow.User("u")}}, acl.Rules{})
	if err == nil {
		err = insert(stored)
	}
	if err != nil {
		t.Errorf("long names where there is no index: %v", err)
	}
	where, args, err := postgres.Filter(acl.For(acl.Principal{User: "u", Groups: []string{long}}), acl.Rules{}, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(t, db, "SELECT id FROM documents WHERE "+where, args...); len(got) > 0 {
		t.Errorf("found %q", got)
	}
}

// stringArray is s as pgx would send it: the text that Args makes is the same.
//
// Rule P2
func TestArrayText(t *testing.T) {
	db, _ := database(t, debian.get(t))
	list := []string{"", " ", "NULL", "null", `"`, `\`, `\"`, "{}", "{a,b}", ",", "a\nb", "\t", "'", "$1", "日本語", "\u202e", "\U0010ffff", "a\v\f\rb", `\N`, "[1:2]={a}"}
	args := postgres.Stored{Allow: list, Levels: [][]string{list, {}}}.Args()
	rows, _ := db.Query(t.Context(), "SELECT $1::text[] = $2::text[], $3::jsonb::text", args[0], list, args[2])
	type pair struct {
		Same bool
		JSON string
	}
	got, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[pair])
	if err != nil {
		t.Fatal(err)
	}
	var levels [][]string
	if err := json.Unmarshal([]byte(got.JSON), &levels); err != nil || !got.Same || len(levels) != 2 || !slices.Equal(levels[0], list) {
		t.Errorf("%v: array is the same: %t, levels are %q", err, got.Same, levels)
	}
}
