package fgac

import (
	"unicode"
	"unicode/utf8"
)

// Text is analyzed about as OpenSearch's standard analyzer does: words are runs
// of letters, marks, digits and underscores, in lower case; apostrophes and dots
// join letters, commas and dots join digits; an ideograph is a word by itself.

// nextWord returns the first word of s, still in the case it has, and what
// follows it. The word is "" when there is none.
func nextWord(s string) (word, rest string) {
	start := 0
	for start < len(s) {
		r, size := utf8.DecodeRuneInString(s[start:])
		if ideograph(r) {
			return s[start : start+size], s[start+size:]
		}
		if inWord(r) {
			break
		}
		start += size
	}
	end := start
	last := rune(0)
	for end < len(s) {
		r, size := utf8.DecodeRuneInString(s[end:])
		if ideograph(r) {
			break
		}
		if !inWord(r) {
			next, _ := utf8.DecodeRuneInString(s[end+size:])
			if ideograph(next) || !joins(last, r, next) {
				break
			}
		}
		last = r
		end += size
	}
	return s[start:end], s[end:]
}

func inWord(r rune) bool {
	if r < utf8.RuneSelf { // most
		return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)
}

func ideograph(r rune) bool { return r >= 0x2E80 && unicode.In(r, unicode.Han, unicode.Hiragana) }

// joins reports whether r makes one word of what stands on its two sides.
func joins(before, r, after rune) bool {
	letters := unicode.IsLetter(before) && unicode.IsLetter(after)
	numbers := unicode.IsDigit(before) && unicode.IsDigit(after)
	switch r {
	case '.', '\'', '\u2019':
		return letters || numbers
	case ':', '\u00B7':
		return letters
	case ',', ';':
		return numbers
	}
	return false
}

func lower(w string) string {
	out := make([]rune, 0, len(w))
	for _, r := range w {
		out = append(out, unicode.ToLower(r))
	}
	return string(out)
}

// isLower reports whether w is the word that want is, in lower case.
func isLower(w, want string) bool {
	for _, r := range w {
		l, size := utf8.DecodeRuneInString(want)
		if size == 0 || unicode.ToLower(r) != l {
			return false
		}
		want = want[size:]
	}
	return want == ""
}
