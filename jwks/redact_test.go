package jwks_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// secretParts are texts that must not appear: the secret, its encodings, the
// parts of a token, and the octets as fmt prints them.
func secretParts(raw string) []string {
	k := testkeys.HMAC(64)
	parts := []string{
		"TESTING-KEY", b64(k)[:20], base64.StdEncoding.EncodeToString(k)[:20], hex.EncodeToString(k)[:20], strings.ToUpper(hex.EncodeToString(k))[:20],
		strings.Trim(fmt.Sprint(k[:8]), "[]"), "mary",
	}
	for part := range strings.SplitSeq(raw, ".") {
		parts = append(parts, part[:16])
	}
	return parts
}

// renderings formats v in every way that prints it somewhere.
func renderings(v any) map[string]string {
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		out[verb] = fmt.Sprintf(verb, v)
		out[verb+" in a slice"] = fmt.Sprintf(verb, []any{v})
		out[verb+" in a field"] = fmt.Sprintf(verb, struct{ V any }{v})
		out[verb+" in an unexported field"] = fmt.Sprintf(verb, struct{ v any }{v})
	}
	var text, js bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v, "in", []any{v})
	slog.New(slog.NewJSONHandler(&js, nil)).Info("x", "v", v, "in", []any{v})
	out["slog text"], out["slog JSON"] = text.String(), js.String()
	marshalled, err := json.Marshal(map[string]any{"v": v})
	out["JSON"] = fmt.Sprint(string(marshalled), err)
	if err, ok := v.(error); ok {
		out["error"] = err.Error()
	}
	return out
}

// TestRedaction formats a value of every exported type, by value and by pointer.
//
// Rule G3
func TestRedaction(t *testing.T) {
	raw := sign(jwks.HS256, testkeys.HMAC(64), "oct")
	j := compact(t, raw)
	set := parse(t, jwks.Secret, octJWK().with("alg", "HS256"))
	source, err := jwks.NewSecret(&holder{string(file(octJWK()))}, string(testkeys.HMAC(64)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	remote, err := jwks.NewRemote("https://127.0.0.1/?secret="+string(testkeys.HMAC(64)), &jwks.RemoteOptions{DenyPrivateAddresses: true})
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	if _, err := remote.Verify(t.Context(), j); !errors.Is(err, jwks.ErrUnavailable) {
		t.Fatal(err)
	}
	unhealthy := remote.Health()
	if unhealthy.LastError == nil {
		t.Fatal("no error")
	}
	verified, err := source.Verify(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	_, failed := jwks.Parse(file(octJWK().with("use", string(testkeys.HMAC(64)))), jwks.Secret)
	var fault *jwks.KeyError
	if !errors.As(failed, &fault) {
		t.Fatal(failed)
	}
	static := jwks.Static(set)
	values := map[string][]any{
		"Algorithm":     {jwks.HS256},
		"Mode":          {jwks.Secret},
		"KeyError":      {fault, *fault, failed},
		"Set":           {set, *set},
		"KeyInfo":       {set.Keys(), &set.Keys()[0]},
		"Verified":      {verified, &verified},
		"JWS":           {j, *j, struct{ j jwks.JWS }{*j}, &struct{ j *jwks.JWS }{j}},
		"PublicKey":     {jwks.PublicKey{}},
		"PEMOptions":    {jwks.PEMOptions{}},
		"Source":        {jwks.Source(static), jwks.Source(source), jwks.Source(remote)},
		"StaticSource":  {static, *static, struct{ s jwks.StaticSource }{*static}},
		"SecretSource":  {source, *source, struct{ s jwks.SecretSource }{*source}},
		"SecretOptions": {jwks.SecretOptions{}},
		"SecretFetcher": {fetcher(nil)},
		"Remote":        {remote, *remote, struct{ r jwks.Remote }{*remote}},
		"RemoteOptions": {jwks.RemoteOptions{}},
		"Health":        {unhealthy, &unhealthy, unhealthy.LastError, source.Health()},

		"StagedSecretFetcher": {jwks.StagedSecretFetcher(nil)},
	}
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	if diff := cmp.Diff(exportedTypes(t), names); diff != "" {
		t.Errorf("exported types (-want +got):\n%s", diff)
	}
	parts := secretParts(raw)
	for name, all := range values {
		for i, v := range all {
			for how, text := range renderings(v) {
				for _, part := range parts {
					if strings.Contains(text, part) {
						t.Errorf("%s %d, %s shows %q: %s", name, i, how, part, text)
					}
				}
			}
		}
	}
	guardRedaction(t, set, j, parts)
}

// holder is a SecretFetcher that, as some do, holds what must not be shown.
type holder struct{ secret string }

func (h *holder) FetchSecret(context.Context, string) ([]byte, error) { return []byte(h.secret), nil }

// guardRedaction requires that the values do hold what they do not show.
func guardRedaction(t *testing.T, set *jwks.Set, j *jwks.JWS, parts []string) {
	t.Helper()
	var out strings.Builder
	if err := set.WriteKendraSecret(&out); err != nil || !strings.Contains(out.String(), parts[1]) {
		t.Errorf("the set does not hold the secret: %v", err)
	}
	if !strings.Contains(j.InsecurePayload(), "mary") || !strings.HasPrefix(j.SigningInput(), parts[7]) {
		t.Error("the JWS does not hold the token")
	}
	shown := fmt.Sprintf("%v %x", testkeys.HMAC(64), testkeys.HMAC(64)) + string(testkeys.HMAC(64)) + b64(testkeys.HMAC(64))
	if !strings.Contains(shown, parts[0]) || !strings.Contains(shown, parts[3]) || !strings.Contains(shown, parts[5]) {
		t.Error("the parts are not those of the secret")
	}
}

// exportedTypes reads their names from the source.
func exportedTypes(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(gotoken.NewFileSet(), entry.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				names = append(names, spec.Name.Name)
			}
			return true
		})
	}
	slices.Sort(names)
	return names
}

