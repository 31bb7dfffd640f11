package fgac

import (
	"net/netip"
	"strings"
	"unicode"
)

// reading is what a text is besides a text, where the mapping of its field says so.
// A document does not say which mapping an engine has. What two of them would
// decide differently is unknown.
type reading struct {
	numeric bool
	odd     bool // a number that is not compared: spelled as Java does and JSON does not
	number  decimal
	dated   bool
	epoch   bool // not dated, and a date field reads it as milliseconds since 1970
	date    span // of either
	vague   bool // neither, and a date field may read it as some time
	routed  bool
	net     netip.Prefix // an address is a network of its own
	off     bool         // false, or the empty text, which a boolean field reads so
}

// plain reports whether the text is nothing else.
func (r *reading) plain() bool { return !r.numeric && !r.dated && !r.vague && !r.routed && !r.off }

// timed reports whether a date field reads the text as some time.
func (r *reading) timed() bool { return r.dated || r.epoch || r.vague }

func readingOf(s string) (r reading) {
	r.number, r.odd, r.numeric = looseNumber(s)
	r.odd = r.odd && r.numeric
	r.date, r.dated = parseDate(s)
	r.vague = !r.dated && vagueDate(s)
	if !r.dated && !r.vague && r.numeric {
		r.date, r.epoch = parseEpoch(s)
	}
	r.net, r.routed = parseNet(s)
	r.off = s == "" || s == "false"
	return r
}

// mayEqual reports whether two different texts are one value under some mapping.
func (r *reading) mayEqual(o *reading) bool {
	return r.numeric && o.numeric && (r.odd || o.odd || r.number.compare(o.number) == 0) ||
		(r.vague && o.timed() || o.vague && r.timed()) ||
		(r.dated && o.timed() || r.epoch && o.dated) && !r.date.last.Before(o.date.first) && !o.date.last.Before(r.date.first) ||
		r.routed && o.routed && r.net.Overlaps(o.net) ||
		r.off && o.off
}

// looseNumber reads what the numeric fields of OpenSearch take for a number: JSON's
// numbers, and with white space around them, a plus sign, leading zeros, no digit
// before or after the dot, Java's suffixes d and f, hexadecimal, and digits that are
// not ASCII's. The last two are odd.
func looseNumber(s string) (d decimal, odd, ok bool) {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	s, negative := strings.CutPrefix(s, "-")
	if !negative {
		s = strings.TrimPrefix(s, "+")
	}
	if s == "" || len(s) > 2 && (s[1] == 'x' || s[1] == 'X') {
		return d, true, s != "" && s[0] == '0' && strings.ContainsAny(s, "pP")
	}
	if foreignDigits(s) {
		return d, true, true
	}
	rest := s[digits(s):]
	count := len(s) - len(rest)
	if after, dot := strings.CutPrefix(rest, "."); dot {
		rest = after[digits(after):]
		count += len(after) - len(rest)
	}
	if count == 0 {
		return d, false, false
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		after := strings.TrimLeft(rest[1:], "+-")
		if len(rest)-len(after) > 2 || digits(after) == 0 {
			return d, false, false
		}
		rest = after[digits(after):]
	}
	if rest != "" && (len(rest) > 1 || !strings.ContainsAny(rest, "dDfF")) {
		return d, false, false
	}
	d = parseDecimal(s[:len(s)-len(rest)])
	d.negative = negative && d.digits != ""
	return d, false, true
}

// foreignDigits reports whether s has nothing but digits, some of them not ASCII's,
// a dot and an exponent.
func foreignDigits(s string) bool {
	foreign := false
	for _, r := range s {
		switch {
		case r >= 0x80 && unicode.IsDigit(r):
			foreign = true
		case r >= 0x80 || !strings.ContainsRune("0123456789.eE+-dDfF", r):
			return false
		}
	}
	return foreign
}

func parseNet(s string) (netip.Prefix, bool) {
	if len(s) > 64 || !strings.ContainsAny(s, ".:") {
		return netip.Prefix{}, false
	}
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil
}
