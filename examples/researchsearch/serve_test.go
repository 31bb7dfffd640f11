package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/fgac"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

func contextOf(token string) tokenacl.UserContext { return tokenacl.UserContext{Token: token} }

// site is a service with its server.
type site struct {
	*service
	t   *testing.T
	url string
}

func newSite(t *testing.T, local bool) *site {
	t.Helper()
	s := newService(t)
	server := httptest.NewServer(s.handler(local))
	t.Cleanup(server.Close)
	return &site{s, t, server.URL}
}

// token is one of a user, which is good.
func (s *site) token(name string) string {
	s.t.Helper()
	token, err := s.pool.token(s.t.Context(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

// mint is a token with other claims.
func (s *site) mint(change map[string]any) string {
	s.t.Helper()
	claims := map[string]any{"iss": poolIssuer, "aud": poolClient, "token_use": "id", "sub": "x", "cognito:username": "PubMedAdminUser", "cognito:groups": []string{"pubmed_admin_group"}}
	for name, value := range change {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	token, err := s.pool.signer.Mint(s.t.Context(), claims)
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) String() string { return fmt.Sprintf("%d %.300s", r.status, r.body) }

// do sends a request. headers are lines.
func (s *site) do(method, target, body string, headers ...string) reply {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+target, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(text)}
}

func target(index, query string) string {
	return "/search?" + url.Values{"index": {index}, "query": {query}}.Encode()
}

func (r reply) total(t *testing.T) int {
	t.Helper()
	var found response
	if err := json.Unmarshal([]byte(r.body), &found); err != nil || r.status != http.StatusOK {
		t.Fatalf("%v: %v", r, err)
	}
	return found.Hits.Total.Value
}

// TestServiceScenarios sends each in every way that a request may have: either
// header, both methods, the query bare or in its wrapper, quoted or not, and in
// the body.
func TestServiceScenarios(t *testing.T) {
	s := newSite(t, true)
	ways := 0
	for _, row := range []struct {
		as, index, query string
		status, hits     int
	}{
		{"PubMedAdminUser", "pubmed", `{"match_all":{}}`, 200, 34},
		{"PubMedAdminUser", "clinical-trials", `{"match_all":{}}`, 403, 0},
		{"PubMedLimitedUser", "pubmed", `{"match":{"title": "molecular biology"}}`, 200, 8},
		{"PubMedLimitedUser", "pubmed", `{"match":{"research_group":"RG_345"}}`, 200, 0},
	} {
		token := s.token(row.as)
		for _, header := range []string{"Authorization: Bearer " + token, "id_token: " + token, "ID_TOKEN: " + token} {
			for _, form := range []string{row.query, `{"query":` + row.query + `}`} {
				quoted, err := json.Marshal(form)
				if err != nil {
					t.Fatal(err)
				}
				for _, got := range []reply{
					s.do("GET", target(row.index, form), "", header), s.do("POST", target(row.index, form), "", header),
					s.do("GET", target(row.index, string(quoted)), "", header), s.do("POST", target(row.index, string(quoted)), "", header),
					s.do("POST", "/search?index="+row.index, form, header), s.do("POST", "/search?index="+row.index, string(quoted), header),
				} {
					ways++
					if got.status != row.status || got.header.Get("Content-Type") != "application/json" || got.header.Get("Cache-Control") != "no-store" {
						t.Errorf("%s, %s: %v, %v", row.as, form, got, got.header)
					}
					if row.status == 403 && got.body != forbidden {
						t.Errorf("%s: %s", row.as, got.body)
					}
					if row.status == 200 && got.total(t) != row.hits {
						t.Errorf("%s, %s: %d hits, want %d", row.as, form, got.total(t), row.hits)
					}
				}
			}
		}
	}
	if ways != 4*3*2*6 {
		t.Errorf("%d ways, want 144", ways)
	}
	// As the test console of API Gateway is told it, with the quotes escaped.
	escaped := `/search?query=%22%7B%5C%22query%5C%22%3A%7B%5C%22match_all%5C%22%3A%7B%7D%7D%7D%22&index=pubmed`
	if got := s.do("POST", escaped, "", "id_token: "+s.token("PubMedAdminUser")); got.total(t) != 34 {
		t.Error(got)
	}
	var first response
	got := s.do("GET", target("pubmed", `{"match_all":{}}`), "", "id_token: "+s.token("PubMedAdminUser"))
	if err := json.Unmarshal([]byte(got.body), &first); err != nil || len(first.Hits.Hits) != 10 || !strings.Contains(got.body, `"total":{"value":34,"relation":"eq"},"max_score":1,"hits":[{"_index":"pubmed","_id":"PM-0001","_score":1,"_source":{"title":"Molecular`) {
		t.Errorf("the shape of an answer: %.400s", got.body)
	}
}

// TestTokens: what is not a good token of the pool gets 401, an empty body and
// OpenSearch's challenge; two different ones are refused.
func TestTokens(t *testing.T) {
	s := newSite(t, true)
	good, other := s.token("PubMedAdminUser"), s.token("ResearchFullAccessUser")
	parts, parts2 := strings.Split(good, "."), strings.Split(other, ".")
	forged := strings.Join([]string{parts[0], parts2[1], parts[2]}, ".")
	stranger, err := kmssigner.New(t.Context(), kmstest.New(kmstest.P256), nil)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := (&pool{signer: stranger}).token(t.Context(), "PubMedAdminUser")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"none", nil, 401},
		{"Authorization", []string{"Authorization: Bearer " + good}, 200},
		{"id_token", []string{"id_token: " + good}, 200},
		{"the same twice", []string{"Authorization: Bearer " + good, "id_token: " + good}, 200},
		{"beside a signature of AWS", []string{"Authorization: AWS4-HMAC-SHA256 Credential=x", "id_token: " + good}, 200},
		{"two different ones", []string{"Authorization: Bearer " + good, "id_token: " + other}, 400},
		{"two different ones, turned round", []string{"Authorization: Bearer " + other, "id_token: " + good}, 400},
		{"the same twice, and another", []string{"Authorization: Bearer " + good, "Authorization: Bearer " + other, "id_token: " + good}, 400},
		{"a good one and rubbish", []string{"Authorization: Bearer x", "id_token: " + good}, 400},
		{"two in one header", []string{"id_token: " + good, "id_token: " + other}, 401},
		{"id_token with a scheme", []string{"id_token: Bearer " + good}, 401},
		{"empty id_token", []string{"id_token: ", "Authorization: Bearer " + good}, 400},
		{"empty id_token alone", []string{"id_token: "}, 401},
		{"Basic", []string{"Authorization: Basic YTpi"}, 401},
		{"forged", []string{"id_token: " + forged}, 401},
		{"of another pool", []string{"id_token: " + elsewhere}, 401},
		{"an access token", []string{"id_token: " + s.mint(map[string]any{"token_use": "access"})}, 401},
		{"for another client", []string{"id_token: " + s.mint(map[string]any{"aud": "other"})}, 401},
		{"of another issuer", []string{"id_token: " + s.mint(map[string]any{"iss": poolIssuer + "/"})}, 401},
		{"without a name", []string{"id_token: " + s.mint(map[string]any{"cognito:username": nil})}, 401},
		{"without groups", []string{"id_token: " + s.mint(map[string]any{"cognito:groups": nil})}, 403},
		{"in no group", []string{"id_token: " + s.mint(map[string]any{"cognito:groups": []string{}})}, 403},
		{"in a group without a role", []string{"id_token: " + s.mint(map[string]any{"cognito:groups": []string{"pubmed-admin"}})}, 403},
	} {
		got := s.do("GET", target("pubmed", `{"match_all":{}}`), "", row.headers...)
		if got.status != row.status {
			t.Errorf("%s: %v, want %d", row.name, got, row.status)
		}
		if challenge := got.header.Get("WWW-Authenticate"); row.status == 401 && (got.body != "" || !strings.HasPrefix(challenge, fgac.Challenge)) {
			t.Errorf("%s: challenge %q, body %q", row.name, challenge, got.body)
		}
		if row.name == "none" && got.header.Get("WWW-Authenticate") != fgac.Challenge {
			t.Errorf("no token: %q, want %q alone", got.header.Get("WWW-Authenticate"), fgac.Challenge)
		}
	}
}

func TestBadRequests(t *testing.T) {
	s := newSite(t, true)
	token := "id_token: " + s.token("ResearchFullAccessUser")
	for _, row := range []struct {
		name, method, target, body string
		status                     int
		reason                     string
	}{
		{"no query", "GET", "/search?index=pubmed", "", 400, "want a JSON object"},
		{"not JSON", "GET", target("pubmed", "{"), "", 400, "want a JSON object"},
		{"a quoted text", "GET", target("pubmed", `"x"`), "", 400, "want a JSON object"},
		{"null", "GET", target("pubmed", `null`), "", 400, ""},
		{"a script", "GET", target("pubmed", `{"script":{"script":"1"}}`), "", 400, "unsupported query"},
		{"two in one", "GET", target("pubmed", `{"match_all":{},"match_none":{}}`), "", 400, "/query"},
		{"the same twice", "GET", target("pubmed", `{"match_all":{},"match_all":{}}`), "", 400, "not JSON"},
		{"a variable", "GET", target("pubmed", `{"term":{"title":"${user.name:-x}"}}`), "", 400, "${"},
		{"date math", "GET", target("pubmed", `{"range":{"published":{"gte":"now-1d"}}}`), "", 400, "date math"},
		{"highlight", "GET", target("pubmed", `{"query":{"match_all":{}},"highlight":{}}`), "", 400, "/highlight"},
		{"a size that is none", "GET", target("pubmed", `{"size":99999999999999999999}`), "", 400, "size: cannot use this number"},
		{"a from that is none", "GET", target("pubmed", `{"from":99999999999999999999}`), "", 400, "from: cannot use this number"},
		{"a sum beyond JSON", "GET", target("pubmed", `{"aggs":{"a":{"sum":{"field":"none","missing":1e308}}}}`), "", 400, "sum: the numbers add up"},
		{"in both places", "POST", target("pubmed", `{"match_all":{}}`), `{"match_all":{}}`, 400, "not in both"},
		{"too large", "POST", "/search?index=pubmed", strings.Repeat(" ", mostBytes+1), 400, "too large"},
		{"no such index", "GET", target("none", `{"match_all":{}}`), "", 404, "no such index [none]"},
		{"a pattern", "GET", target("pub*", `{"match_all":{}}`), "", 403, "no permissions"},
		{"a list", "GET", target("pubmed,clinical-trials", `{"match_all":{}}`), "", 403, "no permissions"},
		{"sort", "GET", target("pubmed", `{"sort":{"year":{"order":"asc","mode":"avg"}}}`), "", 400, "sort"},
		{"an aggregation's setting", "GET", target("pubmed", `{"aggs":{"a":{"histogram":{"field":"year","interval":1,"keyed":true}}}}`), "", 400, "keyed"},
		{"an interval", "GET", target("pubmed", `{"aggs":{"a":{"histogram":{"field":"year","interval":0}}}}`), "", 400, "above 0"},
		{"no interval", "GET", target("pubmed", `{"aggs":{"a":{"histogram":{"field":"year"}}}}`), "", 400, "above 0"},
		{"no date interval", "GET", target("pubmed", `{"aggs":{"a":{"date_histogram":{"field":"published","fixed_interval":"1M"}}}}`), "", 400, "fixed_interval"},
		{"too many buckets", "GET", target("pubmed", `{"aggs":{"a":{"histogram":{"field":"year","interval":0.0001}}}}`), "", 400, "too many buckets"},
		{"an order", "GET", target("pubmed", `{"aggs":{"a":{"terms":{"field":"year","order":{"x":"asc"}}}}}`), "", 400, "order"},
	} {
		got := s.do(row.method, row.target, row.body, token)
		var answer struct {
			Error  struct{ Type, Reason string }
			Status int
		}
		err := json.Unmarshal([]byte(got.body), &answer)
		if strings.Contains(answer.Error.Reason, "Go ") {
			t.Errorf("%s: %q names types of Go", row.name, answer.Error.Reason)
		}
		if got.status != row.status || err != nil || answer.Status != row.status || answer.Error.Type == "" || !strings.Contains(answer.Error.Reason, row.reason) {
			t.Errorf("%s: %v (%v), want %d and %q", row.name, got, err, row.status, row.reason)
		}
	}
	if got := s.do("GET", target("none", `{"match_all":{}}`), "", "id_token: "+s.token("PubMedAdminUser")); got.status != 403 {
		t.Errorf("an index that is not there tells so: %v", got)
	}
}

// TestWrite: of all users one may write.
func TestWrite(t *testing.T) {
	s := newSite(t, true)
	const doc = `{"title":"Molecular biology of a test","access":"public","embargoed":false}`
	for _, who := range people {
		got := s.do("PUT", "/pubmed/_doc/new", doc, "Authorization: Bearer "+s.token(who.name))
		switch {
		case who.name == "ResearchFullAccessUser":
			if got.status != 201 || got.body != `{"_id":"new","_index":"pubmed","result":"created"}` {
				t.Error(got)
			}
		case got.status != 403 || !strings.Contains(got.body, "no permissions for [indices:data/write/index] and User [name="+who.name+", backend_roles=["+who.group+"]"):
			t.Errorf("%s: %v", who.name, got)
		}
	}
	full := "id_token: " + s.token("ResearchFullAccessUser")
	if got := s.do("PUT", "/pubmed/_doc/new", doc, full); got.status != 200 || !strings.Contains(got.body, "updated") {
		t.Error(got)
	}
	find := target("pubmed", `{"match_phrase":{"title":"biology of a test"}}`)
	for name, want := range map[string]int{"PubMedAdminUser": 1, "PubMedLimitedUser": 1, "ResearchBasicUser": 1} {
		if got := s.do("GET", find, "", "id_token: "+s.token(name)).total(t); got != want {
			t.Errorf("%s finds %d, want %d", name, got, want)
		}
	}
	for _, row := range []struct {
		target, body string
		status       int
	}{
		{"/pubmed/_doc/a", `[]`, 400}, {"/pubmed/_doc/a", `{"a":1,"a":2}`, 400}, {"/pubmed/_doc/a", ``, 400}, {"/pubmed/_doc/a", `{"a.b":1,"a":{"b":2}}`, 400},
		{"/none/_doc/a", `{}`, 404}, {"/pubmed/_doc/a", `{"a":"` + strings.Repeat("x", mostBytes) + `"}`, 400}, {"/pub*/_doc/a", `{}`, 403},
	} {
		if got := s.do("PUT", row.target, row.body, full); got.status != row.status {
			t.Errorf("%s %.20s: %v, want %d", row.target, row.body, got, row.status)
		}
	}
	if got := s.do("PUT", "/pubmed/_doc/a", doc); got.status != 401 {
		t.Errorf("without a token: %v", got)
	}
	s.store.indices["clinical-trials"] = make([]document, mostDocuments)
	if got := s.do("PUT", "/clinical-trials/_doc/a", doc, full); got.status != 429 {
		t.Errorf("an index that is full: %v", got)
	}
}

// TestCompareOnePage: a document that the query finds is never said to be missed,
// whatever from and size leave out.
func TestCompareOnePage(t *testing.T) {
	s := newService(t)
	whole, err := s.compare(t.Context(), "pubmed", `{"query":{"match_all":{}}}`)
	if err != nil {
		t.Fatal(err)
	}
	page, err := s.compare(t.Context(), "pubmed", `{"query":{"match_all":{}},"from":1,"size":2}`)
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]int{}
	for i, person := range page.People {
		for id, c := range person.Cells {
			states[c.State]++
			if was := whole.People[i].Cells[id].State; was != c.State && !(was == "found" && c.State == "beyond") {
				t.Errorf("%s, %s: %s, and %s of all hits", person.Name, id, c.State, was)
			}
		}
	}
	if len(page.People) != len(people) || states["found"] == 0 || states["beyond"] == 0 || states["missed"] > 0 {
		t.Errorf("%d people, cells %v", len(page.People), states)
	}
}

