package jwks_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// versions is a StagedSecretFetcher.
type versions struct {
	mu    sync.Mutex
	slow  time.Duration
	stage map[string]version
	asked map[string]int
}

type version struct {
	value   []byte
	created time.Time
	err     error
}

func (v *versions) FetchSecretStage(ctx context.Context, _, stage string) ([]byte, time.Time, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	select {
	case <-time.After(v.slow):
	case <-ctx.Done():
	}
	v.asked[stage]++
	got := v.stage[stage]
	return got.value, got.created, got.err
}

func (v *versions) FetchSecret(ctx context.Context, arn string) ([]byte, error) {
	value, _, err := v.FetchSecretStage(ctx, arn, "AWSCURRENT")
	return value, err
}

// rotate makes value current.
func (v *versions) rotate(value []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if current, ok := v.stage["AWSCURRENT"]; ok {
		v.stage["AWSPREVIOUS"] = current
	}
	v.stage["AWSCURRENT"] = version{value: value, created: time.Now()}
}

func (v *versions) set(stage string, is version) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stage[stage] = is
}

// newVersions has a current version with the key "old" and a pending one with the
// key "pending".
func newVersions() *versions {
	v := &versions{stage: map[string]version{"AWSPENDING": {value: keyFile("pending")}}, asked: map[string]int{}}
	v.rotate(keyFile("old"))
	return v
}

func graceful(t *testing.T, v jwks.SecretFetcher, grace time.Duration) *jwks.SecretSource {
	t.Helper()
	s, err := jwks.NewSecret(v, "arn", &jwks.SecretOptions{PreviousGrace: grace})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return s
}

// TestPreviousGrace: after a rotation the previous version verifies for the
// grace, from the creation of the current one on, whether the process was there
// or not. The pending version never does.
//
// Rule K11
func TestPreviousGrace(t *testing.T) {
	for _, grace := range []time.Duration{0, time.Minute, time.Hour, 100 * time.Hour} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(grace, restart), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					v := newVersions()
					s := graceful(t, v, grace)
					defer func() { s.Close() }()
					wants(t, s, genuine(t, "old"), "ok", 0)
					time.Sleep(time.Hour)
					v.rotate(keyFile("new"))
					time.Sleep(20 * time.Minute)
					if restart {
						s.Close()
						s = graceful(t, v, grace)
					}
					seen := 20 * time.Minute // the current one is known
					for _, after := range []time.Duration{seen, grace - 1, grace, grace + time.Second, grace + time.Hour} {
						if after < seen {
							continue
						}
						time.Sleep(after - seen)
						seen = after
						got, _ := ask(s, genuine(t, "old"))
						if ok := got == "ok"; ok != (after < grace) || !ok && !strings.HasPrefix(got, "401") && got != jwks.ErrKeyExpired.Error() {
							t.Errorf("the old key after %v: %s", after, got)
						}
						wants(t, s, genuine(t, "new"), "ok", 0)
						if got, _ := ask(s, genuine(t, "pending")); got != "401 unknown" {
							t.Errorf("pending: %s", got)
						}
						if g, err := s.Generation(); err != nil || got == "ok" && verifiedBy(t, s, "old").Generation != g {
							t.Errorf("generation %d, %v", g, err)
						}
					}
					if v.asked["AWSPENDING"] != 0 || (v.asked["AWSPREVIOUS"] > 0) != (grace > 0) {
						t.Errorf("asked for %v", v.asked)
					}
				})
			})
		}
	}
}

func verifiedBy(t *testing.T, s jwks.Source, kid string) jwks.Verified {
	t.Helper()
	v, err := s.Verify(t.Context(), genuine(t, kid))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestPreviousIsBounded: a result for a key of the previous version may be
// remembered until the grace is over, and the generation tells.
//
// Rules K3, K11
func TestPreviousIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVersions()
		s := graceful(t, v, time.Hour)
		defer s.Close()
		before, _ := s.Generation()
		time.Sleep(time.Hour)
		rotated := time.Now()
		v.rotate(keyFile("new"))
		time.Sleep(20 * time.Minute)
		got := verifiedBy(t, s, "old")
		if !got.NotAfter.Equal(rotated.Add(time.Hour)) || got.Generation == before {
			t.Errorf("%+v, generation before %d", got, before)
		}
		if !verifiedBy(t, s, "new").NotAfter.IsZero() {
			t.Error("the current key is bounded")
		}
		time.Sleep(20 * time.Minute)
		if same, _ := s.Generation(); same != got.Generation {
			t.Error("a refresh without news changed the generation")
		}
		time.Sleep(40 * time.Minute)
		if g, _ := s.Generation(); g == got.Generation {
			t.Error("the generation is the same after the grace")
		}
	})
}

