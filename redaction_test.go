package tokenacl_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/types"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/groups"
	"github.com/tokenacl/tokenacl/acl/pushdown/bleve"
	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
	"github.com/tokenacl/tokenacl/acl/pushdown/qdrant"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/fgac"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/tokentest"
)

// secretMark is in every secret, token and claim of this file.
const secretMark = "zq7HiddenMark"

// markedKey is an HMAC key.
var markedKey = []byte(strings.Repeat(secretMark, 5))

// held is a value that holds the mark, in the forms that logs may have it in.
type held struct {
	forms []any
	holds bool // the mark was found inside, through the value's own methods
}

// holding returns the forms of *p. fmt calls no method of a value in a field
// that is not exported; hidden says that it shows nothing there either, which
// types of exported fields cannot do.
func holding[T any](p *T, hidden, holds bool) held {
	forms := []any{
		p, *p, []T{*p}, []*T{p}, map[string]T{"k": *p}, [1]any{p},
		struct{ V T }{*p}, struct{ V *T }{p}, &struct{ V T }{*p}, struct{ V any }{*p}, struct{ V any }{p},
	}
	if hidden {
		forms = append(forms, struct{ v T }{*p}, struct{ v *T }{p}, &struct{ v T }{*p}, &struct{ v *T }{p}, struct{ v any }{*p}, struct{ v any }{p})
	}
	return held{forms, holds}
}

