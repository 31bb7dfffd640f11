package acl_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"pgregory.net/rapid"
)

// secret is a part of every name that must not be shown.
const secret = "SECRET"

// What a Principal and a DataSourceGroup show, by themselves and inside values
// where fmt, slog and the encoders call methods.
//
// Rule G3
func TestRedaction(t *testing.T) {
	p := secretPrincipal()
	group := p.DataSourceGroups[0]
	type embedding struct {
		acl.Principal
		Extra int
	}
	type fields struct {
		P acl.Principal
		G acl.DataSourceGroup
		A any
	}
	type pointers struct {
		P *acl.Principal
		G *acl.DataSourceGroup
		F *fields
	}
	anywhere := map[string]any{
		"principal": p, "pointer to a principal": &p, "nil principal": (*acl.Principal)(nil),
		"group": group, "pointer to a group": &group, "nil group": (*acl.DataSourceGroup)(nil),
		"principals":     []acl.Principal{p},
		"pointers":       []*acl.Principal{&p},
		"array":          [1]acl.Principal{p},
		"groups":         p.DataSourceGroups,
		"anything":       []any{p, &p, group, &group},
		"map":            map[string]acl.Principal{"p": p},
		"map by group":   map[acl.DataSourceGroup]acl.DataSourceGroup{group: group},
		"struct":         fields{p, group, p},
		"structs":        []fields{{P: p, G: group, A: []any{p}}},
		"struct of both": pointers{&p, &group, nil},
		"embedding":      embedding{p, 1},
		"error":          fmt.Errorf("%w for %v", errors.New("refused"), p),
	}
	checked := 0
	for name, value := range anywhere {
		checked += checkHidden(t, name, value, slices.Concat(valueVerbs, otherVerbs))
	}
	for name, value := range map[string]any{
		"pointer to a struct":  &fields{p, group, &p},
		"pointers to a struct": []*fields{{p, group, &p}},
		"struct of pointers":   pointers{&p, &group, &fields{p, group, &p}},
		"pointer to that":      &pointers{&p, &group, &fields{p, group, &p}},
	} {
		checked += checkHidden(t, name, value, valueVerbs)
	}
	if checked < 1_000 {
		t.Errorf("checked %d texts", checked)
	}
}

// A Scope, a View and a Decision show nothing, wherever they are and whatever the verb.
//
// Rule G3
func TestRedactionScope(t *testing.T) {
	scope := acl.For(secretPrincipal())
	restricted := scope.WithoutPublic()
	denied := acl.Decide(scope, acl.List{acl.Allow.User("somebody else")}, acl.Rules{})
	type hidden struct { // where fmt calls no methods
		scope    acl.Scope
		pointer  *acl.Scope
		decision acl.Decision
		any      any
		view     *acl.View
		views    []*acl.View
		anyView  any
	}
	type fields struct {
		S  acl.Scope
		SP *acl.Scope
		D  acl.Decision
		DP *acl.Decision
		A  any
		H  *hidden
		V  *acl.View
	}
	x := acl.NewIndex(acl.Rules{})
	x.Put("d", acl.List{acl.Allow.Group("g")})
	folding := acl.NewIndex(acl.Rules{Fold: true})
	view, folded := x.View(scope), folding.View(scope)
	view.Prepare()
	inside := hidden{scope, &restricted, denied, scope, view, []*acl.View{view, folded}, view}
	outside := fields{scope, &restricted, denied, &denied, &scope, &inside, folded}
	checked := 0
	for name, value := range map[string]any{
		"scope": scope, "pointer to a scope": &scope, "scope without public": restricted, "nil scope": (*acl.Scope)(nil),
		"decision": denied, "pointer to a decision": &denied, "nil decision": (*acl.Decision)(nil),
		"scopes": []acl.Scope{scope}, "pointers": []*acl.Scope{&scope}, "anything": []any{scope, &scope, denied, &denied},
		"view": view, "view of folded names": folded, "views": []*acl.View{view, folded}, "any view": []any{view},
		"map by scope": map[acl.Scope]acl.Scope{scope: restricted},
		"hidden":       inside, "pointer to hidden": &inside, "many hidden": []any{inside, &inside},
		"fields": outside, "pointer to fields": &outside, "many fields": []*fields{&outside},
	} {
		checked += checkHidden(t, name, value, slices.Concat(valueVerbs, otherVerbs, []string{"%p", "%w", "%#p"}))
	}
	if checked < 1_000 {
		t.Errorf("checked %d texts", checked)
	}
}

