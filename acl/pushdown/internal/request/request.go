// Package request reads the JSON that callers of an engine send, and says where
// it is refused. What an engine takes is the business of its package.
package request

import (
	"errors"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// Error is what is refused, and where. Each engine's package has an Error of the
// same members, which it makes of this one. It quotes no value.
type Error struct {
	Path   string // JSON pointer (RFC 6901) to the value; "" is the whole
	Reason string
}

func (e *Error) Error() string { return e.Path + ": " + e.Reason }

// Refuse returns an Error about the value at hand.
func Refuse(reason string) *Error { return &Error{Reason: reason} }

var escape = strings.NewReplacer("~", "~0", "/", "~1")

// At adds the name of a member to the path of err. Only errors cost a path.
func At(name string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return &Error{"/" + escape.Replace(name) + e.Path, e.Reason}
	}
	return err
}

// Parse reads what a caller sent: at most 1 MiB and 64 levels.
func Parse(text []byte) (strictjson.Value, error) {
	return parse(text, strictjson.Limits{Bytes: 1 << 20, Depth: 64})
}

// ParseStored reads what an engine answered about its index: at most 64 MiB and
// 128 levels.
func ParseStored(text []byte) (strictjson.Value, error) {
	return parse(text, strictjson.Limits{Bytes: 64 << 20, Depth: 128})
}

func parse(text []byte, limits strictjson.Limits) (strictjson.Value, error) {
	v, err := strictjson.Parse(text, limits)
	if err != nil {
		return v, Refuse("is not strict JSON: " + err.Error())
	}
	return v, nil
}

// Check refuses what an engine may not be asked.
type Check func(strictjson.Value) error

// Any refuses nothing: the value is the engine's to judge.
func Any(strictjson.Value) error { return nil }

// Checks of one kind of value.
var (
	Number = kind(strictjson.Number)
	Text   = kind(strictjson.String)
	Flag   = kind(strictjson.Bool)
)

func kind(k strictjson.Kind) Check {
	return func(v strictjson.Value) error {
		if v.Kind() != k {
			return Refuse("want " + k.String() + ", not " + v.Kind().String())
		}
		return nil
	}
}

// List is an array of what each takes.
func List(each Check) Check {
	return func(v strictjson.Value) error {
		if v.Kind() != strictjson.Array {
			return Refuse("want an array, not " + v.Kind().String())
		}
		i := 0
		for e := range v.Elements() {
			if err := each(e); err != nil {
				return At(strconv.Itoa(i), err)
			}
			i++
		}
		return nil
	}
}

// Members is an object with these members and no others.
func Members(known map[string]Check) Check {
	return members(func(name string) Check { return known[name] })
}

// Each is an object with members of any names.
func Each(each Check) Check { return members(func(string) Check { return each }) }

// members is an object; pick returns nil for a member that is refused.
func members(pick func(name string) Check) Check {
	return func(v strictjson.Value) error {
		if v.Kind() != strictjson.Object {
			return Refuse("want an object, not " + v.Kind().String())
		}
		for name, member := range v.Members() {
			check := pick(name)
			if check == nil {
				return At(name, Refuse("is not supported"))
			}
			if err := check(member); err != nil {
				return At(name, err)
			}
		}
		return nil
	}
}
