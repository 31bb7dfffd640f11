package fgac

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// Challenge is the value of WWW-Authenticate that OpenSearch sends with a 401 and
// no body, where its authenticator has challenge: true. Otherwise it sends a text
// and no such header.
const Challenge = `Bearer realm="OpenSearch Security"`

// Denied is the error of a request that is refused: OpenSearch's 403. It holds
// the names of the caller, for the body, and shows them nowhere else.
type Denied struct {
	actions []string
	reason  string     // for operators, without names of callers; "" is a missing permission
	who     **identity // two pointers, as in Identity
}

func denied(id *identity, reason string, actions ...string) *Denied {
	return &Denied{actions, reason, &id}
}

// Error says which actions were refused, and why if it is not for want of a
// permission. It is for operators, and names rules but no caller.
func (d *Denied) Error() string {
	s := "fgac: no permissions for [" + strings.Join(d.actions, ", ") + "]"
	if d.reason != "" {
		s += ": " + d.reason
	}
	return s
}

// Body returns the JSON body that OpenSearch sends with status 403. It has the
// name and the backend roles of the caller, and so is for the caller alone.
func (d *Denied) Body() []byte {
	var id identity
	if d.who != nil {
		id = **d.who
	}
	text := "no permissions for [" + strings.Join(d.actions, ", ") + "] and User [name=" + id.name +
		", backend_roles=[" + strings.Join(hashed(id.backendRoles), ", ") + "], requestedTenant=null]"
	reason := escapeBeyond(string(appendText(nil, text)))
	cause := `{"type":"security_exception","reason":` + reason + `}`
	return []byte(`{"error":{"root_cause":[` + cause + `],"type":"security_exception","reason":` + reason + `},"status":403}`)
}

// hashed returns names in the order that OpenSearch prints them in: a HashSet of
// Java holds them, in a table that doubles when three quarters of it are full.
func hashed(names []string) []string {
	size := uint32(16)
	for 4*len(names) > 3*int(size) {
		size *= 2
	}
	place := func(s string) uint32 {
		h := uint32(0) // String.hashCode
		for _, unit := range utf16.Encode([]rune(s)) {
			h = 31*h + uint32(unit)
		}
		return (h ^ h>>16) & (size - 1)
	}
	names = slices.Clone(names)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	return names
}

// escapeBeyond escapes characters beyond U+FFFF, as OpenSearch does in what it
// writes itself.
func escapeBeyond(s string) string {
	var out strings.Builder
	for _, r := range s {
		if high, low := utf16.EncodeRune(r); r > 0xFFFF {
			fmt.Fprintf(&out, `\u%04X\u%04X`, high, low)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

const upperHex = "0123456789ABCDEF"

// appendText appends s as a JSON string, as OpenSearch writes one: nothing is
// escaped that RFC 8259, section 7, does not ask for.
func appendText[T ~string | ~[]byte](out []byte, s T) []byte {
	out = append(out, '"')
	plain := 0 // what is not written yet begins here
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		out = append(out, s[plain:i]...)
		plain = i + 1
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\b':
			out = append(out, `\b`...)
		case '\t':
			out = append(out, `\t`...)
		case '\n':
			out = append(out, `\n`...)
		case '\f':
			out = append(out, `\f`...)
		case '\r':
			out = append(out, `\r`...)
		default:
			out = append(out, '\\', 'u', '0', '0', upperHex[c>>4], upperHex[c&15])
		}
	}
	return append(append(out, s[plain:]...), '"')
}
