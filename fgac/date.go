package fgac

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// span is what a date stands for: from its first instant to its last
// nanosecond. "2026" is a year, "2026-03-01" a day, "2026-03-01T10" an hour.
type span struct{ first, last time.Time }

var datePattern = regexp.MustCompile(`^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(?:(\d{2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?)?)?)?$`)

// parseDate reads a date of ISO 8601: a year, a month or a day, which may have a
// time and a zone. Without a zone it is UTC. After a day, T may stand without a
// time.
func parseDate(s string) (span, bool) {
	if len(s) < len("2006") || digits(s[:4]) != 4 || len(s) > 4 && s[4] != '-' || len(s) > 64 {
		return span{}, false // most texts
	}
	m := datePattern.FindStringSubmatch(s)
	if m == nil {
		return span{}, false
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v }
	if m[3] == "" {
		return coarse(n(1), m[2])
	}
	zone, ok := parseZone(m[8])
	if !ok || n(4) > 23 || n(5) > 59 || n(6) > 59 {
		return span{}, false
	}
	fraction, _ := strconv.Atoi((m[7] + "000000000")[:9])
	first := time.Date(n(1), time.Month(n(2)), n(3), n(4), n(5), n(6), fraction, zone)
	if first.Day() != n(3) || int(first.Month()) != n(2) {
		return span{}, false // such as 30 February
	}
	width := time.Nanosecond
	switch {
	case m[4] == "":
		width = 24 * time.Hour
	case m[5] == "":
		width = time.Hour
	case m[6] == "":
		width = time.Minute
	case m[7] == "":
		width = time.Second
	default:
		for range 9 - len(m[7]) {
			width *= 10
		}
	}
	return span{first, first.Add(width - 1)}, true
}

var vaguePattern = regexp.MustCompile(`^(?:[+-]\d{4,10}(?:-\d\d){0,2}(?:T.*)?|\d{4}(?:-\d\d){0,2}T.*)$`)

// vagueDate reports whether OpenSearch may read as a date what parseDate does not:
// a T after a year or a month, a zone with a name or with seconds, a second zone, a
// year with a sign. It takes some for other times than they say, such as the 2026T10 of
// a document for one in 1970, and so they may be any time here.
func vagueDate(s string) bool {
	return len(s) >= len("2006T") && len(s) <= 128 && digits(s[1:4]) == 3 && vaguePattern.MatchString(s)
}

// coarse is the span of a year, or of one month of it.
func coarse(year int, month string) (span, bool) {
	if month == "" {
		first := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		return span{first, first.AddDate(1, 0, 0).Add(-1)}, true
	}
	n, _ := strconv.Atoi(month)
	first := time.Date(year, time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	if n < 1 || n > 12 {
		return span{}, false
	}
	return span{first, first.AddDate(0, 1, 0).Add(-1)}, true
}

// parseEpoch reads milliseconds since 1970; four digits are a year.
func parseEpoch(s string) (span, bool) {
	whole, fraction, dot := strings.Cut(s, ".")
	size := digits(strings.TrimPrefix(whole, "-"))
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || size == 0 || size == len(s) && size == len("2006") || dot && digits(fraction) != len(fraction) {
		return span{}, false
	}
	first := time.UnixMilli(n).UTC()
	return span{first, first.Add(time.Millisecond - 1)}, true
}

func parseZone(s string) (*time.Location, bool) {
	if s == "" || s == "Z" {
		return time.UTC, true
	}
	d := strings.ReplaceAll(s[1:], ":", "") + "00"
	hours, _ := strconv.Atoi(d[:2])
	minutes, _ := strconv.Atoi(d[2:4])
	offset := hours*3600 + minutes*60
	if s[0] == '-' {
		offset = -offset
	}
	return time.FixedZone("", offset), hours <= 18 && minutes <= 59
}
