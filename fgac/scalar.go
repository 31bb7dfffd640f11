package fgac

import (
	"strconv"
	"strings"
	"time"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// scalar is a value that a query compares with.
type scalar struct {
	kind    strictjson.Kind // String, Number or Bool
	text    string          // as it is spelled
	number  decimal         // of a number, or a text that is one
	numeric bool
	reading *reading // nil: a text alone
}

func scalarOf(t *tree) scalar {
	s := scalar{kind: t.kind, text: t.spelled()}
	if r := readingOf(s.text); !r.plain() {
		s.reading = &r
	}
	if t.kind != strictjson.Bool && isNumber(s.text) {
		s.number, s.numeric = parseDecimal(s.text), true
	}
	return s
}

// year reports whether s is a text that a date field reads as a year, and any
// number but one of four digits as milliseconds.
func (s *scalar) year() bool {
	return s.kind == strictjson.String && s.numeric && s.reading.dated
}

// vague reports whether s is a text that a date field may read as any time.
func (s *scalar) vague() bool {
	return s.kind == strictjson.String && s.reading != nil && s.reading.vague
}

// equal compares with a value of a document as a term query does: texts whole
// and byte for byte, numbers by value. "5" and 5 are equal; what may be equal
// under one mapping and not under another, such as "5" and "5.0", is unknown.
func (s *scalar) equal(v strictjson.Value) verdict {
	switch v.Kind() {
	case strictjson.String:
		have, _ := v.Str()
		if have == s.text {
			return yes
		}
		if s.reading == nil {
			return no
		}
		if read := readingOf(have); s.reading.mayEqual(&read) {
			return unknown
		}
		return no
	case strictjson.Number:
		if !s.numeric {
			return unknown
		}
		have, _ := v.Number()
		if parseDecimal(have).compare(s.number) == 0 {
			return yes
		}
		if s.vague() {
			return unknown
		}
		if at, ok := parseEpoch(have); ok && s.year() && strconv.Itoa(at.first.Year()) == s.text {
			return unknown
		}
		return no
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
	below     bool // the value is an upper bound
	inclusive bool
}

// admits compares numbers with numbers, and texts byte for byte. Of texts that are
// also numbers, dates or addresses, both orders have to say the same; so have they of
// a number and a text that is a year.
func (l *limit) admits(v strictjson.Value) verdict {
	switch v.Kind() {
	case strictjson.Number:
		if !l.value.numeric || l.value.vague() {
			return unknown
		}
		have, _ := v.Number()
		said := l.side(parseDecimal(have).compare(l.value.number))
		if !l.value.year() {
			return said
		}
		if read := readingOf(have); read.vague || read.timed() && l.side(read.date.first.Compare(l.moment())) != said {
			return unknown
		}
		return said
	case strictjson.String:
		have, _ := v.Str()
		if l.value.kind != strictjson.String {
			return unknown
		}
		said := l.side(strings.Compare(have, l.value.text))
		if l.value.reading != nil && !l.agrees(have, said) {
			return unknown
		}
		return said
	}
	return unknown
}

// agrees reports whether a text is on the same side of the bound as whatever else
// the bound may be.
func (l *limit) agrees(have string, said verdict) bool {
	want, read := l.value.reading, readingOf(have)
	if want.numeric && (!read.numeric || want.odd || read.odd || l.side(read.number.compare(want.number)) != said) {
		return false
	}
	if want.routed && (!read.routed || read.net.Addr().BitLen() != want.net.Addr().BitLen() || l.side(read.net.Addr().Compare(want.net.Addr())) != said) {
		return false
	}
	if want.vague || read.vague && want.timed() {
		return false
	}
	if !want.dated && !(want.epoch && read.dated) {
		return true
	}
	return read.dated && l.side(read.date.first.Compare(l.moment())) == said
}

// moment is the bound as a date, as OpenSearch rounds: "gt" is past all of a day,
// "lte" any time of it.
func (l *limit) moment() time.Time {
	if l.below == l.inclusive {
		return l.value.reading.date.last
	}
	return l.value.reading.date.first
}

// side is the verdict when a value compares so with the bound.
func (l *limit) side(c int) verdict {
	if l.below {
		c = -c
	}
	return verdictOf(c > 0 || c == 0 && l.inclusive)
}
