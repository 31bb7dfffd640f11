package terms_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// engine holds documents as terms.
type engine struct {
	rules acl.Rules
	ids   []string
	docs  []terms.Document
}

func (e *engine) Store(r acl.Rules, docs []acltest.Document) error {
	*e = engine{rules: r}
	for _, d := range docs {
		doc, err := terms.Of(d.ACL, r)
		if (err != nil) != (r.Validate(d.ACL) != nil) {
			return err
		}
		if err != nil && len(doc.Levels)+len(doc.Deny) > 0 {
			return errors.New("an invalid ACL has terms")
		}
		e.ids, e.docs = append(e.ids, d.ID), append(e.docs, doc)
	}
	return nil
}

func (e *engine) Search(s acl.Scope) (ids []string, err error) {
	c, err := terms.For(s, e.rules)
	for i, d := range e.docs {
		if c.Sees(d) {
			ids = append(ids, e.ids[i])
		}
	}
	return ids, err
}

// Terms decide as acl does.
//
// Rules P1, A1, A2, A3, A4, A5, A6
func TestTerms(t *testing.T) {
	report := acltest.Run(t, &engine{}, acltest.Options{Documents: 3000, Callers: 300})
	if report.Decisions < 2_000_000 {
		t.Errorf("only %v", report)
	}
}

