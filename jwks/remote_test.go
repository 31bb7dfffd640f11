package jwks_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// TestFreshness has what a response may say of its age, and when the next fetch
// comes.
//
// Rules K9, G4
func TestFreshness(t *testing.T) {
	const floor, ceiling = 2 * time.Minute, 10 * time.Minute
	for name, tt := range map[string]struct {
		header http.Header
		want   time.Duration
	}{
		"nothing":              {http.Header{}, ceiling},
		"empty":                {http.Header{"Cache-Control": {""}}, ceiling},
		"within":               {http.Header{"Cache-Control": {"public, max-age=300"}}, 5 * time.Minute},
		"upper case":           {http.Header{"Cache-Control": {"PUBLIC,MAX-AGE=300"}}, 5 * time.Minute},
		"quoted":               {http.Header{"Cache-Control": {`max-age="300"`}}, 5 * time.Minute},
		"two headers":          {http.Header{"Cache-Control": {"public", "max-age=300"}}, 5 * time.Minute},
		"below the floor":      {http.Header{"Cache-Control": {"max-age=10"}}, floor},
		"above the ceiling":    {http.Header{"Cache-Control": {"max-age=86400"}}, ceiling},
		"zero":                 {http.Header{"Cache-Control": {"max-age=0"}}, floor},
		"negative":             {http.Header{"Cache-Control": {"max-age=-1"}}, floor},
		"very negative":        {http.Header{"Cache-Control": {"max-age=-99999999999999999999999"}}, floor},
		"overflow of 64 bits":  {http.Header{"Cache-Control": {"max-age=99999999999999999999999"}}, ceiling},
		"overflow of duration": {http.Header{"Cache-Control": {"max-age=9223372036854775807"}}, ceiling},
		"overflow by 9":        {http.Header{"Cache-Control": {"max-age=9223372037"}}, ceiling},
		"fraction":             {http.Header{"Cache-Control": {"max-age=300.5"}}, floor},
		"exponent":             {http.Header{"Cache-Control": {"max-age=3e2"}}, floor},
		"no number":            {http.Header{"Cache-Control": {"max-age"}}, floor},
		"the smaller of two":   {http.Header{"Cache-Control": {"max-age=600, max-age=300"}}, 5 * time.Minute},
		"no-store":             {http.Header{"Cache-Control": {"max-age=300, no-store"}}, floor},
		"no-cache":             {http.Header{"Cache-Control": {"no-cache, max-age=300"}}, floor},
		"for shared caches":    {http.Header{"Cache-Control": {"s-maxage=300"}}, ceiling},
		"age":                  {http.Header{"Cache-Control": {"max-age=400"}, "Age": {"100"}}, 5 * time.Minute},
		"too old":              {http.Header{"Cache-Control": {"max-age=400"}, "Age": {"99999999999999999999999"}}, floor},
		"negative age":         {http.Header{"Cache-Control": {"max-age=300"}, "Age": {"-9999"}}, 5 * time.Minute},
		"age alone":            {http.Header{"Age": {"100"}}, ceiling},
		"a long header":        {http.Header{"Cache-Control": {strings.Repeat("x,", 1<<14)}}, ceiling},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProvider("a")
				p.header, p.latency = tt.header, 9*time.Second
				r, err := jwks.NewRemote(keysURL, &jwks.RemoteOptions{InsecureTransport: p, RefreshFloor: floor, RefreshCeiling: ceiling})
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				time.Sleep(24 * time.Hour)
				synctest.Wait()
				log := p.history()
				for i := range len(log) - 1 {
					if pause := log[i+1].began.Sub(log[i].began); pause < tt.want || pause > tt.want*11/10 {
						t.Fatalf("refreshed after %v, want %v and up to a tenth more", pause, tt.want)
					}
				}
				if len(log) < 100 {
					t.Errorf("%d fetches", len(log))
				}
			})
		})
	}
}

