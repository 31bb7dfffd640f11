package jwks_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// TestBadSignatureDuringFetch: a fetch that began before the signature came may
// bring old keys, so that another one follows, past all caches.
//
// Rules K7, K9
func TestBadSignatureDuringFetch(t *testing.T) {
	eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
		p.set(func(p *provider) { p.latency = 5 * time.Second })
		for p.fetches() < 2 { // the refresh is under way, and what it brings is decided
			time.Sleep(time.Second)
		}
		p.publish("b")
		wants(t, s, forged(t, "a"), "401 signature", 0)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if n := p.fetches(); n != 3 {
			t.Fatalf("%d fetches, want one more", n)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		wants(t, s, genuine(t, "a"), "401 unknown", 0)
		wantForced(t, p, false, false, true)
		time.Sleep(17 * time.Minute)
		wantForced(t, p, false, false, true, false)
	})
}

// TestForcedRetry: what a token asked for is asked again past all caches, until it
// comes.
//
// Rules K8, K9
func TestForcedRetry(t *testing.T) {
	eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
		time.Sleep(time.Minute)
		p.fail(status(500))
		wants(t, s, genuine(t, "c"), "503", 0)
		time.Sleep(5 * time.Second)
		p.fail(nil)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		n := p.fetches() // the retries, at random times
		forced := make([]bool, n)
		for i := 1; i < n; i++ {
			forced[i] = true
		}
		if n < 3 {
			t.Fatalf("%d fetches, want a retry", n)
		}
		wantForced(t, p, forced...)
		time.Sleep(17 * time.Minute)
		wantForced(t, p, append(forced, false)...)
	})
}

// wantForced requires that the requests said no-cache, or did not. A secret is
// fetched without headers.
func wantForced(t *testing.T, p *provider, want ...bool) {
	t.Helper()
	if strings.Contains(t.Name(), "secret") {
		return
	}
	var got []bool
	for _, h := range p.headers() {
		got = append(got, h.Get("Cache-Control") == "no-cache")
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("no-cache in %v, want %v", got, want)
	}
}

// transportFunc is an http.RoundTripper.
type transportFunc func(*http.Request) *http.Response

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// TestETagBehindARedirect: an etag is of the page that it came with. Where a
// redirect leads to another page, an equal one there is no sign that nothing has
// changed.
//
// Rules K8, K10
func TestETagBehindARedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		target, kids, conditional := "/one", []string{"a", "b"}, 0
		r, err := jwks.NewRemote("https://keys.test/keys", &jwks.RemoteOptions{InsecureTransport: transportFunc(func(r *http.Request) *http.Response {
			mu.Lock()
			defer mu.Unlock()
			if r.Header.Get("If-None-Match") != "" {
				conditional++
				return response(http.StatusNotModified, nil)
			}
			res := response(200, keyFile(kids...))
			if r.URL.Path == "/keys" {
				res = response(http.StatusFound, nil)
				res.Header.Set("Location", target)
			}
			res.Header.Set("ETag", `"1"`)
			return res
		})})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		synctest.Wait()
		wants(t, r, genuine(t, "a"), "ok", 0)
		mu.Lock()
		target, kids = "/two", []string{"b"}
		mu.Unlock()
		bound, _ := r.RevocationBound()
		time.Sleep(bound)
		synctest.Wait()
		wants(t, r, genuine(t, "a"), "401 unknown", 0)
		wants(t, r, genuine(t, "b"), "ok", 0)
		mu.Lock()
		defer mu.Unlock()
		if conditional > 0 {
			t.Errorf("%d conditional requests", conditional)
		}
	})
}

// TestErrorsAreShort: what a server says is not repeated at length, and a URL not
// at all.
//
// Rules G3, G4
func TestErrorsAreShort(t *testing.T) {
	for name, location := range map[string]string{
		"no URL": "https://keys.test/%zz?token=zq7" + strings.Repeat("x", 50_000),
		"away":   "https://other.test/?token=zq7" + strings.Repeat("x", 50_000),
		"scheme": "zq7" + strings.Repeat("x", 50_000) + "://keys.test",
	} {
		synctest.Test(t, func(t *testing.T) {
			r, err := jwks.NewRemote(keysURL, &jwks.RemoteOptions{InsecureTransport: transportFunc(func(*http.Request) *http.Response {
				res := response(http.StatusFound, nil)
				res.Header.Set("Location", location)
				return res
			})})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			synctest.Wait()
			failed := r.Health().LastError
			if failed == nil || len(failed.Error()) > 300 || strings.Contains(failed.Error(), "zq7") {
				t.Errorf("%s: %.400v", name, failed)
			}
		})
	}
}

// TestKeyThatIsCurrentAgain: a right signature by a key outside its validity may
// mean that the key's dates were changed, so that the keys are fetched again.
//
// Rules K3, K7
func TestKeyThatIsCurrentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until := time.Now().Add(time.Minute).UTC().Format(time.RFC3339)
		s := newSecret(t, func(context.Context, string) ([]byte, error) {
			key := public(testkeys.Ed25519().Public(), "a")
			key["exp"] = until
			return file(key), nil
		}, nil)
		defer s.Close()
		synctest.Wait()
		wants(t, s, genuine(t, "a"), "ok", 0)
		time.Sleep(2 * time.Minute)
		until = "2999-01-01"
		if _, err := s.Verify(t.Context(), genuine(t, "a")); err == nil {
			t.Error("a key outside its validity verifies")
		}
		synctest.Wait()
		wants(t, s, genuine(t, "a"), "ok", 0)
	})
}
