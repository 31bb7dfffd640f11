package strictjson

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads the string at pos, a value or a member name.
func (p *parser) str() bool {
	i, ok := p.open(String)
	if !ok {
		return false
	}
	p.pos++
	start := p.pos
	p.plain()
	if p.take('"') {
		return p.close(i, 0)
	}
	decoded, ok := p.escaped(start)
	if !ok {
		return false
	}
	p.unescaped = append(p.unescaped, decoded)
	return p.close(i, uint32(len(p.unescaped)))
}

// plain steps over what stands for itself inside a string, eight bytes at a time
// where there are as many. The end is found among the last eight at once, too, since
// strings of a payload are short.
func (p *parser) plain() {
	src, pos := p.src, p.pos
	for len(src)-pos >= 8 {
		if found := special(src[pos : pos+8]); found < 8 {
			p.pos = pos + found
			return
		}
		pos += 8
	}
	for pos < len(src) {
		if c := src[pos]; c < ' ' || c == '"' || c == '\\' {
			break
		}
		pos++
	}
	p.pos = pos
}

// special returns where the first of eight bytes is that does not stand for
// itself, 8 when all do. A byte of ASCII has its high bit set after the
// subtraction if it was less than what was subtracted, or if one below it was: so
// the lowest such bit is that of the first.
func special(s string) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	_ = s[7]
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	quote, slash := x^'"'*ones, x^'\\'*ones
	return bits.TrailingZeros64(((x-' '*ones)&^x|(quote-ones)&^quote|(slash-ones)&^slash)&highs) / 8
}

// escaped reads a string that began at start and is plain up to pos.
func (p *parser) escaped(start int) (string, bool) {
	var buf []byte
	for {
		buf = append(buf, p.src[start:p.pos]...)
		if p.take('"') {
			return string(buf), true
		}
		if !p.take('\\') {
			return "", p.unexpected("control character in a string")
		}
		r, ok := p.escape()
		if !ok {
			return "", false
		}
		buf = utf8.AppendRune(buf, r)
		start = p.pos
		p.plain()
	}
}

// escape reads what follows a backslash.
func (p *parser) escape() (rune, bool) {
	if p.pos >= len(p.src) {
		return 0, p.unexpected("")
	}
	c := p.src[p.pos]
	p.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		return p.unicode()
	}
	return 0, p.fail(p.pos-1, "unknown escape")
}

// unicode reads what follows \u: four digits, or a surrogate pair.
func (p *parser) unicode() (rune, bool) {
	start := p.pos - len(`\u`)
	r, ok := p.hex4()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if p.take('\\') && p.take('u') {
		low, ok := p.hex4()
		if !ok {
			return 0, false
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, true
		}
	}
	return 0, p.fail(start, "lone surrogate")
}

func (p *parser) hex4() (rune, bool) {
	var r rune
	for range 4 {
		if p.pos >= len(p.src) {
			return 0, p.unexpected("")
		}
		c := p.src[p.pos]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, p.fail(p.pos, "not four hexadecimal digits")
		}
		r = r<<4 | rune(c)
		p.pos++
	}
	return r, true
}
