package fgac

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

func (c *compiler) constant(q query) func(*tree) (query, error) {
	return func(t *tree) (query, error) { return q, members(t) }
}

func (c *compiler) exists(t *tree) (query, error) {
	if err := members(t, "field"); err != nil {
		return nil, err
	}
	field, ok := t.get("field")
	if !ok {
		return nil, errors.New(`member "field" is missing`)
	}
	name, err := fieldName(field)
	return exists{name}, err
}

func (c *compiler) ids(t *tree) (query, error) {
	if err := members(t, "values"); err != nil {
		return nil, err
	}
	values, ok := t.get("values")
	if !ok {
		return nil, errors.New(`member "values" is missing`)
	}
	all, err := list(values)
	q := ids{}
	for _, v := range all {
		q.values = append(q.values, v.text)
	}
	return q, err
}

// field reads a query about one field: {field: value}, or {field: {member: value,
// …}} with further settings.
func field(t *tree, member string, settings ...string) (name string, main, rest *tree, err error) {
	n, body, err := single(t, "want an object with one member, the name of a field")
	if err != nil {
		return "", nil, nil, err
	}
	if name, err = fieldName(n); err != nil {
		return "", nil, nil, err
	}
	if body.kind != strictjson.Object {
		return name, body, &tree{}, nil
	}
	if err := members(body, append(settings, member)...); err != nil {
		return "", nil, nil, err
	}
	main, ok := body.get(member)
	if !ok {
		return "", nil, nil, fmt.Errorf("member %q is missing", member)
	}
	return name, main, body, nil
}

func (c *compiler) term(t *tree) (query, error) {
	name, main, _, err := field(t, "value")
	if err != nil {
		return nil, err
	}
	v, err := value(main)
	return newTerms(name, []scalar{v}), err
}

// terms reads {field: [values]}, beside which there may be settings.
func (c *compiler) terms(t *tree) (query, error) {
	name, values, err := besides(t)
	if err != nil {
		return nil, err
	}
	if values.kind == strictjson.Object {
		if !c.lookup {
			return nil, errors.New("a terms lookup needs Options.Lookup")
		}
		return terms{field: name}, checkLookup(values)
	}
	all, err := list(values)
	c.clauses += len(all) / 64 // OpenSearch allows 65,536 terms
	return newTerms(name, all), err
}

// besides returns the one member of t that is a field.
func besides(t *tree) (name string, value *tree, err error) {
	only := tree{kind: t.kind}
	for i := range t.names {
		if n := &t.names[i]; n.open == nil && ignorable(n.text, &t.items[i]) {
			continue
		}
		only.names, only.items = append(only.names, t.names[i]), append(only.items, t.items[i])
	}
	n, value, err := single(&only, "want an object with one member, the name of a field")
	if err != nil {
		return "", nil, err
	}
	name, err = fieldName(n)
	return name, value, err
}

func (c *compiler) termsSet(t *tree) (query, error) {
	name, main, rest, err := field(t, "terms", "minimum_should_match_field")
	if err != nil {
		return nil, err
	}
	all, err := list(main)
	if err != nil {
		return nil, err
	}
	count, ok := rest.get("minimum_should_match_field")
	if !ok {
		return nil, errors.New(`member "minimum_should_match_field" is missing; scripts are not supported`)
	}
	counting, err := fieldName(count)
	return termsSet{terms{field: name, values: all}, counting}, err
}

func (c *compiler) bounds(t *tree) (query, error) {
	n, body, err := single(t, "want an object with one member, the name of a field")
	if err != nil {
		return nil, err
	}
	q := bounds{}
	if q.field, err = fieldName(n); err != nil {
		return nil, err
	}
	if err := members(body, "gt", "gte", "lt", "lte"); err != nil {
		return nil, err
	}
	for i := range body.names {
		name := body.names[i].text
		if name == "boost" || name == "_name" {
			continue
		}
		l, err := newLimit(name, &body.items[i], c.request)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		q.limits = append(q.limits, l)
	}
	if len(q.limits) == 0 {
		return nil, errors.New("has no bound")
	}
	return q, nil
}

func newLimit(name string, t *tree, math bool) (limit, error) {
	v, err := value(t)
	if err == nil && v.kind == strictjson.Bool {
		err = errors.New("want a number or a string, not boolean")
	}
	l := limit{value: v, below: name[0] == 'l', inclusive: name[len(name)-1] == 'e'}
	if err != nil || t.open != nil || v.kind != strictjson.String {
		return l, err
	}
	if !math && (strings.HasPrefix(v.text, "now") || strings.Contains(v.text, "||")) {
		return l, errors.New("date math is not allowed in a rule")
	}
	return l, nil
}

