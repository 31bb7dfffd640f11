package claims_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// seeds are payloads of every shape in the tables of this package, and the time
// for which they are meant to be good.
func seeds() []string {
	const late = "exp=253402300799"
	list := []string{
		payload(late), payload(late, "-iat", "nbf=0"), payload(late, `aud=["x","app-zq7"]`), payload(late, `aud=["app-zq7",1]`), payload(late, "aud=[]"), payload(late, `aud=""`),
		payload(late, `groups="one"`), payload(late, "groups=[]"), payload(late, "-groups"), payload(late, "groups=null"), payload(late, `groups=["a",1]`), payload(late, `groups=[""]`),
		payload(late, "-user"), payload(late, `user=""`), payload(late, `user=7`), payload(late, `user="\ud83d\ude00"`), payload(late, `user="\ud83d"`), payload(late, `USER="admin"`),
		payload(late, `_claim_names={"groups":"s"}`), payload(late, `_claim_names={}`), payload(late, `_claim_names=7`), payload(late, "hasgroups=true"), payload(late, "hasgroups=false"), payload(late, "hasgroups=null"),
		payload(late, `iss="other"`), payload(late, "iss=7"), payload(late, "sub=7"), payload(late, "jti=null"), payload("-exp"), payload("exp=null"), payload(`exp="1"`),
		payload(late, `a={"b":[1,{"c":"d"}]}`), payload(late, "deep="+strings.Repeat("[", 14)+strings.Repeat("]", 14)), payload(late, "deep="+strings.Repeat("[", 16)+strings.Repeat("]", 16)),
		"", "{}", "[]", "null", `"x"`, "{", `{"a":1,"a":1}`, "\ufeff{}", "{}{}", "{\"a\":\"\xff\"}", "\x00",
	}
	for _, d := range dates {
		if len(d.literal) < 100 {
			list = append(list, payload("exp="+d.literal), payload(late, "nbf="+d.literal), payload(late, "iat="+d.literal))
		}
	}
	return list
}

// FuzzVerify signs any payload. What is accepted must be right by a reading with
// encoding/json, in which nothing of this package takes part.
//
// Rules T1, T3, T4, T6, G4
func FuzzVerify(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
	v := verifier(f, config(), nil)
	f.Fuzz(func(t *testing.T, text []byte) {
		raw := sign(string(text))
		token, err := v.Verify(context.Background(), raw)
		if err != nil {
			if token != nil || !slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) }) {
				t.Fatalf("%v, %v", token, err)
			}
			return
		}
		want, err := naive(text)
		if err != nil {
			t.Fatalf("accepted, but %v: %s", err, text)
		}
		slices.Sort(want.Groups)
		want.Groups = slices.Compact(want.Groups)
		if got := token.Principal(); got.User != want.User || !slices.Equal(got.Groups, want.Groups) || got.GroupsUnknown != want.GroupsUnknown {
			t.Fatalf("another principal than %q, %q, %t: %s", want.User, want.Groups, want.GroupsUnknown, text)
		}
		if _, err := v.Verify(context.Background(), forge(raw)); !errors.Is(err, claims.ErrSignature) {
			t.Fatalf("forged: %v", err)
		}
	})
}

// naive reads the claims that config asks for.
func naive(text []byte) (acl.Principal, error) {
	var p acl.Principal
	var c map[string]any
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	if err := dec.Decode(&c); err != nil {
		return p, err
	}
	now, leeway := time.Now(), 30*time.Second
	if at, ok := naiveDate(c["exp"]); !ok || at.Sign() <= 0 || at.Cmp(seconds(now.Add(-leeway))) <= 0 {
		return p, fmt.Errorf("exp is %v", c["exp"])
	}
	for _, name := range []string{"nbf", "iat"} {
		value, there := c[name]
		if at, ok := naiveDate(value); there && (!ok || at.Sign() < 0 || at.Cmp(seconds(now.Add(leeway))) > 0) {
			return p, fmt.Errorf("%s is %v", name, value)
		}
	}
	if c["iss"] != issuer {
		return p, fmt.Errorf("iss is %v", c["iss"])
	}
	if list, ok := strs(c["aud"]); !ok || !slices.ContainsFunc(list, regexp.MustCompile(`^app-[a-z0-9]+$`).MatchString) {
		return p, fmt.Errorf("aud is %v", c["aud"])
	}
	if user, ok := c["user"].(string); ok && user != "" {
		p.User = user
	} else {
		return p, fmt.Errorf("user is %v", c["user"])
	}
	if names, there := c["_claim_names"]; there {
		m, ok := names.(map[string]any)
		_, user := m["user"]
		_, groups := m["groups"]
		if !ok || user || groups {
			return p, fmt.Errorf("_claim_names is %v", names)
		}
	}
	if has, there := c["hasgroups"]; there && has != false {
		return p, fmt.Errorf("hasgroups is %v", has)
	}
	groups, there := c["groups"]
	list, ok := strs(groups)
	if there && !ok {
		return p, fmt.Errorf("groups is %v", groups)
	}
	p.Groups, p.GroupsUnknown = list, !there
	return p, nil
}

