package tokenacl_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// expanderFunc is an Expander.
type expanderFunc func(context.Context, acl.Principal) (acl.Principal, error)

func (f expanderFunc) Expand(ctx context.Context, p acl.Principal) (acl.Principal, error) {
	return f(ctx, p)
}

// adding returns an expander that adds groups, and one slot for what it was given.
func adding(groups ...string) (tokenacl.Expander, *[]acl.Principal) {
	var given []acl.Principal
	return expanderFunc(func(_ context.Context, p acl.Principal) (acl.Principal, error) {
		given = append(given, p.Clone())
		p.Groups = append(groups[:len(groups):len(groups)], p.Groups...)
		p.DataSourceGroups = append(p.DataSourceGroups, acl.DataSourceGroup{GroupID: "HR", DataSourceID: "wiki"})
		return p, nil
	}), &given
}

// Rule R1
func TestExpander(t *testing.T) {
	expander, given := adding("Sales")
	g := newGate(t, &tokenacl.Options{Expander: expander}, trusting(t, issuerA))
	scope, err := g.Scope(context.Background(), tokenacl.UserContext{Token: mint(issuerA)})
	if err != nil {
		t.Fatal(err)
	}
	wantSees(t, []acl.Scope{scope}, "public", "mary", "hr", "hr-not-contractors", "sales", "wiki-hr")
	if diff := cmp.Diff([]acl.Principal{{User: "mary", Groups: []string{"HR"}}}, *given); diff != "" {
		t.Errorf("the expander was given (-want +got):\n%s", diff)
	}

	// A guest, and whoever is refused, is not looked up.
	for _, uc := range []tokenacl.UserContext{{}, {Token: "x"}, {Token: mint(issuerA, `"app"`, `"other"`)}, {UserID: "mary"}} {
		g.Scope(context.Background(), uc)
	}
	if len(*given) != 1 {
		t.Errorf("the expander was called %d times, want once", len(*given))
	}

	// Attributes beside a token are taken as they are.
	both, err := g.Scopes(context.Background(), tokenacl.UserContext{Token: mint(issuerA), Attributes: tokenacl.Attributes{UserID: "mary"}})
	if err != nil || len(*given) != 2 {
		t.Fatalf("%v, %d calls", err, len(*given))
	}
	wantSees(t, both[:], "mary")

	expander, given = adding("Sales")
	f := filterGate(t, tokenacl.Options{Expander: expander})
	wantScope(t, f, tokenacl.UserContext{UserID: "mary"}, "public", "mary", "sales", "wiki-hr")
	wantScope(t, f, tokenacl.UserContext{Attributes: tokenacl.Attributes{UserID: "mary"}}, "mary", "sales", "wiki-hr")
	if len(*given) != 4 {
		t.Errorf("the expander was called %d times, want 4", len(*given))
	}
}

// Rule A5: what an expander does not know stays unknown.
func TestExpanderGroupsUnknown(t *testing.T) {
	forgetful := expanderFunc(func(_ context.Context, p acl.Principal) (acl.Principal, error) {
		return acl.Principal{User: p.User, Groups: []string{"HR"}}, nil
	})
	g := newGate(t, &tokenacl.Options{Expander: forgetful}, trusting(t, issuerA))
	wantScope(t, g, tokenacl.UserContext{Token: mint(issuerA, `,"groups":["HR"]`, ``)}, "public", "mary", "hr")

	doubtful := expanderFunc(func(_ context.Context, p acl.Principal) (acl.Principal, error) {
		p.GroupsUnknown = true
		return p, nil
	})
	g = newGate(t, &tokenacl.Options{Expander: doubtful}, trusting(t, issuerA))
	wantScope(t, g, tokenacl.UserContext{Token: mint(issuerA)}, "public", "mary", "hr")
}

