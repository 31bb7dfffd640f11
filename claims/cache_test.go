package claims_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"pgregory.net/rapid"
)

// rotating is a source whose keys can be changed, and that counts.
type rotating struct {
	mu   sync.Mutex
	keys jwks.Source
	err  error

	verified int
}

func (r *rotating) set(keys jwks.Source, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys, r.err = keys, err
}

func (r *rotating) Verify(ctx context.Context, j *jwks.JWS) (jwks.Verified, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.verified++
	if r.err != nil {
		return jwks.Verified{}, r.err
	}
	return r.keys.Verify(ctx, j)
}

func (r *rotating) Generation() (uint64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return 0, r.err
	}
	return r.keys.Generation()
}

func (r *rotating) calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.verified
}

// keyed returns a source with the key of shared, with further members, and
// another key.
func keyed(t testing.TB, members string) jwks.Source {
	t.Helper()
	return secret(t, fmt.Sprintf(`{"keys":[{"kid":"shared","alg":"HS256","kty":"OCT"%s,"k":%q},{"kid":"other","alg":"HS512","kty":"OCT","k":%q}]}`,
		members, testkeys.Encode(testkeys.HMAC(32)), testkeys.Encode(testkeys.HMAC(64))))
}

func caching(t testing.TB, keys jwks.Source, opts claims.Options) *claims.Verifier {
	t.Helper()
	v, err := claims.NewVerifier(config(), keys, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A token is verified once, and again when anything that its verdict hangs on
// has changed.
//
// Rules T8, K3, K8, G1
func TestCacheChecksAgain(t *testing.T) {
	listed := errors.New("listed")
	for _, tt := range []struct {
		name    string
		members string // of the key
		change  func(r *rotating, revoked *error)
		calls   int // after the change
		want    error
	}{
		{"nothing", "", func(*rotating, *error) {}, 1, nil},
		{"keys of equal content", "", func(r *rotating, _ *error) { r.set(keyed(t, ""), nil) }, 1, nil},
		{"another key came", "", func(r *rotating, _ *error) { r.set(shared(t), nil) }, 2, nil},
		{"the key went", "", func(r *rotating, _ *error) {
			r.set(secret(t, fmt.Sprintf(`{"keys":[{"kid":"other","alg":"HS256","kty":"OCT","k":%q}]}`, testkeys.Encode(testkeys.HMAC(32)))), nil)
		}, 2, claims.ErrUnknownKey},
		{"the kid has another key", "", func(r *rotating, _ *error) {
			r.set(secret(t, fmt.Sprintf(`{"keys":[{"kid":"shared","alg":"HS256","kty":"OCT","k":%q}]}`, testkeys.Encode(testkeys.HMAC(64)))), nil)
		}, 2, claims.ErrSignature},
		{"no fresh keys", "", func(r *rotating, _ *error) { r.set(nil, claims.ErrUnavailable) }, 2, claims.ErrUnavailable},
		{"exp passed", "", func(*rotating, *error) { time.Sleep(time.Hour + 30*time.Second) }, 1, claims.ErrExpired},
		{"just before exp", "", func(*rotating, *error) { time.Sleep(time.Hour + 30*time.Second - 1) }, 1, nil},
		{"the key expired", `,"exp":"2000-01-01T00:10:00Z"`, func(*rotating, *error) { time.Sleep(10 * time.Minute) }, 2, jwks.ErrKeyExpired},
		{"just before the key expires", `,"exp":"2000-01-01T00:10:00Z"`, func(*rotating, *error) { time.Sleep(10*time.Minute - 1) }, 1, nil},
		{"revoked", "", func(_ *rotating, revoked *error) { *revoked = listed }, 1, claims.ErrRevoked},
		{"revocation unknown", "", func(_ *rotating, revoked *error) { *revoked = context.Canceled }, 1, claims.ErrUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var revoked error
				r := &rotating{keys: keyed(t, tt.members)}
				v := caching(t, r, claims.Options{Revoked: func(*claims.Token) error { return revoked }})
				raw := sign(payload())
				first, err := v.Verify(t.Context(), raw)
				if err != nil || r.calls() != 1 {
					t.Fatalf("first: %v, %d calls", err, r.calls())
				}
				tt.change(r, &revoked)
				again, err := v.Verify(t.Context(), strings.Clone(raw))
				if tt.want == nil && (err != nil || again.ID() != first.ID()) {
					t.Errorf("again: %v, %v", again, err)
				}
				if tt.want != nil {
					wantKind(t, err, tt.want)
				}
				if r.calls() != tt.calls {
					t.Errorf("%d signatures were checked, want %d", r.calls(), tt.calls)
				}
			})
		})
	}
}