// TestConditional: an ETag is sent back, and 304 means the same keys, as fresh as
// the question. What a token asks for goes past caches.
//
// Rules K8, K9
func TestConditional(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider("a")
		p.header = http.Header{"Etag": {`"one"`}}
		r := newRemote(t, p, limit{maxStale: time.Hour})
		defer r.Close()
		synctest.Wait()
		p.publish("a", "c")
		time.Sleep(time.Minute)
		wants(t, r, genuine(t, "c"), "ok", 0)
		want := http.Header{"Accept": {"application/json, application/jwk-set+json"}, "User-Agent": {"tokenacl"}, "Cache-Control": {"no-cache"}}
		if diff := cmp.Diff(want, p.headers()[1]); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
		p.fail(status(304))
		time.Sleep(time.Minute)
		wants(t, r, genuine(t, "d"), "503", 0) // nobody asked for a 304
		p.fail(nil)
		time.Sleep(time.Minute)

		first, _ := r.Generation()
		asked := len(p.headers())
		p.fail(status(304))
		time.Sleep(10 * time.Hour)
		synctest.Wait()
		wants(t, r, genuine(t, "a"), "ok", 0)
		if g, err := r.Generation(); g != first || err != nil || time.Since(r.Health().LastSuccess) > 17*time.Minute {
			t.Errorf("generation %d, was %d, %v, %+v", g, first, err, r.Health())
		}
		for i, header := range p.headers()[asked:] {
			if header.Get("If-None-Match") != `"one"` || header.Get("Cache-Control") != "" {
				t.Errorf("request %d has %v", i, header)
			}
		}
		if len(p.headers()) < asked+30 {
			t.Errorf("%d requests", len(p.headers()))
		}
	})
}

// TestBadETag: one that is too long is not sent back, and after a failure none is.
//
// Rules K9, G4
func TestBadETag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider("a")
		p.header = http.Header{"Etag": {`"` + strings.Repeat("x", 1<<20) + `"`}}
		r := newRemote(t, p, limit{})
		defer r.Close()
		time.Sleep(time.Hour)
		p.set(func(p *provider) { p.header = http.Header{"Etag": {"\x00"}} }) // the transport would refuse to send it
		time.Sleep(time.Hour)
		synctest.Wait()
		for i, header := range p.headers() {
			if etag := header.Get("If-None-Match"); len(etag) > 1024 {
				t.Errorf("request %d: an ETag of %d bytes", i, len(etag))
			}
		}
		p.set(func(p *provider) { p.header = http.Header{"Etag": {`"good"`}} })
		time.Sleep(17 * time.Minute)
		p.fail(status(500))
		time.Sleep(17 * time.Minute)
		synctest.Wait()
		if all := p.headers(); all[len(all)-1].Get("If-None-Match") != "" {
			t.Errorf("after a failure: %v", all[len(all)-1])
		}
	})
}

// TestRedirects: within the origin, three are followed.
//
// Rule K9
func TestRedirects(t *testing.T) {
	for name, tt := range map[string]struct {
		url  string
		hops []string
		want string
	}{
		"three":         {"https://keys.test/a", []string{"https://keys.test/b", "/c", "https://keys.test:443/d"}, "ok"},
		"four":          {"https://keys.test/a", []string{"/b", "/c", "/d", "/e"}, "503"},
		"upper case":    {"https://keys.test/a", []string{"https://KEYS.TEST/b"}, "ok"},
		"away and back": {"https://keys.test/a", []string{"https://other.test/b", "https://keys.test/c"}, "503"},
		"a port":        {"https://keys.test:8443/a", []string{"https://keys.test:8443/b"}, "ok"},
		"another port":  {"https://keys.test:8443/a", []string{"https://keys.test/b"}, "503"},
		"within http":   {"http://keys.test/a", []string{"http://keys.test:80/b"}, "ok"},
		"upwards":       {"http://keys.test/a", []string{"https://keys.test/b"}, "503"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hop := 0
				r, err := jwks.NewRemote(tt.url, &jwks.RemoteOptions{InsecureAllowHTTP: true, InsecureTransport: roundTrip(func(req *http.Request) (*http.Response, error) {
					if req.URL.Hostname() == "other.test" {
						t.Errorf("a request to %v", req.URL)
					}
					if hop++; hop > len(tt.hops) {
						return response(200, keyFile("a")), nil
					}
					return redirect(tt.hops[hop-1])(req.Context(), nil)
				})})
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				wants(t, r, genuine(t, "a"), tt.want, 0)
			})
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TestSkippedKeys: keys that are unusable are left out, and Health lists them.
//
// Rules K1, K8, G5
func TestSkippedKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider("a")
		p.fail(body(string(file(rsaJWK().with("use", "enc"), ecJWK()))))
		r := newRemote(t, p, limit{})
		defer r.Close()
		synctest.Wait()
		for range 2 {
			h := r.Health()
			if len(h.Skipped) != 1 || h.Skipped[0].Index != 0 || h.Skipped[0].Member != "use" {
				t.Fatalf("%+v", h)
			}
			h.Skipped[0].Member = "changed"
			h.Skipped[0] = nil
		}
	})
}

