package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// startSite serves the page as "securesearch ARGS" does.
func startSite(t *testing.T, local bool, args ...string) *httptest.Server {
	t.Helper()
	o, err := parseFlags(args, io.Discard)
	if err != nil || !o.page {
		t.Fatalf("%v: no page (%v)", args, err)
	}
	a, err := o.trust.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lib, err := o.source.open()
	if err != nil {
		t.Fatal(err)
	}
	site, err := o.site(a, lib, local)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(site)
	t.Cleanup(s.Close)
	t.Cleanup(func() { a.Close() })
	return s
}

// get returns the status and the decoded answer. header is "", or what
// Authorization holds.
func get[T any](t *testing.T, s *httptest.Server, target, header string) (int, http.Header, T) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.URL+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != "" {
		r.Header.Set("Authorization", header)
	}
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer T
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	return resp.StatusCode, resp.Header, answer
}

// tokenFrom asks the page's server for a token, and returns the header with it.
func tokenFrom(t *testing.T, s *httptest.Server, as, kind string) string {
	t.Helper()
	status, _, answer := get[struct{ Token string }](t, s, "/api/token?as="+as+"&kind="+kind, "")
	if status != http.StatusOK || (answer.Token == "") != (as == "guest") {
		t.Fatalf("token of %s, %q: status %d", as, kind, status)
	}
	if answer.Token == "" {
		return ""
	}
	return "Bearer " + answer.Token
}

// Rules A2, R5: the page finds what the command line finds, and counts no more
func TestPageFindsWhatOneMaySee(t *testing.T) {
	s := startSite(t, true)
	for _, p := range personas {
		want := access[p.name]
		status, _, got := get[page](t, s, "/api/search?q=search&n=1000", tokenFrom(t, s, p.name, ""))
		var seen []string
		counts := map[string]int{}
		for _, h := range got.Hits {
			if counts[h.Type]++; !slices.Contains(seen, h.Folder) {
				seen = append(seen, h.Folder)
			}
			if len(h.Title) == 0 || len(h.Snippet) == 0 || h.Reason != "" {
				t.Errorf("%s: hit %+v, want a title, a snippet and no reason", p.name, h)
			}
		}
		slices.Sort(seen)
		if status != http.StatusOK || !slices.Equal(seen, want) || got.Total != len(want)*perFolder || len(got.Hits) != got.Total {
			t.Errorf("%s: status %d, %d of %d hits in %v, want all in %v", p.name, status, len(got.Hits), got.Total, seen, want)
		}
		if got.Operator != nil {
			t.Errorf("%s: an answer for operators", p.name)
		}
		for _, f := range got.Facets {
			if f.Count != counts[f.Type] {
				t.Errorf("%s: facet %s counts %d, want the %d visible ones", p.name, f.Type, f.Count, counts[f.Type])
			}
		}
		if len(got.Facets) != len(counts) {
			t.Errorf("%s: facets %v, want those of %v", p.name, got.Facets, counts)
		}
	}
}

func TestPageLimitsAndNarrows(t *testing.T) {
	s := startSite(t, true)
	mary := tokenFrom(t, s, "mary", "")
	_, _, all := get[page](t, s, "/api/search?q=search&n=1000", mary)
	_, _, some := get[page](t, s, "/api/search?q=search&n=7", mary)
	if some.Total != all.Total || len(some.Hits) != 7 || some.Hits[6].ID != all.Hits[6].ID {
		t.Errorf("n=7: %d of %d hits, want the first 7 of %d", len(some.Hits), some.Total, all.Total)
	}
	_, _, papers := get[page](t, s, "/api/search?q=search&n=1000&type=white-paper", mary)
	if papers.Total != perFolder || len(papers.Facets) != len(all.Facets) {
		t.Errorf("type=white-paper: %d hits and %d facets, want %d and all", papers.Total, len(papers.Facets), perFolder)
	}
	for _, bad := range []string{"", "?q=&n=1", "?q=search", "?q=search&n=0", "?q=search&n=1001", "?q=search&n=x", "?n=1&q=" + strings.Repeat("a", 501)} {
		if status, _, p := get[problem](t, s, "/api/search"+bad, mary); status != http.StatusBadRequest || p.Title == "" {
			t.Errorf("%q: status %d, want 400 and a reason", bad, status)
		}
	}
}

