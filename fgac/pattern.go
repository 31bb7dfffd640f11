package fgac

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
)

// Units of a glob besides bytes that stand for themselves.
const (
	anyRun  uint16 = 256 + iota // any characters, also none
	anyOne                      // one character: one unit of UTF-16, as in Java
	anyRune                     // one character of Unicode, as in Lucene
)

// glob is a pattern with * and ?, a byte or one of the above for each unit. It
// matches whole texts, byte for byte.
type glob []uint16

func parseGlob(text string) glob {
	g := make(glob, len(text))
	for i := range len(text) {
		switch g[i] = uint16(text[i]); text[i] {
		case '*':
			g[i] = anyRun
		case '?':
			g[i] = anyOne
		}
	}
	return g
}

// literal returns a glob that matches text alone.
func literal(text string) glob {
	g := make(glob, len(text))
	for i := range len(text) {
		g[i] = uint16(text[i])
	}
	return g
}

// matchGlob takes time in proportion to the product of the lengths at worst.
func matchGlob[T ~string | ~[]byte](g glob, s T) bool {
	gi, si := 0, 0
	star, mark := -1, 0 // the last run, and where its text ends
	for si < len(s) {
		switch {
		case gi < len(g) && g[gi] == uint16(s[si]):
			gi, si = gi+1, si+1
		case gi < len(g) && g[gi] == anyOne:
			gi, si = gi+1, si+unit(s, si)
		case gi < len(g) && g[gi] == anyRune:
			gi, si = gi+1, si+unit(s, si)
			for si < len(s) && s[si]&0xC0 == 0x80 {
				si++
			}
		case gi < len(g) && g[gi] == anyRun:
			star, mark = gi, si
			gi++
		case star >= 0:
			mark += unit(s, mark)
			gi, si = star+1, mark
		default:
			return false
		}
	}
	for gi < len(g) && g[gi] == anyRun {
		gi++
	}
	return gi == len(g)
}

// unit is the length of what Java holds in one char: of a character beyond the
// first 65536, which is four bytes, the first two or the last two.
func unit[T ~string | ~[]byte](s T, i int) int {
	n := 1
	switch c := s[i]; {
	case c >= 0xE0 && c < 0xF0:
		n = 3
	case c >= 0x80:
		n = 2
	}
	return min(n, len(s)-i)
}

// runs is a glob that has no one-character unit: the texts between its runs of any
// characters, which are found faster than unit by unit.
type runs struct {
	texts []string // nil: it is no such glob
	bytes [][]byte // the same
}

func runsOf(g glob) (r runs) {
	text := []byte{}
	for _, unit := range append(slices.Clone(g), anyRun) {
		switch unit {
		case anyOne, anyRune:
			return runs{}
		case anyRun:
			r.texts, r.bytes = append(r.texts, string(text)), append(r.bytes, text)
			text = []byte{}
		default:
			text = append(text, byte(unit))
		}
	}
	return r
}