// TestSameKid: in both versions, the current key is tried first, then the other.
//
// Rule K11
func TestSameKid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := func(k []byte, exp string) []byte {
			m := symmetric(k, "kid").with("alg", "HS256")
			if exp != "" {
				m = m.with("exp", exp)
			}
			return file(m)
		}
		token := func(k []byte) *jwks.JWS { return compact(t, sign(jwks.HS256, k, "kid")) }
		old, now, other := testkeys.HMAC(32), testkeys.HMAC(48), testkeys.HMAC(64)
		v := newVersions()
		v.rotate(secret(old, "2000-01-01T02:00:00Z")) // the bubble begins at 2000-01-01
		v.rotate(secret(now, ""))
		s := graceful(t, v, 3*time.Hour)
		defer s.Close()
		wants(t, s, token(now), "ok", 0)
		wants(t, s, token(old), "ok", 0)
		wants(t, s, token(other), "401 signature", 0)
		if got, _ := s.Verify(t.Context(), token(now)); !got.NotAfter.IsZero() {
			t.Errorf("not by the current key: %+v", got)
		}
		if got, _ := s.Verify(t.Context(), token(old)); got.NotAfter != time.Date(2000, 1, 1, 2, 0, 0, 0, time.UTC) {
			t.Errorf("its own bound is earlier than the grace: %+v", got)
		}
		time.Sleep(2 * time.Hour)
		wants(t, s, token(old), jwks.ErrKeyExpired.Error(), 0)
		wants(t, s, token(now), "ok", 0)
	})
}

// TestPreviousVerdicts has what the two versions say together.
//
// Rules K3, K7, K11
func TestPreviousVerdicts(t *testing.T) {
	const inAnHour, later = "2000-01-01T01:00:00Z", "2000-01-01T09:00:00Z" // the bubble begins at 2000-01-01
	k := func(kid, exp string) members {
		m := symmetric(testkeys.HMAC(64), kid)
		if exp != "" {
			m = m.with("exp", exp)
		}
		return m
	}
	for name, tt := range map[string]struct {
		current, previous []members
		kid               string
		forged            bool
		after             time.Duration
		want              string
	}{
		"a forged token of the current kid":   {[]members{k("new", "")}, []members{k("old", "")}, "new", true, 0, "401 signature"},
		"a forged token of the old kid":       {[]members{k("new", "")}, []members{k("old", "")}, "old", true, time.Minute, "401 signature"},
		"the old kid for another algorithm":   {[]members{k("new", "")}, []members{k("old", "").with("alg", "HS512")}, "old", false, time.Minute, "401 unknown"},
		"an old key that says it lives on":    {[]members{k("new", "")}, []members{k("old", later)}, "old", false, 2 * time.Hour, jwks.ErrKeyExpired.Error()},
		"and until then":                      {[]members{k("new", "")}, []members{k("old", later)}, "old", false, 2*time.Hour - 1, "ok"},
		"an old key that ends sooner":         {[]members{k("new", "")}, []members{k("old", inAnHour)}, "old", false, time.Hour, jwks.ErrKeyExpired.Error()},
		"the current one ended the same key":  {[]members{k("same", inAnHour)}, []members{k("same", "")}, "same", false, time.Hour, jwks.ErrKeyExpired.Error()},
		"without kid, by the old key":         {[]members{k("", "").with("k", b64(testkeys.HMAC(48)))}, []members{k("", "")}, "", false, 0, "ok"},
		"without kid, by no key":              {[]members{k("", "").with("k", b64(testkeys.HMAC(48)))}, []members{k("", "")}, "", true, 0, "401 signature"},
		"without kid, eight keys and another": {eight(), []members{k("", "")}, "", false, 0, "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVersions()
				v.rotate(file(tt.previous...))
				v.rotate(file(tt.current...))
				s, err := jwks.NewSecret(v, "arn", &jwks.SecretOptions{PreviousGrace: 2 * time.Hour, RefreshInterval: 3 * time.Hour, MaxStale: 4 * time.Hour})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				time.Sleep(tt.after)
				synctest.Wait()
				v.mu.Lock()
				v.slow = 100 * time.Millisecond
				v.mu.Unlock()
				secret := testkeys.HMAC(64)
				if tt.forged {
					secret = testkeys.HMAC(32)
				}
				wants(t, s, compact(t, sign(jwks.HS256, secret, tt.kid)), tt.want, 0)
			})
		})
	}
}

// eight are keys without kid, as many as may be tried.
func eight() []members {
	var keys []members
	for i := range 8 {
		keys = append(keys, symmetric(append(testkeys.HMAC(32), byte(i)), ""))
	}
	return keys
}

