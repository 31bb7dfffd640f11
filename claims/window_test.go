package claims_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/claims"
)

// Rule T3: each boundary, a nanosecond before it and on it.
func TestWindow(t *testing.T) {
	const (
		expired = "claims: exp: the token has expired; get a new one"
		early   = "claims: nbf: in the future; compare the clocks, or see Options.Leeway"
		issued  = "claims: iat: in the future; compare the clocks, or see Options.Leeway"
	)
	type bound struct {
		name   string
		edit   string
		leeway time.Duration
		at     time.Duration // after the epoch, when the verdict changes
		before error         // the verdict before
		after  error         // and from then on
		text   string
	}
	for _, b := range []bound{
		{"iat, nbf within the leeway", "nbf=946684810 iat=946684835", 0, 5 * time.Second, claims.ErrNotYetValid, nil, issued},
		{"exp, 30 s", "exp=946684900", 0, 130 * time.Second, nil, claims.ErrExpired, expired},
		{"exp, no leeway", "exp=946684900", -1, 100 * time.Second, nil, claims.ErrExpired, expired},
		{"exp, no leeway, far below 0", "exp=946684900", math.MinInt64, 100 * time.Second, nil, claims.ErrExpired, expired},
		{"exp, 1 ns", "exp=946684900", 1, 100*time.Second + 1, nil, claims.ErrExpired, expired},
		{"exp, 10 min", "exp=946684900", 10 * time.Minute, 700 * time.Second, nil, claims.ErrExpired, expired},
		{"exp, fraction", "exp=946684900.5", -1, 100500 * time.Millisecond, nil, claims.ErrExpired, expired},
		{"exp, fraction of a nanosecond", "exp=946684900.0000000001", -1, 100*time.Second + 1, nil, claims.ErrExpired, expired},
		{"exp, exponent", "exp=9.466849e8", -1, 100 * time.Second, nil, claims.ErrExpired, expired},
		{"nbf, 30 s", "nbf=946684900", 0, 70 * time.Second, claims.ErrNotYetValid, nil, early},
		{"nbf, no leeway", "nbf=946684900", -1, 100 * time.Second, claims.ErrNotYetValid, nil, early},
		{"nbf, fraction of a nanosecond", "nbf=946684899.9999999999", -1, 100 * time.Second, claims.ErrNotYetValid, nil, early},
		{"iat, 30 s", "iat=946684900", 0, 70 * time.Second, claims.ErrNotYetValid, nil, issued},
		{"iat, no leeway", "iat=946684900", -1, 100 * time.Second, claims.ErrNotYetValid, nil, issued},
		{"iat, fraction of a nanosecond", "iat=946684900.0000000001", -1, 100*time.Second + 1, claims.ErrNotYetValid, nil, issued},
	} {
		t.Run(b.name, func(t *testing.T) {
			v := verifier(t, config(), &claims.Options{Leeway: b.leeway})
			token := sign(payload(strings.Fields(b.edit)...))
			synctest.Test(t, func(t *testing.T) {
				for _, step := range []struct {
					wait time.Duration
					want error
				}{{b.at - 1, b.before}, {1, b.after}} {
					time.Sleep(step.wait)
					_, err := v.Verify(context.Background(), token)
					if step.want == nil {
						wantKind(t, err, nil)
					} else {
						wantError(t, err, step.want, b.text)
					}
				}
			})
		})
	}
}

