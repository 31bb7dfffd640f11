package tokentest

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

const (
	// lifetime of a token. A broken date is off by half of it, three times the
	// greatest leeway that a verifier may have.
	lifetime = time.Hour
	subject  = "tokentest-subject"
)

// Claims are what a token shall say, by name. A value is what [json.Marshal]
// takes; a [time.Time] is written as a NumericDate (RFC 7519, section 2), cut to
// seconds. The value nil leaves the claim out of the token, while a nil that has a
// type, such as []string(nil), is the JSON value null.
type Claims map[string]any

// Persona returns the claims of a user who is in these groups, under the names
// that a configuration has unless it says otherwise. Without groups the user is in
// none, which is not the same as a token that does not speak of groups.
func Persona(user string, groups ...string) Claims {
	return Claims{tokenconfig.DefaultUserField: user, tokenconfig.DefaultGroupField: append([]string{}, groups...)}
}

// Token returns a token that the gates of i accept, if it names a user. Claims
// that c does not have are filled in: iss is [IssuerURL], aud is [Audience], iat
// is now, exp is in one hour, and sub is a fixed text that is nobody's name.
func (i *Issuer) Token(c Claims) string {
	i.t.Helper()
	return i.draft(c, time.Now()).signed()
}

// draft is a token before it is signed.
type draft struct {
	header, claims Claims
	signing
}

func (i *Issuer) draft(c Claims, now time.Time) draft {
	i.t.Helper()
	claims := Claims{"iss": IssuerURL, "aud": Audience, "sub": subject, "iat": now.Unix(), "exp": now.Add(lifetime).Unix()}
	maps.Copy(claims, i.frozen(c))
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	s, _ := signingOf(i.alg)
	return draft{Claims{"alg": s.alg, "kid": s.keyID(), "typ": "JWT"}, claims, s}
}

// frozen returns c with its values written as JSON, so that it shares nothing with
// the caller's.
func (i *Issuer) frozen(c Claims) Claims {
	i.t.Helper()
	written := Claims{}
	for name, v := range c {
		if date, ok := v.(time.Time); ok {
			v = date.Unix()
		}
		if v == nil {
			written[name] = nil
			continue
		}
		text, err := json.Marshal(v)
		if err != nil {
			i.t.Fatalf("tokentest: claim %q: %v; want a value that JSON has", name, err)
		}
		written[name] = json.RawMessage(text)
	}
	return written
}

func (d draft) signed() string {
	return testkeys.Sign(string(d.alg), d.own, must(json.Marshal(d.header)), must(json.Marshal(d.claims)))
}

// unsigned is the token up to its second dot, without it.
func (d draft) unsigned() string {
	return testkeys.Encode(must(json.Marshal(d.header))) + "." + testkeys.Encode(must(json.Marshal(d.claims)))
}