// markedSet, markedToken and the gate belong together.
func markedSet(t *testing.T) *jwks.Set {
	t.Helper()
	file := fmt.Sprintf(`{"keys":[{"kid":"k","alg":"HS256","kty":"OCT","k":%q}]}`, testkeys.Encode(markedKey))
	set, err := jwks.Parse([]byte(file), jwks.Secret)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func markedToken() string {
	payload := strings.ReplaceAll(`{"iss":"ISS","aud":"app","exp":253402300799,"jti":"M","sub":"M","M":"M","user":"M","groups":["M"]}`, "M", secretMark)
	return testkeys.Sign("HS256", markedKey, []byte(`{"alg":"HS256","kid":"k"}`), []byte(strings.Replace(payload, "ISS", issuerA, 1)))
}

// markedFetcher is a SecretFetcher.
type markedFetcher struct{ value []byte }

func (f *markedFetcher) FetchSecret(context.Context, string) ([]byte, error) { return f.value, nil }

// askedURL is an http.RoundTripper that takes down the first URL, and fails.
type askedURL chan string

func (a askedURL) RoundTrip(req *http.Request) (*http.Response, error) {
	select {
	case a <- req.URL.String():
	default:
	}
	return nil, errors.New("no such host")
}

// shownInBleve reports whether the clause has the mark, in the letters of that package.
func shownInBleve(c bleve.Clause) bool {
	fields, err := bleve.Fields(acl.List{acl.Allow.User(secretMark)}, acl.Rules{}, bleve.Options{})
	word, _ := fields["allow"].(string)
	return err == nil && word != "" && strings.Contains(string(c.JSON()), word)
}

// holders makes a value of every type that can hold a secret, a token or a claim.
func holders(t *testing.T) map[string]held {
	t.Helper()
	set := markedSet(t)
	var written strings.Builder
	if err := set.WriteKendraSecret(&written); err != nil {
		t.Fatal(err)
	}
	inSet := shownIn(written.String()) != ""

	issuer := trusting(t, issuerA)
	issuer.Keys = jwks.Static(set)
	j, err := jwks.ParseCompact(markedToken())
	if err != nil {
		t.Fatal(err)
	}
	verifies := func(s jwks.Source) bool { _, err := s.Verify(t.Context(), j); return err == nil && inSet }
	source, err := jwks.NewSecret(&markedFetcher{[]byte(written.String())}, "arn", nil)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { source.Close() })
	asked := make(askedURL, 1)
	remote, err := jwks.NewRemote("https://issuer.test/?key="+secretMark, &jwks.RemoteOptions{InsecureTransport: asked})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remote.Close() })
	inURL := shownIn(<-asked) != ""
	_, _ = remote.Verify(t.Context(), j) // until the fetch has failed
	health := remote.Health()

	v, err := claims.NewVerifier(*issuer.Config.JWT, issuer.Keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := v.Verify(t.Context(), markedToken())
	if err != nil {
		t.Fatal(err)
	}
	unverified, err := claims.InsecureParse(markedToken())
	if err != nil {
		t.Fatal(err)
	}
	g := newGate(t, nil, issuer)
	scope, err := g.Scope(t.Context(), tokenacl.UserContext{Token: markedToken()})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := scope.Principal()
	member := acl.DataSourceGroup{GroupID: secretMark, DataSourceID: secretMark}
	p.DataSourceGroups = []acl.DataSourceGroup{member}
	attributes := tokenacl.Attributes{UserID: secretMark, GroupIDs: []string{secretMark}}
	uc := tokenacl.UserContext{Token: markedToken(), UserID: secretMark, Groups: []string{secretMark}, DataSourceGroups: p.DataSourceGroups, Attributes: attributes}

	store := tokentest.NewIssuer(t).Secrets()
	store.Put("arn", []byte(written.String()))
	value, err := store.FetchSecret(t.Context(), "arn")
	if err != nil {
		t.Fatal(err)
	}

	var directory groups.Directory
	members := groups.Members{Groups: p.DataSourceGroups, Users: []string{secretMark}}
	if err := directory.Put(member, 1, members); err != nil {
		t.Fatal(err)
	}
	expanded, err := directory.Expand(t.Context(), acl.Principal{User: secretMark})
	if err != nil {
		t.Fatal(err)
	}

	message := kmssigner.Message{Raw: []byte(markedToken()), Digest: []byte(secretMark)}
	identity, err := fgac.FromClaims(maps.All(map[string]any{"sub": secretMark, "roles": []any{secretMark}}), fgac.Keys{Roles: "roles"})
	if err != nil {
		t.Fatal(err)
	}
	roles, err := fgac.Parse([]byte(`{"`+secretMark+`": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"],
		"dls": "{\"term\": {\"owner\": \"${user.name}\"}}"}]}}`), nil, &fgac.Options{Resolution: fgac.Both})
	if err != nil {
		t.Fatal(err)
	}
	user := roles.For(identity)
	_, err = user.Access(fgac.Search, "index")
	var denied *fgac.Denied
	if !errors.As(err, &denied) {
		t.Fatal(err)
	}
	access, err := user.Access(fgac.Search, "i")
	if err != nil {
		t.Fatal(err)
	}
	salt := secretMark + secretMark
	masked, err := fgac.Parse([]byte(`{"r": {"index_permissions": [{"masked_fields": ["a"]}]}}`), nil, &fgac.Options{Salt: salt})
	if err != nil {
		t.Fatal(err)
	}
	bleveClause, err := bleve.Filter(scope, acl.Rules{}, bleve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	qdrantClause, err := qdrant.Filter(scope, acl.Rules{}, qdrant.Options{})
	if err != nil {
		t.Fatal(err)
	}
	clause, err := opensearch.Filter(scope, acl.Rules{}, opensearch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	inIdentity := len(user.Roles()) == 1 && shownIn(user.Roles()[0]) != ""

	return map[string]held{
		"fgac.Identity": holding(&identity, true, inIdentity),
		"fgac.User":     holding(user, true, inIdentity),
		"fgac.Options":  holding(&fgac.Options{Salt: secretMark}, false, true),
		"fgac.Roles":    holding(masked, true, shownIn(salt) != ""),
		"fgac.Access":   holding(access, true, shownIn(string(access.Filter())) != ""),
		"fgac.Denied":   holding(denied, true, shownIn(string(denied.Body())) != ""),

		"acl/groups.Directory": holding(&directory, true, len(expanded.DataSourceGroups) == 1 && shownIn(expanded.DataSourceGroups[0].GroupID) != ""),
		"acl/groups.Members":   holding(&members, false, shownIn(members.Users[0]) != ""),

		"acl/pushdown/bleve.Clause":      holding(&bleveClause, true, shownInBleve(bleveClause)),
		"acl/pushdown/qdrant.Clause":     holding(&qdrantClause, true, shownIn(string(qdrantClause.JSON())) != ""),
		"acl/pushdown/opensearch.Clause": holding(&clause, true, shownIn(string(clause.JSON())) != ""),

		"jwks.JWS":          holding(j, true, shownIn(j.InsecurePayload()) != ""),
		"jwks.Set":          holding(set, true, inSet),
		"jwks.StaticSource": holding(jwks.Static(set), true, verifies(jwks.Static(set))),
		"jwks.SecretSource": holding(source, true, verifies(source)),
		"jwks.Remote":       holding(remote, true, inURL),
		"jwks.Health":       holding(&health, false, inURL && health.LastError != nil),
		"claims.Verifier":   holding(v, true, verifies(issuer.Keys)),
		"claims.Token":      holding(token, true, shownIn(token.ID()) != ""),
		"claims.Unverified": holding(unverified, true, shownIn(fmt.Sprint(unverified.Claims())) != ""),

		"acl.Principal":       holding(&p, false, shownIn(p.User) != "" && shownIn(p.Groups[0]) != ""),
		"acl.DataSourceGroup": holding(&member, false, shownIn(member.GroupID) != ""),
		"acl.Scope":           holding(&scope, true, shownIn(p.User) != ""),

		"tokenacl.Attributes":  holding(&attributes, false, shownIn(attributes.UserID) != ""),
		"tokenacl.UserContext": holding(&uc, false, shownIn(uc.Token) != "" && shownIn(uc.UserID) != ""),
		"tokenacl.Gate":        holding(g, true, verifies(issuer.Keys) && shownIn(p.User) != ""),
		"tokenacl.Issuer":      holding(&issuer, true, verifies(issuer.Keys)),

		"kmssigner.Message": holding(&message, false, shownIn(string(message.Raw)) != ""),

		"tokentest.SecretStore": holding(store, true, shownIn(string(value)) != ""),
	}
}

// Why a type holds no secret, token or claim.
const (
	isChoice   = "a choice, or a name of one"
	isConfig   = "configuration: names of claims, limits and waivers; it names a secret by its ARN"
	isHosts    = "an interface: what implements it is the host's, or is listed by itself"
	isDocs     = "of documents: names in it are those of their ACLs"
	isKeyInfo  = "of a key what may be published, and its kid"
	isProblem  = "says where and what is wrong, and quotes nothing; tests of its package feed it secrets"
	isMeasured = "labels and numbers"
)

// holdsNone are all other types.
var holdsNone = map[string]string{
	"tokenacl.Expander": isHosts, "tokenacl.Observer": isHosts, "tokenacl.Options": "waivers and the host's own values",
	"tokenacl.Outcome": isMeasured, "tokenacl.TooManyGroupsError": isMeasured,

	"tokenconfig.Config": isConfig, "tokenconfig.JWT": isConfig, "tokenconfig.JSON": isConfig, "tokenconfig.Options": isConfig,
	"tokenconfig.Policy": isChoice, "tokenconfig.KeyLocation": isChoice, "tokenconfig.GroupResolution": isChoice, "tokenconfig.Error": isProblem,

	"jwks.Algorithm": isChoice, "jwks.Mode": isChoice, "jwks.KeyInfo": isKeyInfo, "jwks.Verified": isKeyInfo, "jwks.PublicKey": isKeyInfo,
	"jwks.KeyError": isProblem, "jwks.Source": isHosts, "jwks.SecretFetcher": isHosts,
	"jwks.StagedSecretFetcher": isHosts, "jwks.PEMOptions": isConfig, "jwks.SecretOptions": isConfig, "jwks.RemoteOptions": isConfig,

	"claims.Options": isConfig, "claims.InsecureJSONMapper": isConfig,

	"acl.ACL": isDocs, "acl.Entry": isDocs, "acl.List": isDocs, "acl.Hierarchy": isDocs, "acl.Index": isDocs, "acl.Audience": isDocs, "acl.Decision": isDocs,
	"acl.View":   "of documents, and of the caller what a Scope has, as closed; a test of its package shows it",
	"acl.Access": isChoice, "acl.Type": isChoice, "acl.Reason": isChoice, "acl.Rules": isChoice, "acl.Missing": isChoice,
	"acl.Limits": isConfig, "acl.Error": isProblem,

	"acl/s3meta.Documents": isDocs, "acl/s3meta.Document": isDocs, "acl/s3meta.Report": isDocs, "acl/s3meta.Defect": isDocs, "acl/s3meta.Finding": isDocs,
	"acl/s3meta.Kind": isChoice, "acl/s3meta.Options": isConfig, "acl/s3meta.Limits": isConfig,

	"acl/pushdown/bleve.Options": isConfig, "acl/pushdown/bleve.Error": isProblem,
	"acl/pushdown/qdrant.Stored": isDocs, "acl/pushdown/qdrant.Level": isDocs, "acl/pushdown/qdrant.Options": isConfig, "acl/pushdown/qdrant.Error": isProblem,
	"acl/pushdown/opensearch.Stored": isDocs, "acl/pushdown/opensearch.Level": isDocs,
	"acl/pushdown/opensearch.Options": isConfig, "acl/pushdown/opensearch.Error": isProblem,

	"fgac.Explanation": "of rules, and the paths of a document's fields; a test of its package feeds it secrets", "fgac.Field": "the path of a field, and rules",
	"fgac.Finding": "of rules", "fgac.TokenSettings": isConfig, "fgac.Keys": isConfig, "fgac.Resolution": isChoice, "fgac.Merge": isChoice, "fgac.Error": isProblem,

	"acl/groups.Error": isProblem, "acl/groups.TooManyGroupsError": isMeasured,
	"bearer.Options": isConfig,

	"jwks/secretsmanager.Options": isConfig,
	"jwks/secretsmanager.Fetcher": "the client of the AWS SDK; it keeps no secret that it fetched, and has credentials behind further pointers",

	"kmssigner.Backend": isHosts, "kmssigner.Key": isKeyInfo, "kmssigner.KeyInfo": isKeyInfo, "kmssigner.Options": isConfig,
	"kmssigner/kmstest.Backend": "keys that a test made; it prints none of them", "kmssigner/kmstest.Spec": isChoice,
	"kmssigner/kmstest.Operation": isChoice, "kmssigner/kmstest.Subject": isHosts,
	"kmssigner/awskms.Backend": "the client of the AWS SDK and a name; it has credentials behind further pointers",
	"kmssigner/kmstest.Calls":  isMeasured,
	"acl/acltest.Corner":       isChoice, "acl/acltest.Options": isChoice, "acl/acltest.Document": isHosts, "acl/acltest.Engine": isHosts, "acl/acltest.Report": isMeasured,
	"acl/pushdown/postgres.Options": isConfig, "acl/pushdown/postgres.Neighbours": isConfig, "acl/pushdown/postgres.Stored": isDocs,
	"acl/pushdown/sqlite.Options": isConfig, "acl/pushdown/sqlite.Row": isDocs,
	"kmssigner.Keys": isKeyInfo, "kmssigner.RemoteKeys": isKeyInfo,
	"kmssigner.Signer": "the keys that it signs with stay in its backend",

	"tokentest.Claims": "what a test made up; nobody's", "tokentest.Issuer": "the name of an algorithm; its keys are published, and held elsewhere",
}

// TestRedactionEverywhere prints a value of every exported type that can hold a
// secret, a token or a claim, in every way in which a log may.
//
// Rule G3
func TestRedactionEverywhere(t *testing.T) {
	exports := goListExports(t, "./...")
	var names []string
	for _, path := range exports.public() {
		names = append(names, exportedTypes(path, exports.load(t, path))...)
	}
	holders := holders(t)
	t.Logf("%d types, %d of them hold secrets", len(names), len(holders))
	for _, p := range checkRedaction(names, holders, holdsNone) {
		t.Error(p)
	}
}

// exportedTypes names the exported types of a package, such as "acl.Scope".
func exportedTypes(path string, pkg *types.Package) []string {
	in := strings.TrimPrefix(path, module+"/")
	if path == module {
		in = pkg.Name()
	}
	var list []string
	for _, name := range pkg.Scope().Names() {
		if obj, ok := pkg.Scope().Lookup(name).(*types.TypeName); ok && obj.Exported() {
			list = append(list, in+"."+name)
		}
	}
	return list
}

func checkRedaction(names []string, holders map[string]held, none map[string]string) []string {
	var problems []string
	if len(names) == 0 {
		problems = append(problems, "found no exported type")
	}
	for _, name := range names {
		_, holds := holders[name]
		_, not := none[name]
		if holds == not {
			problems = append(problems, name+": want it either among the holders or among those that hold no secret")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(none)) {
		if !slices.Contains(names, name) || none[name] == "" {
			problems = append(problems, name+" is no exported type, or has no reason")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(holders)) {
		switch h := holders[name]; {
		case !slices.Contains(names, name):
			problems = append(problems, name+" is no exported type")
		case !h.holds:
			problems = append(problems, name+" does not hold the mark, so that nothing is tested")
		default:
			problems = append(problems, checkForms(name, h.forms)...)
		}
	}
	return problems
}

func checkForms(name string, forms []any) []string {
	var problems []string
	if len(forms) == 0 {
		problems = append(problems, name+" has no forms")
	}
	for _, form := range forms {
		for how, text := range printedEverywhere(form) {
			if trace := shownIn(text); trace != "" {
				problems = append(problems, fmt.Sprintf("%s as %T, %s, shows %q: %s", name, form, how, trace, text))
			}
		}
	}
	return problems
}

// printedEverywhere returns what a program's logs may have of v.
func printedEverywhere(v any) map[string]string {
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%c", "%U"} {
		out[verb] = fmt.Sprintf(verb, v)
	}
	out["Errorf"] = fmt.Errorf("refused: %v", v).Error()
	data, err := json.Marshal(v)
	out["JSON"] = fmt.Sprint(string(data), err)
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).With("with", v).Info("m", "v", v, slog.Group("g", "v", v))
		out[name] = b.String()
	}
	return out
}

// traces are what a text may have of the mark: itself, its octets in hexadecimal
// and decimal, and base64 of it at each of the three places.
var traces = func() []string {
	decimal := strings.Trim(fmt.Sprint([]byte(secretMark)), "[]")
	var literal, points []string
	for _, c := range []byte(secretMark) {
		literal, points = append(literal, fmt.Sprintf("%#x", c)), append(points, fmt.Sprintf("%U", c))
	}
	hexed := hex.EncodeToString([]byte(secretMark))
	list := []string{
		secretMark, hexed, strings.ToUpper(hexed), fmt.Sprintf("% x", secretMark), decimal,
		strings.Join(literal, ", "), strings.Join(points, " "), strings.Join(strings.Split(secretMark, ""), " "),
	}
	for before := range 3 {
		encoded := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("x", before) + secretMark))
		encoded = encoded[4*min(before, 1) : len(encoded)-2]
		list = append(list, encoded, hex.EncodeToString([]byte(encoded)), strings.ToUpper(hex.EncodeToString([]byte(encoded))), fmt.Sprintf("% x", encoded))
	}
	return list
}()

