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
// names that have no path, such as "" or "a..b". ok is false otherwise.
func readDocument(id string, source []byte) (d document, ok bool) {
	v, err := strictjson.Parse(source, documentLimits)
	if err != nil || v.Kind() != strictjson.Object {
		return document{}, false
	}
	names := nameCheck{}
	return document{v, id}, names.object(v, "", false)
}

// nameCheck looks for paths that are spelled twice. Names without dots are told
// apart by the reader; only below one with dots there is more to compare.
type nameCheck struct{ paths map[string]struct{} }

// object checks the members of v, whose paths begin with prefix. all says that
// their paths have been noted from the top.
func (c *nameCheck) object(v strictjson.Value, prefix string, all bool) bool {
	dots := false
	for name := range v.Members() {
		if name == "" {
			return false
		}
		if strings.Contains(name, ".") {
			dots = true
			if name[0] == '.' || name[len(name)-1] == '.' || strings.Contains(name, "..") {
				return false
			}
		}
	}
	if dots && !all {
		// Noted anew from here on: what is above has no dots.
		return (&nameCheck{map[string]struct{}{}}).object(v, "", true)
	}
	for name, member := range v.Members() {
		path := ""
		if all {
			path = prefix + name
			if _, twice := c.paths[path]; twice {
				return false
			}
			c.paths[path] = struct{}{}
			path += "."
		}
		if !c.value(member, path, all) {
			return false
		}
	}
	return true
}

// value checks what is in v. Each object in an array has paths of its own.
func (c *nameCheck) value(v strictjson.Value, prefix string, all bool) bool {
	switch v.Kind() {
	case strictjson.Object:
		return c.object(v, prefix, all)
	case strictjson.Array:
		for e := range v.Elements() {
			if !c.value(e, "", false) {
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
