package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tokenacl/tokenacl/tokentest"
)

// access is the table of the scenario: the folders of each persona.
var access = map[string][]string{
	"guest":    {"blogs"},
	"patricia": {"blogs", "user-guides"},
	"james":    {"blogs", "case-studies", "user-guides"},
	"john":     {"analyst-reports", "blogs", "case-studies", "user-guides"},
	"mary":     {"analyst-reports", "blogs", "case-studies", "user-guides", "white-papers"},
}

const perFolder = 5 // documents in each folder of the corpus

type result struct {
	code           int
	stdout, stderr string
}

func search(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// mint returns the token of a persona.
func mint(t *testing.T, args ...string) string {
	t.Helper()
	r := search(t, "", append([]string{"-mint"}, args...)...)
	if r.code != 0 || strings.Count(r.stdout, ".") != 2 {
		t.Fatalf("-mint %v: exit %d, stderr %q", args, r.code, r.stderr)
	}
	return strings.TrimSpace(r.stdout)
}

// hits decodes what -json printed; every line must have the members that it
// promises and no other.
func hits(t *testing.T, r result) []hit {
	t.Helper()
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("exit %d, stderr %q", r.code, r.stderr)
	}
	var list []hit
	for line := range strings.Lines(r.stdout) {
		dec := json.NewDecoder(strings.NewReader(line))
		dec.DisallowUnknownFields()
		var h hit
		if err := dec.Decode(&h); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		if h.ID == "" || h.Title == "" || h.Folder == "" || h.Score <= 0 {
			t.Errorf("line %q lacks a member", line)
		}
		list = append(list, h)
	}
	return list
}

