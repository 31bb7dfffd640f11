package fgac

import (
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// scalar is a value that a query compares with.
type scalar struct {
	kind    strictjson.Kind // String, Number or Bool
	text    string          // as it is spelled
	number  decimal         // of a number, or a text that is one
	numeric bool
}

func scalarOf(t *tree) scalar {
	s := scalar{kind: t.kind, text: t.spelled()}
	if t.kind != strictjson.Bool && isNumber(s.text) {
		s.number, s.numeric = parseDecimal(s.text), true
	}
	return s
}

// equal compares with a value of a document as a term query does: texts whole
// and byte for byte, numbers by value. "5" and 5 are equal; what may be equal
// under one mapping and not under another is unknown.
func (s *scalar) equal(v strictjson.Value) verdict {
	switch v.Kind() {
	case strictjson.String:
		have, _ := v.Str()
		if have == s.text {
			return yes
		}
		if s.kind == strictjson.Number && isNumber(have) && parseDecimal(have).compare(s.number) == 0 {
			return unknown
		}
		return no
	case strictjson.Number:
		if !s.numeric {
			return unknown
		}
		have, _ := v.Number()
		return verdictOf(parseDecimal(have).compare(s.number) == 0)
	case strictjson.Bool:
		if s.text != "true" && s.text != "false" {
			return unknown
		}
		return verdictOf(v.Raw() == s.text)
	}
	return unknown
}

// limit is one bound of a range.
type limit struct {
	value     scalar
	date      *span // of a text that is a date
	below     bool  // the value is an upper bound
	inclusive bool
}

// admits compares numbers with numbers, dates with dates, and other texts byte
// for byte.
func (l *limit) admits(v strictjson.Value) verdict {
	switch v.Kind() {
	case strictjson.Number:
		if !l.value.numeric {
			return unknown
		}
		have, _ := v.Number()
		return l.side(parseDecimal(have).compare(l.value.number))
	case strictjson.String:
		have, _ := v.Str()
		if l.value.kind != strictjson.String {
			return unknown
		}
		if l.date == nil {
			return l.side(strings.Compare(have, l.value.text))
		}
		date, ok := parseDate(have)
		if !ok {
			return unknown
		}
		// As OpenSearch rounds: "gt" is past all of a day, "lte" any time of it.
		at := l.date.first
		if l.below == l.inclusive {
			at = l.date.last
		}
		return l.side(date.first.Compare(at))
	}
	return unknown
}

// side is the verdict when a value compares so with the bound.
func (l *limit) side(c int) verdict {
	if l.below {
		c = -c
	}
	return verdictOf(c > 0 || c == 0 && l.inclusive)
}
