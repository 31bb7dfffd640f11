package fgac

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// atom is a word or a phrase of a query string.
type atom struct {
	field  string // "" stands for the default ones
	text   string
	phrase bool
	not    bool
}

// queryString turns a query_string into match queries, each of which is then
// restricted. Its own syntax goes to no engine: there it can name any field.
func (r *rewriter) queryString(t *tree, path string) (tree, error) {
	known := settings{"query": textSetting, "default_field": textSetting, "default_operator": textSetting, "fields": func(*tree) string { return "" }}
	if err := checkSettings(t, path, known); err != nil {
		return tree{}, err
	}
	fields, err := r.defaults(t, path)
	if err != nil {
		return tree{}, err
	}
	text, ok := t.get("query")
	if !ok {
		return tree{}, refuse(path, `member "query" is missing`)
	}
	and := false
	if operator, ok := t.get("default_operator"); ok {
		switch strings.ToLower(operator.text) {
		case "and":
			and = true
		case "or":
		default:
			return tree{}, refuse(r.at(path, "default_operator"), "want and or or")
		}
	}
	atoms, and, problem := parseQueryString(text.text, and)
	at := r.at(path, "query")
	if problem != "" {
		return tree{}, refuse(at, problem)
	}
	return r.atoms(atoms, and, fields, at)
}

// defaults returns the fields of words without one.
func (r *rewriter) defaults(t *tree, path string) ([]string, error) {
	list := tree{}
	at := r.at(path, "fields")
	if one, ok := t.get("default_field"); ok {
		list, at = listTree(*one), path+"/default_field"
	}
	if several, ok := t.get("fields"); ok {
		if len(list.items) > 0 || several.kind != strictjson.Array {
			return nil, refuse(at, "want an array of names, or default_field")
		}
		list = *several
	}
	var fields []string
	for i := range list.items {
		field, err := fieldName(&list.items[i])
		if err == nil && strings.Contains(field, "^") {
			return nil, refuse(at+"/"+strconv.Itoa(i), "boosts are not supported")
		}
		if err != nil {
			return nil, refuse(at, err.Error())
		}
		fields = append(fields, field)
	}
	return fields, nil
}

func (r *rewriter) atoms(atoms []atom, and bool, fields []string, path string) (tree, error) {
	var must, not, should []tree
	for _, a := range atoms {
		over := fields
		if a.field != "" {
			over = []string{a.field}
		}
		if len(over) == 0 {
			return tree{}, refuse(path, "a word has no field; give it one, or set default_field or fields")
		}
		var clauses []tree
		for _, field := range over {
			if r.clauses++; r.clauses > maxClauses {
				return tree{}, refuse(path, errRuleClauses.Error())
			}
			if _, err := fieldName(&tree{kind: strictjson.String, text: field}); err != nil {
				return tree{}, refuse(path, err.Error())
			}
			clauses = append(clauses, r.restrict(a.clause(field), field))
		}
		clause := anyTree(clauses...)
		switch {
		case a.not:
			not = append(not, clause)
		case and:
			must = append(must, clause)
		default:
			should = append(should, clause)
		}
	}
	b := objectTree()
	for i, list := range [][]tree{must, not, should} {
		if len(list) > 0 {
			name := []string{"must", "must_not", "should"}[i]
			b.names, b.items = append(b.names, textTree(name)), append(b.items, listTree(list...))
		}
	}
	return objectTree("bool", b), nil
}

func (a *atom) clause(field string) tree {
	if a.phrase {
		return objectTree("match_phrase", objectTree(field, textTree(a.text)))
	}
	return objectTree("match", objectTree(field, textTree(a.text)))
}

// parseQueryString reads words, phrases and the operators between them.
func parseQueryString(s string, and bool) (atoms []atom, conjunction bool, problem string) {
	const syntax = "only words and \"phrases\", with field: before them, AND, OR and NOT are supported"
	operators := map[string]bool{}
	pending := ""
	not := false
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		token, rest, ok := nextToken(s)
		if !ok {
			return nil, false, syntax
		}
		s = rest
		switch token {
		case "AND", "OR":
			if len(atoms) == 0 || pending != "" || not {
				return nil, false, syntax
			}
			pending = token
			continue
		case "NOT":
			if not {
				return nil, false, syntax
			}
			not = true
			continue
		}
		a, ok := parseAtom(token)
		if !ok {
			return nil, false, syntax
		}
		if len(atoms) > 0 {
			if pending == "" {
				pending = map[bool]string{true: "AND", false: "OR"}[and]
			}
			operators[pending] = true
		}
		a.not = not
		atoms, pending, not = append(atoms, a), "", false
	}
	switch {
	case pending != "" || not || len(atoms) == 0:
		return nil, false, syntax
	case len(operators) == 2:
		return nil, false, "AND and OR in one query are not supported; use bool"
	case len(operators) == 1:
		and = operators["AND"]
	}
	return atoms, and, ""
}

// nextToken returns what stands before the next white space outside of quotes.
func nextToken(s string) (token, rest string, ok bool) {
	quoted := false
	for i, c := range s {
		switch {
		case c == '"':
			quoted = !quoted
		case !quoted && strings.ContainsRune(" \t\r\n", c):
			return s[:i], s[i:], true
		}
	}
	return s, "", !quoted
}

func parseAtom(token string) (atom, bool) {
	var a atom
	text := token
	if field, after, ok := strings.Cut(token, ":"); ok && !strings.Contains(field, `"`) {
		a.field, text = field, after
		if !plainWord(field) {
			return a, false
		}
	}
	if inner, ok := strings.CutPrefix(text, `"`); ok {
		inner, ok = strings.CutSuffix(inner, `"`)
		a.text, a.phrase = inner, true
		return a, ok && inner != "" && !strings.ContainsAny(inner, `"\`)
	}
	a.text = text
	return a, plainWord(text) && !slices.Contains([]string{"AND", "OR", "NOT"}, text)
}

// plainWord reports whether a word has no character with a meaning in a query
// string; a hyphen or a dot inside of it has none.
func plainWord(s string) bool {
	return s != "" && s[0] != '-' && !strings.ContainsAny(s, `+=&|><!(){}[]^"~*?:\/`)
}
