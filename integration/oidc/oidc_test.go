package oidc

import (
	"context"
	"errors"
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

// TestLogin verifies ID tokens of real logins.
//
// Rules K7, T4, T5, T6
func TestLogin(t *testing.T) {
	p := start(t)
	gate := p.gate(t, p.discovered(t, jwks.RemoteOptions{}))
	for _, row := range []struct {
		client, name string
		groups       []string
	}{{"app", "mary", []string{"AWS-SA", "Customer"}}, {"app-es", "mary", []string{"AWS-SA", "Customer"}}, {"app", "james", []string{"AWS-Sales"}}, {"app", "eve", nil}} {
		token := p.login(t, row.client, row.name)
		scope, err := gate.Scope(t.Context(), tokenacl.UserContext{Token: token})
		if err != nil {
			t.Errorf("%s of %s: %v", row.name, row.client, err)
		}
		for _, group := range []string{"AWS-SA", "Customer", "AWS-Sales"} {
			if got := acl.Decide(scope, acl.List{acl.Allow.Group(group)}, acl.Rules{}).Allowed; got != slices.Contains(row.groups, group) {
				t.Errorf("%s in %s: %t", row.name, group, got)
			}
		}
		if !acl.Decide(scope, acl.List{acl.Allow.User(row.name)}, acl.Rules{}).Allowed {
			t.Errorf("%s is somebody else", row.name)
		}
		parts := strings.Split(token, ".")
		tampered := parts[0] + "." + strings.Split(p.login(t, row.client, "eve"), ".")[1] + "." + parts[2]
		if _, err := gate.Scope(t.Context(), tokenacl.UserContext{Token: tampered}); !errors.Is(err, claims.ErrSignature) {
			t.Errorf("claims of another: %v", err)
		}
	}
	if _, err := gate.Scope(t.Context(), tokenacl.UserContext{Token: p.login(t, "other", "mary")}); !errors.Is(err, claims.ErrAudience) {
		t.Errorf("a token for another application: %v", err)
	}
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