// shownIn returns the first trace of the mark in text, "" when there is none.
func shownIn(text string) string {
	for _, trace := range traces {
		if strings.Contains(text, trace) {
			return trace
		}
	}
	return ""
}

// careless shows what it holds; so do its fields.
type careless struct {
	Text   string
	Octets []byte
	token  string
}

// TestRedactionCanFail runs the check on values that show what they hold.
func TestRedactionCanFail(t *testing.T) {
	for name, v := range map[string]any{
		"text": careless{Text: secretMark}, "octets": careless{Octets: markedKey}, "token": careless{Text: markedToken()}, "user context": struct{ uc tokenacl.UserContext }{tokenacl.UserContext{Token: markedToken()}},
		"pointer": &careless{Octets: markedKey}, "unexported": careless{token: markedToken()},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X"} {
			if text := fmt.Sprintf(verb, v); shownIn(text) == "" {
				t.Errorf("%s, %s: no trace found in %s", name, verb, text)
			}
		}
		for how, text := range printedEverywhere(v) {
			encodes := how == "JSON" || how == "slog JSON"
			if exported := name != "unexported" && name != "user context"; shownIn(text) == "" && (!encodes || exported) && !slices.Contains([]string{"%d", "%t", "%c", "%U", "% x", "%q"}, how) {
				t.Errorf("%s, %s: no trace found in %s", name, how, text)
			}
		}
	}
	for _, trace := range []string{fmt.Sprintf("%d", markedKey), fmt.Sprintf("%c", markedKey), fmt.Sprintf("%U", markedKey), fmt.Sprintf("%#v", markedKey), fmt.Sprintf("%q", markedKey), fmt.Sprintf("% x", markedKey), testkeys.Encode(markedKey), testkeys.Encode(append([]byte("."), markedKey...))} {
		if shownIn(trace) == "" {
			t.Errorf("no trace found in %s", trace)
		}
	}

	good := holding(&struct{}{}, true, true)
	for _, tt := range []struct {
		name    string
		types   []string
		holders map[string]held
		none    map[string]string
		want    string // a prefix of the first problem; "" when there is none
	}{
		{"all well", []string{"a.A", "a.B"}, map[string]held{"a.A": good}, map[string]string{"a.B": isChoice}, ""},
		{"no types", nil, nil, nil, "found no exported type"},
		{"new type", []string{"a.A"}, nil, nil, "a.A: want it either"},
		{"in both", []string{"a.A"}, map[string]held{"a.A": good}, map[string]string{"a.A": isChoice}, "a.A: want it either"},
		{"holder that is gone", []string{"a.A"}, map[string]held{"a.A": good, "a.B": good}, nil, "a.B is no exported type"},
		{"harmless type that is gone", []string{"a.A"}, map[string]held{"a.A": good}, map[string]string{"a.B": isChoice}, "a.B is no exported type, or"},
		{"no reason", []string{"a.A"}, nil, map[string]string{"a.A": ""}, "a.A is no exported type, or has no reason"},
		{"nothing inside", []string{"a.A"}, map[string]held{"a.A": holding(&struct{}{}, true, false)}, nil, "a.A does not hold the mark"},
		{"no forms", []string{"a.A"}, map[string]held{"a.A": {nil, true}}, nil, "a.A has no forms"},
		{"shown", []string{"a.A"}, map[string]held{"a.A": holding(&careless{Text: secretMark}, false, true)}, nil, "a.A as "},
		{"shown where it is hidden", []string{"a.A"}, map[string]held{"a.A": holding(&tokenacl.UserContext{Token: secretMark}, true, true)}, nil, "a.A as "},
		{"not shown elsewhere", []string{"a.A"}, map[string]held{"a.A": holding(&tokenacl.UserContext{Token: secretMark}, false, true)}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := checkRedaction(tt.types, tt.holders, tt.none)
			if tt.want == "" && len(got) != 0 || tt.want != "" && (len(got) == 0 || !strings.HasPrefix(got[0], tt.want)) {
				t.Errorf("problems = %q, want one beginning %q", got, tt.want)
			}
		})
	}
}

// TestExportedTypes pins the names.
func TestExportedTypes(t *testing.T) {
	pkg, err := typeCheck(exportData{}, "p.go", "package p\n\ntype (\n\tA struct{}\n\tb int\n\tC = A\n)\n\nvar V A\n\nfunc F() {}\n")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{module: {"p.A", "p.C"}, module + "/x/p": {"x/p.A", "x/p.C"}} {
		if got := exportedTypes(path, pkg); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
