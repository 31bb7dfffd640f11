package fgac

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// replacement is one step of a mask: what Java's replaceAll does.
type replacement struct {
	*machine
	parts []replacePart
}

// replacePart is a text, or the number of a group.
type replacePart struct {
	text  string
	group int // 0 for a text unless whole
	whole bool
}

// These bound what one mask may do with one value; beyond, the value is removed.
const (
	maxMasked      = 64 << 10  // bytes of a value
	maxReplacement = 256 << 10 // bytes of what becomes of it
)

func compileReplacement(regex, with string) (replacement, error) {
	m, err := compileSearch(regex)
	if err != nil {
		return replacement{}, err
	}
	r := replacement{machine: m}
	for with != "" {
		var p replacePart
		switch with[0] {
		case '\\':
			if len(with) == 1 {
				return r, errors.New("replacement: a backslash escapes nothing")
			}
			p.text, with = with[1:2], with[2:]
			if p.text[0] >= 0x80 {
				return r, errors.New("replacement: only ASCII characters can be escaped")
			}
		case '$':
			if p, with, err = m.reference(with[1:]); err != nil {
				return r, err
			}
		default:
			n := strings.IndexAny(with, `\$`)
			if n < 0 {
				n = len(with)
			}
			p.text, with = with[:n], with[n:]
		}
		r.parts = append(r.parts, p)
	}
	return r, nil
}

// reference reads what follows a dollar sign: a number, as many digits as there
// are groups for, or a name in braces.
func (m *machine) reference(s string) (replacePart, string, error) {
	fail := func(reason string) (replacePart, string, error) {
		return replacePart{}, "", errors.New("replacement: " + reason + `; write \$ for a dollar sign`)
	}
	if name, ok := strings.CutPrefix(s, "{"); ok {
		name, rest, closed := strings.Cut(name, "}")
		group := slices.Index(m.names, name)
		if !closed || name == "" || group < 0 {
			return fail("there is no group of that name")
		}
		return replacePart{group: group}, rest, nil
	}
	if digits(s) == 0 {
		return fail("a $ is not followed by a number")
	}
	n := 1
	for n < digits(s) {
		if group, err := strconv.Atoi(s[:n+1]); err != nil || group >= m.groups {
			break
		}
		n++
	}
	group, _ := strconv.Atoi(s[:n])
	if group >= m.groups {
		return fail("there is no group of that number")
	}
	return replacePart{group: group, whole: group == 0}, s[n:], nil
}

// apply replaces every match. ok is false when that takes too long or becomes
// too large.
func (r *replacement) apply(text string, steps *int) (string, bool) {
	if len(text) > maxMasked {
		return "", false
	}
	*steps -= len(r.prog.Inst) / 8 // what is made for a search
	s := search{machine: r.machine, text: text, steps: steps, seen: make([]int, len(r.prog.Inst))}
	var out strings.Builder
	written, pos := 0, 0
	for pos <= len(text) {
		match, ok := s.find(pos)
		if !ok || out.Len() > maxReplacement {
			return "", false
		}
		if match == nil {
			break
		}
		out.WriteString(text[written:match[0]])
		r.write(&out, text, match)
		written, pos = match[1], match[1]
		if match[0] == match[1] { // as Java: the next search begins behind it
			if pos == len(text) {
				break
			}
			pos += s.width(pos)
		}
	}
	out.WriteString(text[written:])
	return out.String(), out.Len() <= maxReplacement
}

func (r *replacement) write(out *strings.Builder, text string, match []int) {
	for _, p := range r.parts {
		if p.group == 0 && !p.whole {
			out.WriteString(p.text)
		} else if from := match[2*p.group]; from >= 0 {
			out.WriteString(text[from:match[2*p.group+1]])
		}
	}
}
