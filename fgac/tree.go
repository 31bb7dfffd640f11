package fgac

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// tree is JSON with variables in it. Once they are bound, none is left.
type tree struct {
	kind    strictjson.Kind
	text    string    // of a string or a number
	flag    bool      // of a boolean
	open    *template // of a string: set while it has variables
	items   []tree    // of an array; the values of an object
	names   []tree    // strings: the names of an object
	quote   bool      // of a string: it is a pattern, in which what variables stand for is literal
	listing bool      // of an array: a variable stood for it, and so it is spliced into an array around it
}

// maxRule bounds the text of one query, in bytes.
const maxRule = 256 << 10

var ruleLimits = strictjson.Limits{Bytes: maxRule, Depth: 32}

// parseTree reads a query as a role has it: JSON in which ${variables} stand in
// strings, or in place of values, as in [${user.roles}].
func parseTree(text string) (tree, error) {
	// A variable in place of a value becomes a string that no JSON text can have
	// unless it has this escape.
	const mark = `\u0000`
	if strings.Contains(text, mark) {
		return tree{}, errors.New("the character NUL is not supported")
	}
	var out strings.Builder
	var bare []*variable
	for inString, i := false, 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\' && i+1 < len(text):
			out.WriteByte(c)
			i++
		case c == '"':
			inString = !inString
		case !inString && strings.HasPrefix(text[i:], "${"):
			v, rest, err := readVariable(text[i+2:], 1)
			if err != nil {
				return tree{}, err
			}
			fmt.Fprintf(&out, `"%s%d"`, mark, len(bare))
			bare = append(bare, v)
			i = len(text) - len(rest) - 1
			continue
		}
		out.WriteByte(text[i])
	}
	v, err := strictjson.Parse(out.String(), ruleLimits)
	if err != nil {
		return tree{}, errors.New("is not JSON: " + err.(*strictjson.Error).Reason)
	}
	return treeOf(v, bare)
}

func treeOf(v strictjson.Value, bare []*variable) (t tree, err error) {
	t.kind = v.Kind()
	switch t.kind {
	case strictjson.String:
		s, _ := v.Str()
		return stringTree(s, bare)
	case strictjson.Number:
		t.text = v.Raw()
	case strictjson.Bool:
		t.flag, _ = v.Bool()
	case strictjson.Array:
		for e := range v.Elements() {
			item, err := treeOf(e, bare)
			if err != nil {
				return t, err
			}
			t.items = append(t.items, item)
		}
	case strictjson.Object:
		for n, e := range v.Members() {
			name, err := stringTree(n, bare)
			if err != nil {
				return t, err
			}
			item, err := treeOf(e, bare)
			if err != nil {
				return t, err
			}
			t.names, t.items = append(t.names, name), append(t.items, item)
		}
	}
	return t, nil
}

func stringTree(s string, bare []*variable) (tree, error) {
	t := tree{kind: strictjson.String, text: s}
	if strings.HasPrefix(s, "\x00") {
		var n int
		if _, err := fmt.Sscanf(s[1:], "%d", &n); err != nil || n >= len(bare) {
			return t, errors.New("the character NUL is not supported")
		}
		t.open = &template{parts: []part{{variable: bare[n]}}}
		return t, nil
	}
	if !strings.Contains(s, "${") {
		return t, nil
	}
	var err error
	t.open, err = parseTemplate(s)
	return t, err
}

// hasVariables reports whether t has to be bound.
func (t *tree) hasVariables() bool {
	if t.open != nil {
		return true
	}
	for i := range t.items {
		if t.items[i].hasVariables() {
			return true
		}
	}
	for i := range t.names {
		if t.names[i].open != nil {
			return true
		}
	}
	return false
}

// undefinedError says that a variable has no value for a caller.
var errUndefined = errors.New("a variable in it is undefined for this caller")

// bind returns t with the values of the caller in place of variables. Values
// stay values: no text of a claim becomes JSON, or is searched for variables.
func (t *tree) bind(id *identity) (tree, error) {
	if t.open != nil {
		return t.bindText(id)
	}
	b := *t
	b.items, b.names = nil, nil
	for i := range t.items {
		item, err := t.items[i].bind(id)
		if err != nil {
			return tree{}, err
		}
		if t.kind == strictjson.Array && item.listing {
			b.items = append(b.items, item.items...)
			continue
		}
		b.items = append(b.items, item)
	}
	for i := range t.names {
		name, err := t.names[i].bind(id)
		if err != nil {
			return tree{}, err
		}
		if name.kind == strictjson.Array {
			return tree{}, errors.New("a list stands for the name of a field")
		}
		b.names = append(b.names, tree{kind: strictjson.String, text: name.spelled()})
	}
	return b, nil
}

func (t *tree) bindText(id *identity) (tree, error) {
	var a attribute
	var ok bool
	if t.quote {
		a.value, ok = t.open.render(id, quotePattern.Replace)
	} else {
		a, ok = t.open.value(id)
	}
	if !ok {
		return tree{}, errUndefined
	}
	return valueTree(a.value), nil
}

// quotePattern escapes what has a meaning in the pattern of a wildcard query.
var quotePattern = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)

// valueTree is the value of an attribute.
func valueTree(v any) tree {
	switch v := v.(type) {
	case string:
		return tree{kind: strictjson.String, text: v}
	case json.Number:
		return tree{kind: strictjson.Number, text: v.String()}
	case bool:
		return tree{kind: strictjson.Bool, flag: v}
	case []any:
		t := tree{kind: strictjson.Array, listing: true}
		for _, e := range v {
			t.items = append(t.items, valueTree(e))
		}
		return t
	}
	return tree{kind: strictjson.Null}
}

// spelled is a scalar as a text.
func (t *tree) spelled() string {
	switch {
	case t.kind != strictjson.Bool:
		return t.text
	case t.flag:
		return "true"
	}
	return "false"
}

// append writes t as JSON.
func (t *tree) append(out []byte) []byte {
	switch t.kind {
	case strictjson.String:
		return appendText(out, t.text)
	case strictjson.Number, strictjson.Bool:
		return append(out, t.spelled()...)
	case strictjson.Array, strictjson.Object:
		object := t.kind == strictjson.Object
		out = append(out, "[{"[btoi(object)])
		for i := range t.items {
			if i > 0 {
				out = append(out, ',')
			}
			if object {
				out = append(appendText(out, t.names[i].text), ':')
			}
			out = t.items[i].append(out)
		}
		return append(out, "]}"[btoi(object)])
	}
	return append(out, "null"...)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// get returns the member of an object.
func (t *tree) get(name string) (*tree, bool) {
	for i := range t.names {
		if t.names[i].text == name && t.names[i].open == nil {
			return &t.items[i], true
		}
	}
	return nil, false
}