// Rules T2, R1, R5: a bad token finds nothing, not even what a guest would
func TestPageRefuses(t *testing.T) {
	s := startSite(t, true)
	for _, row := range []struct {
		name, header string
		status       int
		title        string
	}{
		{"forged", tokenFrom(t, s, "mary", "forged"), 401, "This token is forged"},
		{"expired", tokenFrom(t, s, "mary", "expired"), 401, "This token has expired"},
		{"not yet valid", tokenFrom(t, s, "mary", "early"), 401, "This token is not yet valid"},
		{"malformed", tokenFrom(t, s, "mary", "malformed"), 401, "This is not a token"},
		{"no word", "Bearer", 401, "This token is refused"},
		{"another scheme", "Basic bWFyeTpzZWNyZXQ=", 401, "This token is refused"},
		{"too long", "Bearer " + strings.Repeat("a", 100_001), 400, "This request contradicts itself"},
	} {
		for _, target := range []string{"/api/search?q=search&n=10", "/api/document?id=Data/blogs/missing-acl.md"} {
			status, header, p := get[problem](t, s, target, row.header)
			if status != row.status || p.Title != row.title || p.Text == "" || header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: status %d, %q; want %d, %q and a challenge", row.name, status, p.Title, row.status, row.title)
			}
			if strings.Contains(fmt.Sprint(p), "AWS-SA") || strings.Contains(fmt.Sprint(p), "mary") {
				t.Errorf("%s: the answer speaks of a claim: %v", row.name, p)
			}
		}
	}
}

// Rule A7: what is hidden looks like what is not there
func TestDocument(t *testing.T) {
	s := startSite(t, true)
	const paper, blog = "/api/document?id=Data/white-papers/verification-order.md", "/api/document?id=Data/blogs/missing-acl.md"
	type doc struct{ ID, Title, Text string }
	for _, row := range []struct {
		as, target string
		status     int
	}{
		{"mary", paper, 200}, {"james", paper, 404}, {"guest", paper, 404}, {"guest", blog, 200},
		{"mary", "/api/document?id=Data/blogs/none.md", 404}, {"mary", "/api/document", 404},
		{"mary", "/api/document?id=Meta/acl.json", 404}, {"mary", "/api/document?id=../../go.mod", 404},
	} {
		status, _, got := get[doc](t, s, row.target, tokenFrom(t, s, row.as, ""))
		if status != row.status || (len(got.Text) > 500) != (status == 200) {
			t.Errorf("%s, %s: status %d and %d characters, want %d", row.as, row.target, status, len(got.Text), row.status)
		}
	}
	_, _, hidden := get[json.RawMessage](t, s, paper, "")
	_, _, missing := get[json.RawMessage](t, s, "/api/document?id=none", "")
	if string(hidden) != string(missing) {
		t.Errorf("a hidden document answers %s, a missing one %s", hidden, missing)
	}
}

// Rule A7: reasons, and what is hidden, are for operators
func TestOperatorSeesTheRest(t *testing.T) {
	s := startSite(t, true, "-operator")
	_, _, got := get[page](t, s, "/api/search?q=search&n=1000", tokenFrom(t, s, "james", ""))
	if got.Operator == nil || len(got.Operator.Hidden) != 2*perFolder || got.Total != 3*perFolder {
		t.Fatalf("%d visible and hidden %+v, want %d and %d", got.Total, got.Operator, 3*perFolder, 2*perFolder)
	}
	for _, h := range got.Hits {
		if !strings.HasPrefix(h.Reason, "allowed") {
			t.Errorf("%s: reason %q", h.ID, h.Reason)
		}
	}
	for _, h := range got.Operator.Hidden {
		if !strings.HasPrefix(h.Reason, "denied") || slices.Contains(access["james"], h.Folder) {
			t.Errorf("hidden %s: reason %q", h.ID, h.Reason)
		}
	}
	m := got.Operator.Matrix
	for _, row := range m.Rows {
		for i, folder := range m.Folders {
			want := 0
			if slices.Contains(access[row.Name], folder) {
				want = perFolder
			}
			if row.Visible[i] != want || m.Totals[i] != perFolder {
				t.Errorf("%s, %s: %d of %d, want %d", row.Name, folder, row.Visible[i], m.Totals[i], want)
			}
		}
	}
	if len(m.Rows) != len(personas) || len(m.Folders) != len(access) {
		t.Errorf("a matrix of %d by %d", len(m.Rows), len(m.Folders))
	}
}

