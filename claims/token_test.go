package claims_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

func rich(t *testing.T) *claims.Token {
	t.Helper()
	token, err := verify(t, verifier(t, config(), nil), sign(payload(`n=1.50e3`, `b=true`, `z=null`, `o={"k":["v-zq7"]}`)))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestToken(t *testing.T) {
	token := rich(t)
	got := []string{token.Issuer(), token.Subject(), token.ID(), token.KeyID()}
	if diff := cmp.Diff([]string{issuer, "sub-zq7", "id-zq7", "shared"}, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	want := []any{"iss", issuer, "aud", "app-zq7", "sub", "sub-zq7", "jti", "id-zq7", "exp", json.Number("946688400"), "iat", json.Number("946684800"),
		"user", "mary-zq7", "groups", []any{"AWS-SA-zq7"}, "n", json.Number("1.50e3"), "b", true, "z", nil, "o", map[string]any{"k": []any{"v-zq7"}}}
	var all []any
	for name, value := range token.All() {
		all = append(all, name, value)
		one, ok := token.Claim(name)
		if diff := cmp.Diff(value, one); !ok || diff != "" {
			t.Errorf("Claim(%q) differs from All:\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	for name := range token.All() {
		if name != "iss" {
			t.Errorf("went on to %s after the break", name)
		}
		break
	}
	if value, ok := token.Claim("ISS"); ok || value != nil {
		t.Errorf("Claim(ISS) = %v, %t", value, ok)
	}
	if value, ok := token.Claim("z"); !ok || value != nil {
		t.Errorf("Claim(z) = %v, %t", value, ok)
	}
}

// Rule G5: what a token hands out can be changed without changing the token.
func TestTokenCopies(t *testing.T) {
	token := rich(t)
	p := token.Principal()
	p.Groups[0] = "changed"
	for _, value := range token.All() {
		scramble(value)
	}
	groups, _ := token.Claim("groups")
	scramble(groups)
	if diff := cmp.Diff(principal("mary-zq7", "AWS-SA-zq7"), token.Principal()); diff != "" {
		t.Errorf("principal (-want +got):\n%s", diff)
	}
	for name, want := range map[string]any{"groups": []any{"AWS-SA-zq7"}, "o": map[string]any{"k": []any{"v-zq7"}}} {
		if got, _ := token.Claim(name); !cmp.Equal(want, got) {
			t.Errorf("%s: %v", name, cmp.Diff(want, got))
		}
	}
}

func scramble(value any) {
	switch v := value.(type) {
	case []any:
		for i := range v {
			scramble(v[i])
			v[i] = "changed"
		}
	case map[string]any:
		for name := range v {
			scramble(v[name])
			v[name] = "changed"
		}
	}
}

// Rules T2, G5: what is used again to read the next token is no part of those before.
func TestTokensApart(t *testing.T) {
	v := verifier(t, config(), nil)
	const n = 200
	tokens := make([]*claims.Token, n)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := g; i < n; i += 4 {
				raw := sign(payload("exp=253402300799", fmt.Sprintf("user=%q", fmt.Sprint("user-", i)), fmt.Sprintf(`groups=["b-%d","a-%d","\u0063-%d"]`, i, i, i), fmt.Sprintf("n=%d", i)))
				var err error
				if tokens[i], err = v.Verify(context.Background(), raw); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i, token := range tokens {
		want := principal(fmt.Sprint("user-", i), fmt.Sprint("a-", i), fmt.Sprint("b-", i), fmt.Sprint("c-", i))
		if diff := cmp.Diff(want, token.Principal()); diff != "" {
			t.Fatalf("token %d (-want +got):\n%s", i, diff)
		}
		for range 2 { // read when it is first asked for, and kept
			if got, _ := token.Claim("n"); got != json.Number(fmt.Sprint(i)) {
				t.Fatalf("token %d: n is %v", i, got)
			}
			if got, _ := token.Claim("groups"); !cmp.Equal(got, []any{fmt.Sprint("b-", i), fmt.Sprint("a-", i), fmt.Sprint("c-", i)}) {
				t.Fatalf("token %d: groups are %v", i, got)
			}
		}
	}
}

// Rule G1: a Token that no Verifier made says nothing.
func TestZeroToken(t *testing.T) {
	for name, token := range map[string]*claims.Token{"nil": nil, "zero": {}} {
		for claim := range token.All() {
			t.Errorf("%s: has the claim %s", name, claim)
		}
		value, ok := token.Claim("user")
		if ok || value != nil || !cmp.Equal(token.Principal(), acl.Principal{}) {
			t.Errorf("%s: says something", name)
		}
		if s := token.Issuer() + token.Subject() + token.ID() + token.KeyID(); s != "" {
			t.Errorf("%s: has names: %s", name, s)
		}
		if !token.Expiry().IsZero() || !token.NotBefore().IsZero() || !token.IssuedAt().IsZero() {
			t.Errorf("%s: has dates", name)
		}
	}
	if scope := acl.For((&claims.Token{}).Principal()); scope != (acl.Scope{}) {
		t.Errorf("the scope of nobody is %v", scope)
	}
	for name, u := range map[string]*claims.Unverified{"nil": nil, "zero": {}} {
		if u.Claims() != nil || u.Algorithm() != "" || u.KeyID() != "" {
			t.Errorf("%s: says something", name)
		}
	}
}

// hidden holds a T where fmt may not call its methods.
type hidden[T any] struct {
	Shown T
	value T
	any   any
	list  []T
}

// printed returns v in every form that logs may have it in.
func printed[T any](t *testing.T, v T) string {
	t.Helper()
	var out strings.Builder
	for _, value := range []any{v, &v, hidden[T]{v, v, v, []T{v}}, &hidden[T]{v, v, v, []T{v}}, []T{v}, map[string]T{"k": v}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t", "%p"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		data, err := json.Marshal(value)
		fmt.Fprintf(&out, "%s %v\n", data, err)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", value)
		out.Write(log.Bytes())
	}
	return out.String()
}

// Rule G3
func TestRedaction(t *testing.T) {
	token := rich(t)
	raw := sign(payload())
	unverified, err := claims.InsecureParse(raw)
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(t, config(), nil)
	secret := string(testkeys.HMAC(32))
	for name, text := range map[string]string{
		"Token": printed(t, *token), "*Token": printed(t, token),
		"Unverified": printed(t, *unverified), "*Unverified": printed(t, unverified),
		"*Verifier": printed(t, v),
	} {
		if len(text) < 1000 {
			t.Errorf("%s: printed %d bytes only", name, len(text))
		}
		for _, part := range []string{"-zq7", raw, raw[:40], secret, secret[:12], fmt.Sprintf("%x", secret[:12])} {
			if strings.Contains(text, part) {
				t.Errorf("%s shows %q", name, part)
			}
		}
	}
	for _, tt := range []struct {
		value any
		want  string
	}{{token, "claims.Token"}, {*token, "claims.Token"}, {unverified, "claims.Unverified"}, {v, "claims.Verifier"}} {
		if got := fmt.Sprintf("%+v", tt.value); got != tt.want {
			t.Errorf("%%+v = %s, want %s", got, tt.want)
		}
		if valuer, ok := tt.value.(slog.LogValuer); !ok || valuer.LogValue().String() != tt.want {
			t.Errorf("LogValue of %T is not %s", tt.value, tt.want)
		}
	}
	for _, value := range []any{token, unverified} {
		if data, err := json.Marshal(value); err != nil || string(data) != fmt.Sprintf("%q", fmt.Sprint(value)) {
			t.Errorf("JSON of %T = %s, %v", value, data, err)
		}
	}
}

// Rule G3: an error of each kind, made of marked claims, shows none of them.
func TestErrorsShowNoClaim(t *testing.T) {
	opts := &claims.Options{RequiredClaims: map[string]string{"use": "id"}, Revoked: func(*claims.Token) error { return errors.New("listed") }}
	v := verifier(t, config(), opts)
	found := map[error]bool{}
	for _, raw := range []string{
		"zq7", "a.zq7.c", sign(`{"zq7":1,"zq7":2}`), sign(`["zq7"]`), signAs(`{"alg":"zq7"}`, payload()), signAs(`{"alg":"HS256","typ":"zq7"}`, payload()),
		signAs(`{"alg":"HS256","crit":["zq7"]}`, payload()), signAs(`{"alg":"HS256","kid":"zq7"}`, payload()), forge(sign(payload())),
		sign(payload(`use="id"`, "exp=1")), sign(payload(`exp="zq7"`)), sign(payload(`use="id"`, "nbf=99999999999")), sign(payload(`iss="zq7"`)), sign(payload(`iss=["zq7"]`)),
		sign(payload(`aud="zq7"`)), sign(payload(`aud=["zq7",1]`)), sign(payload(`use="zq7"`)), sign(payload(`sub=["zq7"]`)),
		sign(payload(`use="id"`, `user=["zq7"]`)), sign(payload(`use="id"`, `groups=["zq7",0]`)), sign(payload(`use="id"`, "-user")),
		sign(payload(`use="id"`, `_claim_names={"groups":"zq7"}`)), sign(payload(`use="id"`, `hasgroups="zq7"`)), sign(payload(`use="id"`)),
	} {
		_, err := verify(t, v, raw)
		if err == nil {
			t.Fatalf("accepted %s", raw)
		}
		for _, form := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
			if strings.Contains(form, mark) {
				t.Errorf("error shows a claim: %s", form)
			}
		}
		for _, kind := range kinds {
			found[kind] = found[kind] || errors.Is(err, kind)
		}
	}
	for _, kind := range []error{claims.ErrMalformed, claims.ErrUnknownKey, claims.ErrSignature, claims.ErrExpired, claims.ErrNotYetValid,
		claims.ErrIssuer, claims.ErrAudience, claims.ErrClaim, claims.ErrOverage, claims.ErrRevoked} {
		if !found[kind] {
			t.Errorf("no error is %v", kind)
		}
	}
}

// Rule T2: for a person to read, whatever its signature and dates.
func TestInsecureParse(t *testing.T) {
	raw := forge(sign(payload("exp=1", `iss="other"`, "-user", "n=7")))
	u, err := claims.InsecureParse(raw)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"iss": "other", "aud": "app-zq7", "sub": "sub-zq7", "jti": "id-zq7", "exp": json.Number("1"),
		"iat": json.Number("946684800"), "groups": []any{"AWS-SA-zq7"}, "n": json.Number("7")}
	if diff := cmp.Diff(want, u.Claims()); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	scramble(u.Claims())
	if diff := cmp.Diff(want, u.Claims()); diff != "" {
		t.Errorf("claims are handed out by reference (-want +got):\n%s", diff)
	}
	if u.Algorithm() != "HS256" || u.KeyID() != "shared" {
		t.Errorf("header = %s, %s", u.Algorithm(), u.KeyID())
	}
	for _, bad := range []string{"", "a.b.c", raw + "=", "{}", sign("[]"), sign(`{"a":1,"a":1}`), signAs(`{"alg":"none"}`, payload())} {
		u, err := claims.InsecureParse(bad)
		if u != nil {
			t.Errorf("parsed %q", bad)
		}
		wantKind(t, err, claims.ErrMalformed)
	}
}

// Rules T6, T7
func TestInsecureJSONMapper(t *testing.T) {
	cfg := tokenconfig.JSON{UserNameAttributeField: "username", GroupAttributeField: "groups"}
	unknown := acl.Principal{User: "user1", GroupsUnknown: true}
	for _, tt := range []struct {
		name, raw string
		cfg       tokenconfig.JSON
		want      acl.Principal
		kind      error
		text      string
	}{
		{"Kendra's example", `{"username":"user1","groups":["group1","group2"]}`, cfg, principal("user1", "group1", "group2"), nil, ""},
		{"several lines", "{\n\t\"username\": \"user1\",\r\n\t\"groups\": []\n}\n", cfg, principal("user1"), nil, ""},
		{"one string", `{"username":"user1","groups":"g"}`, cfg, principal("user1", "g"), nil, ""},
		{"groups missing", `{"username":"user1"}`, cfg, unknown, nil, ""},
		{"defaults", `{"user":"user1","groups":["g"]}`, tokenconfig.JSON{}, principal("user1", "g"), nil, ""},
		{"pointer", `{"username":"user1","a":{"b":["g"]}}`, tokenconfig.JSON{UserNameAttributeField: "username", GroupAttributeField: "/a/b"}, principal("user1", "g"), nil, ""},
		{"exp counts for nothing", `{"username":"user1","exp":1}`, cfg, unknown, nil, ""},
		{"user missing", `{"groups":[]}`, cfg, acl.Principal{}, claims.ErrClaim,
			"claims: username: missing, and it is the user; set UserNameAttributeField to the claim that has the user name"},
		{"groups null", `{"username":"user1","groups":null}`, cfg, acl.Principal{}, claims.ErrClaim,
			"claims: groups: want an array of strings, or a string, none empty, since it is the groups"},
		{"overage", `{"username":"user1","hasgroups":true}`, cfg, acl.Principal{}, claims.ErrOverage,
			"claims: hasgroups: says that the groups are not in the token; let the provider send fewer groups, or map them to roles"},
		{"duplicate", `{"username":"user1","username":"root-zq7"}`, cfg, acl.Principal{}, claims.ErrMalformed,
			"claims: payload: json: offset 20: duplicate member name"},
		{"array", `["zq7"]`, cfg, acl.Principal{}, claims.ErrMalformed, "claims: payload: want a JSON object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := claims.NewInsecureJSONMapper(tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Principal(tt.raw)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("principal (-want +got):\n%s", diff)
			}
			if wantKind(t, err, tt.kind); err != nil && err.Error() != tt.text {
				t.Errorf("error = %v\n      want %s", err, tt.text)
			}
		})
	}
	m, err := claims.NewInsecureJSONMapper(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "null", sign(payload()), `{"username":"user1"}x`, strings.Repeat("[", 100_000), `{"username":"` + strings.Repeat("x", 100_000) + `"}`} {
		_, err := m.Principal(bad)
		wantKind(t, err, claims.ErrMalformed)
	}
	const around = `{"username":""}`
	for _, extra := range []int{-1, 0, 1} {
		_, err := m.Principal(`{"username":"` + strings.Repeat("x", 100_000-len(around)+extra) + `"}`)
		if (err == nil) != (extra <= 0) {
			t.Errorf("%d bytes: %v", 100_000+extra, err)
		}
	}
	for _, bad := range []tokenconfig.JSON{{UserNameAttributeField: "/~"}, {GroupAttributeField: "/~"}, {UserNameAttributeField: "a", GroupAttributeField: "a"}} {
		m, err := claims.NewInsecureJSONMapper(bad)
		if m != nil || err == nil {
			t.Errorf("with fields %q, %q: %v, %v", bad.UserNameAttributeField, bad.GroupAttributeField, m, err)
		}
		wantKind(t, err, nil)
	}
	for name, m := range map[string]*claims.InsecureJSONMapper{"nil": nil, "zero": {}} {
		p, err := m.Principal(`{"user":"mary"}`)
		if wantError(t, err, claims.ErrUnavailable, "claims: a mapper without fields; make one with NewInsecureJSONMapper"); !cmp.Equal(p, acl.Principal{}) {
			t.Errorf("%s: %v", name, p)
		}
	}
}