// Rule G1: an expander that fails, or takes away, denies.
func TestExpanderErrors(t *testing.T) {
	own := errors.New("directory is down")
	const prefix = "tokenacl: unavailable: expander: "
	const left = prefix + "it left out a group that the caller is in, want groups to be added and nothing else"
	hr, wiki := []string{"HR"}, acl.DataSourceGroup{GroupID: "HR", DataSourceID: "wiki"}
	uc := tokenacl.UserContext{UserID: "mary", Groups: []string{"HR", "HR"}, DataSourceGroups: []acl.DataSourceGroup{wiki}}
	for _, tt := range []struct {
		name string
		p    acl.Principal
		err  error
		text string
	}{
		{"error", acl.Principal{}, own, prefix + "directory is down"},
		{"error and a principal", acl.Principal{User: "mary", Groups: hr}, own, prefix + "directory is down"},
		{"error of another class", acl.Principal{}, fmt.Errorf("x: %w", tokenacl.ErrUnauthenticated), prefix + "x: tokenacl: unauthenticated"},
		{"error of the same class", acl.Principal{}, fmt.Errorf("x: %w", tokenacl.ErrUnavailable), prefix + "x: tokenacl: unavailable"},
		{"nothing", acl.Principal{}, nil, prefix + "it changed the user, want groups to be added and nothing else"},
		{"no user", acl.Principal{Groups: hr}, nil, prefix + "it changed the user, want groups to be added and nothing else"},
		{"another user", acl.Principal{User: "root", Groups: hr}, nil, prefix + "it changed the user, want groups to be added and nothing else"},
		{"group left out", acl.Principal{User: "mary", Groups: []string{"HQ", "HS"}, DataSourceGroups: []acl.DataSourceGroup{wiki}}, nil, left},
		{"data source missing", acl.Principal{User: "mary", Groups: hr, DataSourceGroups: []acl.DataSourceGroup{wiki, {GroupID: "HR"}}}, nil, prefix + "it returned a data source group without a GroupID or a DataSourceID, want both"},
		{"data source group without a group", acl.Principal{User: "mary", Groups: hr, DataSourceGroups: []acl.DataSourceGroup{wiki, {DataSourceID: "wiki"}}}, nil, prefix + "it returned a data source group without a GroupID or a DataSourceID, want both"},
		{"data source group left out", acl.Principal{User: "mary", Groups: hr}, nil, left},
		{"of another data source", acl.Principal{User: "mary", Groups: hr, DataSourceGroups: []acl.DataSourceGroup{{GroupID: "HR", DataSourceID: "x"}, {GroupID: "x", DataSourceID: "wiki"}}}, nil, left},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := filterGate(t, tokenacl.Options{Expander: expanderFunc(func(context.Context, acl.Principal) (acl.Principal, error) { return tt.p, tt.err })})
			wantRefused(t, g, uc, tokenacl.ErrUnavailable, tt.text)
			attributes := tokenacl.Attributes{UserID: "mary", GroupIDs: []string{"HR", "HRD"}}
			_, err := g.Scope(context.Background(), tokenacl.UserContext{Attributes: attributes})
			wantClass(t, err, tokenacl.ErrUnavailable)
			if !errors.Is(err, claims.ErrUnavailable) {
				t.Errorf("%v is no ErrUnavailable of package claims", err)
			}
			if _, err := g.Scope(context.Background(), uc); tt.err == own && !errors.Is(err, own) {
				t.Errorf("%v does not wrap the expander's error", err)
			}
		})
	}
	// In any order, with more, is fine.
	g := filterGate(t, tokenacl.Options{Expander: expanderFunc(func(context.Context, acl.Principal) (acl.Principal, error) {
		return acl.Principal{User: "mary", Groups: []string{"Z", "HR", "A"}, DataSourceGroups: []acl.DataSourceGroup{{GroupID: "z", DataSourceID: "a"}, wiki, {GroupID: "HR", DataSourceID: "a"}}}, nil
	})})
	wantScope(t, g, uc, "public", "mary", "hr", "hr-not-contractors", "wiki-hr")
}

// Rules G4, R1: 10,000 groups, those of data sources included.
func TestExpanderLimit(t *testing.T) {
	for _, tt := range []struct{ groups, dataSourceGroups int }{{10_000, 0}, {9_999, 1}, {10_001, 0}, {10_000, 1}, {1, 10_000}} {
		n := tt.groups + tt.dataSourceGroups
		g := filterGate(t, tokenacl.Options{Expander: expanderFunc(func(_ context.Context, p acl.Principal) (acl.Principal, error) {
			p.Groups = slices.Repeat([]string{"HR"}, tt.groups)
			p.DataSourceGroups = slices.Repeat([]acl.DataSourceGroup{{GroupID: "g", DataSourceID: "s"}}, tt.dataSourceGroups)
			return p, nil
		})})
		_, err := g.Scope(context.Background(), tokenacl.UserContext{UserID: "mary"})
		if n <= 10_000 {
			wantClass(t, err, nil)
			continue
		}
		wantClass(t, err, tokenacl.ErrUnavailable)
		var many *tokenacl.TooManyGroupsError
		if !errors.As(err, &many) || *many != (tokenacl.TooManyGroupsError{Groups: n, Limit: 10_000}) {
			t.Errorf("%d groups: %v", n, err)
		}
		if want := fmt.Sprintf("tokenacl: unavailable: expander: %d groups, want at most 10000; let it return those that ACLs name", n); err.Error() != want {
			t.Errorf("error = %v\n      want %s", err, want)
		}
	}
}

// Rule R3
func TestExpanderRequired(t *testing.T) {
	issuer := trusting(t, issuerA)
	issuer.Config.GroupResolution = tokenconfig.AWSSSO
	g, err := tokenacl.NewGate([]tokenacl.Issuer{issuer}, nil)
	if g != nil || err == nil || err.Error() != "tokenacl: issuer 0: the UserGroupResolutionConfiguration AWS_SSO takes groups from a directory; set Options.Expander" {
		t.Errorf("NewGate = %v, %v", g, err)
	}
	expander, _ := adding("Sales")
	newGate(t, &tokenacl.Options{Expander: expander}, issuer)
}

// A token that speaks of nobody may be given groups.
func TestExpanderOfNobody(t *testing.T) {
	issuer := trusting(t, issuerA)
	issuer.Options = &claims.Options{SkipUser: true}
	expander, _ := adding("Sales")
	g := newGate(t, &tokenacl.Options{Expander: expander}, issuer)
	wantScope(t, g, tokenacl.UserContext{Token: mint(issuerA, `"user":"mary",`, ``, `["HR"]`, `[]`)}, "public", "sales", "wiki-hr")
}