func TestPageIsClosedToOthers(t *testing.T) {
	s := startSite(t, true, "-operator")
	for host, want := range map[string]int{
		"evil.example": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example:80": 421, "": 421, "10.0.0.1": 421,
		"localhost": 200, "LOCALHOST:8080": 200, "127.0.0.1:1": 200, "[::1]:8080": 200, "::1": 200,
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/api/token?as=mary", nil)
		r.Host = host
		s.Config.Handler.ServeHTTP(w, r)
		if w.Code != want || strings.Contains(w.Body.String(), "token\":") != (want == 200) {
			t.Errorf("Host %q: status %d, want %d", host, w.Code, want)
		}
	}
	// On an address that others reach there are neither tokens nor personas.
	s = startSite(t, false)
	resp, err := http.Get(s.URL + "/api/token?as=mary")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("a token for everybody: status %d", resp.StatusCode)
	}
	if _, _, setup := get[struct{ Personas []personaCard }](t, s, "/api/setup", ""); len(setup.Personas) != 1 || setup.Personas[0].Name != "guest" {
		t.Errorf("personas for everybody: %v", setup.Personas)
	}
	if r := search(t, "", "-operator", "-addr", "0.0.0.0:0"); r.code != 1 || !strings.Contains(r.stderr, "loopback") {
		t.Errorf("-operator for everybody: exit %d, %q", r.code, r.stderr)
	}
}

func TestFilesOfThePage(t *testing.T) {
	s := startSite(t, true)
	for name, kind := range map[string]string{"/": "text/html", "/app.js": "javascript", "/app.css": "text/css", "/icon.svg": "image/svg+xml"} {
		resp, err := http.Get(s.URL + name)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		h := resp.Header
		if resp.StatusCode != 200 || !strings.Contains(h.Get("Content-Type"), kind) || len(body) < 200 {
			t.Errorf("%s: status %d, %s, %d bytes", name, resp.StatusCode, h.Get("Content-Type"), len(body))
		}
		for header, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
				"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := h.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
		for _, inline := range []string{" style=", "<style", " onclick=", "innerHTML", "https://", "http://"} {
			if inline == "http://" && path.Ext(name) != "" {
				continue // the name of SVG's name space
			}
			if strings.Contains(string(body), inline) {
				t.Errorf("%s has %q", name, inline)
			}
		}
	}
	for _, name := range []string{"/index.html", "/web/", "/none", "/api/", "/app.js/"} {
		resp, err := (&http.Transport{}).RoundTrip(httptest.NewRequest(http.MethodGet, s.URL+name, nil))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", name, resp.StatusCode)
		}
	}
}

// started runs "securesearch ARGS" until the test ends, and returns its URL and
// what it printed until then.
func started(t *testing.T, args ...string) (url, printed string, end func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		var stderr strings.Builder
		code := run(ctx, args, strings.NewReader(""), w, &stderr)
		w.CloseWithError(fmt.Errorf("ended: %s", stderr.String()))
		done <- code
	}()
	lines := bufio.NewScanner(r)
	for url == "" && lines.Scan() {
		printed += lines.Text() + "\n"
		if _, rest, ok := strings.Cut(lines.Text(), "http://"); ok {
			url = "http://" + strings.Fields(rest)[0]
		}
	}
	if url == "" {
		t.Fatalf("no URL: %v", lines.Err())
	}
	go io.Copy(io.Discard, r)
	return url, printed, func() int { cancel(); return <-done }
}