// TestSummaries has what is shown instead.
func TestSummaries(t *testing.T) {
	set := parse(t, jwks.Public, rsaJWK(), ecJWK(), octJWK())
	let := make(chan bool)
	source := newSecret(t, func(context.Context, string) ([]byte, error) { <-let; return file(octJWK()), nil }, nil)
	defer source.Close()
	before := source.String()
	close(let)
	if _, err := source.Verify(t.Context(), hs256(t)); err != nil {
		t.Fatal(err)
	}
	got := []string{
		fmt.Sprintf("%v %#v %s", set, set, (*jwks.Set)(nil)), fmt.Sprintf("%d", jwks.Static(set)), before, source.String(),
		fmt.Sprintf("%v %+v", hs256(t), jwks.JWS{}), string(must(json.Marshal([]any{set, jwks.Static(nil), source, hs256(t)}))),
		set.LogValue().String(), jwks.Static(set).LogValue().String(), source.LogValue().String(), hs256(t).LogValue().String(),
		fmt.Sprintf("%v %v %v", (*jwks.StaticSource)(nil), (*jwks.SecretSource)(nil), &jwks.Remote{}), fmt.Sprintf("%#v", source),
	}
	keys := "jwks.Set(2 usable keys, 1 skipped)"
	want := []string{
		keys + " " + keys + " jwks.Set(no keys)", "jwks.Static(" + keys + ")", "jwks.SecretSource(not fetched)", "jwks.SecretSource(jwks.Set(1 usable keys, 0 skipped))",
		"jwks.JWS(HS256) jwks.JWS(none)", `["` + keys + `","jwks.Static(jwks.Set(no keys))","jwks.SecretSource(jwks.Set(1 usable keys, 0 skipped))","jwks.JWS(HS256)"]`,
		keys, "jwks.Static(" + keys + ")", "jwks.SecretSource(jwks.Set(1 usable keys, 0 skipped))", "jwks.JWS(HS256)",
		"jwks.Static(jwks.Set(no keys)) jwks.SecretSource(not fetched) jwks.Remote(not fetched)", "jwks.SecretSource(jwks.Set(1 usable keys, 0 skipped))",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var j *jwks.JWS // nil is printed, not dereferenced
	_ = fmt.Sprintf("%v %+v %#v", j, j, j)
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// TestErrorsQuoteNothing puts the secret into each member of a key and each
// member of a header: no error repeats it.
//
// Rule G3
func TestErrorsQuoteNothing(t *testing.T) {
	secret := string(testkeys.HMAC(64))
	tried := 0
	check := func(where string, err error) {
		t.Helper()
		if err != nil {
			tried++
			for _, part := range []string{"TESTING", b64([]byte(secret))[:20]} {
				if strings.Contains(err.Error(), part) {
					t.Errorf("%s: %v", where, err)
				}
			}
		}
	}
	for _, base := range []members{rsaJWK(), ecJWK(), okpJWK(), octJWK()} {
		for _, member := range []string{"kty", "use", "key_ops", "alg", "n", "e", "crv", "x", "y", "k", "x5c", "x5t", "nbf", "exp"} {
			for _, value := range []any{secret, b64([]byte(secret)), []string{secret}, map[string]string{secret: secret}, members{"a": secret}} {
				for _, mode := range []jwks.Mode{jwks.Public, jwks.Secret} {
					_, err := jwks.Parse(file(base.with(member, value)), mode)
					check(member, err)
				}
			}
		}
	}
	for _, text := range []string{secret, `{"keys":"` + secret + `"}`, `{"` + secret + `":1,"` + secret + `":2}`, `{"keys":[` + secret + `]}`} {
		_, err := jwks.Parse([]byte(text), jwks.Secret)
		check(text, err)
		_, err = jwks.ParsePEM([]byte("-----BEGIN PUBLIC KEY-----\n"+b64([]byte(secret))+"\n-----END PUBLIC KEY-----\n"), jwks.PEMOptions{})
		check("PEM", err)
		_, err = jwks.ParsePEM(block(secret, []byte(secret)), jwks.PEMOptions{})
		check("PEM type", err)
	}
	for _, member := range []string{"alg", "kid", "typ", "crit", "enc"} {
		for _, value := range []any{secret, []string{secret}} {
			h := must(json.Marshal(members{"alg": "HS256"}.with(member, value)))
			_, err := verify(parse(t, jwks.Secret, octJWK()), signHeader(jwks.HS256, testkeys.HMAC(32), string(h)))
			check(member, err)
		}
	}
	if tried < 200 {
		t.Errorf("%d errors", tried)
	}
}
