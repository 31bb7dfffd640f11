package opensearch_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/fgac"
	"github.com/tokenacl/tokenacl/integration/opensearch"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
	"github.com/tokenacl/tokenacl/tokentest"
)

// cluster is a server with the security plugin, and the same roles in process.
type cluster struct {
	*opensearch.Server
	version       string
	issuer        *tokentest.Issuer
	verifier      *claims.Verifier
	keys          fgac.Keys
	admin         string // the token of one who may do everything
	options       fgac.Options
	authenticator map[string]any // the plugin's settings of tokens
	roles         *fgac.Roles
	indices       map[string]map[string][]byte // documents by index and id
}

// old is whether the server is one of version 2.
func (c *cluster) old() bool { return strings.HasPrefix(c.version, "2.") }

const salt = "0123456789abcdef"

// start starts a server with the files of testdata, which fgac reads too.
func start(t *testing.T, version string, settings map[string]any) *cluster {
	t.Helper()
	c := &cluster{version: version, issuer: tokentest.NewIssuer(t), indices: map[string]map[string][]byte{}}
	c.authenticator = map[string]any{"signing_key": publicKey(t, c.issuer), "subject_key": "cognito:username", "roles_key": "cognito:groups",
		"required_audience": tokentest.Audience, "required_issuer": tokentest.IssuerURL}
	files := map[string][]byte{"config.yml": configuration(c.authenticator)}
	for name, kind := range map[string]string{"internal_users": "internalusers", "tenants": "tenants", "nodes_dn": "nodesdn", "allowlist": "allowlist", "audit": "audit"} {
		files[name+".yml"] = fmt.Appendf(nil, "_meta: {type: %s, config_version: 2}\n", kind)
	}
	files["allowlist.yml"] = append(files["allowlist.yml"], "config: {enabled: false}\n"...)
	files["audit.yml"] = append(files["audit.yml"], "config: {enabled: false}\n"...)
	for _, name := range []string{"roles.yml", "roles_mapping.yml", "action_groups.yml"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = text
	}
	c.options = fgac.Options{ActionGroups: files["action_groups.yml"], Salt: salt}
	if c.old() {
		c.options.MaskAlgorithm = "BLAKE2B_LEGACY_DEFAULT"
	}
	c.roles = parse(t, files["roles.yml"], files["roles_mapping.yml"], c.options)
	c.trust(t)
	all := map[string]any{"plugins.security.compliance.salt": salt}
	maps.Copy(all, settings)
	c.Server = opensearch.Start(t, opensearch.Config{Version: version, Security: files, Settings: all})
	c.admin = c.token("admin", nil, "administrators")
	return c
}

func parse(t *testing.T, roles, mapping []byte, opts fgac.Options) *fgac.Roles {
	t.Helper()
	r, err := fgac.Parse(roles, mapping, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// configuration is the plugin's config.yml, as JSON, which is YAML.
func configuration(authenticator map[string]any) []byte {
	return marshal(map[string]any{"_meta": map[string]any{"type": "config", "config_version": 2}, "config": config(authenticator, false, false)})
}

func config(authenticator map[string]any, leaveOut, challenge bool) map[string]any {
	dynamic := map[string]any{
		"do_not_fail_on_forbidden": leaveOut,
		"authc": map[string]any{"tokens": map[string]any{"http_enabled": true, "order": 0,
			"http_authenticator":     map[string]any{"type": "jwt", "challenge": challenge, "config": authenticator},
			"authentication_backend": map[string]any{"type": "noop"}}},
	}
	return map[string]any{"dynamic": dynamic}
}

func marshal(v any) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(out.Bytes())
}

// publicKey is the RSA key that an issuer signs with.
func publicKey(t *testing.T, i *tokentest.Issuer) string {
	t.Helper()
	w := httptest.NewRecorder()
	i.Handler().ServeHTTP(w, httptest.NewRequest("GET", tokentest.KeysPath, nil))
	var set struct {
		Keys []struct{ Kid, N, E string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		if k.Kid != "rs256" {
			continue
		}
		n, err := base64.RawURLEncoding.DecodeString(k.N)
		e, err2 := base64.RawURLEncoding.DecodeString(k.E)
		der, err3 := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())})
		if err := errors.Join(err, err2, err3); err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	t.Fatal("no key rs256")
	return ""
}

