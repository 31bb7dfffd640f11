package tokenacl_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// TestRetryAfterOfKeys: when keys cannot be had, the error of a gate says when
// to try again.
//
// Rules K7, G1
func TestRetryAfterOfKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys, err := jwks.NewRemote("https://issuer.test/", &jwks.RemoteOptions{InsecureTransport: make(askedURL, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer keys.Close()
		issuer := trusting(t, issuerA)
		issuer.Keys = keys
		_, err = newGate(t, nil, issuer).Scope(t.Context(), tokenacl.UserContext{Token: markedToken()})
		var later interface{ RetryAfter() time.Duration }
		if !errors.Is(err, tokenacl.ErrUnavailable) || !errors.As(err, &later) || later.RetryAfter() < time.Second || later.RetryAfter() > 5*time.Second {
			t.Errorf("%v", err)
		}
	})
}

// published is an issuer's JWKS, in memory.
type published struct {
	body    []byte
	fetches atomic.Int64
}

func (p *published) RoundTrip(r *http.Request) (*http.Response, error) {
	p.fetches.Add(1)
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(p.body)), Request: r}, nil
}

func publish(t *testing.T, kid string, key crypto.PublicKey) *published {
	t.Helper()
	set, err := jwks.NewSet(jwks.PublicKey{KeyID: kid, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	body, err := set.MarshalPublic()
	if err != nil {
		t.Fatal(err)
	}
	return &published{body: body}
}

// TestReplaceWhileTokensFlow: of two issuers whose keys are fetched, each verifies
// its own tokens alone, also while the gate is given new sources for them and the
// old ones are closed. Both use one kid.
//
// Rules R4, T5, K7
func TestReplaceWhileTokensFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := []string{issuerA, issuerB}
		pages := map[string]*published{issuerA: publish(t, "k", testkeys.P256().Public()), issuerB: publish(t, "k", testkeys.RSA2048().Public())}
		sign := func(keyOf, iss string) string {
			alg, key := "ES256", any(testkeys.P256())
			if keyOf == issuerB {
				alg, key = "RS256", testkeys.RSA2048()
			}
			payload := fmt.Sprintf(`{"iss":%q,"aud":"app","exp":253402300799,"user":"mary","groups":["HR"]}`, iss)
			return testkeys.Sign(alg, key, []byte(`{"alg":"`+alg+`","kid":"k"}`), []byte(payload))
		}
		var open []*jwks.Remote
		issuers := func() (list []tokenacl.Issuer) {
			open = nil
			for _, name := range names {
				keys, err := jwks.NewRemote(name+"/keys", &jwks.RemoteOptions{InsecureTransport: pages[name]})
				if err != nil {
					t.Fatal(err)
				}
				open = append(open, keys)
				list = append(list, tokenacl.Issuer{Keys: keys, Config: &tokenconfig.Config{JWT: &tokenconfig.JWT{
					KeyLocation: tokenconfig.KeyURL, URL: name + "/keys", Issuer: name, ClaimRegex: "app"}}})
			}
			synctest.Wait() // the first fetches are over
			return list
		}
		g := newGate(t, nil, issuers()...)
		requests := []struct {
			name, token string
			want        error
		}{
			{"A", sign(issuerA, issuerA), nil}, {"B", sign(issuerB, issuerB), nil},
			{"key of A, named B", sign(issuerA, issuerB), claims.ErrUnknownKey},
			{"key of B, named A", sign(issuerB, issuerA), claims.ErrUnknownKey},
			{"nobody's", sign(issuerA, "https://c.example"), claims.ErrIssuer},
		}
		var flow sync.WaitGroup
		var asked [5]atomic.Int64
		ctx, stop := context.WithCancel(t.Context())
		for i, r := range requests {
			flow.Go(func() {
				for ctx.Err() == nil {
					_, err := g.Scope(context.Background(), tokenacl.UserContext{Token: r.token})
					if !errors.Is(err, r.want) || (err == nil) != (r.want == nil) {
						t.Errorf("%s: %v, want %v", r.name, err, r.want)
						return
					}
					asked[i].Add(1)
					time.Sleep(time.Millisecond)
				}
			})
		}
		const rounds = 20
		for range rounds {
			time.Sleep(100 * time.Millisecond)
			old := open
			if err := g.Replace(issuers()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond) // requests under way finish with the old ones
			for _, keys := range old {
				keys.Close()
			}
		}
		stop()
		flow.Wait()
		for _, keys := range open {
			keys.Close()
		}
		for i := range asked {
			if n := asked[i].Load(); n < rounds*50 {
				t.Errorf("%s: %d requests, want them all the time", requests[i].name, n)
			}
		}
		// A token in its name that another's key signed may cause a limited fetch; one
		// in nobody's name causes none.
		for name, page := range pages {
			if n := page.fetches.Load(); n < rounds || n > 4*rounds {
				t.Errorf("%s: %d fetches for %d sources", name, n, rounds+1)
			}
		}
	})
}
