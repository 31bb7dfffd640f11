package jwks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/internal/testkeys"
)

// body answers 200 with a text that takes no notice of the keys.
func body(text string) fault {
	return func(context.Context, []byte) (*http.Response, error) { return response(200, []byte(text)), nil }
}

// redirect answers with a redirect to there.
func redirect(there string) fault {
	return func(context.Context, []byte) (*http.Response, error) {
		res := response(302, nil)
		res.Header.Set("Location", there)
		return res, nil
	}
}

// slow takes so long, and then answers well.
func slow(d time.Duration) fault {
	return func(ctx context.Context, good []byte) (*http.Response, error) {
		select {
		case <-time.After(d):
			res := response(200, good)
			res.Header.Set("X-Good", "yes")
			return res, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// stalls sends a part and then nothing.
func stalls(ctx context.Context, good []byte) (*http.Response, error) {
	res := response(200, nil)
	res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(good[:10]), reader(func([]byte) (int, error) {
		<-ctx.Done()
		return 0, context.Cause(ctx)
	})))
	return res, nil
}

// breaks sends a part and then an error.
func breaks(_ context.Context, good []byte) (*http.Response, error) {
	res := response(200, nil)
	res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(good[:10]), reader(func([]byte) (int, error) {
		return 0, errors.New("connection reset")
	})))
	return res, nil
}

// endless never ceases to send.
func endless(context.Context, []byte) (*http.Response, error) {
	res := response(200, nil)
	res.Body = io.NopCloser(reader(func(b []byte) (int, error) { return copy(b, manyArrays), nil }))
	return res, nil
}

var manyArrays = strings.Repeat(`{"keys":[`, 1<<10)

type reader func([]byte) (int, error)

func (r reader) Read(b []byte) (int, error) { return r(b) }

// manyKids are too many.
func manyKids() []string {
	kids := make([]string, 101)
	for i := range kids {
		kids[i] = fmt.Sprint(i)
	}
	return kids
}

// faultRow is a fault, and what it comes to: by it nothing is ever verified that
// was not before, and nothing that was is refused.
type faultRow struct {
	name   string
	fault  fault
	waits  time.Duration // how long a token with an unknown kid waits
	reason string        // of Health, a part
	secret bool          // whether it can happen to a secret too
}

var faultRows = []faultRow{
	{"stopped", stopped, 0, "connection refused", true},
	{"hanging", hang, time.Second, "deadline exceeded", true},
	{"slower than Timeout", slow(11 * time.Second), time.Second, "deadline exceeded", true},
	{"stalling", stalls, time.Second, "deadline exceeded", true},
	{"breaking off", breaks, 0, "connection reset", true},
	{"status 500", status(500), 0, "", true},
	{"status 404", status(404), 0, "", true},
	{"status 204", status(204), 0, "", true},
	{"status 304 without a question", status(304), 0, "", true},
	{"HTML", body("<!DOCTYPE html><title>Sign in</title>"), 0, "no usable key", true},
	{"nothing", body(""), 0, "no usable key", true},
	{"null", body("null"), 0, "no usable key", true},
	{"empty set", body(`{"keys":[]}`), 0, `"keys" is empty`, true},
	{"keys null", body(`{"keys":null}`), 0, `array "keys"`, true},
	{"keys twice", body(`{"keys":[],"keys":[]}`), 0, "no usable key", true},
	{"half a file", body(string(keyFile("a", "b")[:100])), 0, "no usable key", true},
	{"text after the file", body(string(keyFile("a", "b")) + "x"), 0, "no usable key", true},
	{"too many keys", body(string(keyFile(manyKids()...))), 0, "101 keys", true},
	{"only unusable keys", body(`{"keys":[{"kty":"AKP","kid":"a"}]}`), 0, "keys[0]", true},
	{"a huge file", body(string(keyFile("a", "b")) + strings.Repeat(" ", 1<<20)), 0, "", true},
	{"an endless answer", endless, 0, "more than 1048576 bytes", false},
	{"symmetric keys", body(string(file(symmetric(testkeys.HMAC(64), "a")))), 0, "symmetric key in a public set", false},
	{"to another host", redirect("https://other.test/jwks.json"), 0, "redirect to another", false},
	{"to a host that begins the same", redirect("https://keys.test.other.test/jwks.json"), 0, "redirect to another", false},
	{"to another port", redirect("https://keys.test:8443/jwks.json"), 0, "redirect to another", false},
	{"to http", redirect("http://keys.test/jwks.json"), 0, "redirect to another", false},
	{"to http on the same port", redirect("http://keys.test:443/jwks.json"), 0, "redirect to another", false},
	{"to a link-local address", redirect("https://169.254.169.254/latest/meta-data"), 0, "redirect to another", false},
	{"to a file", redirect("file:///etc/passwd"), 0, "redirect to another", false},
	{"in circles", redirect(keysURL), 0, "more than 3 redirects", false},
	{"to nowhere", redirect(""), 0, "status 302", false},
	{"to what is no URL", redirect("https://%zz"), 0, "what is no URL", false},
}