// Others may reach 0.0.0.0, and every user of the machine its loopback: tokens are
// given out on the latter alone, and none with keys of a real issuer.
func TestTokensAreGivenOutHereOnly(t *testing.T) {
	dir := bucket(t, map[string]string{
		"config.json": `{"UserTokenConfigurations":[{"JwtTokenTypeConfiguration":{"KeyLocation":"SECRET_MANAGER","SecretManagerArn":"arn:aws:secretsmanager:eu-west-1:1:secret:s"}}]}`,
		"secret.json": `{"keys":[{"kid":"a","alg":"HS256","kty":"OCT","use":"sig","k":"VEVTVElORyBLRVkgVEVTVElORyBLRVkgVEVTVElORyBLRVk="}]}`,
	})
	for _, row := range []struct {
		name   string
		args   []string
		status int
	}{
		{"here", []string{"-addr", "127.0.0.1:0"}, 200},
		{"for everybody", []string{"-addr", "0.0.0.0:0"}, 404},
		{"with a real issuer", []string{"-addr", "127.0.0.1:0", "-config", filepath.Join(dir, "config.json"), "-secret", filepath.Join(dir, "secret.json")}, 404},
	} {
		url, _, end := started(t, row.args...)
		url = strings.Replace(url, "[::]", "127.0.0.1", 1)
		for _, kind := range []string{"", "expired", "forged"} {
			resp, err := http.Get(url + "/api/token?as=mary&kind=" + kind)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != row.status {
				t.Errorf("%s: a token %q: status %d, want %d", row.name, kind, resp.StatusCode, row.status)
			}
		}
		if code := end(); code != 0 {
			t.Errorf("%s: exit %d", row.name, code)
		}
	}
}

// What the page is told must not stay in a cache, nor go elsewhere.
func TestAnswersAreNotStored(t *testing.T) {
	s := startSite(t, true, "-operator")
	mary := tokenFrom(t, s, "mary", "")
	for _, target := range []string{"/api/setup", "/api/token?as=mary", "/api/search?q=search&n=1", "/api/document?id=Data/blogs/missing-acl.md", "/api/document?id=none", "/api/search"} {
		_, header, _ := get[json.RawMessage](t, s, target, mary)
		if got := header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control %q", target, got)
		}
	}
	// The library's words tell of the configuration: they are for this machine.
	for local, want := range map[bool]bool{true: true, false: false} {
		s := startSite(t, local)
		if _, _, p := get[problem](t, s, "/api/search?q=search&n=1", "Bearer x"); (p.Words != "") != want || p.Title == "" {
			t.Errorf("local %t: words %q", local, p.Words)
		}
	}
}

func TestSearchThatFails(t *testing.T) {
	for _, args := range [][]string{nil, {"-operator"}} {
		s := startSite(t, true, args...)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/search?q=search&n=1", nil)
		r.Host = "localhost"
		s.Config.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "hits") {
			t.Errorf("%v: status %d, %s", args, w.Code, w.Body)
		}
	}
}

// Documents without a type count, and have no facet of their own.
func TestFacets(t *testing.T) {
	files := map[string]string{"a.txt": "plan", "b.txt": "plan", "c.txt": "plan", "d.txt": "plan", "e.txt": "plan"}
	for name, kind := range map[string]string{"a.txt": "rare", "b.txt": "often", "c.txt": "often", "d.txt": "also"} {
		files[name+".metadata.json"] = fmt.Sprintf(`{"Attributes":{"DocumentType":%q}}`, kind)
	}
	s := startSite(t, true, "-data", bucket(t, files))
	_, _, got := get[page](t, s, "/api/search?q=plan&n=10", "")
	want := []facet{{"often", 2}, {"also", 1}, {"rare", 1}}
	if got.All != 5 || got.Total != 5 || !slices.Equal(got.Facets, want) {
		t.Errorf("%d of %d, facets %v, want 5 and %v", got.Total, got.All, got.Facets, want)
	}
	if _, _, got := get[page](t, s, "/api/search?q=plan&n=10&type=often", ""); got.All != 5 || got.Total != 2 {
		t.Errorf("often: %d of %d, want 2 of 5", got.Total, got.All)
	}
	if status, _, _ := get[page](t, s, "/api/search?n=10&q="+strings.Repeat("%C3%BC", 500), ""); status != 200 {
		t.Errorf("500 letters of two bytes: status %d", status)
	}
}

