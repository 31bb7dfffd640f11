package tokenacl_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
)

const (
	unauthenticated = "tokenacl: unauthenticated: "
	invalidRequest  = "tokenacl: invalid request: "
)

// Rules R1, R2: row 1, ATTRIBUTE_FILTER and no user information.
func TestRequestRow1(t *testing.T) {
	g := filterGate(t, tokenacl.Options{})
	for _, uc := range []tokenacl.UserContext{{}, {Groups: []string{}, DataSourceGroups: []acl.DataSourceGroup{}, Attributes: tokenacl.Attributes{GroupIDs: []string{}}}} {
		wantRefused(t, g, uc, tokenacl.ErrInvalidRequest, invalidRequest+"no user information; everything, for everybody, is what ScopeUnauthenticated is for")
	}
	scope, err := g.ScopeUnauthenticated()
	if err != nil {
		t.Fatal(err)
	}
	want := everything()
	wantSees(t, []acl.Scope{scope}, want...)

	for name, g := range map[string]*tokenacl.Gate{"JWT": tokenGate(t), "JSON": jsonGate(t)} {
		scope, err := g.ScopeUnauthenticated()
		if wantClass(t, err, tokenacl.ErrInvalidRequest); scope != (acl.Scope{}) {
			t.Errorf("%s: ScopeUnauthenticated = %v", name, scope)
		}
	}
}

// Rule R1: row 2, ATTRIBUTE_FILTER and a user with groups.
func TestRequestRow2(t *testing.T) {
	g := filterGate(t, tokenacl.Options{})
	wantScope(t, g, tokenacl.UserContext{UserID: "mary"}, "public", "mary", "mary-not-hr")
	wantScope(t, g, tokenacl.UserContext{UserID: "mary", Groups: []string{"HR"}}, "public", "mary", "hr", "hr-not-contractors")
	wantScope(t, g, tokenacl.UserContext{UserID: "mary", Groups: []string{"HR", "Contractors"}}, "public", "mary", "hr")
	wantScope(t, g, tokenacl.UserContext{Groups: []string{"Sales"}}, "public", "sales")
	wantScope(t, g, tokenacl.UserContext{DataSourceGroups: []acl.DataSourceGroup{{GroupID: "HR", DataSourceID: "wiki"}}}, "public", "wiki-hr")
	wantRefused(t, g, tokenacl.UserContext{UserID: "mary", Attributes: tokenacl.Attributes{UserID: "mary"}}, tokenacl.ErrInvalidRequest,
		invalidRequest+"both a user or groups and attributes; give one of them")
}

// Rule R1: row 3, ATTRIBUTE_FILTER and attributes: no public documents.
func TestRequestRow3(t *testing.T) {
	g := filterGate(t, tokenacl.Options{})
	attributes := func(user string, groups ...string) tokenacl.UserContext {
		return tokenacl.UserContext{Attributes: tokenacl.Attributes{UserID: user, GroupIDs: groups}}
	}
	wantScope(t, g, attributes("mary"), "mary", "mary-not-hr")
	wantScope(t, g, attributes("mary", "HR"), "mary", "hr", "hr-not-contractors")
	wantScope(t, g, attributes("", "HR", "Sales"), "hr", "hr-not-contractors", "sales")
	wantScope(t, g, attributes("", "HR", "Contractors"), "hr")
	wantScope(t, g, attributes("nobody"))

	other := filterGate(t, tokenacl.Options{AttributesSeePublic: true})
	wantScope(t, other, attributes("mary"), "public", "mary", "mary-not-hr")
}

// Rule R1: row 4, ATTRIBUTE_FILTER and a token.
func TestRequestRow4(t *testing.T) {
	g := filterGate(t, tokenacl.Options{})
	const text = invalidRequest + "a token; the policy ATTRIBUTE_FILTER takes none"
	wantRefused(t, g, tokenacl.UserContext{Token: mint(issuerA)}, tokenacl.ErrInvalidRequest, text)
	wantRefused(t, g, tokenacl.UserContext{Token: "zq7", Attributes: tokenacl.Attributes{UserID: "mary"}}, tokenacl.ErrInvalidRequest, text)
}

