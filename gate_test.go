package tokenacl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// Rules T5, T7, R2, G2
func TestNewGateErrors(t *testing.T) {
	edited := func(i tokenacl.Issuer, edit func(*tokenacl.Issuer)) tokenacl.Issuer { edit(&i); return i }
	a, b := trusting(t, issuerA), trusting(t, issuerB)
	json, filter := jsonIssuer(), filterIssuer()
	trustJSON := &tokenacl.Options{InsecureTrustUnsignedJSON: true}
	allowFilter := &tokenacl.Options{InsecureAllowAttributeFilter: true}
	both := &tokenacl.Options{InsecureTrustUnsignedJSON: true, InsecureAllowAttributeFilter: true}
	none := []tokenacl.Issuer{}
	for _, tt := range []struct {
		name    string
		issuers []tokenacl.Issuer
		opts    *tokenacl.Options
		want    string // a prefix of the error; "" when there is none
	}{
		{"one", []tokenacl.Issuer{a}, nil, ""},
		{"two", []tokenacl.Issuer{a, b}, nil, ""},
		{"no issuers", none, nil, "tokenacl: no issuers, want at least one"},
		{"nil issuers", nil, both, "tokenacl: no issuers, want at least one"},
		{"no configuration", []tokenacl.Issuer{a, {}}, nil, "tokenacl: issuer 1: no Config, want one, such as from tokenconfig.Parse"},
		{"configuration not valid", []tokenacl.Issuer{a, {Config: &tokenconfig.Config{}}}, nil, "tokenacl: issuer 1: tokenconfig: "},
		{"configuration of both kinds", []tokenacl.Issuer{edited(a, func(i *tokenacl.Issuer) {
			i.Config = &tokenconfig.Config{JWT: a.Config.JWT, JSON: json.Config.JSON}
		})}, both, "tokenacl: issuer 0: tokenconfig: "},
		{"no keys", []tokenacl.Issuer{edited(a, func(i *tokenacl.Issuer) { i.Keys = nil })}, nil, "tokenacl: issuer 0: claims: keys is nil"},
		{"bad options", []tokenacl.Issuer{b, edited(a, func(i *tokenacl.Issuer) { i.Options = &claims.Options{MaxLifetime: -1} })}, nil, "tokenacl: issuer 1: claims: MaxLifetime: "},
		{"one without Issuer", []tokenacl.Issuer{trusting(t, "")}, nil, ""},
		{"second without Issuer", []tokenacl.Issuer{a, trusting(t, "")}, nil, "tokenacl: issuer 1: no Issuer; of several issuers each needs its own"},
		{"first without Issuer", []tokenacl.Issuer{trusting(t, ""), a}, nil, "tokenacl: issuer 0: no Issuer; of several issuers each needs its own"},
		{"the same Issuer", []tokenacl.Issuer{a, b, trusting(t, issuerA)}, nil, "tokenacl: issuer 2: the Issuer of an earlier one; each needs its own"},
		{"Issuers that differ by a slash", []tokenacl.Issuer{a, edited(trusting(t, issuerB), func(i *tokenacl.Issuer) { i.Config.JWT.Issuer = issuerA + "/" })}, nil, ""},

		{"JSON", []tokenacl.Issuer{json}, trustJSON, ""},
		{"JSON not allowed", []tokenacl.Issuer{json}, allowFilter, "tokenacl: issuer 0: a JSON token is not signed; use a JWT configuration, or set Options.InsecureTrustUnsignedJSON"},
		{"two JSON", []tokenacl.Issuer{json, json}, trustJSON, "tokenacl: issuer 0: a JSON configuration beside others; a gate with one has no other"},
		{"JSON behind JWT", []tokenacl.Issuer{a, json}, trustJSON, "tokenacl: issuer 1: a JSON configuration beside others; a gate with one has no other"},
		{"JSON in front of JWT", []tokenacl.Issuer{json, a}, trustJSON, "tokenacl: issuer 0: a JSON configuration beside others; a gate with one has no other"},
		{"JSON with keys", []tokenacl.Issuer{edited(json, func(i *tokenacl.Issuer) { i.Keys = a.Keys })}, trustJSON, "tokenacl: issuer 0: a JSON token is not verified, so there is no use for Keys and Options; remove them"},
		{"JSON with options", []tokenacl.Issuer{edited(json, func(i *tokenacl.Issuer) { i.Options = &claims.Options{} })}, trustJSON, "tokenacl: issuer 0: a JSON token is not verified, so there is no use for Keys and Options; remove them"},
		{"JSON with a bad pointer", []tokenacl.Issuer{{Config: &tokenconfig.Config{JSON: &tokenconfig.JSON{UserNameAttributeField: "/~"}}}}, trustJSON, "tokenacl: issuer 0: claims: UserNameAttributeField: "},

		{"ATTRIBUTE_FILTER", []tokenacl.Issuer{filter}, allowFilter, ""},
		{"two of ATTRIBUTE_FILTER", []tokenacl.Issuer{filter, filter}, allowFilter, ""},
		{"ATTRIBUTE_FILTER not allowed", []tokenacl.Issuer{filter}, trustJSON, "tokenacl: issuer 0: policy ATTRIBUTE_FILTER believes what a request says of its user; use USER_TOKEN, or set Options.InsecureAllowAttributeFilter"},
		{"ATTRIBUTE_FILTER with keys", []tokenacl.Issuer{edited(filter, func(i *tokenacl.Issuer) { i.Keys = a.Keys })}, allowFilter, "tokenacl: issuer 0: the policy ATTRIBUTE_FILTER takes no tokens, so there is no use for Keys and Options; remove them"},
		{"ATTRIBUTE_FILTER with options", []tokenacl.Issuer{edited(filter, func(i *tokenacl.Issuer) { i.Options = &claims.Options{} })}, allowFilter, "tokenacl: issuer 0: the policy ATTRIBUTE_FILTER takes no tokens, so there is no use for Keys and Options; remove them"},
		{"ATTRIBUTE_FILTER behind USER_TOKEN", []tokenacl.Issuer{a, filter}, both, "tokenacl: issuer 1: policy ATTRIBUTE_FILTER, want that of issuer 0, USER_TOKEN"},
		{"USER_TOKEN behind ATTRIBUTE_FILTER", []tokenacl.Issuer{filter, a}, both, "tokenacl: issuer 1: policy USER_TOKEN, want that of issuer 0, ATTRIBUTE_FILTER"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, err := tokenacl.NewGate(tt.issuers, tt.opts)
			if tt.want == "" {
				if err != nil || g == nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if g != nil || err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("NewGate = %v, %v\nwant %s", g, err, tt.want)
			}
		})
	}
}

