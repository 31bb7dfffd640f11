package postgres_test

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
	"github.com/tokenacl/tokenacl/acl/pushdown/postgres"
)

func filter(t testing.TB, s acl.Scope, r acl.Rules, o postgres.Options) (string, []any) {
	t.Helper()
	where, args, err := postgres.Filter(s, r, o)
	if err != nil {
		t.Fatal(err)
	}
	return where, args
}

func member(groups int) acl.Scope {
	p := acl.Principal{User: "mary"}
	for i := range groups {
		p.Groups = append(p.Groups, fmt.Sprint("g", i))
	}
	return acl.For(p)
}

const (
	denies  = `acl_deny" IS NOT NULL AND (cardinality("acl_deny") = 0 OR NOT EXISTS (SELECT FROM (SELECT unnest("acl_deny") AS term OFFSET 0) AS stored WHERE (stored.term COLLATE "C" IN (SELECT unnest($1::text[]))) IS TRUE))`
	further = `"acl_levels" IS NOT NULL AND (jsonb_array_length("acl_levels") = 0 OR NOT EXISTS (SELECT FROM jsonb_array_elements("acl_levels") AS level(terms) WHERE NOT EXISTS (SELECT FROM (SELECT jsonb_array_elements_text(level.terms) AS term OFFSET 0) AS stored WHERE (stored.term COLLATE "C" IN (SELECT unnest($1::text[]))) IS TRUE)))`
	lookup  = `("acl_allow" COLLATE "C" && $1::text[] AND "` + denies + " AND " + further + ")"
	tested  = `(EXISTS (SELECT FROM (SELECT unnest("acl_allow") AS term OFFSET 0) AS stored WHERE (stored.term COLLATE "C" IN (SELECT unnest($1::text[]))) IS TRUE) AND "` + denies + " AND " + further + ")"
)

