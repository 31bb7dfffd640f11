package tokenacl_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
)

// Rules R1, G4: each limit, on it and one beyond.
func TestUserContextLimits(t *testing.T) {
	name := func(what string) string {
		return invalidRequest + what + ": want 1 to 1024 characters, valid UTF-8, none of them a control, format or private-use character"
	}
	const source = ": want 1 to 100 of A-Z, a-z, 0-9, _ and -, the first no _ or -"
	many := func(n int) []string { return slices.Repeat([]string{"HR"}, n) }
	groups := func(g acl.DataSourceGroup, n int) tokenacl.UserContext {
		return tokenacl.UserContext{DataSourceGroups: slices.Repeat([]acl.DataSourceGroup{g}, n)}
	}
	wiki := acl.DataSourceGroup{GroupID: "HR", DataSourceID: "wiki"}
	of := func(source string) tokenacl.UserContext {
		return groups(acl.DataSourceGroup{GroupID: "HR", DataSourceID: source}, 1)
	}
	attributes := func(user string, groups ...string) tokenacl.UserContext {
		return tokenacl.UserContext{Attributes: tokenacl.Attributes{UserID: user, GroupIDs: groups}}
	}
	g := filterGate(t, tokenacl.Options{})
	for _, tt := range []struct {
		name string
		uc   tokenacl.UserContext
		text string // "" when it is accepted
	}{
		{"user of 1024 characters", tokenacl.UserContext{UserID: strings.Repeat("é", 1024)}, ""},
		{"user of 1025 characters", tokenacl.UserContext{UserID: strings.Repeat("e", 1025)}, name("UserID")},
		{"user of 1024 long characters", tokenacl.UserContext{UserID: strings.Repeat("😀", 1024)}, ""},
		{"user of a megabyte", tokenacl.UserContext{UserID: strings.Repeat("zq7", 1<<20)}, name("UserID")},
		{"user with NUL", tokenacl.UserContext{UserID: "zq7\x00"}, name("UserID")},
		{"user with a line feed", tokenacl.UserContext{UserID: "a\nzq7"}, name("UserID")},
		{"user with DEL", tokenacl.UserContext{UserID: "a\x7f"}, name("UserID")},
		{"user with a zero-width space", tokenacl.UserContext{UserID: "a\u200b"}, name("UserID")},
		{"user with a private character", tokenacl.UserContext{UserID: "a\ue000"}, name("UserID")},
		{"user not UTF-8", tokenacl.UserContext{UserID: "a\xff"}, name("UserID")},
		{"user with a space", tokenacl.UserContext{UserID: " a b "}, ""},
		{"2048 groups", tokenacl.UserContext{Groups: many(2048)}, ""},
		{"2049 groups", tokenacl.UserContext{Groups: many(2049)}, invalidRequest + "Groups: 2049 items, want at most 2048"},
		{"empty group", tokenacl.UserContext{Groups: []string{"HR", ""}}, name("Groups[1]")},
		{"group with a control character", tokenacl.UserContext{Groups: []string{"HR", "b", "zq7\t"}}, name("Groups[2]")},
		{"group too long", tokenacl.UserContext{Groups: []string{strings.Repeat("a", 1025)}}, name("Groups[0]")},
		{"2048 data source groups", groups(wiki, 2048), ""},
		{"2049 data source groups", groups(wiki, 2049), invalidRequest + "DataSourceGroups: 2049 items, want at most 2048"},
		{"data source group without a group", groups(acl.DataSourceGroup{DataSourceID: "wiki"}, 1), name("DataSourceGroups[0].GroupID")},
		{"data source missing", of(""), invalidRequest + "DataSourceGroups[0].DataSourceID" + source},
		{"data source of 1", of("a"), ""},
		{"data source of 100", of(strings.Repeat("a", 100)), ""},
		{"data source of 101", of(strings.Repeat("a", 101)), invalidRequest + "DataSourceGroups[0].DataSourceID" + source},
		{"data source of all letters", of("0azAZ9_-"), ""},
		{"data source begins with -", of("-a"), invalidRequest + "DataSourceGroups[0].DataSourceID" + source},
		{"data source begins with _", of("_a"), invalidRequest + "DataSourceGroups[0].DataSourceID" + source},
		{"data source with @", of("a@"), invalidRequest + "DataSourceGroups[0].DataSourceID" + source},
		{"data source with [", of("a["), invalidRequest + "DataSourceGroups[0].DataSourceID" + source},
		{"data source with `", of("a`"), invalidRequest + "DataSourceGroups[0].DataSourceID" + source},
		{"data source with {", of("a{"), invalidRequest + "DataSourceGroups[0].DataSourceID" + source},
		{"data source with /", of("a/"), invalidRequest + "DataSourceGroups[0].DataSourceID" + source},
		{"data source with :", of("a:"), invalidRequest + "DataSourceGroups[0].DataSourceID" + source},
		{"attribute user", attributes("a\x00"), name("Attributes.UserID")},
		{"attribute user too long", attributes(strings.Repeat("a", 1025)), name("Attributes.UserID")},
		{"2048 attribute groups", attributes("", many(2048)...), ""},
		{"2049 attribute groups", attributes("", many(2049)...), invalidRequest + "Attributes.GroupIDs: 2049 items, want at most 2048"},
		{"first attribute group", attributes("a", "b\x00"), name("Attributes.GroupIDs[0]")},
		{"attribute group empty", attributes("a", "HR", ""), name("Attributes.GroupIDs[1]")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.text != "" {
				wantRefused(t, g, tt.uc, tokenacl.ErrInvalidRequest, tt.text)
				return
			}
			if _, err := g.Scope(context.Background(), tt.uc); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

// Rules R1, G4: a token of 100,000 bytes is read, a longer one is not.
func TestTokenLimit(t *testing.T) {
	g := jsonGate(t)
	token := func(n int) string {
		const around = `{"username":"mary","x":""}`
		return `{"username":"mary","x":"` + strings.Repeat("x", n-len(around)) + `"}`
	}
	wantScope(t, g, tokenacl.UserContext{Token: token(100_000)}, "public", "mary")
	wantRefused(t, g, tokenacl.UserContext{Token: token(100_001)}, tokenacl.ErrInvalidRequest, invalidRequest+"Token: more than 100000 bytes")
	wantRefused(t, tokenGate(t), tokenacl.UserContext{Token: strings.Repeat(".", 10<<20)}, tokenacl.ErrInvalidRequest, invalidRequest+"Token: more than 100000 bytes")
}

// Rule G5: neither the request's slices are kept nor those of an expander's
// argument are the request's.
func TestUserContextCopied(t *testing.T) {
	clobber := expanderFunc(func(_ context.Context, p acl.Principal) (acl.Principal, error) {
		q := p.Clone()
		for i := range p.Groups {
			p.Groups[i] = "clobbered"
		}
		for i := range p.DataSourceGroups {
			p.DataSourceGroups[i].GroupID = "clobbered"
		}
		return q, nil
	})
	uc := tokenacl.UserContext{Groups: []string{"HR"}, DataSourceGroups: []acl.DataSourceGroup{{GroupID: "HR", DataSourceID: "wiki"}}}
	for _, g := range []*tokenacl.Gate{filterGate(t, tokenacl.Options{}), filterGate(t, tokenacl.Options{Expander: clobber})} {
		scope, err := g.Scope(context.Background(), uc)
		if err != nil || uc.Groups[0] != "HR" || uc.DataSourceGroups[0].GroupID != "HR" {
			t.Fatalf("%v; the request has %q now", err, uc.Groups)
		}
		uc.Groups[0], uc.DataSourceGroups[0].GroupID = "Sales", "Sales"
		wantSees(t, []acl.Scope{scope}, "public", "hr", "hr-not-contractors", "wiki-hr")
		uc.Groups[0], uc.DataSourceGroups[0].GroupID = "HR", "HR"
	}
	attributes := tokenacl.UserContext{Attributes: tokenacl.Attributes{GroupIDs: []string{"HR"}}}
	scope, err := filterGate(t, tokenacl.Options{Expander: clobber}).Scope(context.Background(), attributes)
	if err != nil || attributes.Attributes.GroupIDs[0] != "HR" {
		t.Fatalf("%v; the request has %q now", err, attributes.Attributes.GroupIDs)
	}
	attributes.Attributes.GroupIDs[0] = "Sales"
	wantSees(t, []acl.Scope{scope}, "hr", "hr-not-contractors")
}