// Rule G5: what the caller changes after NewGate changes nothing.
func TestGateCopies(t *testing.T) {
	opts := &tokenacl.Options{}
	issuers := []tokenacl.Issuer{trusting(t, issuerA), trusting(t, issuerB)}
	issuers[0].Options = &claims.Options{RequiredClaims: map[string]string{"jti": "zq7"}}
	g := newGate(t, opts, issuers...)
	issuers[0].Config.Policy, issuers[0].Config.JWT.Issuer, issuers[0].Config.JWT.ClaimRegex = tokenconfig.AttributeFilter, "https://evil.example", ".*"
	issuers[0].Options.SkipUser, issuers[0].Options.RequiredClaims["jti"] = true, "other"
	issuers[1] = filterIssuer()
	opts.InsecureAllowAttributeFilter, opts.Expander = true, expanderFunc(func(context.Context, acl.Principal) (acl.Principal, error) {
		return acl.Principal{}, errors.New("not mine")
	})
	wantScope(t, g, tokenacl.UserContext{Token: mint(issuerA)}, "public", "mary", "hr", "hr-not-contractors")
	wantScope(t, g, tokenacl.UserContext{Token: mint(issuerB)}, "public", "mary", "hr", "hr-not-contractors")
	wantRefused(t, g, tokenacl.UserContext{Token: mint(issuerA, `"app"`, `"zq7"`)}, tokenacl.ErrUnauthenticated, unauthenticated+"claims: aud: ClaimRegex does not match the whole of it")
	if w := g.Warnings(); len(w) != 0 || w == nil {
		t.Errorf("warnings = %#v, want none", w)
	}

	json := jsonIssuer()
	g = newGate(t, &tokenacl.Options{InsecureTrustUnsignedJSON: true}, json)
	json.Config.JSON.UserNameAttributeField = "admin"
	wantScope(t, g, tokenacl.UserContext{Token: `{"username":"mary","groups":[],"admin":"eve"}`}, "public", "mary", "mary-not-hr")
}

