package sqlite_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	"github.com/tokenacl/tokenacl/acl/pushdown/sqlite"
)

const (
	condition = `(EXISTS (SELECT 1 FROM "acl_terms" AS allow WHERE allow.document = "documents"."id" AND allow.level = 1 AND +allow.term IN (SELECT value FROM json_each(?1)))` +
		` AND NOT EXISTS (SELECT 1 FROM "acl_terms" AS deny WHERE deny.document = "documents"."id" AND deny.level = 0 AND +deny.term IN (SELECT value FROM json_each(?1)))` +
		` AND NOT EXISTS (SELECT 1 FROM "acl_terms" AS further WHERE further.document = "documents"."id" AND further.level > 1` +
		` AND NOT EXISTS (SELECT 1 FROM "acl_terms" AS same WHERE same.document = further.document AND same.level = further.level AND +same.term IN (SELECT value FROM json_each(?1)))))`
	everything = "(?1 IS NOT NULL)"
)

// Rules P1, P2, P4
func TestFilter(t *testing.T) {
	odd := acl.Principal{User: `"`, Groups: []string{`\`, "'; DROP TABLE documents; --", "?1", "<&>"}}
	withTable := condition
	for _, as := range []string{"allow", "deny", "same"} {
		withTable = strings.ReplaceAll(withTable, "+"+as+".term IN (SELECT value FROM json_each(?1))", `EXISTS (SELECT 1 FROM "the ""caller" AS caller WHERE caller.term = `+as+".term)")
	}
	for _, tt := range []struct {
		name    string
		scope   acl.Scope
		options sqlite.Options
		where   string
		args    []any
	}{
		{"zero", acl.Scope{}, sqlite.Options{}, condition, []any{"[]"}},
		{"guest", acl.Guest(), sqlite.Options{}, condition, []any{`["*"]`}},
		{"everything", acl.Unrestricted(), sqlite.Options{}, everything, []any{"[]"}},
		{"odd names", acl.For(odd), sqlite.Options{}, condition, []any{`["*","g'; DROP TABLE documents; --","g<&>","g?1","g\\","u\""]`}},
		{"placeholder", acl.Guest(), sqlite.Options{FirstPlaceholder: 12}, strings.ReplaceAll(condition, "?1", "?12"), []any{`["*"]`}},
		{"names", acl.Guest(), sqlite.Options{Table: `a"b`, Documents: "d", ID: "the id"},
			strings.NewReplacer(`"acl_terms"`, `"a""b"`, `"documents"."id"`, `"d"."the id"`).Replace(condition), []any{`["*"]`}},
		{"caller's table", acl.Guest(), sqlite.Options{Caller: `the "caller`}, withTable, nil},
		{"caller's table, everything", acl.Unrestricted(), sqlite.Options{Caller: "c"}, "(1 = 1)", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			where, args, err := sqlite.Filter(tt.scope, acl.Rules{}, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.where, where); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.args, args); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
			again, same, err := sqlite.Filter(tt.scope, acl.Rules{}, tt.options)
			if again != where || !reflect.DeepEqual(args, same) || err != nil {
				t.Error("another text the second time")
			}
		})
	}
}

// No name is in the text of a query.
//
// Rules G3, P2
func TestNoNameInText(t *testing.T) {
	const mark = "zq7HiddenMark"
	s := acl.For(acl.Principal{User: mark, Groups: []string{mark}})
	for _, caller := range []string{"", "c"} {
		where, _, err := sqlite.Filter(s, acl.Rules{}, sqlite.Options{Caller: caller})
		if err != nil || strings.Contains(where, mark) {
			t.Errorf("%v: the name is in %s", err, where)
		}
	}
	list, err := sqlite.Terms(s, acl.Rules{})
	if err != nil || !slices.Equal(list, []string{"*", "g" + mark, "u" + mark}) {
		t.Errorf("%q, %v", list, err)
	}
}