func folders(list []hit) []string {
	var names []string
	for _, h := range list {
		names = append(names, h.Folder)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Rules R1, T5: with a token only what its groups may read, without one the
// public documents, whichever kind of key is configured.
func TestEveryPersonaFindsTheirFolders(t *testing.T) {
	if len(access) != len(personas) {
		t.Fatalf("the table has %d personas, the program %d", len(access), len(personas))
	}
	for _, keys := range []string{"-rsa=false", "-rsa=true"} {
		for _, p := range personas {
			t.Run(p.name+keys, func(t *testing.T) {
				want := access[p.name]
				for _, words := range []string{"search", "*"} {
					list := hits(t, search(t, "", keys, "-as", p.name, "-q", words, "-json", "-n", "100"))
					if got := folders(list); !slices.Equal(got, want) {
						t.Errorf("-q %s: folders %v, want %v", words, got, want)
					}
					if len(list) != perFolder*len(want) {
						t.Errorf("-q %s: %d hits, want every document of %d folders", words, len(list), len(want))
					}
				}
				if p.groups == nil {
					return
				}
				token := mint(t, p.name, keys)
				for _, r := range []result{
					search(t, "", keys, "-token", token, "-json", "-n", "100"),
					search(t, token+"\n", keys, "-token", "-", "-json", "-n", "100"),
				} {
					if got := folders(hits(t, r)); !slices.Equal(got, want) {
						t.Errorf("with a token: folders %v, want %v", got, want)
					}
				}
			})
		}
	}
}

func TestHitsAreRankedAndLimited(t *testing.T) {
	all := hits(t, search(t, "", "-as", "mary", "-q", "rotation", "-json", "-n", "100"))
	if len(all) < 3 {
		t.Fatalf("%d hits for rotation, want a few", len(all))
	}
	if !slices.IsSortedFunc(all, func(a, b hit) int { return int(1e9 * (b.Score - a.Score)) }) {
		t.Error("the best hit is not first")
	}
	for n := 1; n <= 3; n++ {
		first := hits(t, search(t, "", "-as", "mary", "-q", "rotation", "-json", "-n", fmt.Sprint(n)))
		if !slices.Equal(first, all[:n]) {
			t.Errorf("-n %d: not the first %d hits", n, n)
		}
	}
	if list := hits(t, search(t, "", "-as", "mary", "-q", "*", "-json")); len(list) != 10 {
		t.Errorf("%d hits by default, want 10", len(list))
	}
	if r := search(t, "", "-as", "mary", "-q", "zyzzyva", "-json"); r != (result{}) {
		t.Errorf("no hit: %+v, want nothing and exit 0", r)
	}
}

// Hidden documents before visible ones must not cost a place on the page, though
// they fill whole pages of the full-text index.
func TestPageIsFilledBehindHiddenHits(t *testing.T) {
	const hidden = 230
	files := map[string]string{
		"acl.json": `[{"keyPrefix":"s3://b/hidden/","aclEntries":[{"Name":"HR","Type":"GROUP","Access":"ALLOW"}]}]`,
	}
	for i := range hidden {
		files[fmt.Sprintf("hidden/%03d.txt", i)] = "plan"
	}
	for i := range 4 {
		files[fmt.Sprintf("open/%d.txt", i)] = "a plan between many words that make it a worse hit"
	}
	dir := bucket(t, files)
	find := func(as string) []hit {
		return hits(t, search(t, "", "-data", dir, "-acl", "acl.json", "-bucket", "b", "-as", as, "-q", "plan", "-json", "-n", fmt.Sprint(hidden+3)))
	}
	all := find("ann:HR")
	if got := folders(all[:min(hidden, len(all))]); len(all) != hidden+3 || !slices.Equal(got, []string{"hidden"}) {
		t.Fatalf("%d hits, the first in %v; want all that are hidden first", len(all), got)
	}
	if visible := find("guest"); len(visible) != 4 || !slices.Equal(folders(visible), []string{"open"}) {
		t.Errorf("a guest finds %v, want the four open documents", visible)
	}
}

// Rules T1, T2, T3: a bad token finds nothing, not even what a guest would.
func TestBadTokenIsRefused(t *testing.T) {
	mary, patricia := strings.Split(mint(t, "mary"), "."), strings.Split(mint(t, "patricia"), ".")
	authority, err := trust{}.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer authority.Close()
	expired, err := authority.token("mary", time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	future, err := authority.token("mary", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"claims of another":   patricia[0] + "." + mary[1] + "." + patricia[2],
		"no signature":        mary[0] + "." + mary[1] + ".",
		"alg none":            "eyJhbGciOiJub25lIn0." + mary[1] + ".",
		"key of the other":    mint(t, "mary", "-rsa"),
		"expired":             expired,
		"issued later":        future,
		"not a token":         "hello",
		"padded with a space": " " + strings.Join(mary, "."),
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []result{
				search(t, "", "-token", token, "-q", "search", "-json"),
				search(t, token, "-token", "-", "-q", "search"),
				search(t, "", "-token", token, "-explain", "Data/blogs/missing-acl.md"),
			} {
				if r.code != 2 || r.stdout != "" {
					t.Errorf("exit %d, stdout %q, want 2 and nothing", r.code, r.stdout)
				}
				if strings.Count(r.stderr, "\n") != 1 || !strings.HasPrefix(r.stderr, "securesearch: token refused: ") {
					t.Errorf("stderr %q, want one line", r.stderr)
				}
				if strings.Contains(r.stderr, mary[1]) || strings.Contains(r.stderr, "AWS-SA") {
					t.Errorf("stderr %q shows a part of the token", r.stderr)
				}
			}
		})
	}
}

// Rule A7: reasons are for operators.
func TestReasons(t *testing.T) {
	for _, h := range hits(t, search(t, "", "-as", "mary", "-json", "-n", "100")) {
		if h.Reason != "" {
			t.Errorf("%s has a reason without -operator", h.ID)
		}
	}
	for _, h := range hits(t, search(t, "", "-as", "mary", "-json", "-n", "100", "-operator")) {
		want := `allowed by ALLOW GROUP "AWS-SA"`
		if h.Folder == "blogs" {
			want = "allowed: public document"
		}
		if h.Reason != want {
			t.Errorf("%s: reason %q, want %q", h.ID, h.Reason, want)
		}
	}
	for _, row := range []struct{ as, doc, want string }{
		{"james", "Data/white-papers/verification-order.md", "denied: no ALLOW entry matches"},
		{"mary", "Data/white-papers/verification-order.md", `allowed by ALLOW GROUP "AWS-SA"`},
		{"guest", "Data/blogs/missing-acl.md", "allowed: public document"},
		{"mary", "Data/blogs/none.md", "denied: unknown document"},
	} {
		r := search(t, "", "-as", row.as, "-explain", row.doc)
		if r.code != 0 || !strings.HasPrefix(r.stdout, row.doc+": "+row.want) {
			t.Errorf("%s, %s: exit %d, %q, want %q", row.as, row.doc, r.code, r.stdout, row.want)
		}
	}
}

func TestScenarioTable(t *testing.T) {
	r := search(t, "", "-table")
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("exit %d, stderr %q", r.code, r.stderr)
	}
	seen := 0
	for line := range strings.Lines(r.stdout) {
		fields := strings.Fields(line)
		if len(fields) == 0 || access[fields[0]] == nil || strings.Contains(line, "refused") {
			continue
		}
		seen++
		if got := strings.Count(line, fmt.Sprint(" ", perFolder)); got != len(access[fields[0]]) {
			t.Errorf("%q has %d folders, want %d", line, got, len(access[fields[0]]))
		}
	}
	if seen != len(access) {
		t.Errorf("%d personas in the table, want %d:\n%s", seen, len(access), r.stdout)
	}
	if got := strings.Count(r.stdout, ": refused: "); got != 2 {
		t.Errorf("%d refused tokens, want 2:\n%s", got, r.stdout)
	}
}

