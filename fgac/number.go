package fgac

import (
	"cmp"
	"strings"
)

// decimal is a JSON number, exactly: 0.digits times ten to the power of exp.
// Zero has no digits.
type decimal struct {
	negative bool
	digits   string // without zeros at either end
	exp      int64
}

// maxExponent stands for all larger ones, so that sums stay in range.
const maxExponent = 1 << 40

// parseDecimal reads a literal that is a JSON number.
func parseDecimal(literal string) decimal {
	var d decimal
	s, negative := strings.CutPrefix(literal, "-")
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	d.digits = strings.TrimLeft(whole+fraction, "0")
	d.exp = int64(len(whole)) - int64(len(whole)+len(fraction)-len(d.digits)) + readExponent(exponent)
	d.digits = strings.TrimRight(d.digits, "0")
	if d.digits == "" {
		return decimal{}
	}
	d.negative = negative
	return d
}

func readExponent(s string) int64 {
	s, negative := strings.CutPrefix(strings.TrimPrefix(s, "+"), "-")
	n := int64(0)
	for _, c := range []byte(s) {
		n = min(10*n+int64(c-'0'), maxExponent)
	}
	if negative {
		return -n
	}
	return n
}

func (d decimal) compare(e decimal) int {
	sign := func(d decimal) int {
		switch {
		case d.digits == "":
			return 0
		case d.negative:
			return -1
		}
		return 1
	}
	if c := cmp.Compare(sign(d), sign(e)); c != 0 || d.digits == "" {
		return c
	}
	c := cmp.Or(cmp.Compare(d.exp, e.exp), strings.Compare(d.digits, e.digits))
	if d.negative {
		return -c
	}
	return c
}

// isNumber reports whether s is a JSON number (RFC 8259, section 6).
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole := digits(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return false
	}
	s = s[whole:]
	if after, ok := strings.CutPrefix(s, "."); ok {
		n := digits(after)
		if n == 0 {
			return false
		}
		s = after[n:]
	}
	if s == "" {
		return true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	s = s[1:]
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return s != "" && digits(s) == len(s)
}

// digits counts those that s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}