// Rules T4, T5: iss selects, and the verifier that it selects checks it.
func TestAttack19_SeveralIssuers(t *testing.T) {
	a, b := trusting(t, issuerA), trusting(t, issuerB)
	keysA, keysB := a.Keys.(*countedKeys), b.Keys.(*countedKeys)
	g := newGate(t, nil, a, b)
	calls := func() [2]int64 { return [2]int64{keysA.calls.Swap(0), keysB.calls.Swap(0)} }
	for _, tt := range []struct {
		name, token string
		kind        error // nil: accepted
		calls       [2]int64
	}{
		{"of A", mint(issuerA), nil, [2]int64{1, 0}},
		{"of B", mint(issuerB), nil, [2]int64{0, 1}},
		{"says B, signed by A", mint(issuerA, issuerA, issuerB), claims.ErrSignature, [2]int64{0, 1}},
		{"says A, signed by B", mint(issuerB, issuerB, issuerA), claims.ErrSignature, [2]int64{1, 0}},
		{"of another issuer", mint(issuerA, issuerA, "https://zq7.example"), claims.ErrIssuer, [2]int64{}},
		{"slash at the end", mint(issuerA, issuerA, issuerA+"/"), claims.ErrIssuer, [2]int64{}},
		{"prefix", mint(issuerA, issuerA, issuerA[:len(issuerA)-1]), claims.ErrIssuer, [2]int64{}},
		{"empty", mint(issuerA, issuerA, ""), claims.ErrIssuer, [2]int64{}},
		{"missing", mint(issuerA, `"iss":"`+issuerA+`",`, ""), claims.ErrIssuer, [2]int64{}},
		{"array", mint(issuerA, `"`+issuerA+`"`, `["`+issuerA+`"]`), claims.ErrIssuer, [2]int64{}},
		{"null", mint(issuerA, `"`+issuerA+`"`, `null`), claims.ErrIssuer, [2]int64{}},
		{"twice", mint(issuerA, `"aud"`, `"iss":"`+issuerB+`","aud"`), claims.ErrMalformed, [2]int64{}},
		{"no JSON", mint(issuerA, `{`, `zq7`), claims.ErrMalformed, [2]int64{}},
		{"no token", "zq7", claims.ErrMalformed, [2]int64{}},
		{"array", mint(issuerA, `{`, `[`, `}`, `]`, `:`, `,`), claims.ErrIssuer, [2]int64{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls()
			scope, err := g.Scope(context.Background(), tokenacl.UserContext{Token: tt.token})
			if got := calls(); got != tt.calls {
				t.Errorf("keys were asked %v times, want %v", got, tt.calls)
			}
			if tt.kind == nil {
				if wantClass(t, err, nil); scope == (acl.Scope{}) {
					t.Errorf("scope = %v", scope)
				}
				return
			}
			if wantClass(t, err, tokenacl.ErrUnauthenticated); !errors.Is(err, tt.kind) || scope != (acl.Scope{}) {
				t.Errorf("%v, %v; want %v", scope, err, tt.kind)
			}
		})
	}
	const text = "claims: wrong issuer: iss: missing or not that of any configured issuer; they are compared byte for byte"
	wantRefused(t, g, tokenacl.UserContext{Token: mint(issuerA, issuerA, "x")}, tokenacl.ErrUnauthenticated, unauthenticated+text)
}

// Rule T2
func TestAttack26_ForgedAndExpired(t *testing.T) {
	token := mint(issuerB, issuerB, issuerA, "253402300799", "1")
	for _, g := range []*tokenacl.Gate{tokenGate(t), newGate(t, nil, trusting(t, issuerA), trusting(t, issuerB))} {
		wantRefused(t, g, tokenacl.UserContext{Token: token}, tokenacl.ErrUnauthenticated, unauthenticated+"jwks: wrong signature")
	}
}

