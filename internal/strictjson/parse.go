package strictjson

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// A node is one value or one member name of the text, in 16 bytes.
type node struct {
	start, end uint32 // of the source text; the quotes of a string are inside
	ref        uint32 // Array, Object: index of the first node behind all it holds; String: 1 + index in unescaped, 0 when it has no escape; Bool: 1 for true
	kind       Kind
}

// A document is what the values of one text share. An object's node is followed
// by a String node for each member name, each followed by the member's value.
type document struct {
	src       string
	nodes     []node
	unescaped []string
	loan      uint32 // which one of a borrowed document it is, 0 of one that is not
}

// after returns the index of the first node behind the value i and all it holds.
func (d *document) after(i uint32) uint32 {
	if nd := &d.nodes[i]; nd.kind >= Array {
		return nd.ref
	}
	return i + 1
}

// string returns the text of the String node i, without its escapes.
func (d *document) string(i uint32) string {
	nd := &d.nodes[i]
	if nd.ref > 0 {
		return d.unescaped[nd.ref-1]
	}
	return d.src[nd.start+1 : nd.end-1]
}

// is reports whether string(i) is s. Most are of another length, which is seen
// without a look at the text.
func (d *document) is(i uint32, s string) bool {
	nd := &d.nodes[i]
	return (nd.ref > 0 || int(nd.end-nd.start) == len(s)+len(`""`)) && d.string(i) == s
}

// parser reads a text into a document. Its methods take the offset where something
// begins and return the one behind it, or failed. It writes into the document in
// place: the garbage collector has to be told of a pointer that is moved, and copies of
// the document there and back took 4 % of the time of a token.
type parser struct {
	*document
	src    string // that of document, at hand
	depth  int
	limits Limits
	err    *Error
}

const failed = -1

// Parse reads src, which must be one JSON text. The error is an [*Error], and
// the Value that comes with an error is the zero one. src is not kept when it
// is a slice of bytes.
func Parse[T ~string | ~[]byte](src T, limits Limits) (Value, error) {
	limits = limits.withDefaults()
	if len(src) > limits.Bytes {
		return Value{}, &Error{max(limits.Bytes, 0), "text is longer than allowed"}
	}
	text := string(src)
	if len(text) > largeText { // too many nodes for a loan and a copy
		return read(&document{nodes: make([]node, 0, guessNodes(text))}, text, limits)
	}
	v, err := borrow(text, limits)
	if err != nil {
		return Value{}, err
	}
	defer v.Return()
	return Value{doc: &document{src: v.doc.src, nodes: append([]node(nil), v.doc.nodes...), unescaped: v.doc.unescaped}}, nil
}

// largeText is more than any token.
const largeText = 128 << 10

// guessNodes returns a capacity that holds most texts without growing, and that
// a text of nothing but commas cannot make large.
func guessNodes(src string) int {
	n := 2 + 2*strings.Count(src, ":") + strings.Count(src, ",")
	return min(n, 8+len(src)/4)
}

// Borrow is [Parse] for who calls [Value.Return] soon, and uses no Value after that.
// Without escapes in the text it allocates nothing. Parse allocates half a kilobyte for
// a payload of 350 bytes, which takes a tenth of the time of a whole token.
func Borrow(src string, limits Limits) (Value, error) {
	limits = limits.withDefaults()
	if len(src) > limits.Bytes {
		return Value{}, &Error{max(limits.Bytes, 0), "text is longer than allowed"}
	}
	return borrow(src, limits)
}

// borrowed are documents that are used again. Their loans begin at 1.
var borrowed = sync.Pool{New: func() any { return &document{loan: 1} }}

func borrow(src string, limits Limits) (Value, error) {
	return read(borrowed.Get().(*document), src, limits)
}

// read reads src into doc, which is returned with an error if it is borrowed.
func read(doc *document, src string, limits Limits) (Value, error) {
	doc.src = src
	v := Value{doc: doc, loan: doc.loan}
	if !utf8.ValidString(src) {
		v.Return()
		return Value{}, &Error{invalidUTF8(src), "invalid UTF-8"}
	}
	p := parser{document: doc, src: src, limits: limits}
	if p.text() == failed {
		v.Return()
		return Value{}, p.err
	}
	return v, nil
}

// mostNodes bounds what is kept for the next loan.
const mostNodes = 4096

