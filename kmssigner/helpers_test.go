package kmssigner_test

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

func memory(spec kmstest.Spec) *kmstest.Backend { return kmstest.New(spec) }

func newSigner(t *testing.T, b kmssigner.Backend, opts *kmssigner.Options) *kmssigner.Signer {
	t.Helper()
	s, err := kmssigner.New(t.Context(), b, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// sources are both verifiers.
func sources(s *kmssigner.Signer) map[string]jwks.Source {
	return map[string]jwks.Source{"local": s.Keys(), "remote": s.Keys().Remote()}
}

// signs returns the kid of the key that signs, "" for none.
func signs(s *kmssigner.Signer) string {
	for _, info := range s.Keys().List() {
		if info.Signs {
			return info.KeyID
		}
	}
	return ""
}

func refresh(t *testing.T, s *kmssigner.Signer) {
	t.Helper()
	if err := s.Keys().Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// since returns the calls after before.
func since(b *kmstest.Backend, before kmstest.Calls) kmstest.Calls {
	now := b.Calls()
	return kmstest.Calls{Describe: now.Describe - before.Describe, Sign: now.Sign - before.Sign, Verify: now.Verify - before.Verify}
}

// scope asks a gate that trusts the source.
func scope(t *testing.T, source jwks.Source, token string) (acl.Scope, error) {
	t.Helper()
	config, err := tokenconfig.Parse([]byte(`{"UserContextPolicy":"USER_TOKEN","UserTokenConfigurations":[{"JwtTokenTypeConfiguration":{"KeyLocation":"SECRET_MANAGER","SecretManagerArn":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:x"}}]}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	gate, err := tokenacl.NewGate([]tokenacl.Issuer{{Config: config, Keys: source}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return gate.Scope(t.Context(), tokenacl.UserContext{Token: token})
}

func compact(t *testing.T, token string) *jwks.JWS {
	t.Helper()
	j, err := jwks.ParseCompact(token)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// split decodes header and claims.
func split(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		dec := json.NewDecoder(strings.NewReader(string(text)))
		dec.UseNumber()
		if err := dec.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// withPart replaces a part of a token.
func withPart(token string, i int, text string) string {
	parts := strings.Split(token, ".")
	parts[i] = encode(text)
	return strings.Join(parts, ".")
}

func signature(token string) ([]byte, string) {
	dot := strings.LastIndexByte(token, '.')
	sig, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		panic(err)
	}
	return sig, token[:dot+1]
}

// flipped flips a bit of an octet of the signature; i counts from the end when
// it is negative.
func flipped(token string, i int) string {
	sig, input := signature(token)
	if i < 0 {
		i += len(sig)
	}
	sig[i] ^= 1
	return input + encode(string(sig))
}

// cut makes the signature longer, or shorter.
func cut(token string, n int) string {
	sig, input := signature(token)
	if n < 0 {
		return input + encode(string(sig[:len(sig)+n]))
	}
	return input + encode(string(sig)+strings.Repeat("\x00", n))
}

func swapped(token, other string) string {
	sig, _ := signature(other)
	_, input := signature(token)
	return input + encode(string(sig))
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if l := strings.ToLower(string(r)); l != string(r) {
			return rune(l[0])
		}
		return rune(strings.ToUpper(string(r))[0])
	}, s)
}

func digest(alg jwks.Algorithm, text string) []byte {
	h := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[string(alg[2:])].New()
	h.Write([]byte(text))
	return h.Sum(nil)
}

func jsonText(n int64) string { return strconv.FormatInt(n, 10) }

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