func TestLintOfTheCorpus(t *testing.T) {
	r := search(t, "", "-lint")
	if r.code != 0 || strings.Contains(r.stdout, "defect:") {
		t.Fatalf("exit %d:\n%s%s", r.code, r.stdout, r.stderr)
	}
	if got := strings.Count(r.stdout, "lint: "); got != perFolder {
		t.Errorf("%d findings, want one for each public blog:\n%s", got, r.stdout)
	}
}

// bucket writes files and returns their folder.
func bucket(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAnyCorpusAndConfiguration(t *testing.T) {
	dir := bucket(t, map[string]string{
		"docs/open.txt":                      "a plan to search",
		"docs/admin-only/plan.txt":           "the secret plan",
		"docs/own.txt":                       "a plan with a list of its own",
		"docs/broken.txt":                    "a plan with a broken list",
		"docs/picture.png":                   "\x89PNG\xff plan",
		"meta/docs/own.txt.metadata.json":    `{"Title":"Own plan","AccessControlList":[{"Name":"HR","Type":"GROUP","Access":"ALLOW"}]}`,
		"meta/docs/broken.txt.metadata.json": `{"accessControlList":[]}`,
		"acl.json":                           `[{"keyPrefix":"s3://b/docs/admin-only","aclEntries":[{"Name":"Admin","Type":"GROUP","Access":"ALLOW"}]}]`,
		"config.json": `{"UserContextPolicy":"USER_TOKEN","UserTokenConfigurations":[{"JwtTokenTypeConfiguration":{
			"KeyLocation":"SECRET_MANAGER","SecretManagerArn":"arn:aws:secretsmanager:eu-west-1:1:secret:s"}}]}`,
		"secret.json": `{"keys":[{"kid":"a","alg":"HS256","kty":"OCT","use":"sig","k":"VEVTVElORyBLRVkgVEVTVElORyBLRVkgVEVTVElORyBLRVk="}]}`,
	})
	in := func(name string) string { return filepath.Join(dir, name) }
	trusted := []string{"-config", in("config.json"), "-secret", in("secret.json")}
	data := append([]string{"-data", dir, "-meta", "meta", "-acl", "acl.json", "-bucket", "b", "-json", "-q", "plan"}, trusted...)
	for _, row := range []struct {
		as   string
		want []string
	}{
		{"guest", []string{"docs/open.txt"}},
		{"ann:HR", []string{"docs/open.txt", "docs/own.txt"}},
		{"bob:Admin", []string{"docs/admin-only/plan.txt", "docs/open.txt"}},
		{"eve:HR,Admin", []string{"docs/admin-only/plan.txt", "docs/open.txt", "docs/own.txt"}},
		{"dan:", []string{"docs/open.txt"}},
	} {
		var got []string
		for _, h := range hits(t, search(t, "", append([]string{"-as", row.as}, data...)...)) {
			got = append(got, h.ID)
			if h.ID == "docs/own.txt" && h.Title != "Own plan" || h.ID == "docs/open.txt" && h.Title != "open.txt" {
				t.Errorf("%s has title %q", h.ID, h.Title)
			}
			if h.Folder != path.Base(path.Dir(h.ID)) {
				t.Errorf("%s is in folder %q", h.ID, h.Folder)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, row.want) {
			t.Errorf("%s finds %v, want %v", row.as, got, row.want)
		}
	}
	if r := search(t, "", append([]string{"-token", mint(t, "mary")}, data...)...); r.code != 2 {
		t.Errorf("a token of another configuration: exit %d, want 2", r.code)
	}
	r := search(t, "", append([]string{"-lint"}, data...)...)
	if r.code != 1 || !strings.Contains(r.stdout, "defect: ") || !strings.Contains(r.stdout, "broken.txt") {
		t.Errorf("-lint: exit %d, want 1 and the broken list:\n%s", r.code, r.stdout)
	}
}

// Rule A9: groups of the directory add to those of the token
func TestGroupsOfTheDirectory(t *testing.T) {
	dir := bucket(t, map[string]string{
		"groups.json": `[
			{"GroupId": "AWS-SA", "OrderingId": 1, "GroupMembers": {"MemberGroups": [{"GroupId": "architects"}]}},
			{"GroupId": "architects", "OrderingId": 1, "GroupMembers": {"MemberUsers": [{"UserId": "eve"}]}}]`,
		"broken.json": `[{"GroupId": "AWS-SA", "OrderingId": 1, "groupMembers": {}}]`,
	})
	find := func(args ...string) result {
		return search(t, "", append(args, "-q", "search", "-json", "-n", "100")...)
	}
	file := filepath.Join(dir, "groups.json")
	for _, row := range []struct {
		as   string
		want []string
	}{
		{"eve:", access["mary"]}, // by two steps
		{"dan:architects", access["mary"]},
		{"dan:", access["guest"]},
		{"eve:Customer", access["mary"]},
		{"patricia", access["patricia"]},
		{"guest", access["guest"]},
	} {
		if got := folders(hits(t, find("-groups", file, "-as", row.as))); !slices.Equal(got, row.want) {
			t.Errorf("%s finds %v, want %v", row.as, got, row.want)
		}
	}
	if got := folders(hits(t, find("-as", "eve:"))); !slices.Equal(got, access["guest"]) {
		t.Errorf("without -groups eve finds %v", got)
	}
	for _, bad := range []string{filepath.Join(dir, "broken.json"), filepath.Join(dir, "none.json")} {
		if r := find("-groups", bad, "-as", "mary"); r.code != 1 || r.stdout != "" || !strings.Contains(r.stderr, "-groups") {
			t.Errorf("%s: exit %d, stdout %q, stderr %q", filepath.Base(bad), r.code, r.stdout, r.stderr)
		}
	}
}

// configOf writes a configuration that trusts an issuer, with keys at a URL.
func configOf(t *testing.T, issuer string) string {
	t.Helper()
	config := fmt.Sprintf(`{"UserTokenConfigurations":[{"JwtTokenTypeConfiguration":{"KeyLocation":"URL","URL":%q,
		"Issuer":%q,"ClaimRegex":%q,"UserNameAttributeField":"user","GroupAttributeField":"groups"}}]}`,
		issuer+"/keys", issuer, tokentest.Audience)
	return filepath.Join(bucket(t, map[string]string{"config.json": config}), "config.json")
}

// Rules K7, T5: keys from a URL, and by discovery
func TestKeysFromTheNetwork(t *testing.T) {
	issuer := tokentest.NewIssuer(t)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	mux.Handle("GET "+tokentest.KeysPath, issuer.Handler())
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, server.URL, server.URL+tokentest.KeysPath)
	})
	who := tokentest.Persona("mary", "AWS-SA")
	who["iss"] = server.URL
	for name, keys := range map[string][]string{
		"jwks-url": {"-jwks-url", server.URL + tokentest.KeysPath}, "issuer": {"-issuer", server.URL},
	} {
		args := append(keys, "-config", configOf(t, server.URL), "-insecure-allow-http", "-q", "search", "-json", "-n", "100", "-token")
		if got := folders(hits(t, search(t, "", append(args, issuer.Token(who))...))); !slices.Equal(got, access["mary"]) {
			t.Errorf("%s: mary finds %v", name, got)
		}
		for _, bad := range []string{issuer.Expired(who), issuer.WrongKey(who), issuer.WrongIssuer(who), issuer.Unsigned(who)} {
			if r := search(t, "", append(args, bad)...); r.code != 2 || r.stdout != "" {
				t.Errorf("%s: a broken token: exit %d", name, r.code)
			}
		}
	}
	dead := []string{"-jwks-url", server.URL + "/none", "-config", configOf(t, server.URL), "-insecure-allow-http", "-token", issuer.Token(who)}
	if r := search(t, "", dead...); r.code != 1 || r.stdout != "" || !strings.Contains(r.stderr, "unavailable") {
		t.Errorf("no keys: exit %d, %q; want 1, since nobody can tell", r.code, r.stderr)
	}
}