// Return ends the loan that v is of: what [Borrow] returned and all that came from it
// are Invalid from now on. Their strings remain. Whoever else used one of them must be
// done. It does nothing to other Values.
func (v Value) Return() {
	if v.loan == 0 || !v.there() {
		return
	}
	d := v.doc
	d.src, d.unescaped, d.nodes = "", nil, d.nodes[:0]
	d.loan++
	if cap(d.nodes) > mostNodes {
		d.nodes = nil
	}
	borrowed.Put(d)
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

func (p *parser) text() int {
	if strings.HasPrefix(p.src, "\uFEFF") {
		return p.fail(0, "byte order mark")
	}
	pos := p.value(p.space(0))
	if pos == failed {
		return failed
	}
	if pos = p.space(pos); pos < len(p.src) {
		return p.fail(pos, "data after the value")
	}
	return pos
}

func (p *parser) fail(offset int, reason string) int {
	p.err = &Error{offset, reason}
	return failed
}

// unexpected reports that the text goes on wrongly, or stops, at pos.
func (p *parser) unexpected(pos int, reason string) int {
	if pos >= len(p.src) {
		return p.fail(len(p.src), "text ends too early")
	}
	return p.fail(pos, reason)
}

// space returns where what is no white space comes.
func (p *parser) space(pos int) int {
	for pos < len(p.src) {
		switch p.src[pos] {
		case ' ', '\t', '\n', '\r':
			pos++
		default:
			return pos
		}
	}
	return pos
}

// at reports whether c is at pos.
func (p *parser) at(pos int, c byte) bool { return pos < len(p.src) && p.src[pos] == c }

// full reports whether there may be no further node.
func (p *parser) full() bool { return len(p.nodes) >= p.limits.Nodes }

func (p *parser) tooMany(pos int) int { return p.fail(pos, "more values and names than allowed") }

func (p *parser) value(pos int) int {
	if pos >= len(p.src) {
		return p.unexpected(pos, "")
	}
	switch c := p.src[pos]; {
	case c == '"':
		return p.str(pos)
	case c == '{':
		return p.object(pos)
	case c == '[':
		return p.array(pos)
	case c == '-' || '0' <= c && c <= '9':
		return p.number(pos)
	case c == 't':
		return p.word(pos, "true", Bool, 1)
	case c == 'f':
		return p.word(pos, "false", Bool, 0)
	case c == 'n':
		return p.word(pos, "null", Null, 0)
	}
	return p.fail(pos, "not a value")
}

func (p *parser) word(pos int, word string, kind Kind, ref uint32) int {
	switch {
	case !strings.HasPrefix(p.src[pos:], word):
		return p.fail(pos, "not a value")
	case p.full():
		return p.tooMany(pos)
	}
	end := pos + len(word)
	p.nodes = append(p.nodes, node{uint32(pos), uint32(end), ref, kind})
	return end
}

// open begins an array or object.
func (p *parser) open(pos int, kind Kind) (index, inside int) {
	switch {
	case p.depth >= p.limits.Depth:
		return 0, p.fail(pos, "nested deeper than allowed")
	case p.full():
		return 0, p.tooMany(pos)
	}
	p.depth++
	p.nodes = append(p.nodes, node{start: uint32(pos), kind: kind})
	return len(p.nodes) - 1, p.space(pos + 1)
}

// close ends an array or object.
func (p *parser) close(index, end int) int {
	p.depth--
	nd := &p.nodes[index]
	nd.end, nd.ref = uint32(end), uint32(len(p.nodes))
	return end
}

func (p *parser) array(pos int) int {
	index, pos := p.open(pos, Array)
	if pos == failed {
		return failed
	}
	if p.at(pos, ']') {
		return p.close(index, pos+1)
	}
	for {
		if pos = p.value(pos); pos == failed {
			return failed
		}
		pos = p.space(pos)
		if p.at(pos, ']') {
			return p.close(index, pos+1)
		}
		if !p.at(pos, ',') {
			return p.unexpected(pos, "no comma or bracket after an element")
		}
		pos = p.space(pos + 1)
	}
}

func (p *parser) object(pos int) int {
	index, pos := p.open(pos, Object)
	if pos == failed {
		return failed
	}
	if p.at(pos, '}') {
		return p.close(index, pos+1)
	}
	for n := 1; ; n++ {
		if pos = p.member(pos); pos == failed {
			return failed
		}
		pos = p.space(pos)
		if p.at(pos, '}') {
			p.close(index, pos+1)
			return p.unique(index, n, pos+1)
		}
		if !p.at(pos, ',') {
			return p.unexpected(pos, "no comma or brace after a member")
		}
		pos = p.space(pos + 1)
	}
}

func (p *parser) member(pos int) int {
	if !p.at(pos, '"') {
		return p.unexpected(pos, "not a member name")
	}
	if pos = p.str(pos); pos == failed {
		return failed
	}
	pos = p.space(pos)
	if !p.at(pos, ':') {
		return p.unexpected(pos, "no colon after a member name")
	}
	return p.value(p.space(pos + 1))
}

// number reads RFC 8259, section 6.
func (p *parser) number(start int) int {
	if p.full() {
		return p.tooMany(start)
	}
	pos := start
	if p.at(pos, '-') {
		pos++
	}
	if p.at(pos, '0') {
		pos++
	} else if pos = p.digits(pos, "not a number"); pos == failed {
		return failed
	}
	if p.at(pos, '.') {
		if pos = p.digits(pos+1, "no digit after a decimal point"); pos == failed {
			return failed
		}
	}
	if p.at(pos, 'e') || p.at(pos, 'E') {
		pos++
		if p.at(pos, '+') || p.at(pos, '-') {
			pos++
		}
		if pos = p.digits(pos, "no digit in an exponent"); pos == failed {
			return failed
		}
	}
	p.nodes = append(p.nodes, node{uint32(start), uint32(pos), 0, Number})
	return pos
}

// digits reads one digit or more.
func (p *parser) digits(start int, none string) int {
	pos := start
	for pos < len(p.src) && '0' <= p.src[pos] && p.src[pos] <= '9' {
		pos++
	}
	if pos == start {
		return p.unexpected(pos, none)
	}
	return pos
}