// Rule T3
func TestDates(t *testing.T) {
	const outside = ": want a date from 1970 to 9999, in seconds"
	const typed = ": want a JSON number of seconds since 1970 (RFC 7519, section 2)"
	runRows(t, config(), nil, []row{
		{"exp, last second of 9999", edits("exp=253402300799"), nil, ""},
		{"exp, written with zeros", edits("exp=253402300799.000"), nil, ""},
		{"exp, a fraction later", edits("exp=253402300799.0000000000000000001"), claims.ErrClaim, "claims: exp" + outside},
		{"exp, a second later", edits("exp=253402300800"), claims.ErrClaim, "claims: exp" + outside},
		{"exp, milliseconds", edits("exp=253402300799000"), claims.ErrClaim, "claims: exp" + outside},
		{"exp, exponent in range", edits("exp=1.6e9"), nil, ""},
		{"exp, large exponent", edits("exp=1E+11"), nil, ""},
		{"exp, 1e300", edits("exp=1e300"), claims.ErrClaim, "claims: exp" + outside},
		{"exp, exponent beyond int", edits("exp=1e99999999999999999999"), claims.ErrClaim, "claims: exp" + outside},
		{"exp, exponent below int", edits("exp=1e-99999999999999999999"), claims.ErrExpired, "claims: exp: the token has expired; get a new one"},
		{"exp, 0", edits("exp=0"), claims.ErrClaim, "claims: exp: 0; want a date, no exp has the meaning of never"},
		{"exp, -0", edits("exp=-0"), claims.ErrClaim, "claims: exp: 0; want a date, no exp has the meaning of never"},
		{"exp, 0.0", edits("exp=0.0e5"), claims.ErrClaim, "claims: exp: 0; want a date, no exp has the meaning of never"},
		{"exp, tiny", edits("exp=1e-9"), claims.ErrExpired, "claims: exp: the token has expired; get a new one"},
		{"exp, 1", edits("exp=1"), claims.ErrExpired, "claims: exp: the token has expired; get a new one"},
		{"exp, negative", edits("exp=-1"), claims.ErrClaim, "claims: exp" + outside},
		{"exp, null", edits("exp=null"), claims.ErrClaim, "claims: exp" + typed},
		{"exp, string", edits(`exp="253402300799"`), claims.ErrClaim, "claims: exp" + typed},
		{"exp, RFC 3339", edits(`exp="2099-01-01T00:00:00Z"`), claims.ErrClaim, "claims: exp" + typed},
		{"exp, array", edits("exp=[253402300799]"), claims.ErrClaim, "claims: exp" + typed},
		{"exp, true", edits("exp=true"), claims.ErrClaim, "claims: exp" + typed},
		{"exp, missing", edits("-exp"), claims.ErrClaim, "claims: exp: missing; want a date, or see Options for what needs one"},
		{"exp, other spelling", edits("-exp", "EXP=253402300799"), claims.ErrClaim, "claims: exp: missing; want a date, or see Options for what needs one"},
		{"nbf, 0", edits("nbf=0"), nil, ""},
		{"nbf, -0", edits("nbf=-0.0"), nil, ""},
		{"nbf, negative", edits("nbf=-0.1"), claims.ErrClaim, "claims: nbf" + outside},
		{"nbf, too late", edits("nbf=253402300800"), claims.ErrClaim, "claims: nbf" + outside},
		{"nbf, string", edits(`nbf="0"`), claims.ErrClaim, "claims: nbf" + typed},
		{"nbf, null", edits(`nbf=null`), claims.ErrClaim, "claims: nbf" + typed},
		{"iat, 0", edits("iat=0"), nil, ""},
		{"iat, missing", edits("-iat"), nil, ""},
		{"iat, negative", edits("iat=-1"), claims.ErrClaim, "claims: iat" + outside},
		{"iat, object", edits(`iat={}`), claims.ErrClaim, "claims: iat" + typed},
	})
}

// Rule T3: waived by name, exp may be missing, and is checked if it is there.
func TestSkipExpiry(t *testing.T) {
	runRows(t, config(), &claims.Options{InsecureSkipExpiry: true}, []row{
		{"missing", edits("-exp"), nil, ""},
		{"in force", nil, nil, ""},
		{"passed, within the leeway", edits("exp=946684771"), nil, ""},
		{"expired", edits("exp=946684770"), claims.ErrExpired, "claims: exp: the token has expired; get a new one"},
		{"0", edits("exp=0"), claims.ErrClaim, "claims: exp: 0; want a date, no exp has the meaning of never"},
		{"null", edits("exp=null"), claims.ErrClaim, "claims: exp: want a JSON number of seconds since 1970 (RFC 7519, section 2)"},
	})
}