// matchRuns does what matchGlob does.
func matchRuns[T ~string | ~[]byte](s T, texts []T, has func(T, T) bool, ends func(T, T) bool, index func(T, T) int) bool {
	first, last := texts[0], texts[len(texts)-1]
	if len(texts) == 1 {
		return len(s) == len(first) && has(s, first)
	}
	if len(s) < len(first)+len(last) || !has(s, first) || !ends(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, text := range texts[1 : len(texts)-1] {
		i := index(s, text)
		if i < 0 {
			return false
		}
		s = s[i+len(text):]
	}
	return true
}

// pattern is one pattern of the security plugin: a name, a glob, or /regex/.
type pattern struct {
	text string
	glob glob           // nil for a regular expression
	runs runs           // of the glob, where that is possible
	re   *regexp.Regexp // nil for a glob
}

func compilePattern(text string) (pattern, error) {
	if strings.TrimSpace(text) == "" {
		return pattern{}, errors.New("is blank and matches nothing; remove it")
	}
	if text[0] != '/' || text[len(text)-1] != '/' {
		g := parseGlob(text)
		return pattern{text: text, glob: g, runs: runsOf(g)}, nil
	}
	if len(text) < 2 {
		return pattern{}, errors.New("want /regex/ or a pattern with * and ?")
	}
	re, err := compileName(text[1 : len(text)-1])
	return pattern{text: text, re: re}, err
}

func (p *pattern) exact() bool {
	return p.re == nil && !slices.Contains(p.glob, anyRun) && !slices.Contains(p.glob, anyOne)
}

// matchPattern matches whole texts and is case sensitive.
func matchPattern[T ~string | ~[]byte](p *pattern, s T) bool {
	switch s := any(s).(type) {
	case string:
		switch {
		case p.re != nil:
			return p.re.MatchString(s)
		case p.runs.texts != nil:
			return matchRuns(s, p.runs.texts, strings.HasPrefix, strings.HasSuffix, strings.Index)
		}
	case []byte:
		switch {
		case p.re != nil:
			return p.re.Match(s)
		case p.runs.bytes != nil:
			return matchRuns(s, p.runs.bytes, bytes.HasPrefix, bytes.HasSuffix, bytes.Index)
		}
	}
	return matchGlob(p.glob, s)
}

// patterns match what one of them matches. The zero value matches nothing.
type patterns struct {
	texts  []string
	names  map[string]struct{} // those that match one text alone
	length int                 // of the longest of names
	others []pattern
}

func (l *patterns) add(text string) error {
	p, err := compilePattern(text)
	if err != nil {
		return err
	}
	l.put(p)
	return nil
}

// mustPatterns is for patterns that are known to be valid.
func mustPatterns(texts ...string) *patterns {
	l := &patterns{}
	for _, text := range texts {
		if err := l.add(text); err != nil {
			panic(err)
		}
	}
	return l
}

func (l *patterns) put(p pattern) {
	l.texts = append(l.texts, p.text)
	if !p.exact() {
		l.others = append(l.others, p)
		return
	}
	if l.names == nil {
		l.names = map[string]struct{}{}
	}
	l.names[p.text] = struct{}{}
	l.length = max(l.length, len(p.text))
}

// isNamed reports whether one of the patterns is s itself.
func isNamed[T ~string | ~[]byte](l *patterns, s T) bool {
	if len(s) > l.length { // the hash of a long text costs more than all else
		return false
	}
	_, ok := l.names[string(s)]
	return ok
}

func matchAny[T ~string | ~[]byte](l *patterns, s T) bool {
	if isNamed(l, s) {
		return true
	}
	for i := range l.others {
		if matchPattern(&l.others[i], s) {
			return true
		}
	}
	return false
}

// overlap reports whether one text might match both patterns. Regular
// expressions might match anything.
func overlap(a, b string) bool {
	return opaque(a) || opaque(b) || meet(parseGlob(a), parseGlob(b))
}

// opaque reports whether a pattern is no glob.
func opaque(p string) bool {
	return strings.TrimSpace(p) == "" || p[0] == '/' && p[len(p)-1] == '/' || strings.Contains(p, "${")
}

// meet reports whether one text matches both. It walks the pairs of places.
func meet(a, b glob) bool {
	row := make([]bool, len(b)+1) // row[j]: what is left of a and b[j:] meet
	for i := len(a); i >= 0; i-- {
		next := slices.Clone(row)
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				row[j] = true
			case i < len(a) && a[i] == anyRun:
				row[j] = next[j] || j < len(b) && row[j+1]
			case j < len(b) && b[j] == anyRun:
				row[j] = row[j+1] || i < len(a) && next[j]
			case i == len(a) || j == len(b):
				row[j] = false
			default:
				// A ? takes several bytes; it is as wide as a run here, so that
				// nothing that meets is missed.
				one := a[i] == anyOne || b[j] == anyOne
				row[j] = (a[i] == b[j] || one) && next[j+1] || one && (next[j] || row[j+1])
			}
		}
	}
	return row[0]
}
