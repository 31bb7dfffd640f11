package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
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

// flowing is a token in the traffic of TestRotation.
type flowing struct {
	token              string
	good               time.Time // from when on it must be accepted
	removing, removed  time.Time // when the removal of its key began and ended; zero: it is published
	accepted, refused  int       // when it had to be
	early, late, wrong int       // accepted or refused before good, and in the time of the bound; what must not be
}

// traffic is tokens that are verified all the time.
type traffic struct {
	t     *testing.T
	gate  *tokenacl.Gate
	bound time.Duration
	mu    sync.Mutex
	flow  []*flowing
}

// set changes what is known of tokens.
func (f *traffic) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// verify verifies one token and judges the outcome.
func (f *traffic) verify(n int) {
	f.mu.Lock()
	token := f.flow[n%len(f.flow)]
	f.mu.Unlock()
	asked := time.Now()
	got := outcome(f.gate, token.token)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case !token.removed.IsZero() && asked.After(token.removed.Add(f.bound)):
		f.count(token, &token.refused, got, "401")
	case !token.removing.IsZero(): // asked or answered while it went, or within the bound
		f.count(token, &token.late, got, "accepted", "401")
	case asked.After(token.good):
		f.count(token, &token.accepted, got, "accepted")
	default:
		f.count(token, &token.early, got, "accepted", "401")
	}
}

func (f *traffic) count(token *flowing, as *int, got string, want ...string) {
	if slices.Contains(want, got) {
		*as++
		return
	}
	if token.wrong++; token.wrong <= 3 {
		f.t.Errorf("key %d: %s, want one of %q", slices.Index(f.flow, token), got, want)
	}
}

// TestRotation changes the provider's keys three times while tokens of all keys,
// old and new, are verified all the time.
//
// Rules K7, K8, K10
func TestRotation(t *testing.T) {
	p := start(t)
	options := jwks.RemoteOptions{
		RefreshFloor: time.Second, RefreshCeiling: 3 * time.Second, MinRefresh: 200 * time.Millisecond, Timeout: 3 * time.Second,
		UnknownKidWait: 3 * time.Second, MaxWaiters: 100, MaxStale: time.Minute, DiscoveryInterval: time.Second,
	}
	// A fetch that was under way at the publication may bring the old keys.
	propagation := options.MinRefresh + options.Timeout
	keys := p.discovered(t, options)
	gate := p.gate(t, keys)
	first := p.login(t, "app", "mary")
	becomes(t, "accepted", func() string { return outcome(gate, first) })
	f := &traffic{t: t, gate: gate, flow: []*flowing{{token: first, good: time.Now()}}}
	f.bound, _ = keys.RevocationBound()

	var workers sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	defer workers.Wait()
	defer stop()
	for w := range 4 {
		workers.Go(func() {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for n := w; ctx.Err() == nil; n++ {
				f.verify(n)
				<-tick.C
			}
		})
	}
	reaches := func(what string, count func() int) {
		t.Helper()
		becomes(t, "enough", func() string {
			f.mu.Lock()
			defer f.mu.Unlock()
			if n := count(); n < 20 {
				return fmt.Sprintf("%s %d times", what, n)
			}
			return "enough"
		})
	}
	generations := map[uint64]bool{keys.Health().Generation: true}
	for n := range 3 {
		p.command(t, "add")
		good := time.Now().Add(propagation)
		token := &flowing{token: p.login(t, []string{"app-es", "app"}[n%2], "james"), good: good}
		f.set(func() { f.flow = append(f.flow, token) })
		reaches("the new token accepted", func() int { return token.accepted })
		generations[keys.Health().Generation] = true

		last := f.flow[n]
		f.set(func() { last.removing = time.Now() })
		p.command(t, "drop")
		f.set(func() { last.removed = time.Now() })
	}
	for n := range 3 {
		reaches(fmt.Sprintf("the token of removed key %d refused", n), func() int { return f.flow[n].refused })
	}
	stop()
	workers.Wait()
	for n, token := range f.flow {
		t.Logf("key %d: accepted %d times when it had to be, refused %d; before and between %d", n, token.accepted, token.refused, token.early+token.late)
		if token.accepted < 20 || token.wrong > 0 {
			t.Errorf("key %d: accepted %d times, wrong %d times", n, token.accepted, token.wrong)
		}
	}
	if len(generations) != 4 {
		t.Errorf("%d generations of keys, want that of each key", len(generations))
	}
	if h := keys.Health(); h.LastError != nil {
		t.Errorf("health with %v", h.LastError)
	}
}