// Rules R1, T6: row 5, USER_TOKEN and a valid token.
func TestRequestRow5(t *testing.T) {
	g := tokenGate(t)
	wantScope(t, g, tokenacl.UserContext{Token: mint(issuerA)}, "public", "mary", "hr", "hr-not-contractors")
	wantScope(t, g, tokenacl.UserContext{Token: mint(issuerA, `["HR"]`, `["HR","Contractors"]`)}, "public", "mary", "hr")
	wantScope(t, g, tokenacl.UserContext{Token: mint(issuerA, `["HR"]`, `[]`)}, "public", "mary", "mary-not-hr")
	// Without the claim the groups are unknown, and a DENY for any group hits.
	wantScope(t, g, tokenacl.UserContext{Token: mint(issuerA, `,"groups":["HR"]`, ``)}, "public", "mary")
}

// Rule R1: row 6, USER_TOKEN and nothing: a guest.
func TestRequestRow6(t *testing.T) {
	for name, g := range map[string]*tokenacl.Gate{"JWT": tokenGate(t), "JSON": jsonGate(t), "two issuers": newGate(t, nil, trusting(t, issuerA), trusting(t, issuerB))} {
		t.Run(name, func(t *testing.T) {
			wantScope(t, g, tokenacl.UserContext{}, "public")
			wantScope(t, g, tokenacl.UserContext{Groups: []string{}}, "public")
			if scope, _ := g.Scope(context.Background(), tokenacl.UserContext{}); scope != acl.Guest() {
				t.Errorf("scope = %v, want a guest's", scope)
			}
		})
	}
}

// Rules R1, G1: row 7, USER_TOKEN and a token that is not valid: never a guest.
func TestRequestRow7(t *testing.T) {
	g := tokenGate(t)
	good := mint(issuerA)
	for _, tt := range []struct {
		name, token string
		kind        error
		text        string
	}{
		{"no token", "zq7", claims.ErrMalformed, "jwks: malformed token: 1 parts; want three"},
		{"white space", " ", claims.ErrMalformed, "jwks: malformed token: 1 parts; want three"},
		{"dots", "..", claims.ErrMalformed, "jwks: malformed token: no signature"},
		{"cut", good[:len(good)-3], claims.ErrSignature, ""},
		{"of another issuer's key", mint(issuerB, issuerB, issuerA), claims.ErrSignature, "jwks: wrong signature"},
		{"expired", mint(issuerA, "253402300799", "1"), claims.ErrExpired, "claims: exp: the token has expired; get a new one"},
		{"not yet valid", mint(issuerA, `"exp"`, `"nbf":253402300799,"exp"`), claims.ErrNotYetValid, "claims: nbf: in the future; compare the clocks, or see Options.Leeway"},
		{"wrong issuer", mint(issuerA, issuerA, issuerB), claims.ErrIssuer, "claims: iss: missing or not equal to Issuer; they are compared byte for byte, a slash at the end counts"},
		{"wrong audience", mint(issuerA, `"app"`, `"zq7"`), claims.ErrAudience, "claims: aud: ClaimRegex does not match the whole of it"},
		{"no user", mint(issuerA, `"user":"mary",`, ``), claims.ErrClaim, "claims: user: missing, and it is the user; set UserNameAttributeField to the claim that has the user name"},
		{"overage", mint(issuerA, `"user"`, `"hasgroups":true,"user"`), claims.ErrOverage, "claims: hasgroups: says that the groups are not in the token; let the provider send fewer groups, or map them to roles"},
		{"JSON", `{"user":"mary","groups":["HR"]}`, claims.ErrMalformed, "jwks: malformed token: want the compact serialization, not JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scope, err := g.Scope(context.Background(), tokenacl.UserContext{Token: tt.token})
			if scope != (acl.Scope{}) {
				t.Errorf("scope = %v", scope)
			}
			wantClass(t, err, tokenacl.ErrUnauthenticated)
			if !errors.Is(err, tt.kind) {
				t.Errorf("%v is not %v", err, tt.kind)
			}
			if tt.text != "" {
				wantRefused(t, g, tokenacl.UserContext{Token: tt.token}, tokenacl.ErrUnauthenticated, unauthenticated+tt.text)
			}
		})
	}
}

