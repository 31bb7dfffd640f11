package fgac

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// maxRegex bounds a regular expression, in bytes.
const maxRegex = 1000

// lineEnds are what Java's dot does not match.
const lineEnds = `\n\r\x{85}\x{2028}\x{2029}`

// translate turns a regular expression of Java into one of Go that matches the
// same texts. What Go lacks (look-around, references, possessive quantifiers)
// and what the two read differently (flags, && and brackets in a class, \v) is
// an error, so that no rule ever matches something else than it did. A dollar
// sign becomes the marker that dollar tells, or stays one when it is "".
func translate(java, dollar string) (string, error) {
	if len(java) > maxRegex {
		return "", fmt.Errorf("regular expression is longer than %d bytes", maxRegex)
	}
	if !utf8.ValidString(java) {
		return "", errors.New("regular expression is not UTF-8")
	}
	t := translator{in: java, dollar: dollar}
	for t.i < len(t.in) {
		if err := t.next(); err != nil {
			return "", fmt.Errorf("regular expression: byte %d: %w", t.i, err)
		}
	}
	if t.class {
		return "", errors.New("regular expression: a class has no end")
	}
	return t.out.String(), nil
}

type translator struct {
	in, dollar string
	i          int
	class      bool // inside of [ ]
	out        strings.Builder
}

func (t *translator) rest(prefix string) bool { return strings.HasPrefix(t.in[t.i:], prefix) }

// copy takes n bytes over as they are.
func (t *translator) copy(n int) error {
	t.out.WriteString(t.in[t.i : t.i+n])
	t.i += n
	return nil
}

// put writes what stands for the next n bytes.
func (t *translator) put(n int, s string) error {
	t.out.WriteString(s)
	t.i += n
	return nil
}

func (t *translator) next() error {
	switch c := t.in[t.i]; {
	case c == '\\':
		return t.escape()
	case t.class:
		return t.inClass(c)
	case c == '[':
		return t.openClass()
	case c == '.':
		return t.put(1, "[^"+lineEnds+"]")
	case c == '$' && t.dollar != "":
		return t.put(1, t.dollar)
	case c == '{':
		return t.repeat()
	case t.rest("(?"):
		return t.group()
	case c == '*' || c == '+' || c == '?':
		return t.quantifier(1)
	}
	return t.copy(1)
}

// quantifier copies one of n bytes; Java's possessive ones are refused.
func (t *translator) quantifier(n int) error {
	if t.i+n < len(t.in) && t.in[t.i+n] == '+' {
		return errors.New("possessive quantifiers are not supported")
	}
	return t.copy(n)
}

var repetition = regexp.MustCompile(`^\{[0-9]{1,4}(?:,[0-9]{0,4})?\}`)

func (t *translator) repeat() error {
	m := repetition.FindString(t.in[t.i:])
	if m == "" {
		return errors.New(`want a repetition such as {1,3}, or \{`)
	}
	return t.quantifier(len(m))
}

var groupStart = regexp.MustCompile(`^\(\?(?::|<[A-Za-z][A-Za-z0-9]*>)`)

func (t *translator) group() error {
	m := groupStart.FindString(t.in[t.i:])
	if m == "" {
		return errors.New("look-around, atomic groups and flags are not supported")
	}
	return t.copy(len(m))
}

func (t *translator) openClass() error {
	n := 1
	if t.rest("[^") {
		n = 2
	}
	if t.i+n < len(t.in) && t.in[t.i+n] == ']' {
		return errors.New(`write \] inside of a class`)
	}
	t.class = true
	return t.copy(n)
}

func (t *translator) inClass(c byte) error {
	switch {
	case c == '[' || t.rest("&&"):
		return errors.New(`classes in a class are not supported; write \[ and \& for the characters`)
	case c == ']':
		t.class = false
	}
	return t.copy(1)
}

var (
	hexEscape = regexp.MustCompile(`^\\(?:x[0-9A-Fa-f]{2}|x\{[0-9A-Fa-f]{1,6}\}|u[0-9A-Fa-f]{4})`)
	category  = regexp.MustCompile(`^\\[pP](?:[LMNPSZC]|\{(?:L[ulmto]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?)\})`)
)

func (t *translator) escape() error {
	if t.i+1 == len(t.in) {
		return errors.New("a backslash escapes nothing")
	}
	switch c := t.in[t.i+1]; c {
	case 'd', 'D', 'w', 'W', 't', 'n', 'r', 'f':
		return t.copy(2)
	case 'b', 'B', 'A', 'z':
		if t.class {
			return errors.New("an anchor in a class")
		}
		return t.copy(2)
	case 's': // Java's has the vertical tab that Go's lacks
		return t.put(2, t.named("[:space:]"))
	case 'S':
		return t.put(2, t.named("[:^space:]"))
	case 'x', 'u':
		m := hexEscape.FindString(t.in[t.i:])
		if m == "" {
			return errors.New("want two hexadecimal digits after \\x, or four after \\u")
		}
		return t.put(len(m), `\x{`+strings.Trim(m[2:], "{}")+"}")
	case 'p', 'P':
		m := category.FindString(t.in[t.i:])
		if m == "" {
			return errors.New("want a general category of Unicode, such as \\p{Lu}")
		}
		return t.copy(len(m))
	default:
		if c < '!' || c > '~' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
			return errors.New("this escape is not supported")
		}
		return t.copy(2)
	}
}

// named puts a named class into brackets, unless it stands in some.
func (t *translator) named(name string) string {
	if t.class {
		return name
	}
	return "[" + name + "]"
}

// compileName compiles an expression for whole names, as Java's matches does.
func compileName(java string) (*regexp.Regexp, error) {
	inner, err := translate(java, "")
	if err != nil {
		return nil, err
	}
	// Compiled alone first, so that the wrapping cannot hide a stray bracket.
	alone, err := syntax.Parse(inner, syntax.Perl)
	if err != nil {
		return nil, errors.New("regular expression: " + reason(err))
	}
	if !dollarLast(alone, true) {
		return nil, errors.New("regular expression: a $ that is not at the end is not supported")
	}
	re, err := regexp.Compile(`\A(?:` + inner + `)\z`)
	if err != nil {
		return nil, errors.New("regular expression: " + reason(err))
	}
	return re, nil
}

// reason is what a syntax error says without the text it is about.
func reason(err error) string {
	var se *syntax.Error
	if errors.As(err, &se) {
		return string(se.Code)
	}
	return "cannot be compiled"
}

// dollarLast reports whether every $ stands where the text has to end in any
// case. Before a last line end Java's $ matches too; there that makes no
// difference.
func dollarLast(re *syntax.Regexp, last bool) bool {
	switch re.Op {
	case syntax.OpEndText:
		return last || re.Flags&syntax.WasDollar == 0
	case syntax.OpConcat:
		for i, sub := range re.Sub {
			if !dollarLast(sub, last && i == len(re.Sub)-1) {
				return false
			}
		}
	case syntax.OpAlternate, syntax.OpCapture, syntax.OpQuest:
		for _, sub := range re.Sub {
			if !dollarLast(sub, last) {
				return false
			}
		}
	default:
		for _, sub := range re.Sub {
			if !dollarLast(sub, false) {
				return false
			}
		}
	}
	return true
}
