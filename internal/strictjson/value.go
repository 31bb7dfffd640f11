package strictjson

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unsafe"
)

// Kind is what a [Value] is. Its zero value, Invalid, is no JSON at all.
type Kind uint8

// The kinds of JSON values (RFC 8259, section 3).
const (
	Invalid Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

var kindNames = [...]string{"invalid", "null", "boolean", "number", "string", "array", "object"}

// String returns the kind as an error message names it, such as "array".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Invalid]
}

// Value is one value of a text. The zero Value is Invalid and holds nothing.
// A Value is immutable, cheap to copy and safe for concurrent use, one that is a
// loan until [Value.Return]. What a method cannot give, because the Value is of
// another kind, is the zero value and false.
type Value struct {
	doc  *document
	i    uint32
	loan uint32 // that of doc, until it is returned
}

// Kind returns what v is.
func (v Value) Kind() Kind {
	if !v.there() {
		return Invalid
	}
	return v.doc.nodes[v.i].kind
}

// there reports whether v is a value, and not one that was returned.
func (v Value) there() bool { return v.doc != nil && v.doc.loan == v.loan }

// Format writes the kind of v and nothing else for every verb: what v holds may
// be secret.
func (v Value) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "JSON "+v.Kind().String())
}

// node returns v's node when v is of this kind, nil otherwise.
func (v Value) node(kind Kind) *node {
	if !v.there() {
		return nil
	}
	if nd := &v.doc.nodes[v.i]; nd.kind == kind {
		return nd
	}
	return nil
}

// Get returns the member of this name, which is compared byte for byte with the
// unescaped names of the object v. It takes time in proportion to their number.
func (v Value) Get(name string) (Value, bool) {
	nd := v.node(Object)
	if nd == nil {
		return Value{}, false
	}
	d := v.doc
	for i := v.i + 1; i < nd.ref; i = d.after(i + 1) {
		if d.is(i, name) {
			return Value{d, i + 1, v.loan}, true
		}
	}
	return Value{}, false
}

// Members yields the members of the object v in the order of the text.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		nd := v.node(Object)
		if nd == nil {
			return
		}
		for i := v.i + 1; i < nd.ref; i = v.doc.after(i + 1) {
			if !yield(v.doc.string(i), Value{v.doc, i + 1, v.loan}) {
				return
			}
		}
	}
}

// Elements yields the elements of the array v in the order of the text.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		nd := v.node(Array)
		if nd == nil {
			return
		}
		for i := v.i + 1; i < nd.ref; i = v.doc.after(i) {
			if !yield(Value{v.doc, i, v.loan}) {
				return
			}
		}
	}
}

// Strings appends the elements of an array of strings to list.
func (v Value) Strings(list []string) ([]string, bool) {
	nd := v.node(Array)
	if nd == nil {
		return nil, false
	}
	list = slices.Grow(list, int(nd.ref-v.i-1)) // each is one node
	for i := v.i + 1; i < nd.ref; i++ {
		if v.doc.nodes[i].kind != String {
			return nil, false
		}
		list = append(list, v.doc.string(i))
	}
	return list, true
}

// Len returns the number of members of an object or of elements of an array,
// and 0 for every other kind. It takes time in proportion to their number.
func (v Value) Len() (n int) {
	switch v.Kind() {
	case Array:
		for range v.Elements() {
			n++
		}
	case Object:
		for range v.Members() {
			n++
		}
	}
	return n
}

// Str returns the string v, unescaped.
func (v Value) Str() (string, bool) {
	if v.node(String) == nil {
		return "", false
	}
	return v.doc.string(v.i), true
}

// Bool returns the boolean v.
func (v Value) Bool() (value, ok bool) {
	nd := v.node(Bool)
	return nd != nil && nd.ref == 1, nd != nil
}

// Number returns the literal of the number v, such as "-1.50e3".
func (v Value) Number() (literal string, ok bool) {
	if v.node(Number) == nil {
		return "", false
	}
	return v.Raw(), true
}

// Raw returns the text of v as it was written, without white space around it.
func (v Value) Raw() string {
	if !v.there() {
		return ""
	}
	nd := &v.doc.nodes[v.i]
	return v.doc.src[nd.start:nd.end]
}

// Size returns how many bytes of memory the text of v and what [Parse] makes of it
// take at most. Strings with escapes count twice: those of another reading of the same
// text may be kept as well.
func (v Value) Size() int {
	if !v.there() {
		return 0
	}
	d := v.doc
	n := int(unsafe.Sizeof(*d)) + Allocated(len(d.src)) + Allocated(len(d.nodes)*int(unsafe.Sizeof(node{}))) + Allocated(cap(d.unescaped)*int(unsafe.Sizeof("")))
	for _, s := range d.unescaped {
		n += 2 * Allocated(len(s))
	}
	return n
}

// Allocated returns how many bytes the runtime takes at most for an object of n:
// it rounds up, to a size that it has or, of a large object, to a page of 8 KiB.
func Allocated(n int) int { return n + min(16+n/4, 8<<10) }

// Any returns a copy of v that shares no memory with the text: nil, bool,
// [json.Number], string, []any or map[string]any. For an Invalid v it is nil.
func (v Value) Any() any {
	switch v.Kind() {
	case Bool:
		b, _ := v.Bool()
		return b
	case Number:
		return json.Number(strings.Clone(v.Raw()))
	case String:
		return strings.Clone(v.doc.string(v.i))
	case Array:
		list := make([]any, 0, v.Len())
		for e := range v.Elements() {
			list = append(list, e.Any())
		}
		return list
	case Object:
		object := make(map[string]any, v.Len())
		for name, member := range v.Members() {
			object[strings.Clone(name)] = member.Any()
		}
		return object
	}
	return nil
}
