package fgac

import (
	"slices"
	"strings"
	"unicode/utf16"
)

// Challenge is the value of WWW-Authenticate that OpenSearch sends with a 401,
// whose body is empty.
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
		", backend_roles=[" + strings.Join(hashOrder(id.backendRoles), ", ") + "], requestedTenant=null]"
	reason := string(appendText(nil, text))
	cause := `{"type":"security_exception","reason":` + reason + `}`
	return []byte(`{"error":{"root_cause":[` + cause + `],"type":"security_exception","reason":` + reason + `},"status":403}`)
}

// hashOrder returns texts, each of them once, in the order in which the plugin
// prints them: that of a java.util.HashSet, by the lower bits of their hashes.
func hashOrder(texts []string) []string {
	slots := 16
	for 4*len(texts) > 3*slots { // three quarters full at most
		slots *= 2
	}
	slot := func(s string) int {
		var h uint32 // of String.hashCode
		for _, unit := range utf16.Encode([]rune(s)) {
			h = 31*h + uint32(unit)
		}
		return int(h^h>>16) & (slots - 1)
	}
	ordered := slices.Clone(texts)
	slices.SortStableFunc(ordered, func(a, b string) int { return slot(a) - slot(b) })
	return ordered
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