// strs reads a string, or an array of them, none empty.
func strs(v any) (list []string, ok bool) {
	elements, isArray := v.([]any)
	if !isArray {
		elements = []any{v}
	}
	for _, e := range elements {
		s, ok := e.(string)
		if !ok || s == "" {
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

// naiveDate reads a number with more digits than any that a fuzzer writes.
func naiveDate(v any) (*big.Float, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return nil, false
	}
	if mantissa, exponent, _ := strings.Cut(strings.ToLower(n.String()), "e"); len(exponent) > 6 && exponent[0] == '-' {
		n = json.Number(mantissa + "e-99999") // as good as 0, and no work for big
	}
	x, _, err := big.ParseFloat(n.String(), 10, 8192, big.ToNearestEven)
	return x, err == nil && x.Cmp(big.NewFloat(253402300799)) <= 0
}

func seconds(t time.Time) *big.Float {
	x := new(big.Float).SetPrec(8192).SetInt64(t.UnixNano())
	return x.Quo(x, big.NewFloat(1e9))
}

// TestSeeds keeps the seeds from being all of one verdict.
func TestSeeds(t *testing.T) {
	v := verifier(t, config(), nil)
	accepted, refused := 0, 0
	for _, s := range seeds() {
		if _, err := v.Verify(context.Background(), sign(s)); err == nil {
			accepted++
		} else {
			refused++
		}
	}
	if t.Logf("%d accepted, %d refused", accepted, refused); accepted < 20 || refused < 50 {
		t.Errorf("%d accepted, %d refused", accepted, refused)
	}
}

// FuzzInsecureParse reads any text as a token.
//
// Rule G4
func FuzzInsecureParse(f *testing.F) {
	for _, s := range seeds() {
		f.Add(sign(s))
		f.Add(s)
	}
	v := verifier(f, config(), nil)
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := claims.InsecureParse(raw)
		if (u == nil) != errors.Is(err, claims.ErrMalformed) || (u == nil) == (err == nil) {
			t.Fatalf("%v, %v", u, err)
		}
		token, err := v.Verify(context.Background(), raw)
		if err == nil && (u == nil || len(u.Claims()) == 0 || token.Issuer() != u.Claims()["iss"]) {
			t.Fatal("a token is verified that cannot be parsed")
		}
	})
}

// FuzzJSONToken reads any text as a JSON token, and any fields.
//
// Rules T6, T7, G4
func FuzzJSONToken(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s, "user", "groups")
		f.Add(s, "/a/b", "/a~1b/~0")
		f.Add(s, "/~", "/groups/0")
	}
	f.Fuzz(func(t *testing.T, raw, user, groups string) {
		m, err := claims.NewInsecureJSONMapper(tokenconfig.JSON{UserNameAttributeField: user, GroupAttributeField: groups})
		if err != nil {
			return
		}
		p, err := m.Principal(raw)
		if err != nil {
			if p.User != "" || p.Groups != nil {
				t.Fatalf("a principal and an error: %v", err)
			}
			return
		}
		if p.User == "" || slices.Contains(p.Groups, "") || p.GroupsUnknown && p.Groups != nil {
			t.Fatalf("principal with an empty name, of %s", raw)
		}
		if !strings.HasPrefix(user, "/") && user != "" {
			var c map[string]json.RawMessage
			var name string
			if err := errors.Join(json.Unmarshal([]byte(raw), &c), json.Unmarshal(c[user], &name)); err != nil || name != p.User {
				t.Fatalf("user is not that of %s: %v", raw, err)
			}
		}
	})
}