// TestPage: it shows what is hidden, so only this machine gets it.
func TestPage(t *testing.T) {
	paths := []string{"/", "/app.js", "/token?as=PubMedAdminUser", "/compare?index=pubmed&query={}"}
	local, remote := newSite(t, true), newSite(t, false)
	for _, path := range paths {
		if got := remote.do("GET", path, ""); got.status != 404 && got.status != 405 {
			t.Errorf("%s is served to others: %v", path, got)
		}
		if got := local.do("GET", path, "", "X: y"); got.status != 200 && got.status != 400 || !strings.Contains(got.header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %v", path, got)
		}
	}
	r, err := http.NewRequest("GET", local.url+"/token?as=PubMedAdminUser", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.example"
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("a name that points here: %d", resp.StatusCode)
	}
	if got := local.do("GET", "/token?as=nobody", ""); got.status != 400 {
		t.Error(got)
	}
	var answer struct {
		Token string `json:"id_token"`
	}
	got := local.do("GET", "/token?as=PubMedLimitedUser", "")
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil || local.do("GET", target("pubmed", `{"match_all":{}}`), "", "id_token: "+answer.Token).total(t) != 31 {
		t.Errorf("the token of the page: %v", err)
	}
	if got := local.do("GET", "/.well-known/jwks.json", ""); got.status != 200 || !strings.Contains(got.body, `"alg":"RS256"`) {
		t.Error(got)
	}
	for _, bad := range []string{"/compare?index=none&query={}", "/compare?index=pubmed&query={"} {
		if got := local.do("GET", bad, ""); got.status < 400 || !strings.Contains(got.body, "reason") {
			t.Errorf("%s: %v", bad, got)
		}
	}
}

// TestServe answers until its context ends, and then with 0.
func TestServe(t *testing.T) {
	for addr, page := range map[string]int{"127.0.0.1:0": 200, "0.0.0.0:0": 404} {
		ctx, cancel := context.WithCancel(t.Context())
		read, write := io.Pipe()
		code := make(chan int)
		go func() {
			var errs strings.Builder
			code <- run(ctx, []string{"-listen", addr}, write, &errs)
			write.Close()
		}()
		first, _, _ := strings.Cut(firstLine(t, read), " ")
		go io.Copy(io.Discard, read)
		_, port, _ := net.SplitHostPort(strings.TrimPrefix(first, "http://"))
		resp, err := http.Get("http://127.0.0.1:" + port + "/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != page {
			t.Errorf("%s: the page answers %d, want %d", addr, resp.StatusCode, page)
		}
		cancel()
		if got := <-code; got != 0 {
			t.Errorf("%s: exit %d", addr, got)
		}
	}
}

func firstLine(t *testing.T, r io.Reader) string {
	t.Helper()
	var line []byte
	for one := make([]byte, 1); ; line = append(line, one[0]) {
		if _, err := r.Read(one); err != nil || one[0] == '\n' {
			return string(line)
		}
	}
}
