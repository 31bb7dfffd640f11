package fgac

import (
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// verdict is what a query says of a document. Unknown, when the document has a
// value that the query cannot be about, is no match, and neither is its negation.
type verdict int8

const (
	no verdict = iota - 1
	unknown
	yes
)

func verdictOf(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// query is a compiled query. It is immutable.
type query interface {
	match(*document) verdict
}

type (
	matchAll  struct{}
	matchNone struct{}
	exists    struct{ field string }
	ids       struct{ values []string }
	terms     struct {
		field  string
		values []scalar
		set    *valueSet // of many values
	}
	termsSet struct {
		terms
		count string // the field with the number of terms that have to match
	}
	bounds struct {
		field  string
		limits []limit
	}
	prefix struct{ field, text string }
	wild   struct {
		field string
		glob  glob
	}
	matchWords struct {
		field string
		value scalar   // what it is compared with where the value is no text
		words []string // of the value, analyzed
		all   bool
	}
	phrase  matchWords
	boolean struct {
		must, mustNot, should []query
		least                 int // of should
	}
)

func (matchAll) match(*document) verdict  { return yes }
func (matchNone) match(*document) verdict { return no }

func (q exists) match(d *document) verdict { return verdictOf(d.has(q.field)) }

func (q ids) match(d *document) verdict {
	if d.id == "" {
		return unknown
	}
	for _, id := range q.values {
		if id == d.id {
			return yes
		}
	}
	return no
}

// some returns yes when f says so of one value of a field, and unknown when it
// says that of one and yes of none.
func some(d *document, field string, f func(strictjson.Value) verdict) verdict {
	best := no
	d.values(field, func(v strictjson.Value) bool {
		if v.Kind() != strictjson.Null {
			best = max(best, f(v))
		}
		return best != yes
	})
	return best
}

// maxCompared bounds how often one query compares values of one document.
const maxCompared = 1 << 20

func newTerms(field string, values []scalar) terms {
	return terms{field, values, newValueSet(values)}
}

func (q terms) match(d *document) verdict {
	left := maxCompared
	return some(d, q.field, func(v strictjson.Value) verdict {
		if q.set != nil {
			return q.set.equal(v, &left)
		}
		best := no
		for i := range q.values {
			if best = max(best, q.values[i].equal(v)); best == yes {
				break
			}
		}
		return best
	})
}

func (q termsSet) match(d *document) verdict {
	need, counts := 0, 0
	d.values(q.count, func(v strictjson.Value) bool {
		if v.Kind() != strictjson.Null {
			counts++
			need = smallInt(v)
		}
		return true
	})
	switch {
	case counts == 0:
		return no
	case counts > 1 || need < 0:
		return unknown
	}
	var have []strictjson.Value
	d.values(q.field, func(v strictjson.Value) bool {
		if v.Kind() != strictjson.Null {
			have = append(have, v)
		}
		return len(q.values)*len(have) <= maxCompared
	})
	if len(q.values)*len(have) > maxCompared {
		return unknown
	}
	sure, maybe := 0, 0
	for i := range q.values {
		best := no
		for j := range have {
			if best = max(best, q.values[i].equal(have[j])); best == yes {
				break
			}
		}
		switch best {
		case yes:
			sure++
		case unknown:
			maybe++
		}
	}
	return atLeast(max(need, 1), sure, maybe)
}

// smallInt is a number without fraction or exponent, -1 for everything else.
func smallInt(v strictjson.Value) int {
	literal, ok := v.Number()
	if !ok || digits(literal) != len(literal) || len(literal) > 9 {
		return -1
	}
	n := 0
	for _, c := range []byte(literal) {
		n = 10*n + int(c-'0')
	}
	return n
}

// atLeast says whether need of some are yes, when maybe of them are unknown.
func atLeast(need, sure, maybe int) verdict {
	switch {
	case sure >= need:
		return yes
	case sure+maybe >= need:
		return unknown
	}
	return no
}

func (q bounds) match(d *document) verdict {
	return some(d, q.field, func(v strictjson.Value) verdict {
		worst := yes
		for i := range q.limits {
			worst = min(worst, q.limits[i].admits(v))
		}
		return worst
	})
}

func (q prefix) match(d *document) verdict {
	return someText(d, q.field, func(s string) bool { return strings.HasPrefix(s, q.text) })
}

func (q wild) match(d *document) verdict {
	return someText(d, q.field, func(s string) bool { return matchGlob(q.glob, s) })
}

// someText is some for texts; of other values nothing is known.
func someText(d *document, field string, f func(string) bool) verdict {
	return some(d, field, func(v strictjson.Value) verdict {
		s, ok := v.Str()
		if !ok {
			return unknown
		}
		return verdictOf(f(s))
	})
}

func (q matchWords) match(d *document) verdict {
	if len(q.words) == 0 {
		return no
	}
	var seen uint64 // of the words, the first 64
	best := some(d, q.field, func(v strictjson.Value) verdict {
		s, ok := v.Str()
		if !ok {
			return q.value.equal(v)
		}
		for word, rest := nextWord(s); word != ""; word, rest = nextWord(rest) {
			for i, want := range q.words {
				if isLower(word, want) {
					seen |= 1 << i
				}
			}
			if q.enough(seen) {
				return yes
			}
		}
		return min(unknown, q.value.equal(v)) // as a number or a date
	})
	return best
}

func (q matchWords) enough(seen uint64) bool {
	if q.all {
		return seen == 1<<len(q.words)-1
	}
	return seen != 0
}

func (q phrase) match(d *document) verdict {
	if len(q.words) == 0 {
		return no
	}
	return some(d, q.field, func(v strictjson.Value) verdict {
		s, ok := v.Str()
		if !ok {
			return q.value.equal(v)
		}
		for {
			if q.begins(s) {
				return yes
			}
			word, rest := nextWord(s)
			if word == "" {
				return min(unknown, q.value.equal(v)) // as a number or a date
			}
			s = rest
		}
	})
}

// begins reports whether the first words of s are those of the phrase.
func (q phrase) begins(s string) bool {
	for _, want := range q.words {
		word, rest := nextWord(s)
		if !isLower(word, want) {
			return false
		}
		s = rest
	}
	return true
}

func (q boolean) match(d *document) verdict {
	worst := yes
	for _, m := range q.must {
		if worst = min(worst, m.match(d)); worst == no {
			return no
		}
	}
	for _, m := range q.mustNot {
		if worst = min(worst, -m.match(d)); worst == no {
			return no
		}
	}
	if q.least == 0 {
		return worst
	}
	sure, maybe := 0, 0
	for _, m := range q.should {
		switch m.match(d) {
		case yes:
			if sure++; sure == q.least {
				return worst
			}
		case unknown:
			maybe++
		}
	}
	return min(worst, atLeast(q.least, sure, maybe))
}