// Rule P2
func TestOf(t *testing.T) {
	for _, tt := range []struct {
		name  string
		acl   acl.ACL
		rules acl.Rules
		want  terms.Document
	}{
		{"nobody", nil, acl.Rules{}, terms.Document{}},
		{"public", acl.Public(), acl.Rules{}, terms.Document{Levels: [][]string{{"*"}}}},
		{"list", acl.List{acl.Allow.User("mary"), acl.Allow.Group("staff"), acl.Allow.Group("staff"), acl.Deny.User("eve")}, acl.Rules{},
			terms.Document{Levels: [][]string{{"gstaff", "umary"}}, Deny: []string{"ueve"}}},
		{"data source", acl.List{{Name: "staff", Type: acl.Group, Access: acl.Allow, DataSourceID: "wiki"}, {Name: "x", Type: acl.Group, Access: acl.Deny, DataSourceID: "s"}}, acl.Rules{},
			terms.Document{Levels: [][]string{{"s4:wikistaff"}}, Deny: []string{"?", "gx", "s1:sx"}}},
		{"deny group", acl.List{acl.Allow.User("u"), acl.Deny.Group("x")}, acl.Rules{MissingGroupsMeanNone: true},
			terms.Document{Levels: [][]string{{"uu"}}, Deny: []string{"ax", "gx"}}},
		{"deny alone", acl.List{acl.Deny.User("u")}, acl.Rules{}, terms.Document{}},
		{"deny alone, FAQ", acl.List{acl.Deny.User("u")}, acl.Rules{DenyOnlyEveryone: true}, terms.Document{Levels: [][]string{{"*"}}, Deny: []string{"uu"}}},
		{"levels", acl.Hierarchy{{acl.Allow.User("u")}, {acl.Allow.Group("g"), acl.Deny.User("e")}}, acl.Rules{},
			terms.Document{Levels: [][]string{{"uu"}, {"gg"}}, Deny: []string{"ue"}}},
		{"any level", acl.Hierarchy{{acl.Allow.User("u")}, {acl.Allow.Group("g")}}, acl.Rules{AnyLevel: true}, terms.Document{Levels: [][]string{{"gg", "uu"}}}},
		{"a level of nobody", acl.Hierarchy{{acl.Allow.User("u")}, {{Name: "u", Type: acl.User, Access: acl.Allow, DataSourceID: "wiki"}}, {acl.Allow.User("u")}}, acl.Rules{}, terms.Document{}},
		{"a level of denials", acl.Hierarchy{{acl.Allow.User("u")}, {acl.Deny.User("e")}, {acl.Allow.User("u")}}, acl.Rules{}, terms.Document{}},
		{"any level of denials", acl.Hierarchy{{acl.Deny.User("u")}}, acl.Rules{AnyLevel: true}, terms.Document{}},
		{"fold", acl.List{acl.Allow.User("Straße")}, acl.Rules{Fold: true}, terms.Document{Levels: [][]string{{"ustrasse"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := terms.Of(tt.acl, tt.rules)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	for name, bad := range map[string]acl.ACL{
		"empty": acl.List{}, "invalid": acl.List{{}}, "name": acl.List{acl.Allow.User("a\xff")},
		"source": acl.List{{Name: "x", Type: acl.Group, Access: acl.Deny, DataSourceID: "\xff"}},
	} {
		var e *acl.Error
		if got, err := terms.Of(bad, acl.Rules{}); !errors.As(err, &e) || got.Levels != nil || got.Deny != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// Rules P1, P2, A5, A8
func TestFor(t *testing.T) {
	p := acl.Principal{User: "Mary", Groups: []string{"b", "a", "A"}, DataSourceGroups: []acl.DataSourceGroup{{GroupID: "g", DataSourceID: "wiki"}}, GroupsUnknown: true}
	for _, tt := range []struct {
		name  string
		scope acl.Scope
		rules acl.Rules
		want  terms.Caller
	}{
		{"zero", acl.Scope{}, acl.Rules{}, terms.Caller{}},
		{"guest", acl.Guest(), acl.Rules{}, terms.Caller{Terms: []string{"*"}}},
		{"everything", acl.Unrestricted(), acl.Rules{}, terms.Caller{Everything: true}},
		{"principal", acl.For(p), acl.Rules{}, terms.Caller{Terms: []string{"*", "?", "ag", "gA", "ga", "gb", "s4:wikig", "uMary"}}},
		{"fold", acl.For(p), acl.Rules{Fold: true, MissingGroupsMeanNone: true}, terms.Caller{Terms: []string{"*", "ag", "ga", "gb", "s4:wikig", "umary"}}},
		{"restricted", acl.For(acl.Principal{User: "u"}).WithoutPublic(), acl.Rules{}, terms.Caller{Terms: []string{"uu"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := terms.For(tt.scope, tt.rules)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	for name, bad := range map[string]acl.Principal{
		"user": {User: "\xff"}, "group": {Groups: []string{"a", "\xff"}}, "source": {DataSourceGroups: []acl.DataSourceGroup{{GroupID: "g", DataSourceID: "\xff"}}},
	} {
		var e *acl.Error
		if got, err := terms.For(acl.For(bad), acl.Rules{}); !errors.As(err, &e) || got.Everything || slices.Contains(got.Terms, "*") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// Rule P5
func TestVerify(t *testing.T) {
	docs := map[string]terms.Document{
		"public": {Levels: [][]string{{"*"}}}, "staff": {Levels: [][]string{{"gstaff"}}}, "denied": {Levels: [][]string{{"*"}}, Deny: []string{"umary"}},
		"broken": {Levels: [][]string{{"*"}}}, "zero": {},
	}
	read := func(id string) (terms.Document, bool) { return docs[id], id != "broken" }
	page := []string{"denied", "staff", "broken", "public", "zero", "staff", "unknown"}
	kept, dropped, err := terms.Verify(acl.For(acl.Principal{User: "mary", Groups: []string{"staff"}}), acl.Rules{}, page, read)
	if want := []string{"staff", "public", "staff"}; err != nil || dropped != 4 || !slices.Equal(kept, want) || page[0] != "denied" {
		t.Errorf("%q, %d dropped, %v; want %q", kept, dropped, err, want)
	}
	if kept, dropped, err := terms.Verify(acl.For(acl.Principal{User: "\xff"}), acl.Rules{}, page, read); err == nil || kept != nil || dropped != len(page) {
		t.Errorf("a bad scope: %q, %d dropped, %v", kept, dropped, err)
	}
}

// Rule P5
func TestTexts(t *testing.T) {
	for text, want := range map[string]string{
		`["a","b"]`: "[a b] true", `[]`: "[] true", `["a",1]`: "[] false", `[null]`: "[] false", `{}`: "[] false", `"a"`: "[] false", `null`: "[] false",
	} {
		v, err := strictjson.Parse(text, strictjson.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		list, ok := terms.Texts(v)
		if got := fmt.Sprint(list, " ", ok); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if _, ok := terms.Texts(strictjson.Value{}); ok {
		t.Error("no value is a list")
	}
}