// Rule T3
func TestMaxLifetime(t *testing.T) {
	const long = "claims: exp: more than MaxLifetime after iat"
	runRows(t, config(), &claims.Options{MaxLifetime: time.Hour}, []row{
		{"exactly", edits("iat=946684800", "exp=946688400"), nil, ""},
		{"longer by a nanosecond", edits("iat=946684800", "exp=946688400.000000001"), claims.ErrClaim, long},
		{"longer by less", edits("iat=946684800", "exp=946688400.0000000001"), claims.ErrClaim, long},
		{"issued long ago", edits("iat=0"), claims.ErrClaim, long},
		{"of centuries", edits("iat=0", "exp=253402300799"), claims.ErrClaim, long},
		{"no iat", edits("-iat"), claims.ErrClaim, "claims: iat: missing; want a date, or see Options for what needs one"},
		{"no exp", edits("-exp"), claims.ErrClaim, "claims: exp: missing; want a date, or see Options for what needs one"},
	})
	runRows(t, config(), nil, []row{{"no bound", edits("iat=0", "exp=253402300799"), nil, ""}})
}

// dates are literals and what they mean in nanoseconds since 1970, "" when they
// are refused.
var dates = []struct{ literal, nanoseconds string }{
	{"0", "0"}, {"-0", "0"}, {"0.0", "0"}, {"-0e99999999999", "0"}, {"0e-5", "0"}, {"0.000e+12", "0"},
	{"1", "1000000000"}, {"10", "10000000000"}, {"1e0", "1000000000"}, {"1E+0", "1000000000"}, {"1e-0", "1000000000"},
	{"1600000000", "1600000000000000000"}, {"1.6e9", "1600000000000000000"}, {"16E8", "1600000000000000000"},
	{"0.0016e12", "1600000000000000000"}, {"16000000000000e-4", "1600000000000000000"},
	{"1600000000.123456789", "1600000000123456789"}, {"1600000000.1234567890000", "1600000000123456789"},
	{"1600000000.1234567891", "1600000000123456790"}, {"1600000000.9999999999", "1600000001000000000"},
	{"0.1", "100000000"}, {"0.01", "10000000"}, {"0.000000001", "1"}, {"0.0000000001", "1"}, {"0.00000000001", "1"},
	{"1e-9", "1"}, {"1e-10", "1"}, {"1e-11", "1"}, {"9e-10", "1"}, {"12e-10", "2"}, {"1e-400", "1"}, {"1e-99999999999999999999999", "1"},
	{"0.5", "500000000"}, {"5e-1", "500000000"}, {"1.5", "1500000000"}, {"100.25", "100250000000"},
	{"253402300799", "253402300799000000000"}, {"253402300799.0", "253402300799000000000"},
	{"2.53402300799e11", "253402300799000000000"}, {"253402300798.9999999999", "253402300799000000000"},
	{"253402300798.999999999", "253402300798999999999"},
	{"253402300799.000000001", ""}, {"253402300799.00000000000000000001", ""}, {"253402300800", ""}, {"999999999999", ""},
	{"1000000000000", ""}, {"1e12", ""}, {"1e11", "100000000000000000000"}, {"9e11", ""}, {"1e300", ""}, {"1e99999999999999999999999", ""},
	{"-1", ""}, {"-0.1", ""}, {"-1e-400", ""}, {"-253402300799", ""},
	{"18446744073709551616", ""}, {"18446744073709551617", ""}, {"9223372036854775808", ""}, {"4294967297", "4294967297000000000"},
	{"0." + strings.Repeat("0", 5000) + "16e5010", "1600000000000000000"},
	{"16" + strings.Repeat("0", 5000) + "e-4992", "1600000000000000000"},
	{strings.Repeat("9", 5000), ""},
	{"1" + strings.Repeat("0", 5000) + "e-99999999999", "1"},
}