// Every word that is found is marked, in titles too, and the piece with the most
// of them is shown.
func TestMarks(t *testing.T) {
	filler := strings.Repeat("and so on and so forth ", 30)
	s := startSite(t, true, "-data", bucket(t, map[string]string{
		"doc.txt": "A plan. " + filler + "The plan of the plan is a plan. " + filler, "doc.txt.metadata.json": `{"Title":"The plan: a plan"}`,
	}))
	_, _, got := get[page](t, s, "/api/search?q=plan&n=1", "")
	marked := func(parts []part) (n int, text string) {
		for _, p := range parts {
			if p.Hit {
				if n++; p.Text != "plan" {
					t.Errorf("marked: %q", p.Text)
				}
			}
			text += p.Text
		}
		return n, text
	}
	if len(got.Hits) != 1 {
		t.Fatalf("%d hits", len(got.Hits))
	}
	if n, text := marked(got.Hits[0].Title); n != 2 || text != "The plan: a plan" {
		t.Errorf("%d marks in the title %q, want 2", n, text)
	}
	if n, text := marked(got.Hits[0].Snippet); n != 3 || !strings.Contains(text, "The plan of the plan is a plan.") {
		t.Errorf("%d marks in %q, want the 3 that stand together", n, text)
	}
}

// TestServeEndsCleanly starts the page as a person does and ends it.
func TestServeEndsCleanly(t *testing.T) {
	url, printed, end := started(t, "-addr", "127.0.0.1:0")
	if strings.Count(printed, "\nmary ") != 1 {
		t.Errorf("printed %q, want the table first", printed)
	}
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if code := end(); code != 0 || resp.StatusCode != 200 {
		t.Errorf("status %d, then exit %d, want 200 and 0", resp.StatusCode, code)
	}
}

func TestNoPage(t *testing.T) {
	dir := bucket(t, map[string]string{"config.json": `{"UserTokenConfigurations":[{"JsonTokenTypeConfiguration":{
		"UserNameAttributeField":"username","GroupAttributeField":"groups"}}]}`})
	r := search(t, "", "-config", filepath.Join(dir, "config.json"), "-insecure-trust-unsigned-json")
	if r.code != 1 || !strings.Contains(r.stderr, "no page") {
		t.Errorf("unsigned tokens: exit %d, %q; want a refusal", r.code, r.stderr)
	}
	if r := search(t, "", "-addr", "127.0.0.1:99999"); r.code != 1 || !strings.Contains(r.stderr, "-addr") {
		t.Errorf("no such port: exit %d, %q", r.code, r.stderr)
	}
}

// The parts of a snippet are the text, and the marked ones are the words.
func TestSnippet(t *testing.T) {
	long := strings.Repeat("grüße aus dem wörterbuch ", 40)
	for name, row := range map[string]struct {
		text string
		at   []span
		want string
	}{
		"empty":           {"", nil, ""},
		"short":           {"one two three", []span{{4, 7}}, "one [two] three"},
		"at both ends":    {"one two", []span{{0, 3}, {4, 7}}, "[one] [two]"},
		"nothing found":   {long, nil, long[:wordBefore(long, snippetSize)] + " …"},
		"beyond the text": {"one", []span{{9, 12}}, "one"},
	} {
		var got strings.Builder
		for _, p := range snippet(row.text, row.at) {
			if p.Hit {
				p.Text = "[" + p.Text + "]"
			}
			got.WriteString(p.Text)
		}
		if got.String() != row.want {
			t.Errorf("%s: %q, want %q", name, got.String(), row.want)
		}
	}
	for i := range len(long) - 5 { // a word anywhere is shown, and no letter is cut
		at := strings.Index(long[i:], "wörterbuch")
		if at < 0 {
			break
		}
		at += i
		var text string
		hit := false
		for _, p := range snippet(long, []span{{at, at + len("wörterbuch")}}) {
			text += p.Text
			hit = hit || p.Hit && p.Text == "wörterbuch"
		}
		if !hit || strings.ToValidUTF8(text, "") != text || len(text) > snippetSize+20 {
			t.Fatalf("at %d: %q", at, text)
		}
	}
}

func TestPlain(t *testing.T) {
	const markdown = "# The title\n\nSome *emphasis*, `code` and a [link](https://example.com).\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n## Part\n\n> quoted\n"
	const want = "Some emphasis, code and a link.\n\n  a   b  \n  1   2  \n\nPart\n\nquoted"
	if got := plain(markdown, "The title"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := plain("# Another", "The title"); got != "Another" {
		t.Errorf("got %q, want the heading that says more than the title", got)
	}
}
