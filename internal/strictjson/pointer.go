package strictjson

import (
	"strconv"
	"strings"
)

// Pointer returns the value that the JSON pointer p (RFC 6901) leads to from v;
// "" leads to v itself. It returns false when there is none or p is malformed.
// "-", the element after the last one, never exists.
func (v Value) Pointer(p string) (Value, bool) {
	if !v.there() {
		return Value{}, false
	}
	for p != "" {
		if p[0] != '/' {
			return Value{}, false
		}
		token, rest := p[1:], ""
		if end := strings.IndexByte(token, '/'); end >= 0 {
			token, rest = token[:end], token[end:]
		}
		next, ok := v.step(token)
		if !ok {
			return Value{}, false
		}
		v, p = next, rest
	}
	return v, true
}

func (v Value) step(token string) (Value, bool) {
	if v.Kind() == Array {
		return v.element(token)
	}
	name, ok := unescapeToken(token)
	if !ok {
		return Value{}, false
	}
	return v.Get(name)
}

// element returns the element with this index: digits without a leading zero.
func (v Value) element(index string) (Value, bool) {
	n, err := strconv.ParseUint(index, 10, 32)
	if err != nil || n >= uint64(v.Len()) || len(index) > 1 && index[0] == '0' {
		return Value{}, false
	}
	i := v.i + 1
	for range n {
		i = v.doc.after(i)
	}
	return Value{v.doc, i, v.loan}, true
}

// unescapeToken replaces ~1 by / and ~0 by ~; a ~ before anything else is
// malformed.
func unescapeToken(token string) (string, bool) {
	if !strings.Contains(token, "~") {
		return token, true
	}
	var b strings.Builder
	for i := 0; i < len(token); i++ {
		c := token[i]
		if c == '~' {
			if i++; i == len(token) {
				return "", false
			}
			switch token[i] {
			case '0':
			case '1':
				c = '/'
			default:
				return "", false
			}
		}
		b.WriteByte(c)
	}
	return b.String(), true
}