// Rule A1: neither a user named as a group, nor a group named as a user, nor a
// group of that name of another source.
func TestAttack29_Namespaces(t *testing.T) {
	g := tokenGate(t)
	wantScope(t, g, tokenacl.UserContext{Token: mint(issuerA, `"user":"mary"`, `"user":"HR"`, `["HR"]`, `["mary"]`)}, "public")
	f := filterGate(t, tokenacl.Options{})
	wantScope(t, f, tokenacl.UserContext{UserID: "HR", DataSourceGroups: []acl.DataSourceGroup{{GroupID: "HR", DataSourceID: "mail"}}}, "public")
}

// Rules T7, G2: no gate takes a JSON token unless it was made for those, and
// such a gate takes nothing else.
func TestAttack30_UnsignedJSON(t *testing.T) {
	const token = `{"username":"mary","user":"mary","iss":"` + issuerA + `","groups":["HR"],"exp":253402300799,"aud":"app"}`
	for _, g := range []*tokenacl.Gate{tokenGate(t), newGate(t, &tokenacl.Options{InsecureTrustUnsignedJSON: true}, trusting(t, issuerA)), newGate(t, nil, trusting(t, issuerA), trusting(t, issuerB))} {
		wantRefused(t, g, tokenacl.UserContext{Token: token}, tokenacl.ErrUnauthenticated, unauthenticated+"jwks: malformed token: want the compact serialization, not JSON")
	}
	wantRefused(t, jsonGate(t), tokenacl.UserContext{Token: mint(issuerA)}, tokenacl.ErrUnauthenticated, unauthenticated+"claims: payload: json: offset 0: not a value")
}

// Rule G1: keys out of reach are "cannot tell", and no other issuer's are tried.
func TestAttack31_KeysOutOfReach(t *testing.T) {
	a, b := trusting(t, issuerA), trusting(t, issuerB)
	a.Keys.(*countedKeys).err = errors.New("connection reset")
	g := newGate(t, nil, a, b)
	wantRefused(t, g, tokenacl.UserContext{Token: mint(issuerA)}, tokenacl.ErrUnavailable, "tokenacl: unavailable: claims: jwks: keys unavailable: connection reset")
	if n := b.Keys.(*countedKeys).calls.Load(); n != 0 {
		t.Errorf("the keys of the other issuer were asked %d times", n)
	}
	wantScope(t, g, tokenacl.UserContext{Token: mint(issuerB)}, "public", "mary", "hr", "hr-not-contractors")
	wantScope(t, g, tokenacl.UserContext{}, "public")

	for _, kind := range []error{jwks.ErrUnknownKey, jwks.ErrKeyExpired, jwks.ErrSignature, jwks.ErrMalformed} {
		a.Keys.(*countedKeys).err = kind
		_, err := g.Scope(context.Background(), tokenacl.UserContext{Token: mint(issuerA)})
		if wantClass(t, err, tokenacl.ErrUnauthenticated); !errors.Is(err, kind) {
			t.Errorf("%v is not %v", err, kind)
		}
	}
}

// Rule T3: what a revocation hook says decides the class.
func TestGateRevoked(t *testing.T) {
	var answer error
	issuer := trusting(t, issuerA)
	issuer.Options = &claims.Options{Revoked: func(*claims.Token) error { return answer }}
	g := newGate(t, nil, issuer)
	uc := tokenacl.UserContext{Token: mint(issuerA)}
	wantScope(t, g, uc, "public", "mary", "hr", "hr-not-contractors")
	answer = errors.New("listed")
	wantRefused(t, g, uc, tokenacl.ErrUnauthenticated, unauthenticated+"claims: token revoked: listed")
	answer = fmt.Errorf("list: %w", tokenacl.ErrUnavailable)
	wantRefused(t, g, uc, tokenacl.ErrUnavailable, "tokenacl: unavailable: claims: Revoked: list: tokenacl: unavailable")
	answer = fmt.Errorf("list: %w", tokenacl.ErrInvalidRequest)
	wantRefused(t, g, uc, tokenacl.ErrUnauthenticated, unauthenticated+"claims: token revoked: list: tokenacl: invalid request")
}