// Rules P1, P2
func TestFields(t *testing.T) {
	for _, tt := range []struct {
		name string
		acl  acl.ACL
		want []sqlite.Row
	}{
		{"nobody", nil, nil},
		{"public", acl.Public(), []sqlite.Row{{1, "*"}}},
		{"list", acl.List{acl.Allow.User("a"), acl.Deny.User("b"), acl.Allow.Group("c")}, []sqlite.Row{{0, "ub"}, {1, "gc"}, {1, "ua"}}},
		{"levels", acl.Hierarchy{{acl.Allow.User("a")}, {acl.Allow.User("a"), acl.Deny.User("b")}, {acl.Allow.Group("c")}}, []sqlite.Row{{0, "ub"}, {1, "ua"}, {2, "ua"}, {3, "gc"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sqlite.Fields(tt.acl, acl.Rules{})
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// Rules P1, P4
func TestRefused(t *testing.T) {
	var e *acl.Error
	for name, bad := range map[string]acl.ACL{
		"allow": acl.List{acl.Allow.User("a\x00b")}, "deny": acl.List{acl.Allow.User("a"), acl.Deny.Group("\x00")}, "level": acl.Hierarchy{{acl.Allow.User("a")}, {acl.Allow.User("\x00")}},
	} {
		if got, err := sqlite.Fields(bad, acl.Rules{}); !errors.Is(err, sqlite.ErrTerm) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := sqlite.Fields(acl.List{{}}, acl.Rules{}); !errors.As(err, &e) || got != nil {
		t.Errorf("%v, %v", got, err)
	}
	for name, p := range map[string]acl.Principal{"user": {User: "\x00"}, "group": {Groups: []string{"a\x00"}}} {
		where, args, err := sqlite.Filter(acl.For(p), acl.Rules{}, sqlite.Options{})
		list, terr := sqlite.Terms(acl.For(p), acl.Rules{})
		if !errors.Is(err, sqlite.ErrTerm) || !errors.Is(terr, sqlite.ErrTerm) || where != "" || len(args)+len(list) > 0 {
			t.Errorf("%s: %q, %q, %q, %v, %v", name, where, args, list, err, terr)
		}
	}
	if _, _, err := sqlite.Filter(acl.For(acl.Principal{User: "\xff"}), acl.Rules{}, sqlite.Options{}); !errors.As(err, &e) {
		t.Errorf("not UTF-8: %v", err)
	}
	for _, bad := range []sqlite.Options{{Table: "a\x00"}, {Documents: "\xff"}, {ID: "\x00"}, {Caller: "\x00"}, {FirstPlaceholder: -1}} {
		_, _, ferr := sqlite.Filter(acl.Guest(), acl.Rules{}, bad)
		_, serr := sqlite.Schema(acl.Rules{}, bad)
		_, rerr := sqlite.StoredRules(bad)
		for _, err := range []error{ferr, serr, rerr} {
			if err == nil {
				t.Errorf("%+v is accepted", bad)
			}
		}
	}
}

// Rules A6, P4
func TestSchema(t *testing.T) {
	r := acl.Rules{Fold: true}
	for id, integer := range map[string]bool{"TEXT": false, "INTEGER": true} {
		got, err := sqlite.Schema(r, sqlite.Options{Table: "t", IntegerID: integer})
		want := `CREATE TABLE "t" (
  document ` + id + ` NOT NULL,
  level INTEGER NOT NULL CHECK (typeof(level) = 'integer' AND level >= 0), -- 0 has the denials
  term TEXT COLLATE BINARY NOT NULL CHECK (typeof(term) = 'text'),
  PRIMARY KEY (document, level, term)
) WITHOUT ROWID;
CREATE TABLE "t_rules" (hash TEXT NOT NULL);
INSERT INTO "t_rules" (hash) VALUES ('` + r.Hash() + `');
`
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	if query, err := sqlite.StoredRules(sqlite.Options{Table: "t"}); err != nil || query != `SELECT coalesce(min(hash), '') FROM "t_rules" HAVING count(*) = 1` {
		t.Errorf("%s, %v", query, err)
	}
	if err := sqlite.Check(r, r.Hash()); err != nil {
		t.Error(err)
	}
	for _, read := range []string{"", (acl.Rules{}).Hash()} {
		if err := sqlite.Check(r, read); !errors.Is(err, sqlite.ErrRules) {
			t.Errorf("%q: %v", read, err)
		}
	}
}

// Rule P1: what follows a lost filter.
func TestVerify(t *testing.T) {
	page := map[string][]sqlite.Row{
		"hers": {{1, "x"}, {1, "umary"}}, "public": {{1, "*"}}, "denied": {{1, "*"}, {0, "umary"}}, "unread": nil, "denials alone": {{0, "ubob"}},
		"level": {{2, "umary"}, {1, "*"}, {3, "ubob"}}, "levels": {{2, "umary"}, {1, "*"}}, "level is missing": {{1, "*"}, {3, "*"}}, "broken": {{1, "*"}, {-1, "*"}},
	}
	ids := []string{"hers", "denied", "unread", "public", "denials alone", "level", "levels", "level is missing", "broken", "not there"}
	stored := func(id string) []sqlite.Row { return page[id] }
	for _, tt := range []struct {
		scope acl.Scope
		want  []string
	}{{acl.For(acl.Principal{User: "mary"}), []string{"hers", "public", "levels"}}, {acl.Guest(), []string{"denied", "public"}}, {acl.Scope{}, nil}, {acl.Unrestricted(), ids}} {
		kept, dropped, err := sqlite.Verify(tt.scope, acl.Rules{}, ids, stored)
		if err != nil || !slices.Equal(kept, tt.want) || dropped != len(ids)-len(tt.want) {
			t.Errorf("%v: kept %q, dropped %d, %v", tt.scope, kept, dropped, err)
		}
	}
	if kept, dropped, err := sqlite.Verify(acl.For(acl.Principal{User: "\xff"}), acl.Rules{}, ids, stored); err == nil || kept != nil || dropped != len(ids) {
		t.Errorf("kept %q, dropped %d, %v", kept, dropped, err)
	}
}

// engine does what the condition says, on the rows; SQLite itself is asked in
// integration/sqlite.
type engine struct {
	rules acl.Rules
	ids   []string
	rows  [][]sqlite.Row
}

func (e *engine) Store(r acl.Rules, docs []acltest.Document) error {
	*e = engine{rules: r}
	for _, d := range docs {
		rows, err := sqlite.Fields(d.ACL, r)
		if (err != nil) != (r.Validate(d.ACL) != nil) {
			return err
		}
		e.ids, e.rows = append(e.ids, d.ID), append(e.rows, rows)
	}
	return nil
}

func (e *engine) Search(s acl.Scope) (ids []string, err error) {
	where, args, err := sqlite.Filter(s, e.rules, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	if where != condition && where != everything {
		return nil, errors.New("unknown condition " + where)
	}
	var list []string
	if err := json.Unmarshal([]byte(args[0].(string)), &list); err != nil {
		return nil, err
	}
	caller := map[string]bool{}
	for _, t := range list {
		caller[t] = true
	}
	for i, rows := range e.rows {
		has := func(level int) bool {
			return slices.ContainsFunc(rows, func(r sqlite.Row) bool { return r.Level == level && caller[r.Term] })
		}
		lacks := slices.ContainsFunc(rows, func(r sqlite.Row) bool { return r.Level > 1 && !has(r.Level) })
		if where == everything || has(1) && !has(0) && !lacks {
			ids = append(ids, e.ids[i])
		}
	}
	return ids, nil
}

// Rules P1, P2
func TestConditions(t *testing.T) {
	report := acltest.Run(t, &engine{}, acltest.Options{RuleSets: []acl.Rules{{AnyLevel: true, DenyOnlyEveryone: true}}, Without: []acltest.Corner{acltest.NUL}})
	if report.Decisions < 300_000 {
		t.Errorf("only %v", report)
	}
}

// Whatever a name is, the JSON of the argument has it, or it is refused.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"mary", "", `"`, `\`, `\"`, "]", "'", "\x00", "\xff", "日本語", "<&>", "\u2028", "?1"} {
		f.Add(s, "b")
	}
	f.Fuzz(func(t *testing.T, user, group string) {
		s := acl.For(acl.Principal{User: user, Groups: []string{group}})
		where, args, err := sqlite.Filter(s, acl.Rules{}, sqlite.Options{})
		if err != nil {
			return
		}
		var got []string
		if err := json.Unmarshal([]byte(args[0].(string)), &got); err != nil || where != condition {
			t.Fatalf("%v: %q in %s", err, args, where)
		}
		if user != "" && !slices.Contains(got, "u"+user) || group != "" && !slices.Contains(got, "g"+group) {
			t.Errorf("%q lacks a name of %q", got, fmt.Sprint(user, " ", group))
		}
	})
}

// A table of documents that is called as the condition calls the rows of terms
// would have each row compared with itself: the condition would admit to all
// what it admits to one of them.
//
// Rule P4
func TestOwnNames(t *testing.T) {
	where, _, err := sqlite.Filter(acl.Guest(), acl.Rules{}, sqlite.Options{Caller: "asks"})
	if err != nil {
		t.Fatal(err)
	}
	own := regexp.MustCompile(` AS (\w+)`).FindAllStringSubmatch(where, -1)
	refused := map[string]bool{}
	for _, match := range own {
		for _, name := range []string{match[1], strings.ToUpper(match[1])} {
			where, args, err := sqlite.Filter(acl.Guest(), acl.Rules{}, sqlite.Options{Documents: name, ID: "document"})
			if err == nil || where != "" || args != nil {
				t.Errorf("%s: %q, %v, %v", name, where, args, err)
			}
			refused[name] = true
		}
	}
	if len(refused) != 10 {
		t.Errorf("%d names, want 5 in two spellings", len(refused))
	}
	if _, _, err := sqlite.Filter(acl.Guest(), acl.Rules{}, sqlite.Options{Documents: "allowed", ID: "allow"}); err != nil {
		t.Errorf("a name that only has another in it: %v", err)
	}
}