func TestUnsignedJSONNeedsItsFlag(t *testing.T) {
	dir := bucket(t, map[string]string{"config.json": `{"UserTokenConfigurations":[{"JsonTokenTypeConfiguration":{
		"UserNameAttributeField":"username","GroupAttributeField":"groups"}}]}`})
	args := []string{"-config", filepath.Join(dir, "config.json"), "-token", `{"username":"james","groups":["AWS-Sales"]}`, "-json", "-n", "100"}
	if r := search(t, "", args...); r.code != 1 || r.stdout != "" {
		t.Errorf("without the flag: exit %d, stdout %q", r.code, r.stdout)
	}
	list := hits(t, search(t, "", append(args, "-insecure-trust-unsigned-json")...))
	if got := folders(list); !slices.Equal(got, access["james"]) {
		t.Errorf("folders %v, want those of james", got)
	}
}

func TestUsageErrors(t *testing.T) {
	for name, args := range map[string][]string{
		"two callers":        {"-as", "mary", "-token", "x"},
		"no token":           {"-token", "", "-q", "search"},
		"no token explained": {"-token", "", "-explain", "Data/blogs/missing-acl.md"},
		"nobody":             {"-as", "", "-q", "search"},
		"nothing to explain": {"-as", "mary", "-explain", ""},
		"mint the guest":     {"-mint", "guest"},
		"unknown persona":    {"-as", "nobody"},
		"nameless persona":   {"-as", ":AWS-SA"},
		"mint nobody":        {"-mint", "nobody"},
		"no hits":            {"-as", "mary", "-n", "0"},
		"words as argument":  {"-as", "mary", "rotation"},
		"unknown flag":       {"-frob"},
		"page and question":  {"-addr", "127.0.0.1:0", "-q", "search"},
		"table of one":       {"-table", "-as", "mary"},
		"config alone":       {"-config", "x"},
		"secret alone":       {"-secret", "x"},
		"keys twice":         {"-config", "x", "-secret", "y", "-jwks-url", "https://z.example"},
		"endpoint alone":     {"-as", "mary", "-aws-endpoint", "http://127.0.0.1:1"},
		"endpoint over http": {"-config", configOf(t, "https://z.example"), "-secret-arn", tokentest.SharedSecretARN, "-aws-endpoint", "http://z.example", "-q", "search"},
		"issuer alone":       {"-issuer", "https://z.example"},
		"keys over http":     {"-config", configOf(t, "https://z.example"), "-jwks-url", "http://z.example", "-q", "search"},
		"another issuer":     {"-config", configOf(t, "https://z.example"), "-issuer", "https://y.example", "-q", "search"},
		"meta without data":  {"-meta", "Meta/"},
		"rsa with config":    {"-rsa", "-config", "x", "-secret", "y"},
		"missing folder":     {"-as", "mary", "-data", filepath.Join("no", "such", "folder")},
		"missing config":     {"-as", "mary", "-config", "none", "-secret", "none"},
		"token from nowhere": {"-token", "-"},
	} {
		if r := search(t, "", args...); r.code != 1 || r.stdout != "" || r.stderr == "" {
			t.Errorf("%s: exit %d, stdout %q, stderr %q; want 1, nothing, a reason", name, r.code, r.stdout, r.stderr)
		}
	}
	if r := search(t, "", "-help"); r.code != 0 {
		t.Errorf("-help: exit %d", r.code)
	}
}

func TestTokenFromBrokenInput(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"-token", "-"}, iotest.ErrReader(errors.New("torn")), &stdout, &stderr)
	if code != 1 || stdout.Len() > 0 {
		t.Errorf("exit %d, stdout %q, want 1 and nothing", code, &stdout)
	}
}