// Rule R1: row 8, USER_TOKEN and a user without a token.
func TestRequestRow8(t *testing.T) {
	const text = invalidRequest + "a user or groups without a token; the policy USER_TOKEN takes them from a token"
	for name, g := range map[string]*tokenacl.Gate{"JWT": tokenGate(t), "JSON": jsonGate(t)} {
		t.Run(name, func(t *testing.T) {
			for _, uc := range []tokenacl.UserContext{
				{UserID: "mary"}, {Groups: []string{"HR"}}, {DataSourceGroups: []acl.DataSourceGroup{{GroupID: "HR", DataSourceID: "wiki"}}},
				{UserID: "mary", Groups: []string{"HR"}, Attributes: tokenacl.Attributes{UserID: "mary"}},
			} {
				wantRefused(t, g, uc, tokenacl.ErrInvalidRequest, text)
			}
		})
	}
}

// Rule R1: row 9, a token together with a user or groups, under any policy.
func TestRequestRow9(t *testing.T) {
	const text = invalidRequest + "both a token and a user or groups; give one of them"
	for name, g := range map[string]*tokenacl.Gate{"JWT": tokenGate(t), "JSON": jsonGate(t), "ATTRIBUTE_FILTER": filterGate(t, tokenacl.Options{})} {
		t.Run(name, func(t *testing.T) {
			for _, token := range []string{mint(issuerA), "zq7"} {
				for _, uc := range []tokenacl.UserContext{
					{Token: token, UserID: "mary"}, {Token: token, Groups: []string{"HR"}},
					{Token: token, DataSourceGroups: []acl.DataSourceGroup{{GroupID: "HR", DataSourceID: "wiki"}}},
				} {
					wantRefused(t, g, uc, tokenacl.ErrInvalidRequest, text)
				}
			}
		})
	}
}

// Rule R1: row 10, USER_TOKEN, a token and attributes: both must admit.
func TestRequestRow10(t *testing.T) {
	g := tokenGate(t)
	request := func(user string, groups ...string) tokenacl.UserContext {
		return tokenacl.UserContext{Token: mint(issuerA), Attributes: tokenacl.Attributes{UserID: user, GroupIDs: groups}}
	}
	for _, tt := range []struct {
		name string
		g    *tokenacl.Gate
		uc   tokenacl.UserContext
		want []string
	}{
		{"the token's user", g, request("mary"), []string{"mary"}}, // not mary-not-hr: the token has HR
		{"the token's group", g, request("", "HR"), []string{"hr", "hr-not-contractors"}},
		{"another group of the attributes", g, request("", "HR", "Contractors"), []string{"hr"}},
		{"a user that the token is not", g, request("eve"), nil},
		{"a group that the token lacks", g, request("", "Sales"), nil},
		{"with public documents", newGate(t, &tokenacl.Options{AttributesSeePublic: true}, trusting(t, issuerA)), request("mary"), []string{"public", "mary"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			both, err := tt.g.Scopes(context.Background(), tt.uc)
			if err != nil {
				t.Fatal(err)
			}
			wantSees(t, both[:], tt.want...)
			scope, err := tt.g.Scope(context.Background(), tt.uc)
			if wantClass(t, err, tokenacl.ErrInvalidRequest); scope != (acl.Scope{}) || err.Error() != invalidRequest+"both a token and attributes; Scopes returns a scope for each" {
				t.Errorf("Scope = %v, %v", scope, err)
			}
		})
	}
	// The token comes first.
	uc := request("mary")
	uc.Token = mint(issuerA, `"app"`, `"zq7"`)
	wantRefused(t, g, uc, tokenacl.ErrUnauthenticated, unauthenticated+"claims: aud: ClaimRegex does not match the whole of it")
	uc.Token = ""
	wantRefused(t, g, uc, tokenacl.ErrInvalidRequest, invalidRequest+"attributes without a token; the policy USER_TOKEN takes the user from a token")
}

