package jwks_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// TestISO8601 reads the bounds of a secret.
//
// Rule K3
func TestISO8601(t *testing.T) {
	utc := func(hour, minute, second, nano int) time.Time {
		return time.Date(2027, 1, 31, hour, minute, second, nano, time.UTC)
	}
	for text, want := range map[string]time.Time{
		"2027-01-31":                          utc(0, 0, 0, 0),
		"2027-01-31T12:30:15":                 utc(12, 30, 15, 0),
		"2027-01-31T12:30:15Z":                utc(12, 30, 15, 0),
		"2027-01-31T12:30:15.5":               utc(12, 30, 15, 5e8),
		"2027-01-31T12:30:15.5Z":              utc(12, 30, 15, 5e8),
		"2027-01-31T12:30:15,25Z":             utc(12, 30, 15, 25e7),
		"2027-01-31T12:30:15.123456789Z":      utc(12, 30, 15, 123456789),
		"2027-01-31T12:30:15+09:00":           utc(3, 30, 15, 0),
		"2027-01-31T12:30:15-05:00":           utc(17, 30, 15, 0),
		"2027-01-31T12:30:15+0900":            utc(3, 30, 15, 0),
		"2027-01-31T12:30:15+09":              utc(3, 30, 15, 0),
		"2027-01-31T12:30:15.75+09:00":        utc(3, 30, 15, 75e7),
		"2024-02-29":                          time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		"9999-12-31T23:59:59Z":                time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		"1969-07-20T20:17:40Z":                time.Date(1969, 7, 20, 20, 17, 40, 0, time.UTC),
		"0001-01-01T00:00:00.000000001+00:00": time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC),
	} {
		for _, mode := range []jwks.Mode{jwks.Secret, jwks.Public} {
			info := parse(t, mode, ecJWK().with("exp", text)).Keys()[0]
			if !info.NotAfter.Equal(want) || !info.NotBefore.IsZero() || info.NotAfter.Location() != time.UTC {
				t.Errorf("exp %s, %s: %v", text, mode, info)
			}
			info = parse(t, mode, ecJWK().with("nbf", text)).Keys()[0]
			if !info.NotBefore.Equal(want) || !info.NotAfter.IsZero() {
				t.Errorf("nbf %s, %s: %v", text, mode, info)
			}
		}
	}
}

// TestNoISO8601 has what is no time, or could be two.
//
// Rule K3
func TestNoISO8601(t *testing.T) {
	for _, text := range []string{
		`""`, `" "`, `"never"`, `"2027"`, `"2027-01"`, `"2027-1-31"`, `"27-01-31"`, `"20270131"`, `"2027-02-29"`, `"2027-13-01"`, `"2027-00-01"`,
		`"2027-01-32"`, `"2027-01-31T12:30"`, `"2027-01-31T12:30Z"`, `"2027-01-31T1:30:15Z"`, `"2027-01-31T24:00:00Z"`, `"2027-01-31T12:60:00Z"`,
		`"2027-01-31T12:30:60Z"`, `"2027-01-31T12:30:15z"`, `"2027-01-31t12:30:15Z"`, `"2027-01-31 12:30:15Z"`, `"2027-01-31T12:30:15 Z"`,
		`"2027-01-31T12:30:15.Z"`, `"2027-01-31T12:30:15+9:00"`, `"2027-01-31T12:30:15+25:00"`, `"2027-01-31T12:30:15UTC"`,
		`"2027-01-31Z"`, `" 2027-01-31"`, `"2027-01-31 "`, `"2027-01-31\n"`, `"2027-W05-7"`, `"2027-031"`, `"31.01.2027"`, `"01/31/2027"`,
		`"Sun, 31 Jan 2027 12:30:15 GMT"`, `"1801354215"`, `"٢٠٢٧-٠١-٣١"`, `"0001-01-01"`, `"0001-01-01T00:00:00Z"`, `"+12027-01-31"`, `"-2027-01-31"`,
		`null`, `true`, `[]`, `["2027-01-31"]`, `{}`,
	} {
		for _, mode := range []jwks.Mode{jwks.Secret, jwks.Public} {
			for _, member := range []string{"nbf", "exp"} {
				_, err := jwks.Parse(file(ecJWK().with(member, json.RawMessage(text))), mode)
				var fault *jwks.KeyError
				if !errors.As(err, &fault) || fault.Member != member || !strings.Contains(fault.Reason, "ISO 8601") {
					t.Errorf("%s %s, %s: %v", member, text, mode, err)
				}
			}
		}
	}
}

