package strictjson

import (
	"strings"
	"unicode/utf8"
)

// A node is one value or one member name of the text.
type node struct {
	start, end uint32 // of the source text; the quotes of a string are inside
	next       uint32 // index of the first node behind this value and all it holds
	n          uint32 // Array: elements; Object: members; String: 1 + index in unescaped, 0 when it has no escape; Bool: 1 for true
	kind       Kind
}

// A document is what the values of one text share. An object's node is followed
// by a String node for each member name, each followed by the member's value.
type document struct {
	src       string
	nodes     []node
	unescaped []string
}

// string returns the text of the String node i, without its escapes.
func (d *document) string(i uint32) string {
	nd := &d.nodes[i]
	if nd.n > 0 {
		return d.unescaped[nd.n-1]
	}
	return d.src[nd.start+1 : nd.end-1]
}

// is reports whether string(i) is s. Most are of another length, which is seen
// without a look at the text.
func (d *document) is(i uint32, s string) bool {
	nd := &d.nodes[i]
	return (nd.n > 0 || int(nd.end-nd.start) == len(s)+len(`""`)) && d.string(i) == s
}

type parser struct {
	*document
	pos    int
	depth  int
	limits Limits
	err    *Error
}

// Parse reads src, which must be one JSON text. The error is an [*Error], and
// the Value that comes with an error is the zero one. src is not kept when it
// is a slice of bytes.
func Parse[T ~string | ~[]byte](src T, limits Limits) (Value, error) {
	limits = limits.withDefaults()
	if len(src) > limits.Bytes {
		return Value{}, &Error{max(limits.Bytes, 0), "text is longer than allowed"}
	}
	return parse(string(src), limits)
}

func parse(src string, limits Limits) (Value, error) {
	if !utf8.ValidString(src) {
		return Value{}, &Error{invalidUTF8(src), "invalid UTF-8"}
	}
	doc := &document{src: src, nodes: make([]node, 0, guessNodes(src))}
	p := parser{document: doc, limits: limits}
	if !p.text() {
		return Value{}, p.err
	}
	return Value{doc: doc}, nil
}

func invalidUTF8(s string) (offset int) {
	for {
		r, size := utf8.DecodeRuneInString(s[offset:])
		if r == utf8.RuneError && size <= 1 {
			return offset
		}
		offset += size
	}
}

// guessNodes returns a capacity that holds most texts without growing, and that
// a text of nothing but commas cannot make large.
func guessNodes(src string) int {
	n := 2 + 2*strings.Count(src, ":") + strings.Count(src, ",")
	return min(n, 8+len(src)/4)
}

func (p *parser) text() bool {
	if strings.HasPrefix(p.src, "\uFEFF") {
		return p.fail(0, "byte order mark")
	}
	p.space()
	if !p.value() {
		return false
	}
	p.space()
	if p.pos < len(p.src) {
		return p.fail(p.pos, "data after the value")
	}
	return true
}

func (p *parser) fail(offset int, reason string) bool {
	p.err = &Error{offset, reason}
	return false
}

// unexpected reports that the text goes on wrongly, or stops, at pos.
func (p *parser) unexpected(reason string) bool {
	if p.pos >= len(p.src) {
		return p.fail(len(p.src), "text ends too early")
	}
	return p.fail(p.pos, reason)
}

func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// take steps over c, if it comes next.
func (p *parser) take(c byte) bool {
	if p.pos < len(p.src) && p.src[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// open appends a node that starts at pos.
func (p *parser) open(kind Kind) (index int, ok bool) {
	index = len(p.nodes)
	if index >= p.limits.Nodes {
		return 0, p.fail(p.pos, "more values and names than allowed")
	}
	p.nodes = append(p.nodes, node{start: uint32(p.pos), kind: kind})
	return index, true
}

// close ends the node at pos.
func (p *parser) close(index int, n uint32) bool {
	nd := &p.nodes[index]
	nd.end, nd.next, nd.n = uint32(p.pos), uint32(len(p.nodes)), n
	return true
}

func (p *parser) value() bool {
	if p.pos >= len(p.src) {
		return p.unexpected("")
	}
	switch c := p.src[p.pos]; {
	case c == '"':
		return p.str()
	case c == '{':
		return p.nested(Object, p.object)
	case c == '[':
		return p.nested(Array, p.array)
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	case c == 't':
		return p.word("true", Bool, 1)
	case c == 'f':
		return p.word("false", Bool, 0)
	case c == 'n':
		return p.word("null", Null, 0)
	}
	return p.fail(p.pos, "not a value")
}

func (p *parser) word(word string, kind Kind, n uint32) bool {
	if !strings.HasPrefix(p.src[p.pos:], word) {
		return p.fail(p.pos, "not a value")
	}
	i, ok := p.open(kind)
	if !ok {
		return false
	}
	p.pos += len(word)
	return p.close(i, n)
}

func (p *parser) nested(kind Kind, read func(index int) bool) bool {
	if p.depth >= p.limits.Depth {
		return p.fail(p.pos, "nested deeper than allowed")
	}
	i, ok := p.open(kind)
	if !ok {
		return false
	}
	p.pos++
	p.depth++
	if !read(i) {
		return false
	}
	p.depth--
	return true
}

func (p *parser) array(index int) bool {
	p.space()
	if p.take(']') {
		return p.close(index, 0)
	}
	for n := uint32(1); ; n++ {
		p.space()
		if !p.value() {
			return false
		}
		p.space()
		if p.take(']') {
			return p.close(index, n)
		}
		if !p.take(',') {
			return p.unexpected("no comma or bracket after an element")
		}
	}
}

func (p *parser) object(index int) bool {
	p.space()
	if p.take('}') {
		return p.close(index, 0)
	}
	for n := uint32(1); ; n++ {
		p.space()
		if !p.member() {
			return false
		}
		p.space()
		if p.take('}') {
			p.close(index, n)
			return p.unique(index)
		}
		if !p.take(',') {
			return p.unexpected("no comma or brace after a member")
		}
	}
}

func (p *parser) member() bool {
	if p.pos >= len(p.src) || p.src[p.pos] != '"' {
		return p.unexpected("not a member name")
	}
	if !p.str() {
		return false
	}
	p.space()
	if !p.take(':') {
		return p.unexpected("no colon after a member name")
	}
	p.space()
	return p.value()
}

// number reads RFC 8259, section 6.
func (p *parser) number() bool {
	i, ok := p.open(Number)
	if !ok {
		return false
	}
	p.take('-')
	if !p.take('0') && !p.digits() {
		return p.unexpected("not a number")
	}
	if p.take('.') && !p.digits() {
		return p.unexpected("no digit after a decimal point")
	}
	if p.take('e') || p.take('E') {
		_ = p.take('+') || p.take('-')
		if !p.digits() {
			return p.unexpected("no digit in an exponent")
		}
	}
	return p.close(i, 0)
}

// digits steps over one digit or more.
func (p *parser) digits() bool {
	start := p.pos
	for p.pos < len(p.src) && '0' <= p.src[p.pos] && p.src[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > start
}