// What was refused is never remembered, nor what was not asked of this Verifier.
//
// Rules T8, T2, T5
func TestCacheTakesNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rotating{keys: keyed(t, "")}
		v := caching(t, r, claims.Options{})
		good := sign(payload())
		if cached, err := v.Cached(good); cached != nil || err != nil {
			t.Fatalf("before: %v, %v", cached, err)
		}
		for _, bad := range []string{
			"", "a.b.c", forge(good), good + "A", sign(payload(`iss="https://other.example"`)), sign(payload("exp=1")), sign(payload("-user")),
		} {
			for range 2 {
				if _, err := v.Verify(t.Context(), bad); err == nil {
					t.Fatal("accepted")
				}
			}
			if cached, err := v.Cached(bad); cached != nil || err != nil {
				t.Errorf("remembered: %v, %v", cached, err)
			}
		}
		token, err := v.Verify(t.Context(), good)
		if err != nil {
			t.Fatal(err)
		}
		if cached, err := v.Cached(good); cached != token || err != nil {
			t.Errorf("%v, %v, want the token", cached, err)
		}
		for _, bad := range []string{forge(good), good[:len(good)-1], good + "A", good[1:]} {
			if _, err := v.Verify(t.Context(), bad); err == nil {
				t.Error("a token like a remembered one is accepted")
			}
		}
		other := caching(t, r, claims.Options{})
		if cached, err := other.Cached(good); cached != nil || err != nil {
			t.Errorf("another verifier has it: %v, %v", cached, err)
		}
	})
}

// Rule T8
func TestCacheOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, off := range map[string]struct {
			bytes int
			keys  jwks.Source
		}{
			"by option": {-1, keyed(t, "")},
			// It cannot tell when its keys change.
			"a source without generations": {0, &source{verified: jwks.Verified{KeyID: "shared"}}},
		} {
			v := caching(t, off.keys, claims.Options{CacheBytes: off.bytes})
			raw := sign(payload())
			if _, err := v.Verify(t.Context(), raw); err != nil {
				t.Fatal(err)
			}
			if cached, err := v.Cached(raw); cached != nil || err != nil {
				t.Errorf("%s: %v, %v", name, cached, err)
			}
		}
	})
	var none *claims.Verifier
	if cached, err := none.Cached("a.b.c"); cached != nil || err != nil {
		t.Errorf("nil: %v, %v", cached, err)
	}
	if cached, err := new(claims.Verifier).Cached("a.b.c"); cached != nil || err != nil {
		t.Errorf("zero: %v, %v", cached, err)
	}
	if _, err := claims.NewVerifier(config(), shared(t), &claims.Options{CacheBytes: 65535}); err == nil || !strings.Contains(err.Error(), "CacheBytes: ") {
		t.Errorf("65535 bytes: %v", err)
	}
}

// turn is what happens before a token comes.
type turn struct {
	keys    int // of the list below, -1 for as before
	revoked int // 0 as before, 1 none, 2 all
	sleep   time.Duration
	token   int
}

var drawTurn = rapid.Custom(func(t *rapid.T) turn {
	next := turn{keys: -1, token: rapid.IntRange(0, 48).Draw(t, "token")}
	switch rapid.IntRange(0, 19).Draw(t, "do") {
	case 0:
		next.keys = rapid.IntRange(0, 3).Draw(t, "keys")
	case 1:
		next.revoked = rapid.IntRange(1, 2).Draw(t, "revoked")
	case 2:
		next.sleep = time.Duration(rapid.IntRange(1, 300).Draw(t, "seconds")) * time.Second
	}
	return next
})