// TestNumericDate: a number bounds a key of a public set, and is an error in a
// secret.
//
// Rule K3
func TestNumericDate(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "1801354215": 1801354215, "1801354215.9": 1801354215, "1.8e9": 1800000000, "253402300799": 253402300799,
	} {
		info := parse(t, jwks.Public, ecJWK().with("exp", json.RawMessage(text))).Keys()[0]
		if info.NotAfter.IsZero() || info.NotAfter.Unix() != want || info.NotAfter.Nanosecond() != 0 || info.NotAfter.Location() != time.UTC {
			t.Errorf("exp %s: %v", text, info.NotAfter)
		}
		if _, err := jwks.Parse(file(ecJWK().with("exp", json.RawMessage(text))), jwks.Secret); err == nil || !strings.Contains(err.Error(), "exp: want a string in ISO 8601") {
			t.Errorf("exp %s in a secret: %v", text, err)
		}
	}
	for _, text := range []string{"-1", "-0.5", "253402300799.5", "253402300800", "1e300", "1e400", "-1e400"} {
		if _, err := jwks.Parse(file(ecJWK().with("nbf", json.RawMessage(text))), jwks.Public); err == nil || !strings.Contains(err.Error(), "nbf: a number that is no time") {
			t.Errorf("nbf %s: %v", text, err)
		}
	}
}

// TestEmptyPeriod: a key that is never valid is a mistake.
//
// Rule K3
func TestEmptyPeriod(t *testing.T) {
	for _, tt := range []struct {
		nbf, exp string
		ok       bool
	}{
		{"2027-01-31", "2027-02-01", true},
		{"2027-01-31T00:00:00Z", "2027-01-31T00:00:00.000000001Z", true},
		{"2027-01-31", "2027-01-31", false},
		{"2027-01-31", "2027-01-31T09:00:00+09:00", false},
		{"2027-02-01", "2027-01-31", false},
	} {
		_, err := jwks.Parse(file(octJWK().with("nbf", tt.nbf).with("exp", tt.exp)), jwks.Secret)
		if tt.ok != (err == nil) || err != nil && !strings.Contains(err.Error(), "exp: not after nbf") {
			t.Errorf("%s to %s: %v", tt.nbf, tt.exp, err)
		}
	}
}

// TestBoundsOfAKey: from nbf until just before exp, at every verification.
//
// Rule K3
func TestBoundsOfAKey(t *testing.T) {
	raw := sign(jwks.HS256, testkeys.HMAC(64), "oct")
	nbf, exp := now, now.Add(time.Hour)
	for _, tt := range []struct {
		name     string
		jwk      members
		from, to time.Time
	}{
		{"none", octJWK(), time.Time{}, time.Time{}},
		{"nbf", octJWK().with("nbf", nbf.Format(time.RFC3339)), nbf, time.Time{}},
		{"exp", octJWK().with("exp", exp.Format(time.RFC3339)), time.Time{}, exp},
		{"both", octJWK().with("nbf", nbf.Format(time.RFC3339)).with("exp", exp.Format(time.RFC3339)), nbf, exp},
	} {
		set := parse(t, jwks.Secret, tt.jwk)
		for _, at := range []time.Time{nbf.AddDate(-100, 0, 0), nbf.Add(-1), nbf, nbf.Add(1), exp.Add(-1), exp, exp.Add(1), exp.AddDate(100, 0, 0)} {
			for _, zone := range []*time.Location{time.UTC, time.FixedZone("", 9*60*60)} {
				var want error
				if !tt.from.IsZero() && at.Before(tt.from) || !tt.to.IsZero() && !at.Before(tt.to) {
					want = jwks.ErrKeyExpired
				}
				got, err := set.Verify(compact(t, raw), at.In(zone))
				if !errors.Is(err, want) {
					t.Errorf("%s, at %v: %v, want %v", tt.name, at, err, want)
				}
				if err == nil && (got.NotBefore != tt.from || got.NotAfter != tt.to) {
					t.Errorf("%s: from %v to %v", tt.name, got.NotBefore, got.NotAfter)
				}
			}
		}
	}
}