// TestRemoteRefuses has what no Remote can be made of.
//
// Rules K9, K10, G2
func TestRemoteRefuses(t *testing.T) {
	proxy := &url.URL{Scheme: "http", Host: "proxy.test:3128"}
	plain := roundTrip(nil)
	for name, tt := range map[string]struct {
		url    string
		opts   jwks.RemoteOptions
		reason string
	}{
		"nothing":            {"", jwks.RemoteOptions{}, "want an absolute URL"},
		"a path":             {"/keys", jwks.RemoteOptions{}, "want an absolute URL"},
		"no scheme":          {"keys.test/jwks.json", jwks.RemoteOptions{}, "want an absolute URL"},
		"a port alone":       {"https://:443/", jwks.RemoteOptions{}, "want an absolute URL"},
		"no URL":             {"https://keys.test/%zz", jwks.RemoteOptions{}, "want an absolute URL"},
		"http":               {"http://keys.test/", jwks.RemoteOptions{}, "InsecureAllowHTTP"},
		"ftp":                {"ftp://keys.test/", jwks.RemoteOptions{InsecureAllowHTTP: true}, "want the scheme https"},
		"a user":             {"https://user:secret@keys.test/", jwks.RemoteOptions{}, "user name"},
		"a fragment":         {"https://keys.test/#secret", jwks.RemoteOptions{}, "fragment"},
		"floor over ceiling": {keysURL, jwks.RemoteOptions{RefreshFloor: time.Hour}, "RefreshFloor: 1h0m0s, want at most RefreshCeiling, 15m0s"},
		"negative floor":     {keysURL, jwks.RemoteOptions{RefreshFloor: -1}, "RefreshFloor: want 0"},
		"negative ceiling":   {keysURL, jwks.RemoteOptions{RefreshCeiling: -1}, "RefreshCeiling: want 0"},
		"stale too soon":     {keysURL, jwks.RemoteOptions{MaxStale: 15 * time.Minute}, "MaxStale: 15m0s, want at least 16m40s"},
		"slow":               {keysURL, jwks.RemoteOptions{RefreshCeiling: time.Second}, "Timeout: 10s, want at most RefreshCeiling"},
		"waiters":            {keysURL, jwks.RemoteOptions{MaxWaiters: -1}, "MaxWaiters: want 0"},
		"roots beside":       {keysURL, jwks.RemoteOptions{InsecureTransport: plain, RootCAs: x509.NewCertPool()}, "no effect"},
		"proxy beside":       {keysURL, jwks.RemoteOptions{InsecureTransport: plain, Proxy: proxy}, "no effect"},
		"addresses beside":   {keysURL, jwks.RemoteOptions{InsecureTransport: plain, DenyPrivateAddresses: true}, "no effect"},
		"behind a proxy":     {keysURL, jwks.RemoteOptions{Proxy: proxy, DenyPrivateAddresses: true}, "the proxy resolves"},
		"no proxy":           {keysURL, jwks.RemoteOptions{Proxy: &url.URL{Path: "proxy.test:3128"}}, "Proxy: want a URL with a host"},
	} {
		for constructor, make := range map[string]func(string, *jwks.RemoteOptions) (*jwks.Remote, error){"NewRemote": jwks.NewRemote, "NewDiscovered": jwks.NewDiscovered} {
			r, err := make(tt.url, &tt.opts)
			if r != nil || err == nil || !strings.Contains(err.Error(), tt.reason) || !strings.HasPrefix(err.Error(), "jwks: "+constructor) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s of %s: %v, %v", constructor, name, r, err)
			}
		}
	}
	for name, tt := range map[string]struct {
		opts   jwks.RemoteOptions
		make   func(string, *jwks.RemoteOptions) (*jwks.Remote, error)
		url    string
		reason string
	}{
		"interval of no use": {jwks.RemoteOptions{DiscoveryInterval: 1}, jwks.NewRemote, keysURL, "DiscoveryInterval: it is for NewDiscovered"},
		"negative interval":  {jwks.RemoteOptions{DiscoveryInterval: -1}, jwks.NewDiscovered, issuerURL, "DiscoveryInterval: want 0"},
		"issuer with query":  {jwks.RemoteOptions{}, jwks.NewDiscovered, issuerURL + "?tenant=secret", "query"},
		"issuer with ?":      {jwks.RemoteOptions{}, jwks.NewDiscovered, issuerURL + "?", "query"},
	} {
		r, err := tt.make(tt.url, &tt.opts)
		if r != nil || err == nil || !strings.Contains(err.Error(), tt.reason) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
}

