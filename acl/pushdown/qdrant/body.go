package qdrant

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/tokenacl/tokenacl/acl/pushdown/internal/request"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// Error says what of a request or of a collection is refused, and where. It
// quotes no value.
type Error struct {
	Path   string // JSON pointer (RFC 6901) to the value; "" is the whole
	Reason string
}

func (e *Error) Error() string {
	if e.Path == "" {
		return "qdrant: " + e.Reason
	}
	return "qdrant: " + e.Path + ": " + e.Reason
}

// public makes the Error of this package of the one that says where.
func public(err error) error {
	var e *request.Error
	if errors.As(err, &e) {
		return (*Error)(e)
	}
	return err
}

// The words of package request, without its name.
type check = request.Check

var (
	refuse, at               = request.Refuse, request.At
	number, text, flag, free = request.Number, request.Text, request.Flag, request.Any
	list, members            = request.List, request.Members
)

// maxPrefetch bounds how often a request holds the clause.
const maxPrefetch = 8

// Query returns the filter for points that f and user match. user is a filter,
// JSON, of those that [Body] takes. What is refused is an [*Error].
func Query(f Clause, user []byte) ([]byte, error) {
	v, err := request.Parse(user)
	if err != nil {
		return nil, public(err)
	}
	if err := checkFilter(v); err != nil {
		return nil, public(err)
	}
	return filtered(f, v), nil
}

// filtered has both filters under must, each in one piece.
func filtered(f Clause, user strictjson.Value) json.RawMessage {
	if user.Len() == 0 { // none, or one that asks nothing
		return f.filter()
	}
	return f.And(newClause([]byte(user.Raw()), false)).filter()
}

// Body returns the body of POST /collections/{name}/points/query that finds what
// f matches and nothing else. user is the body that a caller sent: strict JSON of
// at most 1 MiB, an object. Whatever is not listed here is refused, with an
// [*Error] that names the place. A body of more than 32 MiB is [ErrLimit].
//
//   - Members: query, using, prefetch (at most 8, each of which gets f), filter,
//     params but idf, score_threshold, limit, offset, with_payload, with_vector.
//   - Queries: a vector, dense, sparse or of several; nearest to one, with mmr;
//     fusion, rrf, order_by, sample. The id of a point is none: it may be hidden.
//   - Conditions: key with match, range, geo_bounding_box, geo_radius, geo_polygon,
//     values_count, is_empty or is_null; is_empty, is_null, has_id, has_vector,
//     nested, and filters.
//
// Keys are not our own, [Field]. What the hits have of that says Options.Verify.
func Body(f Clause, user []byte) ([]byte, error) {
	v, err := request.Parse(user)
	if err != nil {
		return nil, public(err)
	}
	prefetches := maxPrefetch
	out, err := search(f, v, rootMembers, &prefetches)
	if err != nil {
		return nil, public(err)
	}
	payload, _ := v.Get("with_payload")
	if out["with_payload"], err = withPayload(f, payload); err != nil {
		return nil, public(at("with_payload", err))
	}
	text := encode(out)
	if len(text) > maxBytes {
		return nil, fmt.Errorf("%w: a request of %d bytes, want at most %d", ErrLimit, len(text), maxBytes)
	}
	return text, nil
}

// search is a query or a prefetch with the filter in it.
func search(f Clause, v strictjson.Value, members map[string]check, prefetches *int) (map[string]json.RawMessage, error) {
	if v.Kind() != strictjson.Object {
		return nil, refuse("want an object, not " + v.Kind().String())
	}
	out := map[string]json.RawMessage{}
	for name, m := range v.Members() {
		switch check := members[name]; {
		case name == "prefetch":
			inner, err := prefetch(f, m, prefetches)
			if err != nil {
				return nil, at(name, err)
			}
			out[name] = inner
		case check == nil:
			return nil, at(name, refuse("is not supported"))
		default:
			if err := check(m); err != nil {
				return nil, at(name, err)
			}
			out[name] = json.RawMessage(m.Raw())
		}
	}
	filter, _ := v.Get("filter")
	out["filter"] = filtered(f, filter)
	return out, nil
}

func prefetch(f Clause, v strictjson.Value, prefetches *int) (json.RawMessage, error) {
	if v.Kind() == strictjson.Object {
		if *prefetches--; *prefetches < 0 {
			return nil, refuse("too many; want 8 or fewer")
		}
		out, err := search(f, v, prefetchMembers, prefetches)
		return encode(out), err
	}
	if v.Kind() != strictjson.Array {
		return nil, refuse("want an object or an array, not " + v.Kind().String())
	}
	list := []json.RawMessage{}
	for e := range v.Elements() {
		if e.Kind() != strictjson.Object {
			return nil, at(strconv.Itoa(len(list)), refuse("want an object, not "+e.Kind().String()))
		}
		one, err := prefetch(f, e, prefetches)
		if err != nil {
			return nil, at(strconv.Itoa(len(list)), err)
		}
		list = append(list, one)
	}
	return encode(list), nil
}

// withPayload leaves our member out, or asks for it.
func withPayload(f Clause, v strictjson.Value) (json.RawMessage, error) {
	names, exclude := v, false
	switch v.Kind() {
	case strictjson.Invalid, strictjson.Bool:
		all, _ := v.Bool()
		switch {
		case all && f.verify():
			return encode(true), nil
		case all:
			return encode(object{"exclude": []string{Field}}), nil
		}
		names = strictjson.Value{}
	case strictjson.Object:
		var given bool
		if names, given = v.Get("include"); !given {
			names, exclude = v.Get("exclude")
		}
		if v.Len() != 1 || names.Kind() != strictjson.Array {
			return nil, refuse("want include or exclude, an array of names")
		}
	case strictjson.Array:
	default:
		return nil, refuse("want a boolean, an array or an object, not " + v.Kind().String())
	}
	if names.Kind() != strictjson.Invalid {
		if err := list(key)(names); err != nil {
			return nil, err
		}
	}
	var texts []string
	for e := range names.Elements() {
		text, _ := e.Str()
		texts = append(texts, text)
	}
	if exclude != f.verify() { // exclude and hide it, or include and ask for it
		texts = append(texts, Field)
	}
	switch {
	case exclude && len(texts) == 0:
		return encode(true), nil
	case exclude:
		return encode(object{"exclude": texts}), nil
	case len(texts) == 0:
		return encode(false), nil
	}
	return encode(object{"include": texts}), nil
}