// Rules R1, T6: a valid token that speaks of nobody is a guest's.
func TestRequestOfNobody(t *testing.T) {
	issuer := trusting(t, issuerA)
	issuer.Options = &claims.Options{SkipUser: true}
	g := newGate(t, nil, issuer)
	wantScope(t, g, tokenacl.UserContext{Token: mint(issuerA, `"user":"mary",`, ``, `["HR"]`, `[]`)}, "public")
	wantScope(t, g, tokenacl.UserContext{Token: mint(issuerA, `"user":"mary",`, ``)}, "public", "hr", "hr-not-contractors")
	// Groups that are unknown are not none.
	scope, err := g.Scope(context.Background(), tokenacl.UserContext{Token: mint(issuerA, `"user":"mary","groups":["HR"]`, `"x":1`)})
	if p, ok := scope.Principal(); err != nil || !ok || !p.GroupsUnknown {
		t.Errorf("scope = %v, %v", scope, err)
	}
}

// Rule T7
func TestJSONToken(t *testing.T) {
	g := jsonGate(t)
	wantScope(t, g, tokenacl.UserContext{Token: `{"username":"mary","groups":["HR"]}`}, "public", "mary", "hr", "hr-not-contractors")
	wantScope(t, g, tokenacl.UserContext{Token: "{\n\"username\":\"mary\"\n}"}, "public", "mary")
	wantRefused(t, g, tokenacl.UserContext{Token: `{"groups":["zq7"]}`}, tokenacl.ErrUnauthenticated,
		unauthenticated+"claims: username: missing, and it is the user; set UserNameAttributeField to the claim that has the user name")
	wantRefused(t, g, tokenacl.UserContext{Token: `{"username":"zq7","username":"mary"}`}, tokenacl.ErrUnauthenticated,
		unauthenticated+"claims: payload: json: offset 18: duplicate member name")
	both, err := g.Scopes(context.Background(), tokenacl.UserContext{Token: `{"username":"mary","groups":["HR"]}`, Attributes: tokenacl.Attributes{GroupIDs: []string{"HR"}}})
	if err != nil {
		t.Fatal(err)
	}
	wantSees(t, both[:], "hr", "hr-not-contractors")
}

// Rules G1, R4
func TestZeroGate(t *testing.T) {
	const text = "tokenacl: unavailable: the gate is closed, or was not made by NewGate"
	closed := tokenGate(t)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for name, g := range map[string]*tokenacl.Gate{"nil": nil, "zero": {}, "closed": closed} {
		t.Run(name, func(t *testing.T) {
			for _, uc := range []tokenacl.UserContext{{}, {Token: mint(issuerA)}, {UserID: "mary"}} {
				wantRefused(t, g, uc, tokenacl.ErrUnavailable, text)
			}
			scope, err := g.ScopeUnauthenticated()
			if wantClass(t, err, tokenacl.ErrUnavailable); scope != (acl.Scope{}) {
				t.Errorf("ScopeUnauthenticated = %v", scope)
			}
			wantClass(t, g.Replace([]tokenacl.Issuer{trusting(t, issuerA)}), tokenacl.ErrUnavailable)
			wantClass(t, g.CheckBearer(), tokenacl.ErrUnavailable)
			if g.Warnings() != nil || g.String() != "gate(refuses everything)" {
				t.Errorf("%v: %v", g, g.Warnings())
			}
			if err := g.Close(); err != nil {
				t.Error(err)
			}
			wantRefused(t, g, tokenacl.UserContext{}, tokenacl.ErrUnavailable, text)
		})
	}
}