func secretPrincipal() acl.Principal {
	return acl.Principal{
		User:             "u" + secret,
		Groups:           []string{"g" + secret, "h" + secret},
		DataSourceGroups: []acl.DataSourceGroup{{"d" + secret, "s" + secret}},
		GroupsUnknown:    true,
	}
}

var (
	valueVerbs = []string{"%v", "%+v", "%#v", "%-50v", "%.3v", "%[1]v", "no verb", "%*d", "%T"}
	otherVerbs = []string{"%s", "%q", "%x", "%X", "%d", "%t", "%e", "%g", "%c", "%U", "%b", "%o", "%O", "%z", "% x", "%#x", "%+q", "%#q", "%050s"}
)

// checkHidden writes value in all the ways that a program may and returns how
// many texts it has looked at.
func checkHidden(t *testing.T, name string, value any, verbs []string) int {
	t.Helper()
	texts := []string{fmt.Sprint(value), fmt.Sprintln("x", value)}
	for _, verb := range verbs {
		texts = append(texts, fmt.Sprintf(verb, value), fmt.Sprintf(verb, []any{value}), fmt.Sprintf(verb, struct{ V any }{value}))
	}
	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).With("with", value).WithGroup("g").Info("m", "value", value, "in", []any{value}, slog.Group("h", "v", value))
		texts = append(texts, b.String())
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Errorf("%s cannot be marshalled: %v", name, err)
	}
	texts = append(texts, string(text))
	if text, err := xml.Marshal(value); err == nil && len(text) > 0 { // nothing for nil
		texts = append(texts, string(text))
	}
	for _, text := range texts {
		if strings.Contains(text, secret) {
			t.Errorf("%s shows a name: %s", name, text)
		}
		if text == "" {
			t.Errorf("%s shows nothing at all", name)
		}
	}
	return len(texts)
}

// What is shown instead.
//
// Rule G3
func TestRedactionText(t *testing.T) {
	two := acl.Principal{User: "mary", Groups: []string{"a"}, DataSourceGroups: []acl.DataSourceGroup{{"b", "x"}}}
	unknown := acl.Principal{Groups: []string{"a"}, GroupsUnknown: true}
	for _, row := range []struct {
		value interface {
			fmt.Formatter
			slog.LogValuer
			MarshalText() ([]byte, error)
		}
		want string
	}{
		{two, "principal(a user, 2 groups)"},
		{&two, "principal(a user, 2 groups)"},
		{unknown, "principal(no user, 1 groups, groups unknown)"},
		{acl.Principal{}, "principal(no user, 0 groups)"},
		{two.DataSourceGroups[0], "data source group"},
		{acl.Scope{}, "scope(nothing)"},
		{acl.Guest(), "scope(guest)"},
		{acl.For(two), "scope(a user, 2 groups)"},
		{acl.For(unknown), "scope(no user, 1 groups, groups unknown)"},
		{acl.For(two).WithoutPublic(), "scope(a user, 2 groups, without public documents)"},
		{acl.Unrestricted(), "scope(unrestricted)"},
	} {
		marshalled, err := row.value.MarshalText()
		if err != nil {
			t.Error(err)
		}
		for _, got := range []string{fmt.Sprintf("%v", row.value), fmt.Sprintf("%#x", row.value), row.value.LogValue().String(), string(marshalled)} {
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		}
	}
}

// A decision shows the document's entry, and otherwise no name of the caller.
//
// Rules A7, G3
func TestDecisionShowsNoCaller(t *testing.T) {
	name := rapid.Map(rapid.StringMatching(`[a-z]{0,8}`), func(s string) string { return secret + s })
	reasons := map[acl.Reason]int{}
	rapid.Check(t, func(t *rapid.T) {
		document := drawACL.Draw(t, "acl")
		p := acl.Principal{
			User:             name.Draw(t, "user"),
			Groups:           append(rapid.SliceOfN(rapid.SampledFrom(oracleNames), 0, 1).Draw(t, "known"), rapid.SliceOf(name).Draw(t, "groups")...),
			DataSourceGroups: []acl.DataSourceGroup{{name.Draw(t, "group"), name.Draw(t, "source")}},
			GroupsUnknown:    rapid.Bool().Draw(t, "unknown"),
		}
		for _, scope := range []acl.Scope{acl.For(p), acl.For(p).WithoutPublic()} {
			d := acl.Decide(scope, document, drawRules.Draw(t, "rules"))
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
				if text := fmt.Sprintf(verb, d); strings.Contains(text, secret) {
					t.Fatalf("decision shows the caller: %s", text)
				}
			}
			reasons[d.Reason]++
		}
	})
	if len(reasons) < 5 {
		t.Errorf("only the reasons %v", reasons)
	}
}