func (c *compiler) prefix(t *tree) (query, error) {
	name, main, _, err := field(t, "value")
	if err != nil {
		return nil, err
	}
	text, err := textValue(main)
	if err == nil && text == "" && main.open == nil && !c.request {
		err = errors.New("an empty prefix admits everything that has the field; write exists")
	}
	return prefix{name, text}, err
}

func (c *compiler) wildcard(t *tree) (query, error) {
	name, main, _, err := field(t, "value")
	if err != nil {
		return nil, err
	}
	main.quote = true // for when it is bound
	text, err := textValue(main)
	if err == nil && len(text) > maxWildcard {
		err = errors.New("a pattern has more than 1024 bytes")
	}
	return wild{name, parseWildcard(text)}, err
}

// maxWildcard bounds a pattern, in bytes: a text may be compared with it from each
// of its characters on.
const maxWildcard = 1024

// parseWildcard reads the pattern of a wildcard query, in which a backslash
// escapes.
func parseWildcard(text string) glob {
	var g glob
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			g = append(g, uint16(text[i]))
		case c == '*':
			g = append(g, anyRun)
		case c == '?':
			g = append(g, anyRune)
		default:
			g = append(g, uint16(c))
		}
	}
	return g
}

func (c *compiler) match(t *tree) (query, error) {
	name, main, rest, err := field(t, "query", "operator")
	if err != nil {
		return nil, err
	}
	q, err := c.words(name, main, false)
	if operator, ok := rest.get("operator"); ok && err == nil {
		switch strings.ToLower(operator.text) {
		case "and":
			q.all = true
		case "or":
		default:
			err = errors.New("operator is none of and, or")
		}
	}
	return q, err
}

// words reads what a match or a phrase looks for.
func (c *compiler) words(name string, main *tree, repeated bool) (matchWords, error) {
	v, err := value(main)
	if err != nil {
		return matchWords{}, err
	}
	q := matchWords{field: name, value: v}
	if q.words, err = wordsOf(v.text, repeated); err != nil {
		return q, err
	}
	if len(q.words) == 0 && main.open == nil && !c.request {
		err = errors.New("has no word in it: it matches nothing, and its negation everything")
	}
	return q, err
}

// maxWords bounds the words of a query; a match notes in 64 bits which it saw.
const maxWords = 64

// wordsOf returns the words of a query in lower case, each once unless they may
// be repeated. It reads no further than it has to.
func wordsOf(text string, repeated bool) ([]string, error) {
	var all []string
	for word, rest := nextWord(text); word != ""; word, rest = nextWord(rest) {
		if word = lower(word); !repeated && slices.Contains(all, word) {
			continue
		}
		if len(all) == maxWords {
			return nil, errors.New("has more than 64 words")
		}
		all = append(all, word)
	}
	return all, nil
}

func (c *compiler) phrase(t *tree) (query, error) {
	name, main, _, err := field(t, "query")
	if err != nil {
		return nil, err
	}
	q, err := c.words(name, main, true)
	return phrase(q), err
}

// occurrences are the members of a bool query that have queries in them.
var occurrences = []string{"must", "filter", "must_not", "should"}

func (c *compiler) boolean(t *tree) (query, error) {
	least, err := c.shape(t)
	if err != nil {
		return nil, err
	}
	q := boolean{least: least}
	for i, to := range []*[]query{&q.must, &q.must, &q.mustNot, &q.should} {
		if err := c.list(t, occurrences[i], to); err != nil {
			return nil, fmt.Errorf("%s: %w", occurrences[i], err)
		}
	}
	if len(q.must)+len(q.mustNot)+len(q.should) == 0 {
		return nil, errors.New("has no clause; write match_all")
	}
	if len(q.must) == 0 && len(q.should) > 0 {
		q.least = max(q.least, 1) // without must and filter, one has to match
	}
	return q, nil
}

// shape checks the members of a bool query, and returns minimum_should_match.
func (c *compiler) shape(t *tree) (int, error) {
	if err := members(t, append(occurrences[:4:4], "minimum_should_match")...); err != nil {
		return 0, err
	}
	least, ok := t.get("minimum_should_match")
	if !ok {
		return 0, nil
	}
	v, err := value(least)
	n, err2 := strconv.Atoi(v.text)
	if err != nil || err2 != nil || least.open != nil || digits(v.text) != len(v.text) {
		return 0, errors.New("minimum_should_match is no whole number; percentages are not supported")
	}
	return n, nil
}

// list reads the queries of a clause: an array of them, or one.
func (c *compiler) list(t *tree, name string, to *[]query) error {
	clause, ok := t.get(name)
	if !ok {
		return nil
	}
	each := []tree{*clause}
	if clause.kind == strictjson.Array {
		each = clause.items
	}
	for i := range each {
		q, err := c.query(&each[i])
		if err != nil {
			return err
		}
		*to = append(*to, q)
	}
	return nil
}
