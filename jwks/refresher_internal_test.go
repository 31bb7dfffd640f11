package jwks

import (
	"context"
	"crypto/x509"
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/internal/testkeys"
)

// octSet has one symmetric key with the kid "k".
func octSet(t *testing.T) *Set {
	t.Helper()
	s, err := Parse([]byte(`{"keys":[{"kty":"OCT","alg":"HS256","kid":"k","k":"`+testkeys.Encode(testkeys.HMAC(32))+`"}]}`), Secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func octToken(t *testing.T) *JWS {
	t.Helper()
	j, err := ParseCompact(testkeys.Sign("HS256", testkeys.HMAC(32), []byte(`{"alg":"HS256","kid":"k"}`), []byte("{}")))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestClocks sets the wall clock, and stops the monotonic one as sleep does.
// Neither makes keys look fresher than they are, and after an answer all is well.
//
// Rules K8, K10
func TestClocks(t *testing.T) {
	const stale = time.Hour
	for name, tt := range map[string]struct {
		wall, mono time.Duration // how far each clock goes on
		down       bool          // whether the provider is
		fetches    int32         // that this causes at once
		want       error
	}{
		"both a bit":                      {time.Minute, time.Minute, true, 0, nil},
		"a sleep, short":                  {20 * time.Minute, 0, false, 1, nil},
		"a sleep, as long as keys live":   {stale, 0, true, 1, ErrUnavailable},
		"a sleep, and the provider is up": {stale, 0, false, 1, nil},
		"set back by a day":               {-24 * time.Hour, stale - 1, true, 1, nil},
		"set back while keys get old":     {-24 * time.Hour, stale, true, 1, ErrUnavailable},
		"set back while keys are fetched": {-24 * time.Hour, stale, false, 1, nil},
		"set forward by years":            {1 << 62, 0, true, 1, ErrUnavailable},
		"set forward, and it is up":       {1 << 62, 0, false, 1, nil},
		"set back by years, at once":      {-1 << 62, 0, true, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var fetches atomic.Int32
				var down atomic.Bool
				set := octSet(t)
				l := limits{maxStale: stale}
				if err := l.resolve("interval"); err != nil {
					t.Fatal(err)
				}
				var wall, mono atomic.Int64
				read := newClock()
				r := &refresher{limits: l, clock: func() instant {
					now := read()
					return instant{now.wall.Add(time.Duration(wall.Load())), now.mono + time.Duration(mono.Load())}
				}, fetch: func(context.Context, bool) (answer, error) {
					fetches.Add(1)
					if down.Load() {
						return answer{}, errors.New("down")
					}
					return answer{set: set, hint: noHint}, nil
				}}
				r.begin()
				defer r.close()
				synctest.Wait()
				down.Store(tt.down)
				wall.Store(int64(tt.wall))
				mono.Store(int64(tt.mono))
				_, err := r.verify(t.Context(), octToken(t))
				synctest.Wait()
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || fetches.Load() != 1+tt.fetches {
					t.Errorf("%v, %d more fetches; want %v, %d", err, fetches.Load()-1, tt.want, tt.fetches)
				}
				if _, err := r.generation(); !tt.down && err != nil {
					t.Errorf("generation: %v", err)
				}
			})
		})
	}
}

// TestJoinsTooLate: who saw no key, and then waited for the lock while it came,
// gets it, and causes no fetch.
//
// Rules K7, G1
func TestJoinsTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int32
		l := limits{}
		if err := l.resolve("interval"); err != nil {
			t.Fatal(err)
		}
		set := octSet(t)
		r := newRefresher(l, func(context.Context, bool) (answer, error) {
			fetches.Add(1)
			return answer{set: set, hint: noHint}, nil
		})
		defer r.close()
		synctest.Wait()
		if _, err := r.await(t.Context(), octToken(t)); err != nil || fetches.Load() != 1 {
			t.Errorf("%v, %d fetches", err, fetches.Load())
		}
	})
}

// TestNobodyLocksReaders: whoever holds the lock, tokens with a known key get
// through, also when a refresh is due.
//
// Rule K7
func TestNobodyLocksReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limits{}
		if err := l.resolve("interval"); err != nil {
			t.Fatal(err)
		}
		set := octSet(t)
		r := newRefresher(l, func(context.Context, bool) (answer, error) { return answer{set: set, hint: noHint}, nil })
		defer r.close()
		synctest.Wait()
		time.Sleep(20 * time.Minute)
		r.mu.Lock()
		r.current.Store(&snapshot{set, r.clock(), 0}) // overdue
		if _, err := r.verify(t.Context(), octToken(t)); err != nil {
			t.Error(err)
		}
		if _, err := r.generation(); err != nil {
			t.Error(err)
		}
		r.mu.Unlock()
	})
}

// TestStoppedTimer: a timer that fires although it was stopped causes nothing.
//
// Rule K7
func TestStoppedTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int32
		l := limits{}
		if err := l.resolve("interval"); err != nil {
			t.Fatal(err)
		}
		set := octSet(t)
		r := newRefresher(l, func(context.Context, bool) (answer, error) {
			fetches.Add(1)
			time.Sleep(time.Millisecond)
			return answer{set: set, hint: noHint}, nil
		})
		r.tick() // during a fetch
		time.Sleep(time.Second)
		r.tick() // before it is due
		r.close()
		r.tick()
		synctest.Wait()
		if n := fetches.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

