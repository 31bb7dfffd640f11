package opensearch

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/acl/pushdown/internal/request"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// A shape is what a value of a request may be. It writes what takes the value's
// place, or returns an error that is a *request.Error below the value.
type shape func(*writer, strictjson.Value) error

// shapes are the members that an object may have.
type shapes map[string]shape

func (s shapes) and(name string, member shape) shapes {
	s = maps.Clone(s)
	s[name] = member
	return s
}

// A scalar is written as it came. That says no more than its kind: what stands
// for a number or a flag in quotes, an engine may read as one.
func ofKind(want string, kinds ...strictjson.Kind) shape {
	return func(w *writer, v strictjson.Value) error {
		if !slices.Contains(kinds, v.Kind()) {
			return refuse("want " + want + ", not " + v.Kind().String())
		}
		w.add(v.Raw())
		return nil
	}
}

var (
	text   = ofKind("a string", strictjson.String)
	number = ofKind("a number", strictjson.Number)
	flag   = ofKind("true or false", strictjson.Bool)
	scalar = ofKind("a string, a number, true, false or null", strictjson.String, strictjson.Number, strictjson.Bool, strictjson.Null)
)

// isWhole reports whether v is a number of digits alone.
func isWhole(v strictjson.Value) bool {
	literal, ok := v.Number()
	return ok && strings.Trim(literal, "0123456789") == ""
}

func whole(w *writer, v strictjson.Value) error {
	if !isWhole(v) {
		return refuse("want a whole number")
	}
	return number(w, v)
}

// positive is the least number of documents of a bucket.
func positive(w *writer, v strictjson.Value) error {
	if !isWhole(v) || v.Raw() == "0" {
		return refuse("want 1 or more: with 0, values of hidden documents are listed")
	}
	return number(w, v)
}

// checkField refuses names that lead to our field, to several, or to what is
// not of the document.
func checkField(name string) *request.Error {
	switch {
	case name == "" || strings.HasPrefix(name, "_"):
		return refuse("want the name of a field of documents")
	case strings.Contains(name, "*"):
		return refuse("want the name of one field; wildcards are not supported")
	case name == Field || strings.HasPrefix(name, Field+"."):
		return refuse("the fields of the ACL are not for queries")
	}
	return nil
}

func fieldName(w *writer, v strictjson.Value) error {
	name, ok := v.Str()
	if !ok {
		return refuse("want the name of a field, not " + v.Kind().String())
	}
	if err := checkField(name); err != nil {
		return err
	}
	return text(w, v)
}

// weighted is the name of a field with or without ^ and its weight.
func weighted(w *writer, v strictjson.Value) error {
	whole, _ := v.Str()
	name, _, _ := strings.Cut(whole, "^")
	if err := checkField(name); err != nil {
		return err
	}
	return text(w, v)
}

// byKind has a shape for each kind of value that there may be.
type byKind map[strictjson.Kind]shape

func (b byKind) read(w *writer, v strictjson.Value) error {
	if read := b[v.Kind()]; read != nil {
		return read(w, v)
	}
	return refuse("is not supported as " + v.Kind().String())
}

func list(element shape) shape {
	return func(w *writer, v strictjson.Value) error {
		if v.Kind() != strictjson.Array {
			return refuse("want an array, not " + v.Kind().String())
		}
		w.add("[")
		i := 0
		for e := range v.Elements() {
			if i > 0 {
				w.add(",")
			}
			if err := element(w, e); err != nil {
				return at(strconv.Itoa(i), err)
			}
			i++
		}
		w.add("]")
		return nil
	}
}

func oneOrMore(element shape) shape {
	some := list(element)
	return func(w *writer, v strictjson.Value) error {
		if v.Kind() == strictjson.Array {
			return some(w, v)
		}
		return element(w, v)
	}
}

// members writes an object whose members have the shapes that pick returns for
// their names; nil refuses one.
func (w *writer) members(v strictjson.Value, pick func(name string) (shape, *request.Error)) error {
	if v.Kind() != strictjson.Object {
		return refuse("want an object, not " + v.Kind().String())
	}
	w.add("{")
	between := ""
	for name, member := range v.Members() {
		w.add(between, string(encode(name)), ":")
		between = ","
		read, refused := pick(name)
		if refused != nil {
			return at(name, refused)
		}
		if err := read(w, member); err != nil {
			return at(name, err)
		}
	}
	w.add("}")
	return nil
}

// object has members of these names; those that are needed, it must have.
func object(known shapes, needed ...string) shape {
	return func(w *writer, v strictjson.Value) error {
		for _, name := range needed {
			if _, ok := v.Get(name); !ok && v.Kind() == strictjson.Object {
				return refuse("member " + name + " is missing")
			}
		}
		return w.members(v, func(name string) (shape, *request.Error) {
			if read := known[name]; read != nil {
				return read, nil
			}
			return nil, refuse("is not supported")
		})
	}
}

// perName has members of any names that check lets through, all of one shape.
func perName(check func(string) *request.Error, each shape) shape {
	return func(w *writer, v strictjson.Value) error {
		return w.members(v, func(name string) (shape, *request.Error) { return each, check(name) })
	}
}

// perField has one member of the name of a field, and settings beside it.
func perField(each shape, settings shapes) shape {
	return func(w *writer, v strictjson.Value) error {
		fields := 0
		err := w.members(v, func(name string) (shape, *request.Error) {
			if read := settings[name]; read != nil {
				return read, nil
			}
			if fields++; fields > 1 {
				return nil, refuse("want one field")
			}
			return each, checkField(name)
		})
		if err == nil && fields == 0 {
			return refuse("want the name of a field")
		}
		return err
	}
}

// short is a scalar, or an object that has it as a member beside settings.
func short(main string, settings shapes) shape {
	long := object(settings.and(main, scalar), main)
	return func(w *writer, v strictjson.Value) error {
		if v.Kind() == strictjson.Object {
			return long(w, v)
		}
		return scalar(w, v)
	}
}

// within is a shape in which there are no knn clauses.
func within(inner shape) shape {
	return func(w *writer, v strictjson.Value) error {
		was := w.inside
		w.inside = true
		err := inner(w, v)
		w.inside = was
		return err
	}
}
