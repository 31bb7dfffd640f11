package claims_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// published is an http.RoundTripper: an issuer with metadata and one key.
type published struct {
	mu   sync.Mutex
	kid  string
	down bool
}

func (p *published) set(kid string, down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kid, p.down = kid, down
}

func (p *published) RoundTrip(req *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return nil, errors.New("down")
	}
	text := `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"` + p.kid + `","x":"` + testkeys.Encode(testkeys.Ed25519().Public().(ed25519.PublicKey)) + `"}]}`
	if strings.HasSuffix(req.URL.Path, "/openid-configuration") {
		text = `{"issuer":"` + issuer + `","jwks_uri":"` + issuer + `/jwks.json"}`
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(text)))}, nil
}

func signedBy(kid string) string {
	return testkeys.Sign("EdDSA", testkeys.Ed25519(), []byte(`{"alg":"EdDSA","kid":"`+kid+`"}`), []byte(payload()))
}

// TestKeysFromURL: what keys from a URL need is needed whether the configuration
// says that they are, or the source is a Remote all the same. A source that was
// discovered for an issuer is for no other.
//
// Rules T5, G2
func TestKeysFromURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := &jwks.RemoteOptions{InsecureTransport: &published{kid: "a"}}
		byURL, err := jwks.NewRemote(issuer+"/jwks.json", opts)
		if err != nil {
			t.Fatal(err)
		}
		defer byURL.Close()
		discovered, err := jwks.NewDiscovered(issuer, opts)
		if err != nil {
			t.Fatal(err)
		}
		defer discovered.Close()
		static := jwks.Static(nil)
		for _, tt := range []struct {
			name   string
			config func() tokenconfig.JWT
			keys   jwks.Source
			issuer string
			regex  string
			opts   claims.Options
			reason string
		}{
			{"all there", urlConfig, byURL, issuer, "app", claims.Options{}, ""},
			{"discovered", urlConfig, discovered, issuer, "app", claims.Options{}, ""},
			{"another issuer", urlConfig, discovered, issuer + "/", "app", claims.Options{}, "discovered for"},
			{"no issuer", urlConfig, byURL, "", "app", claims.Options{}, "InsecureSkipIssuer"},
			{"no audience", urlConfig, byURL, issuer, "", claims.Options{}, "InsecureSkipAudience"},
			{"secret, Remote, no issuer", config, byURL, "", "app", claims.Options{}, "InsecureSkipIssuer"},
			{"secret, Remote, no audience", config, byURL, issuer, "", claims.Options{}, "InsecureSkipAudience"},
			{"secret, discovered, no issuer", config, discovered, "", "app", claims.Options{}, "InsecureSkipIssuer"},
			{"secret, discovered, another", config, discovered, "https://other.example", "app", claims.Options{}, "discovered for"},
			{"secret, Remote, waived", config, byURL, "", "", claims.Options{InsecureSkipIssuer: true, InsecureSkipAudience: true}, ""},
			{"secret, discovered, waived", config, discovered, "", "", claims.Options{InsecureSkipIssuer: true, InsecureSkipAudience: true}, ""},
			{"secret, static", config, static, "", "", claims.Options{}, ""},
			{"URL, static, no issuer", urlConfig, static, "", "app", claims.Options{}, "InsecureSkipIssuer"},
		} {
			c := tt.config()
			c.Issuer, c.ClaimRegex = tt.issuer, tt.regex
			v, err := claims.NewVerifier(c, tt.keys, &tt.opts)
			if (err == nil) != (tt.reason == "") || err != nil && !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.reason)
			}
			if err == nil && tt.keys != static && !strings.Contains(strings.Join(v.Warnings(), "\n"), "InsecureTransport") {
				t.Errorf("%s: warnings %v", tt.name, v.Warnings())
			}
		}
	})
}

// TestRemovedKey: a token that was accepted is refused when its key is gone, or
// too old, and the error says when to try again.
//
// Rules K7, K8, T5
func TestRemovedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &published{kid: "a"}
		keys, err := jwks.NewRemote(issuer+"/jwks.json", &jwks.RemoteOptions{InsecureTransport: p, RefreshCeiling: 5 * time.Minute, MaxStale: 30 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		defer keys.Close()
		v, err := claims.NewVerifier(urlConfig(), keys, nil)
		if err != nil {
			t.Fatal(err)
		}
		check := func(kid string, kind error) error {
			t.Helper()
			_, err := v.Verify(context.Background(), signedBy(kid))
			if !errors.Is(err, kind) || (err == nil) != (kind == nil) {
				t.Errorf("%s: %v, want %v", kid, err, kind)
			}
			return err
		}
		check("a", nil)
		p.set("b", false)
		check("a", nil)
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		check("a", claims.ErrUnknownKey)
		check("b", nil)
		p.set("b", true)
		time.Sleep(31 * time.Minute)
		err = check("b", claims.ErrUnavailable)
		var later interface{ RetryAfter() time.Duration }
		if !errors.As(err, &later) || later.RetryAfter() <= 0 || later.RetryAfter() > time.Minute {
			t.Errorf("no time to try again: %v", err)
		}
	})
}