// trust makes the verifier from the plugin's own settings.
func (c *cluster) trust(t *testing.T) {
	t.Helper()
	settings, err := fgac.ParseTokenSettings(marshal(c.authenticator))
	if err != nil {
		t.Fatal(err)
	}
	set, err := jwks.ParsePEM([]byte(settings.PublicKeys[0]), jwks.PEMOptions{KeyID: "rs256"})
	if err != nil {
		t.Fatal(err)
	}
	cfg := tokenconfig.JWT{KeyLocation: tokenconfig.KeyURL, URL: tokentest.IssuerURL, UserNameAttributeField: "cognito:username", GroupAttributeField: "cognito:groups", Issuer: settings.Issuer, ClaimRegex: settings.ClaimRegex}
	c.verifier, err = claims.NewVerifier(cfg, jwks.Static(set), &claims.Options{Leeway: settings.Leeway})
	if err != nil {
		t.Fatal(err)
	}
	c.keys = settings.Keys
}

// token is one as a user pool issues it.
func (c *cluster) token(user string, more map[string]any, groups ...string) string {
	all := tokentest.Claims{"sub": "not-the-name", "cognito:username": user, "cognito:groups": groups}
	if groups == nil {
		all["cognito:groups"] = []string{}
	}
	maps.Copy(all, more)
	return c.issuer.Token(all)
}

// caller is somebody with a token, and who that is in process.
type caller struct {
	token string
	user  *fgac.User
	name  string // for messages
}

func (c *cluster) caller(t *testing.T, user string, more map[string]any, groups ...string) caller {
	t.Helper()
	token := c.token(user, more, groups...)
	return caller{token, c.roles.For(c.identity(t, token)), fmt.Sprintf("%s in %v", user, groups)}
}

// identity is the one of a token, from this machine.
func (c *cluster) identity(t *testing.T, token string) fgac.Identity {
	t.Helper()
	verified, err := c.verifier.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	id, err := fgac.FromClaims(verified.All(), c.keys)
	if err != nil {
		t.Fatal(err)
	}
	return id.WithHosts("127.0.0.1")
}

// put stores documents in a new index.
func (c *cluster) put(t *testing.T, index string, mapping any, docs map[string][]byte) {
	t.Helper()
	if mapping != nil {
		c.must(t, "PUT", "/"+index, map[string]any{"mappings": mapping, "settings": map[string]any{"number_of_shards": 1, "number_of_replicas": 0}})
	}
	var bulk bytes.Buffer
	for _, id := range slices.Sorted(maps.Keys(docs)) {
		fmt.Fprintf(&bulk, `{"index":{"_index":%q,"_id":%q}}`+"\n%s\n", index, id, docs[id])
	}
	if answer := c.must(t, "POST", "/_bulk?refresh=true", bulk.Bytes()); !bytes.Contains(answer, []byte(`"errors":false`)) {
		t.Fatalf("%.2000s", answer)
	}
	c.indices[index] = docs
}

// must sends a request as the one who may do everything.
func (c *cluster) must(t *testing.T, method, path string, body any) []byte {
	t.Helper()
	status, answer := c.Do(t, method, path, c.admin, body)
	if status/100 != 2 {
		t.Fatalf("%s %s: %d %.2000s", method, path, status, answer)
	}
	return answer
}

// found is the answer to a search.
type found struct {
	Hits struct {
		Total struct{ Value int }
		Hits  []struct {
			Index  string          `json:"_index"`
			ID     string          `json:"_id"`
			Score  float64         `json:"_score"`
			Source json.RawMessage `json:"_source"`
		}
	}
	Aggregations json.RawMessage
}

func (c *cluster) search(t *testing.T, token, index string, body any) (found, int, []byte) {
	t.Helper()
	status, answer := c.Do(t, "POST", "/"+index+"/_search", token, body)
	var f found
	if status == 200 {
		if err := json.Unmarshal(answer, &f); err != nil {
			t.Fatal(err)
		}
	}
	return f, status, answer
}

// everything asks for all documents.
var everything = map[string]any{"size": 1000}

// A difference is one between server and fgac.
type difference struct {
	row  string // of docs/opensearch.md, if it is known to be that one
	text string
}

