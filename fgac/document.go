package fgac

import (
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// documentLimits bound a document; one beyond them is hidden.
var documentLimits = strictjson.Limits{Bytes: 16 << 20, Depth: 100}

// document is one document, as a query looks at it.
type document struct {
	root strictjson.Value
	id   string // "" when it is not known
}

// readDocument reads the source of a document: strict JSON, an object, without
// two spellings of one path, such as {"a.b": 1, "a": {"b": 2}}, and without
// names that have no path, such as "" or "a..b". No path is longer than the name
// of a field may be in a query: each is compared with each rule for fields. ok is
// false otherwise.
func readDocument(id string, source []byte) (d document, ok bool) {
	v, err := strictjson.Parse(source, documentLimits)
	if err != nil || v.Kind() != strictjson.Object {
		return document{}, false
	}
	names := nameCheck{}
	left := pathWork * max(len(source), 64<<10)
	return document{v, id}, names.object(v, around{left: &left})
}

// pathWork bounds the lengths of all paths of a document together, those of what
// is on the way among them, in bytes for each byte of the document.
const pathWork = 32

// nameCheck looks for paths that are spelled twice. Names without dots are told
// apart by the reader; only below one with dots there is more to compare. Then the
// parts of all paths become a tree, whose size is that of the names and not of
// the paths.
type nameCheck struct {
	nodes map[namePart]int // nil: nothing is noted; the top is 0
	taken []bool           // by a member whose path ends there
}

type namePart struct {
	parent int
	name   string
}

// around is where a value stands.
type around struct {
	node       int // of the tree
	size, dots int // of the path, with a dot behind it
	left       *int
}

// object checks the members of v.
func (c *nameCheck) object(v strictjson.Value, in around) bool {
	if c.nodes == nil && dotted(v) {
		// Noted from here on: what is above has no dots.
		return (&nameCheck{map[namePart]int{}, []bool{true}}).object(v, in)
	}
	for name, member := range v.Members() {
		at, ok := c.enter(in, name)
		if !ok || !c.value(member, at) {
			return false
		}
	}
	return true
}

// enter returns where the value of a member stands.
func (c *nameCheck) enter(in around, name string) (around, bool) {
	if name == "" || name[0] == '.' || name[len(name)-1] == '.' || strings.Contains(name, "..") {
		return in, false
	}
	in.size += len(name) + 1
	parts := strings.Count(name, ".") + 1
	in.dots += parts
	*in.left -= parts * in.size
	if in.size-1 > maxPath || in.dots-1 > maxDots || *in.left < 0 {
		return in, false
	}
	if c.nodes == nil {
		return in, true
	}
	for part := range strings.SplitSeq(name, ".") {
		key := namePart{in.node, part}
		node, known := c.nodes[key]
		if !known {
			node = len(c.taken)
			c.nodes[key], c.taken = node, append(c.taken, false)
		}
		in.node = node
	}
	twice := c.taken[in.node]
	c.taken[in.node] = true
	return in, !twice
}

// value checks what is in v. Each object in an array has paths of its own.
func (c *nameCheck) value(v strictjson.Value, at around) bool {
	switch v.Kind() {
	case strictjson.Object:
		return c.object(v, at)
	case strictjson.Array:
		inside := nameCheck{}
		at.node = 0
		for e := range v.Elements() {
			if !inside.value(e, at) {
				return false
			}
		}
	}
	return true
}

// each calls yield for the scalars at a path, null among them, however the path
// is spelled and whatever arrays are on the way, until yield returns false.
func each(v strictjson.Value, path string, yield func(strictjson.Value) bool) bool {
	switch v.Kind() {
	case strictjson.Array:
		for e := range v.Elements() {
			if !each(e, path, yield) {
				return false
			}
		}
	case strictjson.Object:
		for name, member := range v.Members() {
			rest, ok := below(path, name)
			if ok && !each(member, rest, yield) {
				return false
			}
		}
	default:
		return path != "" || yield(v)
	}
	return true
}

// below returns what is left of a path inside of the member that has this name.
func below(path, name string) (string, bool) {
	n := len(name)
	if n == 0 || n > len(path) || path[0] != name[0] || path[:n] != name {
		return "", false
	}
	if n == len(path) {
		return "", true
	}
	return path[n+1:], path[n] == '.'
}

const keyword = ".keyword"

var keywordBytes = []byte(keyword)

// values calls yield for the values of a field. A field with the suffix .keyword
// is the one without it, as under OpenSearch's default mapping, besides the
// member of that name.
func (d *document) values(field string, yield func(strictjson.Value) bool) {
	if !each(d.root, field, yield) {
		return
	}
	if whole, ok := strings.CutSuffix(field, keyword); ok {
		each(d.root, whole, yield)
	}
}

// has reports whether a field has a value other than null, or a field below it
// does.
func (d *document) has(field string) bool {
	whole, _ := strings.CutSuffix(field, keyword)
	return anything(d.root, field) || whole != field && anything(d.root, whole)
}

func anything(v strictjson.Value, path string) bool {
	switch v.Kind() {
	case strictjson.Array:
		for e := range v.Elements() {
			if anything(e, path) {
				return true
			}
		}
		return false
	case strictjson.Object:
		for name, member := range v.Members() {
			rest, ok := below(path, name)
			if !ok { // the name may go on below the field
				after, longer := strings.CutPrefix(name, path)
				ok = path == "" || longer && after[0] == '.'
			}
			if ok && anything(member, rest) {
				return true
			}
		}
		return false
	}
	return path == "" && v.Kind() != strictjson.Null
}

func dotted(v strictjson.Value) bool {
	for name := range v.Members() {
		if strings.Contains(name, ".") {
			return true
		}
	}
	return false
}