// A Verifier with a cache, however small, answers as one without.
//
// Rule T8
func TestCacheAgrees(t *testing.T) {
	tokens := []string{signAs(`{"alg":"HS512","kid":"other"}`, payload())}
	for i := range 24 {
		raw := sign(payload(fmt.Sprintf("jti=\"%d-zq7\"", i), fmt.Sprint("exp=", epoch+i*120), fmt.Sprint("nbf=", epoch-i*10)))
		tokens = append(tokens, raw, forge(raw))
	}
	sources := []rotating{
		{keys: keyed(t, "")}, {keys: keyed(t, `,"exp":"2000-01-01T00:20:00Z"`)}, {keys: shared(t)}, {err: claims.ErrUnavailable},
	}
	accepted, refused, saved := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		turns := rapid.SliceOfN(drawTurn, 60, 60).Draw(rt, "turns")
		bytes := rapid.SampledFrom([]int{64 << 10, 0}).Draw(rt, "bytes")
		problem := ""
		synctest.Test(t, func(t *testing.T) {
			var revoked error
			hook := func(*claims.Token) error { return revoked }
			with, without := &rotating{keys: keyed(t, "")}, &rotating{keys: keyed(t, "")}
			a := caching(t, with, claims.Options{Revoked: hook, CacheBytes: bytes})
			b := caching(t, without, claims.Options{Revoked: hook, CacheBytes: -1})
			for _, next := range turns {
				if next.keys >= 0 {
					with.set(sources[next.keys].keys, sources[next.keys].err)
					without.set(sources[next.keys].keys, sources[next.keys].err)
				}
				if next.revoked > 0 {
					revoked = [...]error{nil, errors.New("listed")}[next.revoked-1]
				}
				time.Sleep(next.sleep)
				got, err := a.Verify(t.Context(), tokens[next.token])
				want, wantErr := b.Verify(t.Context(), tokens[next.token])
				if fmt.Sprint(err) != fmt.Sprint(wantErr) || got.ID() != want.ID() || got.Principal().User != want.Principal().User {
					problem = fmt.Sprintf("with a cache: %v, %v; without: %v, %v", got, err, want, wantErr)
					return
				}
				if err == nil {
					accepted++
				} else {
					refused++
				}
			}
			saved += without.calls() - with.calls()
		})
		if problem != "" {
			rt.Fatal(problem)
		}
	})
	if accepted < 500 || refused < 500 || saved < 100 {
		t.Errorf("%d accepted, %d refused, %d signatures saved: too few to tell", accepted, refused, saved)
	}
}

// Rules T8, A8
func TestTokenScope(t *testing.T) {
	for _, tt := range []struct {
		name string
		raw  string
		want acl.Scope
	}{
		{"principal", sign(payload()), acl.For(acl.Principal{User: "mary-zq7", Groups: []string{"AWS-SA-zq7"}})},
		{"groups unknown", sign(payload("-groups")), acl.For(acl.Principal{User: "mary-zq7", GroupsUnknown: true})},
		{"nobody", sign(payload("-user", "groups=[]")), acl.Guest()},
	} {
		v := verifier(t, config(), &claims.Options{SkipUser: true})
		token, err := verify(t, v, tt.raw)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := token.Scope().Principal()
		want, _ := tt.want.Principal()
		if token.Scope().String() != tt.want.String() || got.User != want.User || fmt.Sprint(len(got.Groups)) != fmt.Sprint(len(want.Groups)) {
			t.Errorf("%s: %v, want %v", tt.name, token.Scope(), tt.want)
		}
	}
	if s := new(claims.Token).Scope(); s.String() != "scope(nothing)" {
		t.Errorf("zero Token: %v", s)
	}
}

// Rule T8
func TestCacheHitAllocates(t *testing.T) {
	v := verifier(t, config(), nil)
	raw := sign(payload("exp=253402300799"))
	if _, err := v.Verify(t.Context(), raw); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		token, err := v.Verify(ctx, raw)
		if err != nil || token.Scope() == (acl.Scope{}) {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// Readers, writers and rotation at once: for the race detector.
//
// Rules T8, G4
func TestCacheConcurrent(t *testing.T) {
	r := &rotating{keys: keyed(t, "")}
	v := caching(t, r, claims.Options{CacheBytes: 64 << 10})
	other := shared(t)
	var tokens []string
	for i := range 200 {
		tokens = append(tokens, sign(payload("exp=253402300799", fmt.Sprintf("jti=\"%d\"", i))))
	}
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 200 {
				n := (i*7 + g*5) % len(tokens)
				token, err := v.Verify(context.Background(), tokens[n])
				if err != nil || token.ID() != fmt.Sprint(n) {
					t.Errorf("token %d: %v, %v", n, token, err)
					return
				}
				if g == 0 && i%20 == 0 {
					r.set(other, nil)
				}
			}
		})
	}
	all.Wait()
}