// Rules G2, R2
func TestGateWarnings(t *testing.T) {
	open := trusting(t, "")
	open.Config.JWT.ClaimRegex = ""
	skip := trusting(t, issuerB)
	skip.Options = &claims.Options{InsecureSkipExpiry: true, SkipUser: true}
	all := &tokenacl.Options{InsecureAllowAttributeFilter: true, InsecureTrustUnsignedJSON: true}
	var many []tokenacl.Issuer
	var manyWarnings []string
	for i := range 12 {
		issuer := trusting(t, issuerA)
		issuer.Config.JWT.Issuer = fmt.Sprint(issuerA, "/", i)
		issuer.Options = &claims.Options{SkipUser: true}
		many = append(many, issuer)
		manyWarnings = append(manyWarnings, fmt.Sprintf("issuer %d: SkipUser: tokens without the user claim are accepted", i))
	}
	for _, tt := range []struct {
		name    string
		issuers []tokenacl.Issuer
		want    []string
	}{
		{"none", []tokenacl.Issuer{trusting(t, issuerA), trusting(t, issuerB)}, []string{}},
		{"Kendra's example", []tokenacl.Issuer{open}, []string{
			"issuer 0: ClaimRegex is not set: tokens issued for other applications are accepted",
			"issuer 0: Issuer is not set: tokens of every issuer that has these keys are accepted"}},
		{"of the second", []tokenacl.Issuer{trusting(t, issuerA), skip}, []string{
			"issuer 1: InsecureSkipExpiry: tokens without exp are accepted and never expire",
			"issuer 1: SkipUser: tokens without the user claim are accepted"}},
		{"by number", many, manyWarnings},
		{"JSON", []tokenacl.Issuer{jsonIssuer()}, []string{"InsecureTrustUnsignedJSON: tokens that nobody signed are believed"}},
		{"ATTRIBUTE_FILTER", []tokenacl.Issuer{filterIssuer(), filterIssuer()}, []string{"InsecureAllowAttributeFilter: what a request says of its user is believed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGate(t, all, tt.issuers...)
			for range 2 {
				got := g.Warnings()
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("warnings (-want +got):\n%s", diff)
				}
				for i := range got {
					got[i] = "changed"
				}
			}
		})
	}
}

