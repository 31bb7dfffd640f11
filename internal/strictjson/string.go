package strictjson

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads the string at start, a value or a member name.
func (p *parser) str(start int) int {
	if p.full() {
		return p.tooMany(start)
	}
	pos, ref := p.plain(start+1), uint32(0)
	if !p.at(pos, '"') {
		var text string
		if text, pos = p.escaped(start+1, pos); pos == failed {
			return failed
		}
		p.unescaped = append(p.unescaped, text)
		ref = uint32(len(p.unescaped))
	}
	p.nodes = append(p.nodes, node{uint32(start), uint32(pos + 1), ref, String})
	return pos + 1
}

// plain steps over what stands for itself inside a string, eight bytes at a time
// where there are as many. The end is found among the last eight at once, too, since
// strings of a payload are short.
func (p *parser) plain(pos int) int {
	src := p.src
	for ; len(src)-pos >= 8; pos += 8 {
		if marks := special(eight(src[pos : pos+8])); marks != 0 {
			return pos + bits.TrailingZeros64(marks)/8
		}
	}
	for pos < len(src) {
		if c := src[pos]; c < ' ' || c == '"' || c == '\\' {
			break
		}
		pos++
	}
	return pos
}

// eight returns the first eight bytes of s, by one load: the first is the lowest.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// special marks, of eight bytes, those that do not stand for themselves by their
// high bit. A byte of ASCII has it after the subtraction if it was less than what
// was subtracted, or if one below it was: so the lowest mark is right, and there is
// none when all stand for themselves.
func special(x uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, slash := x^'"'*ones, x^'\\'*ones
	return ((x-' '*ones)&^x | (quote-ones)&^quote | (slash-ones)&^slash) & highs
}

// escaped reads a string that begins at start and is plain up to pos. It returns
// where the quote is that ends it.
func (p *parser) escaped(start, pos int) (string, int) {
	var buf []byte
	for {
		buf = append(buf, p.src[start:pos]...)
		if p.at(pos, '"') {
			return string(buf), pos
		}
		if !p.at(pos, '\\') {
			return "", p.unexpected(pos, "control character in a string")
		}
		r, behind := p.escape(pos + 1)
		if behind == failed {
			return "", failed
		}
		buf = utf8.AppendRune(buf, r)
		start = behind
		pos = p.plain(behind)
	}
}

// escape reads what follows a backslash.
func (p *parser) escape(pos int) (rune, int) {
	if pos >= len(p.src) {
		return 0, p.unexpected(pos, "")
	}
	switch c := p.src[pos]; c {
	case '"', '\\', '/':
		return rune(c), pos + 1
	case 'b':
		return '\b', pos + 1
	case 'f':
		return '\f', pos + 1
	case 'n':
		return '\n', pos + 1
	case 'r':
		return '\r', pos + 1
	case 't':
		return '\t', pos + 1
	case 'u':
		return p.unicode(pos + 1)
	}
	return 0, p.fail(pos, "unknown escape")
}

// unicode reads what follows \u: four digits, or a surrogate pair.
func (p *parser) unicode(start int) (rune, int) {
	r, pos := p.hex4(start)
	if pos == failed || !utf16.IsSurrogate(r) {
		return r, pos
	}
	if p.at(pos, '\\') && p.at(pos+1, 'u') {
		low, behind := p.hex4(pos + 2)
		if behind == failed {
			return 0, failed
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, behind
		}
	}
	return 0, p.fail(start-len(`\u`), "lone surrogate")
}

func (p *parser) hex4(pos int) (r rune, behind int) {
	for range 4 {
		if pos >= len(p.src) {
			return 0, p.unexpected(pos, "")
		}
		c := p.src[pos]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, p.fail(pos, "not four hexadecimal digits")
		}
		r = r<<4 | rune(c)
		pos++
	}
	return r, pos
}
