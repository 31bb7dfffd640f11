package fgac

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// maxClauses bounds a query, as OpenSearch does.
const maxClauses = 1024

// compiler turns a tree into a query. Before variables are bound it accepts one
// wherever some value may stand.
type compiler struct {
	clauses int
	lookup  bool // terms lookups are possible
	request bool // the query is that of a request, in which date math is harmless
}

var errRuleClauses = errors.New("has more than 1024 clauses")

func compile(t *tree, lookup bool) (query, error) {
	return (&compiler{lookup: lookup}).query(t)
}

func (c *compiler) query(t *tree) (query, error) {
	if c.clauses++; c.clauses > maxClauses {
		return nil, errRuleClauses
	}
	name, body, err := single(t, "want an object with one member, the kind of query")
	if err != nil {
		return nil, err
	}
	if name.open != nil {
		return nil, errors.New("a variable stands for the kind of a query")
	}
	read, ok := map[string]func(*tree) (query, error){
		"match_all":    c.constant(matchAll{}),
		"match_none":   c.constant(matchNone{}),
		"exists":       c.exists,
		"ids":          c.ids,
		"term":         c.term,
		"terms":        c.terms,
		"terms_set":    c.termsSet,
		"range":        c.bounds,
		"prefix":       c.prefix,
		"wildcard":     c.wildcard,
		"match":        c.match,
		"match_phrase": c.phrase,
		"bool":         c.boolean,
	}[name.text]
	if !ok {
		return nil, fmt.Errorf("unknown or unsupported query %q", name.text)
	}
	q, err := read(body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name.text, err)
	}
	return q, nil
}

// single returns the only member of an object.
func single(t *tree, otherwise string) (name, value *tree, err error) {
	if t.kind != strictjson.Object || len(t.items) != 1 {
		return nil, nil, errors.New(otherwise)
	}
	return &t.names[0], &t.items[0], nil
}

// members requires that an object has known members alone. boost and _name have
// no effect on which documents match.
func members(t *tree, known ...string) error {
	if t.kind != strictjson.Object {
		return errors.New("want an object, not " + t.kind.String())
	}
	for i := range t.names {
		name := &t.names[i]
		value := &t.items[i]
		switch {
		case name.open != nil:
			return errors.New("a variable stands for the name of a setting")
		case ignorable(name.text, value):
		case !slices.Contains(known, name.text):
			return fmt.Errorf("unknown or unsupported member %q", name.text)
		}
	}
	return nil
}

// These bound the path of a field, in a query and in a document: every object on
// its way is compared with every rule for fields.
const (
	maxPath = 1024 // bytes
	maxDots = 100
)

func longPath(path string) bool {
	return len(path) > maxPath || strings.Count(path, ".") > maxDots
}

// ignorable reports whether a member of a query says nothing about which documents
// match.
func ignorable(name string, value *tree) bool {
	return name == "boost" && (value.kind == strictjson.Number || value.open != nil) || name == "_name" && value.kind == strictjson.String
}

// fieldName checks the name of a field, which may have variables.
func fieldName(t *tree) (string, error) {
	if t.open != nil {
		return "", nil
	}
	switch {
	case t.kind != strictjson.String || t.text == "":
		return "", errors.New("want the name of a field")
	case longPath(t.text):
		return "", errors.New("the name of a field is longer than 1024 bytes, or has more than 100 dots")
	case strings.ContainsAny(t.text, "*?"):
		return "", errors.New("wildcards in the name of a field are not supported")
	case metadata(t.text):
		return "", errors.New("fields of the envelope, such as _id, are not supported")
	}
	return t.text, nil
}

// metadata reports whether OpenSearch has a field of this name in the envelope
// of a document.
func metadata(field string) bool {
	switch field {
	case "_id", "_index", "_source", "_type", "_routing", "_field_names", "_size", "_doc_count", "_ignored", "_nested_path",
		"_seq_no", "_primary_term", "_version", "_tier", "_data_stream_timestamp", "_all", "_uid", "_parent", "_feature":
		return true
	}
	return false
}

// value checks one scalar, which may be a variable.
func value(t *tree) (scalar, error) {
	switch {
	case t.open != nil, t.kind == strictjson.String, t.kind == strictjson.Number, t.kind == strictjson.Bool:
		return scalarOf(t), nil
	}
	return scalar{}, errors.New("want one string, number or boolean, not " + t.kind.String())
}

// textValue checks one string; numbers are taken as they are spelled.
func textValue(t *tree) (string, error) {
	v, err := value(t)
	if err == nil && v.kind == strictjson.Bool {
		err = errors.New("want a string, not boolean")
	}
	return v.text, err
}

// list checks several scalars, any of which may be a variable.
func list(t *tree) ([]scalar, error) {
	if t.open != nil {
		return nil, nil
	}
	if t.kind != strictjson.Array {
		return nil, errors.New("want an array, not " + t.kind.String())
	}
	var all []scalar
	for i := range t.items {
		v, err := value(&t.items[i])
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}