// Rules T7, R2
func TestCheckBearer(t *testing.T) {
	open := trusting(t, "")
	open.Config.JWT.ClaimRegex = ""
	for name, g := range map[string]*tokenacl.Gate{
		"JWT": tokenGate(t), "two": newGate(t, nil, trusting(t, issuerA), trusting(t, issuerB)), "open": newGate(t, nil, open),
		"allowed, not used": newGate(t, &tokenacl.Options{InsecureAllowAttributeFilter: true, InsecureTrustUnsignedJSON: true}, trusting(t, issuerA)),
	} {
		if err := g.CheckBearer(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, g := range map[string]*tokenacl.Gate{
		"unsigned JSON tokens": jsonGate(t), "users and groups that nobody verifies (ATTRIBUTE_FILTER)": filterGate(t, tokenacl.Options{}),
	} {
		err := g.CheckBearer()
		if text := "tokenacl: the gate takes " + want + ", which callers can make up; bearer tokens need USER_TOKEN with a JWT configuration"; err == nil || err.Error() != text {
			t.Errorf("error = %v\n      want %s", err, text)
		}
		wantClass(t, err, nil)
	}
}

// Rules R4, G4
func TestReplace(t *testing.T) {
	g := tokenGate(t)
	sees := func(issuer string) bool {
		_, err := g.Scope(context.Background(), tokenacl.UserContext{Token: mint(issuer)})
		if err != nil {
			wantClass(t, err, tokenacl.ErrUnauthenticated)
		}
		return err == nil
	}
	if !sees(issuerA) || sees(issuerB) {
		t.Fatal("before: want A alone")
	}
	if err := g.Replace([]tokenacl.Issuer{trusting(t, issuerB)}); err != nil || sees(issuerA) || !sees(issuerB) {
		t.Fatalf("after: %v; want B alone", err)
	}
	both := []tokenacl.Issuer{trusting(t, issuerA), trusting(t, issuerB)}
	if err := g.Replace(both); err != nil || !sees(issuerA) || !sees(issuerB) {
		t.Fatalf("after: %v; want both", err)
	}
	both[0].Config.JWT.Issuer = "https://evil.example" // G5
	for name, bad := range map[string][]tokenacl.Issuer{"none": nil, "no keys": {{Config: trusting(t, issuerA).Config}}, "JSON": {jsonIssuer()}, "filter": {filterIssuer()}} {
		if err := g.Replace(bad); err == nil || !sees(issuerA) || !sees(issuerB) {
			t.Errorf("%s: %v; want an error and both as before", name, err)
		}
	}
}

// Rules R4, R2, T7: a gate stays of one kind, even where the options allow others.
func TestReplaceKind(t *testing.T) {
	kinds := map[string]tokenacl.Issuer{"verified tokens": trusting(t, issuerA), "unsigned JSON tokens": jsonIssuer(), "users and groups that nobody verifies (ATTRIBUTE_FILTER)": filterIssuer()}
	for from, old := range kinds {
		g := newGate(t, &tokenacl.Options{InsecureAllowAttributeFilter: true, InsecureTrustUnsignedJSON: true}, old)
		if want := "gate(" + from + ")"; g.String() != want || fmt.Sprintf("%+v", g) != want || g.LogValue().String() != want {
			t.Errorf("gate is printed as %v, want %s", g, want)
		}
		for to, issuer := range kinds {
			err := g.Replace([]tokenacl.Issuer{issuer})
			if from == to {
				if err != nil {
					t.Errorf("%s: %v", from, err)
				}
				continue
			}
			if want := fmt.Sprintf("tokenacl: the gate takes %s, the new issuers mean %s; make another gate", from, to); err == nil || err.Error() != want {
				t.Errorf("error = %v\n      want %s", err, want)
			}
		}
	}
}

// heldKeys is a source whose calls wait.
type heldKeys struct {
	jwks.Source
	entered, release chan struct{}
}

func (k *heldKeys) Verify(ctx context.Context, j *jwks.JWS) (jwks.Verified, error) {
	k.entered <- struct{}{}
	<-k.release
	return k.Source.Verify(ctx, j)
}

// Rule R4: a request under way finishes with the issuers that it began with.
func TestReplaceUnderWay(t *testing.T) {
	for name, swap := range map[string]func(*tokenacl.Gate) error{
		"Replace": func(g *tokenacl.Gate) error { return g.Replace([]tokenacl.Issuer{trusting(t, issuerB)}) },
		"Close":   (*tokenacl.Gate).Close,
	} {
		t.Run(name, func(t *testing.T) {
			issuer := trusting(t, issuerA)
			held := &heldKeys{issuer.Keys, make(chan struct{}), make(chan struct{})}
			issuer.Keys = held
			g := newGate(t, nil, issuer)
			done := make(chan error)
			go func() {
				_, err := g.Scope(context.Background(), tokenacl.UserContext{Token: mint(issuerA)})
				done <- err
			}()
			<-held.entered
			if err := swap(g); err != nil {
				t.Error(err)
			}
			close(held.release)
			if err := <-done; err != nil {
				t.Errorf("the request under way: %v", err)
			}
			if _, err := g.Scope(context.Background(), tokenacl.UserContext{Token: mint(issuerA)}); err == nil {
				t.Error("the next request is accepted")
			}
		})
	}
}

// Rule R4: while issuers are replaced, each request sees one whole set.
func TestConcurrentReplace(t *testing.T) {
	sets := [][]tokenacl.Issuer{
		{trusting(t, issuerA)}, {trusting(t, issuerB)},
		{trusting(t, issuerA), trusting(t, issuerB)}, {trusting(t, issuerB), trusting(t, issuerA)},
	}
	g := newGate(t, nil, sets[0]...)
	var accepted, refused [2]atomic.Int64
	enough := func() bool {
		for i := range accepted {
			if accepted[i].Load() < 50 || refused[i].Load() < 50 {
				return false
			}
		}
		return true
	}
	var stop atomic.Bool
	var requests sync.WaitGroup
	for worker := range 4 {
		token := []string{mint(issuerA), mint(issuerB)}[worker%2]
		requests.Go(func() {
			for !stop.Load() {
				scope, err := g.Scope(context.Background(), tokenacl.UserContext{Token: token})
				switch {
				case err == nil:
					accepted[worker%2].Add(1)
					if p, ok := scope.Principal(); !ok || p.User != "mary" {
						t.Errorf("scope = %v", scope)
					}
				case errors.Is(err, claims.ErrIssuer) || errors.Is(err, claims.ErrSignature):
					refused[worker%2].Add(1)
				default:
					t.Errorf("refused: %v", err)
				}
				g.Warnings()
			}
		})
	}
	var swaps sync.WaitGroup
	for worker := range 2 {
		swaps.Go(func() {
			for i := 0; i < 200 || i < 50_000 && !enough() && !t.Failed(); i++ {
				if err := g.Replace(sets[(i+worker)%len(sets)]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	swaps.Wait()
	stop.Store(true)
	requests.Wait()
	if !enough() {
		t.Errorf("accepted %d, %d and refused %d, %d; want some of each", accepted[0].Load(), accepted[1].Load(), refused[0].Load(), refused[1].Load())
	}
}

// Rule R4: Close is for good, whatever Replace does meanwhile.
func TestConcurrentClose(t *testing.T) {
	issuers := []tokenacl.Issuer{trusting(t, issuerA)}
	for range 50 {
		g := newGate(t, nil, issuers...)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				for range 20 {
					if err := g.Replace(issuers); err != nil && !errors.Is(err, tokenacl.ErrUnavailable) {
						t.Error(err)
					}
				}
			})
		}
		all.Go(func() { g.Close() })
		all.Wait()
		if _, err := g.Scope(context.Background(), tokenacl.UserContext{}); !errors.Is(err, tokenacl.ErrUnavailable) {
			t.Fatalf("open after Close: %v", err)
		}
	}
}

// gatePrinted returns v in every form that logs may have it in.
func gatePrinted(v any) string {
	var out bytes.Buffer
	for _, value := range []any{v, []any{v}, map[string]any{"k": v}, struct{ V any }{v}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		data, err := json.Marshal(value)
		fmt.Fprintf(&out, "%s %v\n", data, err)
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", value)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", value)
	}
	return out.String()
}

// Rule G3
func TestGateRedaction(t *testing.T) {
	issuer := trusting(t, issuerA)
	token := mint(issuerA)
	g := newGate(t, nil, issuer)
	uc := tokenacl.UserContext{Token: "token-zq7", UserID: "user-zq7", Groups: []string{"group-zq7"},
		DataSourceGroups: []acl.DataSourceGroup{{GroupID: "wiki-zq7", DataSourceID: "s"}}, Attributes: tokenacl.Attributes{UserID: "a-zq7", GroupIDs: []string{"b-zq7"}}}
	scope, err := g.Scope(context.Background(), tokenacl.UserContext{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	type inside struct {
		unexported *tokenacl.Gate
		scope      acl.Scope
		Context    tokenacl.UserContext
	}
	for name, v := range map[string]any{
		"UserContext": uc, "*UserContext": &uc, "Attributes": uc.Attributes, "*Attributes": &uc.Attributes, "Gate": g, "Issuer": issuer, "*Issuer": &issuer,
		"struct": inside{g, scope, uc}, "Options": tokenacl.Options{}, "Outcome": tokenacl.Outcome{Kind: "expired", Err: tokenacl.ErrUnauthenticated},
	} {
		text := gatePrinted(v)
		if len(text) < 500 {
			t.Errorf("%s: printed %d bytes only", name, len(text))
		}
		for _, secret := range []string{gateMark, "mary", token[:30], string(gateSecrets[issuerA][:12])} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %q", name, secret)
			}
		}
	}
	for _, tt := range []struct {
		uc   tokenacl.UserContext
		want string
	}{
		{tokenacl.UserContext{}, "user context(no user)"},
		{tokenacl.UserContext{Token: "x"}, "user context(a token)"},
		{tokenacl.UserContext{UserID: "x", Groups: []string{"y", "z"}}, "user context(principal(a user, 2 groups))"},
		{tokenacl.UserContext{Attributes: tokenacl.Attributes{UserID: "x"}}, "user context(no user, attributes)"},
		{uc, "user context(a token, attributes)"},
	} {
		if got := fmt.Sprintf("%#v", tt.uc); got != tt.want || tt.uc.LogValue().String() != tt.want {
			t.Errorf("printed as %s, want %s", got, tt.want)
		}
	}
	if got := uc.Attributes.String() + uc.Attributes.LogValue().String(); got != strings.Repeat("tokenacl.Attributes", 2) {
		t.Errorf("attributes are printed as %s", got)
	}
	for v, want := range map[any]string{&uc: `"user context(a token, attributes)"`, &uc.Attributes: `"tokenacl.Attributes"`} {
		if data, err := json.Marshal(v); err != nil || string(data) != want {
			t.Errorf("JSON = %s, %v, want %s", data, err, want)
		}
	}
}

// FuzzScope asks gates of each kind with any request. Whoever has no valid token
// is a guest at most, and nothing is both refused and admitted.
//
// Rules R1, G1, G4
func FuzzScope(f *testing.F) {
	good := mint(issuerA)
	for _, token := range []string{"", good, good[:len(good)-1], good + "A", mint(issuerB), mint(issuerA, issuerA, issuerB), mint(issuerA, "253402300799", "0"), `{"username":"mary"}`, `{"username":"mary","groups":["HR"]}`, "..", "\x00"} {
		f.Add(token, "", "", "", "", "")
		f.Add(token, "mary", "", "", "", "")
		f.Add(token, "", "HR", "wiki", "", "")
		f.Add(token, "", "", "", "mary", "HR")
		f.Add(token, "a\x00", "\xff", "-", strings.Repeat("a", 1025), "\u200b")
	}
	gates := []*tokenacl.Gate{tokenGate(f), newGate(f, nil, trusting(f, issuerA), trusting(f, issuerB)), jsonGate(f), filterGate(f, tokenacl.Options{})}
	valid := []string{good, mint(issuerB)}
	f.Fuzz(func(t *testing.T, token, user, group, source, attributeUser, attributeGroup string) {
		uc := tokenacl.UserContext{Token: token, UserID: user, Attributes: tokenacl.Attributes{UserID: attributeUser}}
		if group != "" {
			uc.Groups = []string{group}
		}
		if source != "" {
			uc.DataSourceGroups = []acl.DataSourceGroup{{GroupID: group, DataSourceID: source}}
		}
		if attributeGroup != "" {
			uc.Attributes.GroupIDs = []string{attributeGroup}
		}
		named := user != "" || group != "" || source != ""
		for i, g := range gates {
			scope, err := g.Scope(context.Background(), uc)
			both, errBoth := g.Scopes(context.Background(), uc)
			if err != nil && (scope != (acl.Scope{}) || !slices.ContainsFunc(gateClasses, func(c error) bool { return errors.Is(err, c) })) {
				t.Fatalf("gate %d: %v, %v", i, scope, err)
			}
			if errBoth != nil && both != [2]acl.Scope{} || err == nil && errBoth != nil {
				t.Fatalf("gate %d: %v, %v after %v", i, both, errBoth, err)
			}
			switch {
			case err == nil && token != "" && named:
				t.Fatalf("gate %d: both a token and a user", i)
			case err == nil && i < 3 && (token == "") != (scope == acl.Guest()):
				t.Fatalf("gate %d: token %q gives %v", i, token, scope)
			case errBoth == nil && i < 2 && token != "" && !slices.Contains(valid, token):
				t.Fatalf("gate %d: accepted %q", i, token)
			case err == nil && i == 3 && token != "":
				t.Fatalf("gate %d: took a token", i)
			}
			if p, ok := scope.Principal(); ok && i < 2 && p.User != "mary" {
				t.Fatalf("gate %d: user of %v", i, scope)
			}
		}
	})
}