// Rule T3
func TestParseDate(t *testing.T) {
	for _, d := range dates {
		got, ok := claims.ParseDate(d.literal)
		want, valid := new(big.Int).SetString(d.nanoseconds, 10)
		if ok != valid {
			t.Errorf("%.40s: accepted: %t, want %t", d.literal, ok, valid)
		}
		if valid && nanoseconds(got).Cmp(want) != 0 {
			t.Errorf("%.40s = %s ns, want %s", d.literal, nanoseconds(got), want)
		}
		if valid && got.Location() != time.UTC {
			t.Errorf("%.40s: not in UTC", d.literal)
		}
	}
	if len(dates) < 60 {
		t.Errorf("%d dates", len(dates))
	}
}

func nanoseconds(t time.Time) *big.Int {
	ns := new(big.Int).Mul(big.NewInt(t.Unix()), big.NewInt(1e9))
	return ns.Add(ns, big.NewInt(int64(t.Nanosecond())))
}

// FuzzParseDate compares with rational numbers.
//
// Rule T3
func FuzzParseDate(f *testing.F) {
	for _, d := range dates {
		f.Add(d.literal)
	}
	f.Fuzz(func(t *testing.T, literal string) {
		if !isNumber(literal) {
			return
		}
		got, ok := claims.ParseDate(literal) // must not panic, whatever the exponent
		if _, exponent, _ := strings.Cut(strings.ToLower(literal), "e"); exponent != "" {
			if n, err := strconv.Atoi(exponent); err != nil || n < -1000 || n > 1000 {
				return // too much work for the oracle
			}
		}
		n, valid := new(big.Rat).SetString(literal)
		if !valid {
			t.Fatalf("big.Rat does not know %q", literal)
		}
		valid = n.Sign() >= 0 && n.Cmp(big.NewRat(253402300799, 1)) <= 0
		if ok != valid {
			t.Fatalf("%q: accepted: %t, want %t", literal, ok, valid)
		}
		n.Mul(n, big.NewRat(1e9, 1))
		ns, rest := new(big.Int).DivMod(n.Num(), n.Denom(), new(big.Int))
		if rest.Sign() > 0 {
			ns.Add(ns, big.NewInt(1))
		}
		if valid && nanoseconds(got).Cmp(ns) != 0 {
			t.Fatalf("%q = %s ns, want %s", literal, nanoseconds(got), ns)
		}
	})
}

// isNumber reports whether s is a JSON number, by the standard library.
func isNumber(s string) bool {
	return s != "" && (s[0] == '-' || '0' <= s[0] && s[0] <= '9') && json.Valid([]byte(s)) && strings.TrimSpace(s) == s
}

// Rule T3: the dates of a token, as it has them.
func TestTokenDates(t *testing.T) {
	token, err := verify(t, verifier(t, config(), nil), sign(payload("exp=946684801.25", "nbf=946684799", "iat=946684800.0000000001")))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(token.Expiry(), token.NotBefore(), token.IssuedAt())
	want := "2000-01-01 00:00:01.25 +0000 UTC 1999-12-31 23:59:59 +0000 UTC 2000-01-01 00:00:00.000000001 +0000 UTC"
	if got != want {
		t.Errorf("dates = %s\n   want %s", got, want)
	}
	token, err = verify(t, verifier(t, config(), &claims.Options{InsecureSkipExpiry: true}), sign(payload("-exp", "-iat")))
	if err != nil || !token.Expiry().IsZero() || !token.NotBefore().IsZero() || !token.IssuedAt().IsZero() {
		t.Errorf("without dates: %v, %v", token, err)
	}
}
