package fgac

import (
	"errors"
	"regexp/syntax"
	"unicode/utf8"
)

// machine searches a text as Java's Matcher.find does: from any place on, with
// what stands before it in view, and with a dollar sign that also stands before
// a last line end. Package regexp offers neither. All ways through the text are
// followed at once, so the time is bounded by the product of the lengths of
// expression and text; budget bounds that product.
type machine struct {
	prog   *syntax.Prog
	groups int // with the whole match
	names  []string
}

// compileSearch compiles a regular expression of Java.
func compileSearch(java string) (*machine, error) {
	// Java's dollar sign becomes the end of a line, which translate never writes
	// otherwise.
	inner, err := translate(java, "(?m:$)")
	if err != nil {
		return nil, err
	}
	re, err := syntax.Parse(inner, syntax.Perl)
	if err != nil {
		return nil, errors.New("regular expression: " + reason(err))
	}
	m := &machine{groups: re.MaxCap() + 1, names: re.CapNames()}
	if m.prog, err = syntax.Compile(re.Simplify()); err != nil {
		return nil, errors.New("regular expression: cannot be compiled")
	}
	if len(m.prog.Inst) > maxProgram {
		return nil, errors.New("regular expression: is too large")
	}
	return m, nil
}

const (
	maxProgram = 10_000  // instructions
	maxSteps   = 1 << 21 // for one value
)

// thread is one way through the text: where it is in the program, and where the
// groups begin and end.
type thread struct {
	pc   uint32
	caps []int
}

// search is one search of a machine.
type search struct {
	*machine
	text  string
	steps *int // left
	seen  []int
	round int
}

// find returns where the first match at or after pos begins and ends, and so the
// groups; nil when there is none. ok is false when the budget is used up.
func (s *search) find(pos int) (match []int, ok bool) {
	var now, next []thread
	for ; ; pos += s.width(pos) {
		s.round++
		if match == nil {
			*s.steps -= s.groups / 4
			now = s.add(now, thread{uint32(s.prog.Start), s.noCaps()}, pos)
		}
		r, size := utf8.DecodeRuneInString(s.text[pos:])
		next = next[:0]
		s.round++
		for _, t := range now {
			inst := &s.prog.Inst[t.pc]
			if inst.Op == syntax.InstMatch {
				t.caps[1] = pos
				match = t.caps
				break // those behind are less preferred
			}
			if size > 0 && inst.MatchRune(r) {
				next = s.add(next, thread{inst.Out, t.caps}, pos+size)
			}
		}
		if *s.steps <= 0 {
			return nil, false
		}
		if len(next) == 0 && match != nil || pos >= len(s.text) {
			return match, true
		}
		now, next = next, now
	}
}

func (s *search) width(pos int) int {
	_, size := utf8.DecodeRuneInString(s.text[pos:])
	return size
}

func (s *search) noCaps() []int {
	caps := make([]int, 2*s.groups)
	for i := range caps {
		caps[i] = -1
	}
	return caps
}

// add follows what takes no character, in order of preference.
func (s *search) add(list []thread, t thread, pos int) []thread {
	*s.steps--
	if *s.steps <= 0 || s.seen[t.pc] == s.round {
		return list
	}
	s.seen[t.pc] = s.round
	switch inst := &s.prog.Inst[t.pc]; inst.Op {
	case syntax.InstFail:
		return list
	case syntax.InstAlt, syntax.InstAltMatch:
		list = s.add(list, thread{inst.Out, t.caps}, pos)
		return s.add(list, thread{inst.Arg, t.caps}, pos)
	case syntax.InstEmptyWidth:
		if syntax.EmptyOp(inst.Arg)&^s.at(pos) != 0 {
			return list
		}
		return s.add(list, thread{inst.Out, t.caps}, pos)
	case syntax.InstNop:
		return s.add(list, thread{inst.Out, t.caps}, pos)
	case syntax.InstCapture:
		*s.steps -= len(t.caps) / 8
		caps := append([]int(nil), t.caps...)
		if int(inst.Arg) < len(caps) {
			caps[inst.Arg] = pos
		}
		return s.add(list, thread{inst.Out, caps}, pos)
	}
	if t.caps[0] < 0 {
		t.caps = append([]int(nil), t.caps...)
		t.caps[0] = pos
	}
	return append(list, t)
}

// at returns what holds between two characters.
func (s *search) at(pos int) syntax.EmptyOp {
	before, after := rune(-1), rune(-1)
	if pos > 0 {
		before, _ = utf8.DecodeLastRuneInString(s.text[:pos])
	}
	if pos < len(s.text) {
		after, _ = utf8.DecodeRuneInString(s.text[pos:])
	}
	op := syntax.EmptyOpContext(before, after)
	op &^= syntax.EmptyEndLine | syntax.EmptyBeginLine
	if javaEnd(s.text, pos) {
		op |= syntax.EmptyEndLine
	}
	return op
}

// javaEnd reports whether Java's dollar sign matches at pos: at the end, and
// before a line end that is the last.
func javaEnd(text string, pos int) bool {
	switch text[pos:] {
	case "":
		return true
	case "\n":
		return pos == 0 || text[pos-1] != '\r'
	case "\r\n", "\r", "\u0085", "\u2028", "\u2029":
		return true
	}
	return false
}