// Rules P1, P2, P4
func TestFilter(t *testing.T) {
	odd := acl.Principal{User: `"`, Groups: []string{`\`, "'; DROP TABLE documents; --", "$1", "{}", ","}}
	for _, tt := range []struct {
		name    string
		scope   acl.Scope
		options postgres.Options
		where   string
		arg     string
	}{
		{"zero", acl.Scope{}, postgres.Options{}, tested, "{}"},
		{"guest", acl.Guest(), postgres.Options{}, tested, `{"*"}`},
		{"everything", acl.Unrestricted(), postgres.Options{FirstPlaceholder: 3}, "($3::text[] IS NOT NULL)", "{}"},
		{"groups", member(2), postgres.Options{}, tested, `{"*","gg0","gg1","umary"}`},
		{"odd names", acl.For(odd), postgres.Options{}, tested, `{"*","g$1","g'; DROP TABLE documents; --","g,","g\\","g{}","u\""}`},
		{"unknown groups", acl.For(acl.Principal{User: "u", GroupsUnknown: true}).WithoutPublic(), postgres.Options{}, tested, `{"?","uu"}`},
		{"few visible", member(15), postgres.Options{FewVisible: true}, lookup, ""},
		{"few visible to nobody", acl.Scope{}, postgres.Options{FewVisible: true}, lookup, "{}"},
		{"placeholder", acl.Guest(), postgres.Options{FirstPlaceholder: 12}, strings.ReplaceAll(tested, "$1", "$12"), `{"*"}`},
		{"alias", acl.Guest(), postgres.Options{Table: "d"}, strings.ReplaceAll(tested, `"acl`, `"d"."acl`), `{"*"}`},
		{"names", acl.Guest(), postgres.Options{Table: `s.d"x`, Allow: "a", Deny: "b c", Levels: "L"},
			strings.NewReplacer(`"acl_allow"`, `"s"."d""x"."a"`, `"acl_deny"`, `"s"."d""x"."b c"`, `"acl_levels"`, `"s"."d""x"."L"`).Replace(tested), `{"*"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			where, args := filter(t, tt.scope, acl.Rules{}, tt.options)
			if diff := cmp.Diff(tt.where, where); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(args) != 1 || tt.arg != "" && args[0] != tt.arg {
				t.Errorf("arguments %q, want %q", args, tt.arg)
			}
			again, same := filter(t, tt.scope, acl.Rules{}, tt.options)
			if again != where || !reflect.DeepEqual(args, same) {
				t.Error("another text the second time")
			}
		})
	}
}

// No name is in the text of a query, whatever is asked for.
//
// Rules G3, P2
func TestNoNameInText(t *testing.T) {
	const mark = "zq7HiddenMark"
	s := acl.For(acl.Principal{User: mark, Groups: []string{mark, "it's " + mark}})
	o := postgres.Options{Table: "t"}
	where, args := filter(t, s, acl.Rules{}, o)
	setting, sargs, err := postgres.Setting(s, acl.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	near, nargs, err := postgres.Nearest(s, acl.Rules{}, o, postgres.Neighbours{ID: "id", Vector: "v", Distance: "<->", K: 1})
	if err != nil {
		t.Fatal(err)
	}
	if visible := "WHERE " + strings.ReplaceAll(where, "$1", "$2") + ` AND "t"."v" IS NOT NULL`; strings.Count(near, visible) != 2 || strings.Count(near, "WHERE (EXISTS") != 2 {
		t.Errorf("the condition does not stand alone, with the vector, in both searches of %s", near)
	}
	for _, text := range []string{where, setting, near} {
		if strings.Contains(text, mark) {
			t.Errorf("the name is in %s", text)
		}
	}
	for _, args := range [][]any{args, sargs, nargs} {
		if !strings.Contains(fmt.Sprint(args...), mark) {
			t.Error("the name is in no argument")
		}
	}
}

// Rules P1, P2
func TestFields(t *testing.T) {
	for _, tt := range []struct {
		name string
		acl  acl.ACL
		want postgres.Stored
		args []any
	}{
		{"nobody", nil, postgres.Stored{}, []any{"{}", "{}", "[]"}},
		{"public", acl.Public(), postgres.Stored{Allow: []string{"*"}}, []any{`{"*"}`, "{}", "[]"}},
		{"list", acl.List{acl.Allow.User(`a"\,{}`), acl.Deny.User("b")}, postgres.Stored{Allow: []string{`ua"\,{}`}, Deny: []string{"ub"}}, []any{`{"ua\"\\,{}"}`, `{"ub"}`, "[]"}},
		{"levels", acl.Hierarchy{{acl.Allow.User("a")}, {acl.Allow.User(`"<b>"`)}, {acl.Allow.Group("c"), acl.Deny.User("d")}},
			postgres.Stored{Allow: []string{"ua"}, Deny: []string{"ud"}, Levels: [][]string{{`u"<b>"`}, {"gc"}}}, []any{`{"ua"}`, `{"ud"}`, `[["u\"<b>\""],["gc"]]`}},
		{"longest", acl.List{acl.Allow.User(strings.Repeat("x", 2599))}, postgres.Stored{Allow: []string{"u" + strings.Repeat("x", 2599)}}, []any{`{"u` + strings.Repeat("x", 2599) + `"}`, "{}", "[]"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := postgres.Fields(tt.acl, acl.Rules{})
			if err != nil || len(got.Levels) != len(tt.want.Levels) || !slices.Equal(got.Allow, tt.want.Allow) || !slices.Equal(got.Deny, tt.want.Deny) || fmt.Sprint(got.Levels) != fmt.Sprint(tt.want.Levels) {
				t.Errorf("%v, %v", got, err)
			}
			if diff := cmp.Diff(tt.args, got.Args()); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
		})
	}
}

// Rules P1, P4
func TestRefused(t *testing.T) {
	var e *acl.Error
	for name, bad := range map[string]acl.ACL{
		"allow": acl.List{acl.Allow.User("a\x00b")}, "deny": acl.List{acl.Allow.User("a"), acl.Deny.Group("\x00")},
		"level": acl.Hierarchy{{acl.Allow.User("a")}, {acl.Allow.User("\x00")}}, "long": acl.List{acl.Allow.User(strings.Repeat("x", 2600))},
	} {
		got, err := postgres.Fields(bad, acl.Rules{})
		if !errors.Is(err, postgres.ErrTerm) || got.Allow != nil || got.Deny != nil || got.Levels != nil || strings.Contains(err.Error(), "\x00") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := postgres.Fields(acl.List{{}}, acl.Rules{}); !errors.As(err, &e) || got.Allow != nil {
		t.Errorf("%v, %v", got, err)
	}
	near := postgres.Neighbours{ID: "id", Vector: "v", Distance: "<->", K: 1}
	for name, p := range map[string]acl.Principal{"user": {User: "\x00"}, "group": {Groups: []string{"a\x00"}}} {
		s := acl.For(p)
		where, args, err := postgres.Filter(s, acl.Rules{}, postgres.Options{})
		setting, sargs, serr := postgres.Setting(s, acl.Rules{})
		query, nargs, nerr := postgres.Nearest(s, acl.Rules{}, postgres.Options{Table: "t"}, near)
		for _, err := range []error{err, serr, nerr} {
			if !errors.Is(err, postgres.ErrTerm) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if where+setting+query != "" || len(args)+len(sargs)+len(nargs) > 0 {
			t.Errorf("%s: text or arguments beside the error", name)
		}
	}
	if _, _, err := postgres.Filter(acl.For(acl.Principal{User: "\xff"}), acl.Rules{}, postgres.Options{}); !errors.As(err, &e) {
		t.Errorf("not UTF-8: %v", err)
	}
	for _, bad := range []postgres.Options{
		{Table: "a..b"}, {Table: strings.Repeat("x", 64)}, {Table: "a\x00"}, {Table: "t", Allow: "\xff"}, {Table: "t", Deny: "a\x00"},
		{Table: "t", Levels: strings.Repeat("x", 64)}, {Table: "t", FirstPlaceholder: -1},
	} {
		_, _, ferr := postgres.Filter(acl.Guest(), acl.Rules{}, bad)
		_, serr := postgres.Schema(acl.Rules{}, bad)
		_, qerr := postgres.Select(bad)
		_, _, rerr := postgres.StoredRules(bad)
		_, perr := postgres.RowSecurity(acl.Rules{}, bad)
		_, _, nerr := postgres.Nearest(acl.Guest(), acl.Rules{}, bad, near)
		for _, err := range []error{ferr, serr, qerr, rerr, perr, nerr} {
			if err == nil {
				t.Errorf("%+v is accepted", bad)
			}
		}
	}
	for _, bad := range []postgres.Neighbours{
		{ID: "id", Vector: "v", Distance: "<-> '[1]'; --", K: 1}, {ID: "id", Vector: "v", Distance: "<-> <=>", K: 1}, {ID: "id", Vector: "v", K: 1},
		{ID: "id", Vector: "v", Distance: "<->"}, {ID: "", Vector: "v", Distance: "<->", K: 1}, {ID: "id", Vector: "\x00", Distance: "<->", K: 1},
	} {
		if _, _, err := postgres.Nearest(acl.Guest(), acl.Rules{}, postgres.Options{Table: "t"}, bad); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
	if _, err := postgres.Schema(acl.Rules{}, postgres.Options{}); err == nil {
		t.Error("a schema of no table")
	}
}

// Rules A6, P4
func TestStatements(t *testing.T) {
	r := acl.Rules{Fold: true}
	schema, err := postgres.Schema(r, postgres.Options{Table: "s.t", Allow: "a"})
	if err != nil {
		t.Fatal(err)
	}
	want := `ALTER TABLE "s"."t"
  ADD COLUMN "a" text[] COLLATE "C" NOT NULL DEFAULT '{}',
  ADD COLUMN "acl_deny" text[] COLLATE "C" NOT NULL DEFAULT '{}' CHECK (array_position("acl_deny", NULL) IS NULL),
  ADD COLUMN "acl_levels" jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof("acl_levels") = 'array' AND NOT jsonb_path_exists("acl_levels", 'strict $[*] ? (@.type() != "array")'));
CREATE INDEX ON "s"."t" USING gin ("a");
COMMENT ON COLUMN "s"."t"."a" IS 'tokenacl rules ` + r.Hash() + `';
`
	if diff := cmp.Diff(want, schema); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := postgres.Check(r, "tokenacl rules "+r.Hash()); err != nil {
		t.Error(err)
	}
	for _, read := range []string{"", r.Hash(), "tokenacl rules " + (acl.Rules{}).Hash()} {
		if err := postgres.Check(r, read); !errors.Is(err, postgres.ErrRules) {
			t.Errorf("%q: %v", read, err)
		}
	}
	query, args, err := postgres.StoredRules(postgres.Options{Table: "s.t"})
	if err != nil || !strings.Contains(query, "col_description") || !slices.Equal(args, []any{`"s"."t"`, "acl_allow"}) {
		t.Errorf("%s, %q, %v", query, args, err)
	}
	for _, few := range []bool{false, true} {
		policy, err := postgres.RowSecurity(r, postgres.Options{Table: "t", FewVisible: few})
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{`ALTER TABLE "t" ENABLE ROW LEVEL SECURITY;`, `ALTER TABLE "t" FORCE ROW LEVEL SECURITY;`, "FOR SELECT USING", "nullif(current_setting('tokenacl.terms_" + r.Hash() + "', true), '')::text[]"} {
			if !strings.Contains(policy, part) {
				t.Errorf("no %q in %s", part, policy)
			}
		}
		if strings.Contains(policy, " && ") != few {
			t.Errorf("few visible %t: %s", few, policy)
		}
	}
	for s, want := range map[string]acl.Scope{`{"!"}`: acl.Unrestricted(), "{}": {}, `{"*"}`: acl.Guest()} {
		query, args, err := postgres.Setting(want, r)
		if err != nil || query != "SELECT set_config($1, $2, true) IS NOT NULL" || !slices.Equal(args, []any{"tokenacl.terms_" + r.Hash(), s}) {
			t.Errorf("%s, %q, %v", query, args, err)
		}
	}
	query, args, err = postgres.Nearest(acl.Guest(), r, postgres.Options{Table: "t", FirstPlaceholder: 4}, postgres.Neighbours{ID: "id", Vector: "v", Distance: "<=>", K: 7})
	if err != nil || len(args) != 1 {
		t.Fatal(args, err)
	}
	if n := len(regexp.MustCompile(`"t"\."v" <=> \$4 `).FindAllString(query, -1)); n != 3 || !strings.Contains(query, "$5::text[]") || strings.Count(query, "LIMIT 7") != 2 || regexp.MustCompile(`\$[1-36-9]`).MatchString(query) {
		t.Errorf("%d distances in %s", n, query)
	}
}

// Rule P1
func TestScan(t *testing.T) {
	stored := postgres.Stored{Allow: []string{"ua"}, Deny: []string{}, Levels: [][]string{{"gb", "*"}, {}}}
	for _, src := range []any{`{"allow": ["ua"], "deny": [], "levels": [["gb","*"],[]]}`, []byte(`{"allow": ["ua"], "deny": [], "levels": [["gb","*"],[]]}`)} {
		var got postgres.Stored
		if err := got.Scan(src); err != nil || !cmp.Equal(got, stored) {
			t.Errorf("%v, %v", got, err)
		}
	}
	for _, src := range []any{
		nil, 7, "", "null", "[]", "{}", `{"allow": ["*"], "deny": []}`, `{"allow": ["*"], "deny": null, "levels": []}`, `{"deny": [], "levels": []}`,
		`{"allow": ["*"], "deny": [null], "levels": []}`, `{"allow": ["*"], "deny": [], "levels": [["*"], [null]]}`, `{"allow": ["*"], "deny": [], "levels": {}}`, `{"allow": ["*"], "deny": [1], "levels": []}`,
	} {
		got := stored
		if err := got.Scan(src); err == nil || !cmp.Equal(got, postgres.Stored{}) {
			t.Errorf("%v is read as %v", src, got)
		}
	}
}

// Rule P1: what follows a lost filter.
func TestVerify(t *testing.T) {
	mary := acl.For(acl.Principal{User: "mary"})
	page := map[string]postgres.Stored{
		"hers": {Allow: []string{"x", "umary"}}, "public": {Allow: []string{"*"}}, "denied": {Allow: []string{"*"}, Deny: []string{"x", "umary"}}, "unread": {},
		"level": {Allow: []string{"*"}, Levels: [][]string{{"umary"}, {"ubob"}}}, "levels": {Allow: []string{"*"}, Levels: [][]string{{"umary"}}}, "no first level": {Levels: [][]string{{"*"}}},
	}
	ids := []string{"hers", "denied", "unread", "public", "level", "levels", "no first level", "not there"}
	stored := func(id string) postgres.Stored { return page[id] }
	for _, tt := range []struct {
		scope acl.Scope
		want  []string
	}{{mary, []string{"hers", "public", "levels"}}, {acl.Guest(), []string{"denied", "public"}}, {acl.Scope{}, nil}, {acl.Unrestricted(), ids}} {
		kept, dropped, err := postgres.Verify(tt.scope, acl.Rules{}, ids, stored)
		if err != nil || !slices.Equal(kept, tt.want) || dropped != len(ids)-len(tt.want) {
			t.Errorf("%v: kept %q, dropped %d, %v", tt.scope, kept, dropped, err)
		}
	}
	if kept, dropped, err := postgres.Verify(acl.For(acl.Principal{User: "\xff"}), acl.Rules{}, ids, stored); err == nil || kept != nil || dropped != len(ids) {
		t.Errorf("kept %q, dropped %d, %v", kept, dropped, err)
	}
}

// engine reads the text of arguments as PostgreSQL would and decides by the
// shape of the condition; the server itself is asked in integration/postgres.
type engine struct {
	rules acl.Rules
	ids   []string
	rows  [][]any
}

func (e *engine) Store(r acl.Rules, docs []acltest.Document) error {
	*e = engine{rules: r}
	for _, d := range docs {
		stored, err := postgres.Fields(d.ACL, r)
		if (err != nil) != (r.Validate(d.ACL) != nil) {
			return err
		}
		e.ids, e.rows = append(e.ids, d.ID), append(e.rows, stored.Args())
	}
	return nil
}

func (e *engine) Search(s acl.Scope) (ids []string, err error) {
	where, args, err := postgres.Filter(s, e.rules, postgres.Options{})
	if err != nil {
		return nil, err
	}
	if where != lookup && where != tested && where != "($1::text[] IS NOT NULL)" {
		return nil, errors.New("unknown condition " + where)
	}
	caller := map[string]bool{}
	for _, t := range readArray(args[0].(string)) {
		caller[t] = true
	}
	shares := func(list []string) bool { return slices.ContainsFunc(list, func(t string) bool { return caller[t] }) }
	for i, row := range e.rows {
		levels := readLevels(row[2].(string))
		if where == "($1::text[] IS NOT NULL)" || shares(readArray(row[0].(string))) && !shares(readArray(row[1].(string))) &&
			!slices.ContainsFunc(levels, func(l []string) bool { return !shares(l) }) {
			ids = append(ids, e.ids[i])
		}
	}
	return ids, nil
}

// readArray reads an array of PostgreSQL (manual, 8.15.6) whose elements are
// all in quotes.
func readArray(s string) []string {
	var list []string
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	for s != "" {
		var b strings.Builder
		i := 1
		for ; s[i] != '"'; i++ {
			if s[i] == '\\' {
				i++
			}
			b.WriteByte(s[i])
		}
		list = append(list, b.String())
		s = strings.TrimPrefix(s[i+1:], ",")
	}
	return list
}

func readLevels(s string) (levels [][]string) {
	if err := json.Unmarshal([]byte(s), &levels); err != nil {
		panic(err)
	}
	return levels
}

// Rules P1, P2
func TestConditions(t *testing.T) {
	report := acltest.Run(t, &engine{}, acltest.Options{RuleSets: []acl.Rules{{AnyLevel: true, DenyOnlyEveryone: true}}, Without: []acltest.Corner{acltest.NUL, acltest.LongNames}})
	if report.Decisions < 300_000 {
		t.Errorf("only %v", report)
	}
}

// Whatever a name is, it is stored as it is or refused, and comes back from
// what the arguments say.
func FuzzArgs(f *testing.F) {
	for _, s := range []string{"mary", "", `"`, `\`, `\"`, "a,b", "{}", "NULL", "\x00", "\xff", "日本語", "<&>", "\u2028", strings.Repeat("x", 3000)} {
		f.Add(s, "b")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		h := acl.Hierarchy{{acl.Allow.User(a), acl.Allow.Group(b)}, {acl.Allow.Group(a), acl.Deny.User(b)}}
		stored, err := postgres.Fields(h, acl.Rules{})
		if err != nil {
			if stored.Allow != nil || stored.Levels != nil {
				t.Errorf("%v beside %v", stored, err)
			}
			return
		}
		args := stored.Args()
		if got := readArray(args[0].(string)); !slices.Equal(got, stored.Allow) || !slices.Contains(got, "u"+a) || !slices.Contains(got, "g"+b) {
			t.Errorf("allow is %q in %q", got, args[0])
		}
		if got := readArray(args[1].(string)); !slices.Equal(got, []string{"u" + b}) {
			t.Errorf("deny is %q in %q", got, args[1])
		}
		if got := readLevels(args[2].(string)); len(got) != 1 || !slices.Equal(got[0], []string{"g" + a}) {
			t.Errorf("levels are %q in %q", got, args[2])
		}
		s := acl.For(acl.Principal{User: a, Groups: []string{a, b}})
		_, fargs, err := postgres.Filter(s, acl.Rules{}, postgres.Options{})
		if err != nil {
			return
		}
		if got := readArray(fargs[0].(string)); a != "" && !slices.Contains(got, "u"+a) {
			t.Errorf("%q lacks the user", got)
		}
	})
}
