package fgac

import (
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// Error says what is wrong with a file, an option or a request, and where. It
// quotes names, and no value.
type Error struct {
	File   string // "roles", "roles_mapping", "action_groups", "settings", "options" or "query", the body of a request
	Path   string // JSON pointer (RFC 6901) to the value, whether it is JSON or YAML; "" is the whole
	Reason string
}

// Error returns a text such as "fgac: roles: /reader/index_permissions/0/dls:
// unknown query "script"; …".
func (e *Error) Error() string {
	s := "fgac: " + e.File
	if e.Path != "" {
		s += ": " + e.Path
	}
	return s + ": " + e.Reason
}

// place is a value of a file, and where it stands.
type place struct {
	strictjson.Value
	file, path string
}

func (p place) fail(reason string) error { return &Error{p.file, p.path, reason} }

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

func (p place) member(name string, v strictjson.Value) place {
	return place{v, p.file, p.path + "/" + escapePointer.Replace(name)}
}

func (p place) element(i int, v strictjson.Value) place {
	return place{v, p.file, p.path + "/" + strconv.Itoa(i)}
}

func (p place) null() bool { return p.Kind() == strictjson.Null }

// object reads an object whose members are all known.
func (p place) object(known map[string]func(place) error) error {
	if p.Kind() != strictjson.Object {
		return p.fail("want an object, not " + p.Kind().String())
	}
	for name, v := range p.Members() {
		at := p.member(name, v)
		read, ok := known[name]
		if !ok {
			return at.fail("unknown member; check its spelling, names are exact")
		}
		if err := read(at); err != nil {
			return err
		}
	}
	return nil
}

// list reads an array, or null, which is none.
func (p place) list(read func(place) error) error {
	if p.null() {
		return nil
	}
	if p.Kind() != strictjson.Array {
		return p.fail("want an array, not " + p.Kind().String())
	}
	i := 0
	for v := range p.Elements() {
		if err := read(p.element(i, v)); err != nil {
			return err
		}
		i++
	}
	return nil
}

// text reads a string, or null, which is the empty one.
func text(to *string) func(place) error {
	return func(p place) error {
		s, ok := p.Str()
		if !ok && !p.null() {
			return p.fail("want a string, not " + p.Kind().String() + "; in YAML, quote it")
		}
		*to = s
		return nil
	}
}

func flag(p place) error {
	if _, ok := p.Bool(); !ok && !p.null() {
		return p.fail("want true or false, not " + p.Kind().String())
	}
	return nil
}

// texts reads an array of strings, none of them blank.
func texts(to *[]string) func(place) error {
	return func(p place) error {
		return p.list(func(p place) error {
			s, ok := p.Str()
			switch {
			case !ok:
				return p.fail("want a string, not " + p.Kind().String() + "; in YAML, quote it")
			case strings.TrimSpace(s) == "":
				return p.fail("is blank and matches nothing; remove it")
			}
			*to = append(*to, s)
			return nil
		})
	}
}

// matchers reads an array of patterns.
func matchers(to *patterns) func(place) error {
	return func(p place) error {
		return p.list(func(p place) error {
			var one []string
			s, ok := p.Str()
			if !ok || strings.TrimSpace(s) == "" {
				return texts(&one)(place{p.Value, p.file, p.path})
			}
			if err := to.add(s); err != nil {
				return p.fail(err.Error())
			}
			return nil
		})
	}
}