// compare compares all that a caller finds in an index with fgac, document by
// document. It returns how many of them the caller sees on the server, -1 for a
// denial, and what differs.
func (c *cluster) compare(t *testing.T, who caller, index string) (seen int, differences []difference) {
	t.Helper()
	differ := func(row, format string, args ...any) {
		differences = append(differences, difference{row, who.name + " on " + index + ": " + fmt.Sprintf(format, args...)})
	}
	got, status, answer := c.search(t, who.token, index, everything)
	access, err := who.user.Access(fgac.Search, index)
	denied := (*fgac.Denied)(nil)
	switch {
	case errors.As(err, &denied):
		if status != 403 || string(answer) != string(denied.Body()) {
			differ("", "server %d %s\nfgac %s (%v)", status, answer, denied.Body(), err)
		}
		return -1, differences
	case status != 200:
		differ("", "server %d %s, fgac allows it", status, answer)
		return -1, differences
	}
	server := map[string]string{}
	for _, hit := range got.Hits.Hits {
		server[hit.ID] = c.canonical(t, hit.Source)
	}
	if len(server) != got.Hits.Total.Value {
		t.Errorf("%d hits, %d in total", len(server), got.Hits.Total.Value)
	}
	for id, source := range c.indices[index] {
		want := ""
		if shown, ok := access.Hit(id, source); ok {
			want = c.canonical(t, shown)
		}
		if server[id] != want {
			row := ""
			if server[id] != "" && want != "" && emptied(t, server[id], want) {
				row = "D17, D38"
			}
			differ(row, "%s\ndocument %s\nserver   %s\nfgac     %s", id, source, server[id], want)
		}
	}
	return len(server), differences
}

// emptied reports whether fgac shows the same as the server, apart from elements
// of arrays that are no objects (D17), and from objects and arrays in which nothing
// is shown (D38).
func emptied(t *testing.T, server, fgac string) bool {
	t.Helper()
	var a, b any
	if err := errors.Join(json.Unmarshal([]byte(server), &a), json.Unmarshal([]byte(fgac), &b)); err != nil {
		t.Fatal(err)
	}
	return sameButEmpty(a, b)
}

func sameButEmpty(server, fgac any) bool {
	switch a := server.(type) {
	case map[string]any:
		b, ok := fgac.(map[string]any)
		for name := range b {
			ok = ok && a[name] != nil == (b[name] != nil) && (a[name] == nil || sameButEmpty(a[name], b[name]))
		}
		for name, value := range a {
			if _, shown := b[name]; !shown {
				ok = ok && nothingIn(value)
			}
		}
		return ok
	case []any:
		b, ok := fgac.([]any)
		if ok && len(b) == 0 {
			return nothingIn(a)
		}
		return ok && slices.EqualFunc(a, b, sameButEmpty)
	}
	return server == fgac
}

// nothingIn reports whether v is a container of nothing but containers, and of
// elements of arrays that are no objects.
func nothingIn(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			if !nothingIn(member) {
				return false
			}
		}
		return true
	case []any:
		for _, element := range v {
			if object, ok := element.(map[string]any); ok && !nothingIn(object) {
				return false
			}
		}
		return true
	}
	return false
}

// canonical spells strings in one way, and leaves the rest as it is, in its order.
// Version 2 reads documents into maps: of its answers the order is no matter.
func (c *cluster) canonical(t testing.TB, text []byte) string {
	t.Helper()
	if c.old() {
		var v any
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		return string(marshal(v))
	}
	var out strings.Builder
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	type level struct {
		object bool
		n      int
	}
	levels := []level{{}}
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out.String()
		}
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		top := &levels[len(levels)-1]
		if token != json.Delim('}') && token != json.Delim(']') {
			switch {
			case top.object && top.n%2 == 1:
				out.WriteByte(':')
			case top.n > 0:
				out.WriteByte(',')
			}
			top.n++
		}
		switch v := token.(type) {
		case json.Delim:
			out.WriteRune(rune(v))
			if v == '{' || v == '[' {
				levels = append(levels, level{object: v == '{'})
			} else {
				levels = levels[:len(levels)-1]
			}
		case json.Number:
			out.WriteString(v.String())
		default:
			out.Write(marshal(v))
		}
	}
}
