package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/jwks"
)

// outcome is what a gate answers: accepted, 401 or 503, or what it must not.
func outcome(gate *tokenacl.Gate, token string) string {
	scope, err := gate.Scope(context.Background(), tokenacl.UserContext{Token: token})
	var later interface{ RetryAfter() time.Duration }
	switch {
	case err != nil && scope != acl.Scope{}:
		return "a scope beside an error"
	case errors.Is(err, tokenacl.ErrUnavailable) && (!errors.As(err, &later) || later.RetryAfter() <= 0):
		return "503 that does not say when to try again"
	case err == nil:
		return "accepted"
	case errors.Is(err, tokenacl.ErrUnauthenticated):
		return "401"
	case errors.Is(err, tokenacl.ErrUnavailable):
		return "503"
	}
	return err.Error()
}

// becomes waits for an outcome, for a minute at most: no test is about how
// fast a machine is.
func becomes(t *testing.T, want string, ask func() string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	got := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); <-tick.C {
		if got = ask(); got == want {
			return
		}
	}
	t.Errorf("the outcome remains %s, want %s", got, want)
}

// library has documents of each kind.
var library = map[string]acl.ACL{
	"public":            acl.Public(),
	"mary":              acl.List{acl.Allow.User("mary")},
	"james":             acl.List{acl.Allow.User("james")},
	"sa":                acl.List{acl.Allow.Group("AWS-SA")},
	"sa-not-customers":  acl.List{acl.Allow.Group("AWS-SA"), acl.Deny.Group("Customer")},
	"sales":             acl.List{acl.Allow.Group("AWS-Sales")},
	"all-not-customers": acl.List{acl.Allow.User("mary"), acl.Allow.User("james"), acl.Allow.User("eve"), acl.Allow.User("robot"), acl.Deny.Group("Customer")},
	"robot":             acl.List{acl.Allow.User("robot")},
	"user-AWS-SA":       acl.List{acl.Allow.User("AWS-SA")},
	"group-mary":        acl.List{acl.Allow.Group("mary")},
	"somebody-else":     acl.List{acl.Allow.User("mary-too")},
}

// TestLogin verifies ID tokens of real logins, and looks at every document.
//
// Rules K7, T4, T5, T6, A5
func TestLogin(t *testing.T) {
	p := start(t)
	gate := p.gate(t, p.discovered(t, jwks.RemoteOptions{}))
	index := acl.NewIndex(acl.Rules{})
	if err := index.PutAll(maps.All(library)); err != nil {
		t.Fatal(err)
	}
	sees := func(token string) (string, error) {
		scope, err := gate.Scope(t.Context(), tokenacl.UserContext{Token: token})
		return strings.Join(slices.Sorted(index.View(scope).All()), " "), err
	}
	for _, row := range []struct{ name, documents string }{
		{"mary", "mary public sa"},
		{"james", "all-not-customers james public sales"},
		{"eve", "all-not-customers public"}, // groups: []
		{"robot", "public robot"},           // no claim groups: it may be a customer
	} {
		for client, algorithm := range map[string]string{"app": "RS256", "app-es": "ES256"} {
			token := p.login(t, client, row.name)
			if got := header(t, token)["alg"]; got != algorithm {
				t.Errorf("%s has a token with %v, want %s", client, got, algorithm)
			}
			if got, err := sees(token); err != nil || got != row.documents {
				t.Errorf("%s by %s sees %q, %v; want %q", row.name, client, got, err, row.documents)
			}
			refused := map[string]struct {
				token string
				want  error
			}{
				"claims of another":      {tamper(token, p.login(t, client, "mary-too")), claims.ErrSignature},
				"no signature":           {token[:strings.LastIndex(token, ".")+1], claims.ErrMalformed},
				"a key of nobody":        {renamed(token), claims.ErrUnknownKey},
				"of another application": {p.login(t, "other", row.name), claims.ErrAudience},
			}
			for what, bad := range refused {
				if got, err := sees(bad.token); !errors.Is(err, bad.want) || !errors.Is(err, tokenacl.ErrUnauthenticated) || got != "" {
					t.Errorf("%s, %s: sees %q, %v; want nothing, %v", row.name, what, got, err, bad.want)
				}
			}
		}
	}

}

// header is the first part of a token.
func header(t *testing.T, token string) map[string]any {
	t.Helper()
	part, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

// TestRotation changes the provider's keys while tokens flow.
//
// Rules K7, K8, K10
func TestRotation(t *testing.T) {
	p := start(t)
	options := jwks.RemoteOptions{
		RefreshFloor: time.Second, RefreshCeiling: 2 * time.Second, MinRefresh: 100 * time.Millisecond, MaxStale: time.Minute,
		Timeout: time.Second, DiscoveryInterval: 2 * time.Second,
	}
	keys := p.discovered(t, options)
	gate := p.gate(t, keys)
	old := p.login(t, "app", "mary")
	becomes(t, "accepted", func() string { return outcome(gate, old) })

	var refused, accepted atomic.Int64
	var flow sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for range 4 { // a token of a key that is published all the time is never refused, nor waits
		flow.Go(func() {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for ctx.Err() == nil {
				if outcome(gate, old) == "accepted" {
					accepted.Add(1)
				} else {
					refused.Add(1)
				}
				<-tick.C
			}
		})
	}
	before := keys.Health().Generation
	for range 3 {
		p.command(t, "add")
		fresh := p.login(t, "app", "james")
		becomes(t, "accepted", func() string { return outcome(gate, fresh) })
	}
	stop()
	flow.Wait()
	if refused.Load() > 0 || accepted.Load() < 100 {
		t.Errorf("while keys were added, %d of %d old tokens were refused", refused.Load(), refused.Load()+accepted.Load())
	}
	if keys.Health().Generation == before {
		t.Error("the generation is that of the first keys")
	}

	fresh := p.login(t, "app", "james")
	p.command(t, "drop")
	becomes(t, "401", func() string {
		if got := outcome(gate, fresh); got != "accepted" {
			t.Errorf("while the old key goes, the new one's token is %s", got)
		}
		return outcome(gate, old)
	})
	reachable, unreachable := keys.RevocationBound()
	if reachable > 6*time.Second || unreachable > 2*time.Minute {
		t.Errorf("bounds %v and %v for options of seconds", reachable, unreachable)
	}
	t.Logf("%d tokens verified during three rotations; %d requests for keys and metadata", accepted.Load(), p.keys.Load())
}