// TestAddresses has addresses that a host name may lead to.
//
// Rule K9
func TestAddresses(t *testing.T) {
	const always, private, never = "always", "private", "never" // refused
	counted := map[string]int{}
	for _, tt := range []struct{ addr, refused string }{
		{"93.184.216.34", never}, {"8.8.8.8", never}, {"100.63.255.255", never}, {"100.128.0.0", never},
		{"172.15.255.255", never}, {"172.32.0.1", never}, {"169.253.255.255", never}, {"223.255.255.255", never},
		{"2606:2800:220:1::1", never}, {"fd00:ec2::253", private}, {"2001:4860:4860::8888", never},

		{"10.0.0.1", private}, {"172.16.0.1", private}, {"172.31.255.255", private}, {"192.168.1.1", private},
		{"127.0.0.1", private}, {"127.255.255.254", private}, {"::1", private}, {"100.64.0.1", private}, {"100.127.255.255", private},
		{"fc00::1", private}, {"fdff::1", private}, {"fec0::1", private}, {"198.18.0.1", private}, {"192.0.0.8", private}, {"240.0.0.1", private},

		{"0.0.0.0", always}, {"0.1.2.3", always}, {"::", always},
		{"169.254.0.1", always}, {"169.254.169.254", always}, {"169.254.170.2", always}, {"fe80::1", always}, {"fe80::1%eth0", always}, {"febf::1", always},
		{"224.0.0.1", always}, {"239.255.255.255", always}, {"255.255.255.255", always}, {"ff02::1", always},
		{"fd00:ec2::254", always}, {"fd00:ec2::23", always}, {"fd20:ce::254", always}, {"100.100.100.200", always}, {"168.63.129.16", always}, {"192.0.0.192", always},

		{"::ffff:169.254.169.254", always}, {"::ffff:10.0.0.1", private}, {"::ffff:8.8.8.8", never}, // mapped
		{"::169.254.169.254", always}, {"::127.0.0.1", private}, // compatible
		{"::ffff:0:169.254.169.254", always}, {"::ffff:0:10.0.0.1", private}, // translated
		{"64:ff9b::a9fe:a9fe", always}, {"64:ff9b::10.0.0.1", private}, {"64:ff9b::8.8.8.8", never}, // NAT64
		{"64:ff9b:1::a9fe:a9fe", always}, {"64:ff9b:1::8.8.8.8", private}, // of a site
		{"64:ff9b:1:0:a9:fea9:fe00:0", always}, {"64:ff9b:1:a9fe:a9:fe00:808:808", always}, {"64:ff9b:1:a9:fe:a9fe:808:808", always}, // of other lengths
		{"fd00:42::42", always},
		{"2002:a9fe:a9fe::1", always}, {"2002:a00:1::1", private}, {"2002:7f00:1::", private}, {"2002:808:808::1", never}, // 6to4
		{"2001:0:a9fe:a9fe::f7f7:f7f7", always}, {"2001:0:808:808:0:0:5601:5601", always}, {"2001:0:808:808::f5ff:fffe", private}, {"2001:0:808:808::f7f7:f7f7", never}, // Teredo
	} {
		addr := netip.MustParseAddr(tt.addr)
		want := [2]bool{tt.refused == always, tt.refused != never}
		if got := [2]bool{checkAddress(addr, false) != nil, checkAddress(addr, true) != nil}; got != want {
			t.Errorf("%s: refused %v, with DenyPrivateAddresses %v; want %v", tt.addr, got[0], got[1], want)
		}
		counted[tt.refused]++
	}
	if counted[always] < 20 || counted[private] < 20 || counted[never] < 12 {
		t.Errorf("%v", counted)
	}
	if err := controlDial(false)("tcp", "keys.test:443", nil); err == nil {
		t.Error("a name is no address")
	}
	if err := controlDial(false)("tcp6", "[fe80::1%1]:443", nil); err == nil {
		t.Error("link-local with a zone")
	}
}

// TestRetryAfterIsPositive: a server that says 0 is asked at once by all.
//
// Rule K7
func TestRetryAfterIsPositive(t *testing.T) {
	for after, want := range map[time.Duration]time.Duration{-time.Hour: 1, 0: 1, time.Minute: time.Minute} {
		if got := (&unavailable{after: after}).RetryAfter(); got != want {
			t.Errorf("%v for %v", got, after)
		}
	}
}

// TestTransport: no connection is used twice, no proxy comes from the environment
// (which package http reads once), and the roots are a copy.
//
// Rules K9, G5
func TestTransport(t *testing.T) {
	roots := x509.NewCertPool()
	tr := RemoteOptions{RootCAs: roots}.transport(time.Second)
	if tr.Proxy != nil || !tr.DisableKeepAlives || tr.TLSClientConfig.RootCAs == roots || !tr.TLSClientConfig.RootCAs.Equal(roots) {
		t.Errorf("%+v", tr)
	}
	if (RemoteOptions{}).transport(time.Second).TLSClientConfig.RootCAs != nil {
		t.Error("without RootCAs the system has none")
	}
}
