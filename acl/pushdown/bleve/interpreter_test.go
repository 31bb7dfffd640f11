package bleve_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	"github.com/tokenacl/tokenacl/acl/pushdown/bleve"
)

// interpreter answers the queries of this package as Bleve does, one document
// at a time. What it does not know is an error.
type interpreter struct{}

func (in interpreter) matches(query any, doc map[string]any) (bool, error) {
	body, ok := query.(map[string]any)
	if !ok {
		return false, fmt.Errorf("no query: %T", query)
	}
	switch {
	case body["match_all"] != nil && len(body) == 1:
		return true, nil
	case body["match_none"] != nil && len(body) == 1:
		return false, nil
	case body["match"] != nil && body["analyzer"] == "simple" && len(body) == 3:
		return in.match(body, doc)
	case body["term"] != nil && len(body) == 2:
		stored, _ := doc[body["field"].(string)].([]any) // of the analyzer keyword
		return slices.Contains(stored, body["term"]), nil
	case body["conjuncts"] != nil && len(body) == 1:
		n, matching, err := in.count(body["conjuncts"], doc)
		return n > 0 && n == matching, err
	case body["disjuncts"] != nil && len(body) == 1:
		_, matching, err := in.count(body["disjuncts"], doc)
		return matching > 0, err
	}
	return in.boolean(body, doc)
}

func (in interpreter) count(queries any, doc map[string]any) (all, matching int, err error) {
	list, ok := queries.([]any)
	if !ok || len(list) == 0 {
		return 0, 0, errors.New("want queries") // Bleve takes none for no must
	}
	for _, q := range list {
		yes, err := in.matches(q, doc)
		if err != nil {
			return 0, 0, err
		}
		if yes {
			matching++
		}
	}
	return len(list), matching, nil
}

func (in interpreter) boolean(body, doc map[string]any) (bool, error) {
	known := 0
	for _, name := range []string{"must", "filter", "must_not"} {
		q, given := body[name]
		if !given {
			continue
		}
		known++
		if yes, err := in.matches(q, doc); err != nil || yes == (name == "must_not") {
			return false, err
		}
	}
	if known == 0 || known < len(body) {
		return false, fmt.Errorf("%d of %d members known", known, len(body))
	}
	return true, nil
}

// takeApart replaces texts in a query by their words, as the analyzer simple
// finds them.
func takeApart(query any) {
	switch q := query.(type) {
	case map[string]any:
		if text, ok := q["match"].(string); ok {
			words := map[string]bool{}
			for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r < 'a' || r > 'z' }) {
				words[w] = true
			}
			q["match"] = words
		}
		for _, v := range q {
			takeApart(v)
		}
	case []any:
		for _, v := range q {
			takeApart(v)
		}
	}
}

func (in interpreter) match(body, doc map[string]any) (bool, error) {
	wanted := body["match"].(map[string]bool)
	if len(wanted) == 0 {
		return false, errors.New("match of nothing")
	}
	stored, _ := doc[body["field"].(string)].(string)
	for w := range strings.FieldsSeq(stored) {
		if wanted[w] {
			return true, nil
		}
	}
	return false, nil
}

// flatten names the members of an object by their paths.
func flatten(path string, object map[string]any) map[string]any {
	flat := map[string]any{}
	for name, v := range object {
		flat[path+"."+name] = v
	}
	return flat
}

// memory is an index in which the interpreter decides.
type memory struct {
	rules  acl.Rules
	ids    []string
	docs   []map[string]any
	change *strings.Replacer // of queries
}

func (m *memory) Store(r acl.Rules, docs []acltest.Document) error {
	*m = memory{rules: r, change: m.change}
	for _, d := range docs {
		fields, err := bleve.Fields(d.ACL, r, bleve.Options{})
		if (err != nil) != (r.Validate(d.ACL) != nil) {
			return err
		}
		text, err := json.Marshal(fields)
		if err != nil {
			return err
		}
		var stored map[string]any
		if err := json.Unmarshal(text, &stored); err != nil {
			return err
		}
		m.ids, m.docs = append(m.ids, d.ID), append(m.docs, flatten(bleve.Field, stored))
	}
	return nil
}

func (m *memory) Search(s acl.Scope) (ids []string, err error) {
	clause, err := bleve.Filter(s, m.rules, bleve.Options{})
	if err != nil {
		return nil, err
	}
	text := string(clause.JSON())
	if m.change != nil {
		text = m.change.Replace(text)
	}
	var query any
	if err := json.Unmarshal([]byte(text), &query); err != nil {
		return nil, err
	}
	in := interpreter{}
	takeApart(query)
	for i, doc := range m.docs {
		yes, err := in.matches(query, doc)
		if err != nil {
			return nil, err
		}
		if yes {
			ids = append(ids, m.ids[i])
		}
	}
	return ids, nil
}

// The clause decides as acl does, in a model of Bleve.
//
// Rules P1, P2, A3, A4, A5, A6, A8
func TestKit(t *testing.T) {
	report := acltest.Run(t, &memory{}, acltest.Options{Documents: 1, Callers: 1, RuleSets: []acl.Rules{{DenyOnlyEveryone: true, AnyLevel: true}}})
	if report.RuleSets != 2 || report.Decisions < 2*850*160 {
		t.Errorf("only %v", report)
	}
}

// The kit sees each part of the clause that is missing.
//
// Rule P1
func TestKitCanFail(t *testing.T) {
	for name, change := range map[string]*strings.Replacer{
		"no denials":    strings.NewReplacer("tokenacl.deny", "tokenacl.none"),
		"no levels":     strings.NewReplacer("tokenacl.levels", "tokenacl.none"),
		"second level":  strings.NewReplacer(`"tokenacl.levels","term":"1"`, `"tokenacl.none","term":"1"`),
		"last level":    strings.NewReplacer(`"tokenacl.levels","term":"29"`, `"tokenacl.none","term":"29"`),
		"first level":   strings.NewReplacer("tokenacl.allow", "tokenacl.first"),
		"public is all": strings.NewReplacer(`"match":"ck`, `"match":"dp ck`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := acltest.Check(&memory{change: change}, acltest.Options{Documents: 1, Callers: 1, RuleSets: []acl.Rules{}})
			if err == nil || !strings.Contains(err.Error(), "LEAK") && !strings.Contains(err.Error(), "missing") {
				t.Errorf("error %v, want what differs", err)
			}
		})
	}
}