// TestRemoteWarnings has the unsafe choices.
//
// Rules G2, G5
func TestRemoteWarnings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider("a")
		r, err := jwks.NewRemote("http://keys.test/", &jwks.RemoteOptions{InsecureAllowHTTP: true, InsecureTransport: p})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for range 2 {
			list := r.Warnings()
			if len(list) != 2 || !strings.HasPrefix(list[0], "InsecureAllowHTTP: ") || !strings.HasPrefix(list[1], "InsecureTransport: ") {
				t.Fatal(list)
			}
			list[0] = "changed"
		}
		if r.Issuer() != "" {
			t.Errorf("issuer %q", r.Issuer())
		}
	})
}

// TestRemoteOptionsAreCopied changes the options after they were given.
//
// Rule G5
func TestRemoteOptionsAreCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider("a")
		p.fail(hang)
		opts := &jwks.RemoteOptions{UnknownKidWait: 2 * time.Second, InsecureTransport: p}
		r, err := jwks.NewRemote(keysURL, opts)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		*opts = jwks.RemoteOptions{UnknownKidWait: time.Minute}
		wants(t, r, genuine(t, "a"), "503", 2*time.Second)
	})
}

// TestDiscovery has metadata that are right and that are not.
//
// Rules K9, T5
func TestDiscovery(t *testing.T) {
	const good = `{"issuer":"https://issuer.test","jwks_uri":"https://keys.test/k"}`
	for name, tt := range map[string]struct {
		issuer   string
		metadata string
		at       string // where they have to be asked for
		opts     jwks.RemoteOptions
		reason   string
	}{
		"good":               {issuerURL, good, issuerURL, jwks.RemoteOptions{}, ""},
		"a path":             {issuerURL + "/realms/a", `{"issuer":"https://issuer.test/realms/a","jwks_uri":"https://keys.test/k"}`, issuerURL + "/realms/a", jwks.RemoteOptions{}, ""},
		"a slash":            {issuerURL + "/", `{"issuer":"https://issuer.test/","jwks_uri":"https://keys.test/k"}`, issuerURL, jwks.RemoteOptions{}, ""},
		"one slash too many": {issuerURL, `{"issuer":"https://issuer.test/","jwks_uri":"https://keys.test/k"}`, issuerURL, jwks.RemoteOptions{}, "issuer is not the configured one"},
		"one slash missing":  {issuerURL + "/", good, issuerURL, jwks.RemoteOptions{}, "issuer is not the configured one"},
		"upper case":         {issuerURL, strings.Replace(good, "issuer.test", "ISSUER.test", 1), issuerURL, jwks.RemoteOptions{}, "issuer is not the configured one"},
		"another issuer":     {issuerURL, strings.Replace(good, "issuer.test", "other.test", 1), issuerURL, jwks.RemoteOptions{}, "issuer is not the configured one"},
		"no issuer":          {issuerURL, `{"jwks_uri":"https://keys.test/k"}`, issuerURL, jwks.RemoteOptions{}, "issuer is not the configured one"},
		"issuer no string":   {issuerURL, `{"issuer":["https://issuer.test"],"jwks_uri":"https://keys.test/k"}`, issuerURL, jwks.RemoteOptions{}, "issuer is not the configured one"},
		"issuer twice":       {issuerURL, `{"issuer":"https://other.test","issuer":"https://issuer.test","jwks_uri":"https://keys.test/k"}`, issuerURL, jwks.RemoteOptions{}, "metadata"},
		"template":           {issuerURL, strings.Replace(good, "issuer.test", "issuer.test/{tenantid}", 1), issuerURL, jwks.RemoteOptions{}, "issuer is not the configured one"},
		"no jwks_uri":        {issuerURL, `{"issuer":"https://issuer.test"}`, issuerURL, jwks.RemoteOptions{}, "jwks_uri: want an absolute URL"},
		"jwks_uri relative":  {issuerURL, `{"issuer":"https://issuer.test","jwks_uri":"/k"}`, issuerURL, jwks.RemoteOptions{}, "jwks_uri: want an absolute URL"},
		"jwks_uri http":      {issuerURL, strings.Replace(good, "https://keys", "http://keys", 1), issuerURL, jwks.RemoteOptions{}, "jwks_uri: want https"},
		"http allowed":       {issuerURL, strings.Replace(good, "https://keys", "http://keys", 1), issuerURL, jwks.RemoteOptions{InsecureAllowHTTP: true}, ""},
		"jwks_uri file":      {issuerURL, strings.Replace(good, "https://keys", "file://keys", 1), issuerURL, jwks.RemoteOptions{}, "jwks_uri: want the scheme https"},
		"jwks_uri with user": {issuerURL, strings.Replace(good, "https://keys", "https://u:p@keys", 1), issuerURL, jwks.RemoteOptions{}, "jwks_uri: it has a user"},
		"HTML":               {issuerURL, "<html>", issuerURL, jwks.RemoteOptions{}, "metadata"},
		"a list":             {issuerURL, "[" + good + "]", issuerURL, jwks.RemoteOptions{}, "issuer is not the configured one"},
		"huge":               {issuerURL, good + strings.Repeat(" ", 1<<20), issuerURL, jwks.RemoteOptions{}, "more than 1048576 bytes"},
		"deep":               {issuerURL, strings.TrimSuffix(good, "}") + `,"x":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + "}", issuerURL, jwks.RemoteOptions{}, "metadata"},
		"elsewhere":          {issuerURL + "/b", good, issuerURL, jwks.RemoteOptions{}, "status 404"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.opts.InsecureTransport = roundTrip(func(req *http.Request) (*http.Response, error) {
					switch {
					case req.URL.String() == tt.at+"/.well-known/openid-configuration":
						return response(200, []byte(tt.metadata)), nil
					case req.URL.Host == "keys.test":
						return response(200, keyFile("a")), nil
					}
					return response(404, nil), nil
				})
				r, err := jwks.NewDiscovered(tt.issuer, &tt.opts)
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				want := map[bool]string{true: "ok", false: "503"}[tt.reason == ""]
				wants(t, r, genuine(t, "a"), want, 0)
				if h := r.Health(); (h.LastError == nil) != (tt.reason == "") || h.LastError != nil && !strings.Contains(h.LastError.Error(), tt.reason) {
					t.Errorf("%v, want %q", h.LastError, tt.reason)
				}
				if r.Issuer() != tt.issuer {
					t.Errorf("issuer %q", r.Issuer())
				}
			})
		})
	}
}

// TestDiscoveryIsRepeated: when the metadata are old enough, when a token asks, and
// after a failure. Old keys stay until the new ones are there.
//
// Rules K8, K9
func TestDiscoveryIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider("a", "b")
		r, err := jwks.NewDiscovered(issuerURL, &jwks.RemoteOptions{InsecureTransport: p, DiscoveryInterval: 2 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		metadata := func() int {
			synctest.Wait()
			return p.requests()[issuerURL]
		}
		time.Sleep(2*time.Hour - time.Second)
		if metadata() != 1 || p.fetches() < 7 {
			t.Errorf("metadata read %d times, keys %d times", metadata(), p.fetches())
		}
		time.Sleep(17 * time.Minute)
		if metadata() != 2 {
			t.Errorf("metadata read %d times", metadata())
		}

		p.revoke("discovered")
		p.publish("b", "c")
		time.Sleep(time.Minute)
		wants(t, r, genuine(t, "a"), "ok", 0)
		wants(t, r, genuine(t, "c"), "ok", 0) // a token asked
		wants(t, r, genuine(t, "a"), "401 unknown", 0)
		if metadata() != 3 {
			t.Errorf("metadata read %d times", metadata())
		}

		p.set(func(p *provider) { p.at = "https://keys.test/third.json" }) // and the second is gone
		p.fail(status(500))
		time.Sleep(20 * time.Minute)
		wants(t, r, genuine(t, "c"), "ok", 0)
		if metadata() < 4 {
			t.Errorf("metadata read %d times", metadata())
		}
		p.fail(nil)
		time.Sleep(time.Minute)
		wants(t, r, genuine(t, "c"), "ok", 0)
		if h := r.Health(); h.LastError != nil || time.Since(h.LastSuccess) > time.Minute {
			t.Errorf("%+v", h)
		}
	})
}

// The keys of an issuer are kept fresh, and it is known for how long a revoked
// one works.
func ExampleNewRemote() {
	issuer := roundTrip(func(*http.Request) (*http.Response, error) { // stands in for the network
		return response(200, keyFile("2027")), nil
	})
	keys, err := jwks.NewRemote("https://login.example.com/keys", &jwks.RemoteOptions{InsecureTransport: issuer})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer keys.Close()

	token, err := jwks.ParseCompact(sign(jwks.EdDSA, testkeys.Ed25519(), "2027"))
	if err != nil {
		fmt.Println(err)
		return
	}
	verified, err := keys.Verify(context.Background(), token)
	fmt.Println(verified.KeyID, err)
	reachable, unreachable := keys.RevocationBound()
	fmt.Printf("a revoked key works for %v at most, and for %v when the issuer cannot be reached\n", reachable, unreachable)
	// Output:
	// 2027 <nil>
	// a revoked key works for 16m40s at most, and for 4h0m0s when the issuer cannot be reached
}
