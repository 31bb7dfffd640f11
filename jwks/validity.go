package jwks

import (
	"strconv"
	"strings"
	"time"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// maxNumericDate is the last second of the year 9999.
const maxNumericDate = 253402300799

// period is the validity that a key declares for itself: from nbf on, until
// just before exp. A zero time is no bound.
type period struct{ from, until time.Time }

func (p period) contains(now time.Time) bool {
	return !now.Before(p.from) && (p.until.IsZero() || now.Before(p.until))
}

// validity reads nbf and exp. Kendra's secrets have them as ISO 8601. In a public
// set a NumericDate (RFC 7519 section 2), which OpenID Federation uses, is
// understood as well: a bound that was ignored would trust a key for too long.
func validity(jwk strictjson.Value, mode Mode) (period, *flaw) {
	var p period
	for _, bound := range [...]struct {
		member string
		at     *time.Time
	}{{"nbf", &p.from}, {"exp", &p.until}} {
		v, ok := jwk.Get(bound.member)
		if !ok {
			continue
		}
		var reason string
		if *bound.at, reason = readTime(v, mode); reason != "" {
			return period{}, &flaw{bound.member, reason}
		}
	}
	if !p.until.IsZero() && !p.from.Before(p.until) {
		return period{}, &flaw{"exp", "not after nbf: the key is never valid"}
	}
	return p, nil
}

func readTime(v strictjson.Value, mode Mode) (t time.Time, reason string) {
	if s, ok := v.Str(); ok {
		if t, ok = parseISO8601(s); !ok {
			return t, "want ISO 8601, like 2027-01-31, 2027-01-31T12:00:00Z or 2027-01-31T12:00:00.5+09:00"
		}
		return t, ""
	}
	if n, ok := v.Number(); ok && mode == Public {
		if t, ok = parseNumericDate(n); !ok {
			return t, "a number that is no time between 1970 and the year 9999"
		}
		return t, ""
	}
	return t, "want a string in ISO 8601, like 2027-01-31T12:00:00Z"
}

// parseISO8601 reads the extended format: a date, which means 00:00 UTC, or a
// date and a time to the second, with or without a fraction and a zone; without
// one it is UTC.
func parseISO8601(s string) (time.Time, bool) {
	if len(s) > len(time.DateOnly) && !strings.HasPrefix(shape(s), "0000-00-00T00:00:00") {
		return time.Time{}, false // package time reads an hour of one digit
	}
	for _, layout := range [...]string{time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), !t.IsZero() // the zero time would be no bound
		}
	}
	return time.Time{}, false
}

// shape writes 0 for each digit.
func shape(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return '0'
		}
		return r
	}, s)
}

// parseNumericDate reads seconds since 1970, fractions cut off.
func parseNumericDate(literal string) (time.Time, bool) {
	seconds, err := strconv.ParseFloat(literal, 64)
	if err != nil || seconds < 0 || seconds > maxNumericDate {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0).UTC(), true
}
