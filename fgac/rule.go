package fgac

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// rule is the query of one entry of index_permissions (dls).
type rule struct {
	text string
	tree tree
	// Compiled at load, unless it has to be bound to a caller.
	query query
}

// lookupFunc is the type of Options.Lookup.
type lookupFunc = func(index, id, path string) ([]any, error)

// parseRule reads the text of a rule; blank is no rule, and then r is nil.
func parseRule(text string, lookup bool) (*rule, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if len(text) > maxRule {
		return nil, errors.New("is longer than 256 KiB")
	}
	t, err := parseTree(text)
	if err != nil {
		return nil, err
	}
	q, err := compile(&t, lookup)
	if err != nil {
		return nil, err
	}
	r := &rule{text: text, tree: t}
	if !t.hasVariables() && !hasLookup(&t) {
		r.query = q
	}
	return r, nil
}

// bound is a rule for one caller.
type bound struct {
	from  string // the role, and the rule as it has it
	query query
	tree  tree // without variables and lookups
}

func (r *rule) bind(id *identity, lookup lookupFunc) (bound, error) {
	if r.query != nil {
		return bound{query: r.query, tree: r.tree}, nil
	}
	t, err := r.tree.bind(id)
	if err != nil {
		return bound{}, err
	}
	if err := resolve(&t, lookup); err != nil {
		return bound{}, err
	}
	q, err := compile(&t, false)
	return bound{query: q, tree: t}, err
}

var lookupMembers = []string{"index", "id", "path"}

// checkLookup checks the object of a terms lookup.
func checkLookup(t *tree) error {
	if err := members(t, lookupMembers...); err != nil {
		return err
	}
	for _, name := range lookupMembers {
		v, ok := t.get(name)
		if !ok {
			return fmt.Errorf("member %q of the lookup is missing", name)
		}
		if s, err := textValue(v); err != nil || s == "" && v.open == nil {
			return fmt.Errorf("member %q of the lookup is not a string", name)
		}
	}
	return nil
}

// lookupOf returns the object of a terms lookup, if t is the body of one.
func lookupOf(name *tree, body *tree) *tree {
	if name.text != "terms" || body.kind != strictjson.Object {
		return nil
	}
	for i := range body.items {
		if body.items[i].kind == strictjson.Object {
			return &body.items[i]
		}
	}
	return nil
}

func hasLookup(t *tree) bool {
	for i := range t.items {
		if t.kind == strictjson.Object && lookupOf(&t.names[i], &t.items[i]) != nil || hasLookup(&t.items[i]) {
			return true
		}
	}
	return false
}

// resolve replaces each terms lookup by what it finds.
func resolve(t *tree, lookup lookupFunc) error {
	for i := range t.items {
		if t.kind == strictjson.Object {
			if found := lookupOf(&t.names[i], &t.items[i]); found != nil {
				if err := lookUp(found, lookup); err != nil {
					return err
				}
				continue
			}
		}
		if err := resolve(&t.items[i], lookup); err != nil {
			return err
		}
	}
	return nil
}

func lookUp(t *tree, lookup lookupFunc) error {
	if err := checkLookup(t); err != nil {
		return err
	}
	var args [3]string
	for i, name := range lookupMembers {
		v, _ := t.get(name)
		args[i] = v.spelled()
	}
	values, err := lookup(args[0], args[1], args[2])
	if err != nil {
		return errors.New("the lookup failed")
	}
	found, ok := typed(values).([]any)
	if !ok {
		return errors.New("the lookup found a value that is no string, number or boolean")
	}
	*t = valueTree(found)
	return nil
}