// TestPreviousDefects: no previous version is normal; one that cannot be had is a
// failure, since tokens made with it may come; one that cannot be read is none.
//
// Rules K11, G1
func TestPreviousDefects(t *testing.T) {
	denied := errors.New("denied")
	for name, tt := range map[string]struct {
		previous version
		created  time.Duration // of the current version, ago
		current  string        // what its token gets
		old      string
		health   string
	}{
		"none":                      {version{}, 0, "ok", "401 unknown", ""},
		"denied":                    {version{err: denied}, 0, "503", "503", "AWSPREVIOUS: denied"},
		"denied, the grace is over": {version{err: denied}, time.Hour, "ok", "401 unknown", ""},
		"unreadable":                {version{value: []byte(`{"keys":"` + b64(testkeys.HMAC(64)) + `"}`)}, 0, "ok", "401 unknown", "AWSPREVIOUS: jwks: no usable key"},
		"one bad key":               {version{value: file(octJWK(), rsaJWK().with("use", "enc"))}, 0, "ok", "401 unknown", "AWSPREVIOUS: jwks: keys[1]"},
		"empty":                     {version{value: []byte{}}, 0, "ok", "401 unknown", "AWSPREVIOUS"},
		"good":                      {version{value: keyFile("old")}, 0, "ok", "ok", ""},
		"good, just within":         {version{value: keyFile("old")}, time.Hour - 1, "ok", "ok", ""},
		"good, the grace is over":   {version{value: keyFile("old")}, time.Hour, "ok", "401 unknown", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVersions()
				v.set("AWSPREVIOUS", tt.previous)
				v.set("AWSCURRENT", version{value: keyFile("new"), created: time.Now().Add(-tt.created)})
				s := graceful(t, v, time.Hour)
				defer s.Close()
				wants(t, s, genuine(t, "new"), tt.current, 0)
				wants(t, s, genuine(t, "old"), tt.old, 0)
				h := s.Health()
				if (tt.health == "") != (h.LastError == nil) || h.LastError != nil && !strings.Contains(h.LastError.Error(), tt.health) {
					t.Errorf("health: %v, want %q", h.LastError, tt.health)
				}
				if h.LastError != nil && strings.Contains(h.LastError.Error(), b64(testkeys.HMAC(64))) {
					t.Errorf("shown: %v", h.LastError)
				}
			})
		})
	}
}

// TestCurrentDefects: without a current version that can be read, nothing
// verifies, the previous one neither. A creation that nobody told is long ago.
//
// Rules K11, G1
func TestCurrentDefects(t *testing.T) {
	for name, tt := range map[string]struct {
		current  version
		new, old string
	}{
		"none":        {version{}, "503", "503"},
		"denied":      {version{err: errors.New("denied")}, "503", "503"},
		"broken":      {version{value: []byte("x"), created: time.Now()}, "503", "503"},
		"no creation": {version{value: keyFile("new")}, "ok", "401 unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVersions()
				v.rotate(nil)
				v.set("AWSCURRENT", tt.current)
				s := graceful(t, v, time.Hour)
				defer s.Close()
				wants(t, s, genuine(t, "new"), tt.new, 0)
				wants(t, s, genuine(t, "old"), tt.old, 0)
			})
		})
	}
}

// TestGraceBound: a key that a rotation left out verifies for the grace, when that
// is the longest of all, and no longer.
//
// Rules K10, K11
func TestGraceBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for grace, want := range map[time.Duration][2]time.Duration{
			time.Minute: {16*time.Minute + 40*time.Second, 4 * time.Hour}, 30 * time.Minute: {30 * time.Minute, 4 * time.Hour}, 9 * time.Hour: {9 * time.Hour, 9 * time.Hour},
		} {
			v := newVersions()
			v.rotate(keyFile("a"))
			s := graceful(t, v, grace)
			near, far := s.RevocationBound()
			if near != want[0] || far != want[1] {
				t.Errorf("%v: %v, %v; want %v", grace, near, far, want)
			}
			v.rotate(keyFile("b"))
			if grace > time.Hour {
				time.Sleep(grace - time.Hour)
			}
			if last := lastAccepted(t, s, 90*time.Minute); last > min(near, time.Hour) || last < min(grace, time.Hour)-time.Second {
				t.Errorf("%v: accepted after %v", grace, last)
			}
			s.Close()
		}
	})
}

// TestStagesAreOptional: without a grace a fetcher that knows stages is asked
// for the value alone.
//
// Rule K11
func TestStagesAreOptional(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSecret(t, func(context.Context, string) ([]byte, error) { return keyFile("a"), nil }, nil)
		defer s.Close()
		wants(t, s, genuine(t, "a"), "ok", 0)
	})
}