// TestFaults lets each fault happen before the first good fetch, and after it. In
// both cases it ends with the fault.
//
// Rules K7, K8, K9, G1, G4
func TestFaults(t *testing.T) {
	outcomes := map[string]int{}
	for _, row := range faultRows {
		for kind, make := range kinds {
			if kind == "secret" && !row.secret {
				continue
			}
			run := func(when string, test func(t *testing.T, p *provider)) {
				t.Run(row.name+"/"+kind+"/"+when, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { test(t, newProvider("a", "b")) })
				})
			}
			count := func(t *testing.T, s fresh, kid, want string, wait time.Duration) {
				t.Helper()
				outcomes[want]++
				wants(t, s, genuine(t, kid), want, wait)
			}
			run("before", func(t *testing.T, p *provider) {
				p.fail(row.fault)
				s := make(t, p, limit{interval: 10 * time.Minute, maxStale: 40 * time.Minute})
				defer s.Close()
				count(t, s, "a", "503", row.waits)
				count(t, s, "c", "503", 0)
				if _, err := s.Generation(); class(err) != "503" {
					t.Errorf("generation: %v", err)
				}
				time.Sleep(25 * time.Minute)
				checkFaulty(t, row, p, s)
				if h := s.Health(); h.Generation != 0 || !h.LastSuccess.IsZero() {
					t.Errorf("%+v", h)
				}
				p.fail(nil)
				time.Sleep(time.Minute + 10*time.Second) // a pause, and the fetch that was under way
				count(t, s, "a", "ok", 0)
			})
			run("after", func(t *testing.T, p *provider) {
				s := make(t, p, limit{interval: 10 * time.Minute, maxStale: 40 * time.Minute})
				defer s.Close()
				synctest.Wait()
				time.Sleep(time.Minute)
				before, began := s.Health(), time.Now()
				p.fail(row.fault)
				count(t, s, "a", "ok", 0)
				count(t, s, "c", "503", row.waits)
				count(t, s, "c", "503", 0)
				count(t, s, "b", "ok", 0)
				time.Sleep(25 * time.Minute)
				checkFaulty(t, row, p, s)
				if h := s.Health(); h.Generation != before.Generation || !h.LastSuccess.Equal(before.LastSuccess) {
					t.Errorf("%+v, before %+v", h, before)
				}
				count(t, s, "a", "ok", 0)
				time.Sleep(40*time.Minute - time.Since(began) - time.Minute)
				if got, _ := ask(s, genuine(t, "a")); got != "503" {
					t.Errorf("too old: %s", got)
				}
				p.fail(nil)
				time.Sleep(time.Minute + 10*time.Second)
				count(t, s, "a", "ok", 0)
			})
		}
	}
	t.Log(outcomes)
	if want := 3 * len(faultRows) * 2; outcomes["503"] < want || outcomes["ok"] < want {
		t.Errorf("outcomes %v, want at least %d of each", outcomes, want)
	}
}

// checkFaulty is about a source that had 25 minutes of faults.
func checkFaulty(t *testing.T, row faultRow, p *provider, s fresh) {
	t.Helper()
	h := s.Health()
	if h.LastError == nil || !strings.Contains(h.LastError.Error(), row.reason) {
		t.Errorf("health has %v, want %q", h.LastError, row.reason)
	}
	if row.waits == 0 && (h.Fetches < 18 || h.Fetches > 60) {
		t.Errorf("%d fetches in 25 minutes", h.Fetches)
	}
	synctest.Wait()
	for host, n := range p.requests() {
		if host != "https://keys.test" && host != issuerURL {
			t.Errorf("%d requests to %s", n, host)
		}
	}
}

// TestSlow: an answer that comes within Timeout, but too late for a token, is
// used by the next one.
//
// Rules K7, K8
func TestSlow(t *testing.T) {
	eachKind(t, limit{}, func(t *testing.T, p *provider, s fresh) {
		time.Sleep(time.Minute)
		p.publish("c")
		p.fail(slow(9 * time.Second))
		wants(t, s, genuine(t, "c"), "503", time.Second)
		wants(t, s, genuine(t, "a"), "ok", 0)
		time.Sleep(8*time.Second - 1)
		wants(t, s, genuine(t, "c"), "503", 0)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		wants(t, s, genuine(t, "c"), "ok", 0)
		wants(t, s, genuine(t, "a"), "401 unknown", 0)
	})
}
