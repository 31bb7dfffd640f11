package opensearch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
)

// interpreter answers the queries of this package as OpenSearch documents them,
// one document at a time. What it does not know is an error.
type interpreter struct {
	lookup map[string]map[string]any // documents of the index "principals"
	sets   map[string]map[string]bool
}

func (in *interpreter) matches(query any, doc map[string]any) (bool, error) {
	kinds, ok := query.(map[string]any)
	if !ok || len(kinds) != 1 {
		return false, fmt.Errorf("no query: %v", query)
	}
	for kind, body := range kinds {
		body, ok := body.(map[string]any)
		if !ok {
			return false, fmt.Errorf("%s of %T", kind, body)
		}
		switch kind {
		case "match_all":
			return true, nil
		case "match_none":
			return false, nil
		case "bool":
			return in.boolean(body, doc)
		case "terms":
			return in.terms(body, doc)
		case "nested":
			return in.nested(body, doc)
		}
	}
	return false, fmt.Errorf("unknown query %v", kinds)
}

func (in *interpreter) count(clauses any, doc map[string]any) (all, matching int, err error) {
	list, ok := clauses.([]any)
	if clauses != nil && !ok {
		return 0, 0, errors.New("clauses are no array")
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

// boolean follows Lucene: beside filter or must, should asks nothing unless
// minimum_should_match does; must_not alone is of all documents.
func (in *interpreter) boolean(body, doc map[string]any) (bool, error) {
	yes, asked, should := true, false, 0
	for name, clauses := range body {
		if name == "minimum_should_match" {
			continue
		}
		n, matching, err := in.count(clauses, doc)
		if err != nil {
			return false, err
		}
		switch name {
		case "filter", "must":
			asked, yes = asked || n > 0, yes && n == matching
		case "must_not":
			yes = yes && matching == 0
		case "should":
			should = matching
		default:
			return false, fmt.Errorf("unknown member %s of bool", name)
		}
	}
	least, given := body["minimum_should_match"].(float64)
	if !given && !asked && body["should"] != nil {
		least = 1
	}
	return yes && should >= int(least), nil
}

func (in *interpreter) terms(body, doc map[string]any) (bool, error) {
	for field, list := range body {
		wanted, err := in.set(list)
		if err != nil || len(body) != 1 {
			return false, fmt.Errorf("terms: %w", err)
		}
		stored, _ := doc[field].([]any)
		return slices.ContainsFunc(stored, func(v any) bool { return wanted[v.(string)] }), nil
	}
	return false, errors.New("terms without a field")
}

// set makes one of a list, or of what a lookup leads to, once for each list.
func (in *interpreter) set(list any) (map[string]bool, error) {
	if at, ok := list.(map[string]any); ok {
		if at["index"] != "principals" || len(at) != 3 {
			return nil, fmt.Errorf("lookup of %v", at["index"])
		}
		list = in.lookup[at["id"].(string)][at["path"].(string)]
	}
	values, ok := list.([]any)
	if !ok || len(values) > 65536 {
		return nil, fmt.Errorf("%d terms", len(values))
	}
	key := fmt.Sprintf("%p", &values[0])
	if in.sets[key] == nil {
		in.sets[key] = map[string]bool{}
		for _, v := range values {
			in.sets[key][v.(string)] = true
		}
	}
	return in.sets[key], nil
}

// nested matches if the query matches one of the objects below the path.
func (in *interpreter) nested(body, doc map[string]any) (bool, error) {
	path, _ := body["path"].(string)
	if len(body) != 2 || path != "tokenacl.levels" {
		return false, fmt.Errorf("nested %v", body)
	}
	objects, _ := doc[path].([]any)
	for _, o := range objects {
		yes, err := in.matches(body["query"], flatten(path, o.(map[string]any)))
		if err != nil || yes {
			return yes, err
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
	lookup bool
	change *strings.Replacer // of queries
}

func (m *memory) Store(r acl.Rules, docs []acltest.Document) error {
	*m = memory{rules: r, lookup: m.lookup, change: m.change}
	for _, d := range docs {
		fields, err := opensearch.Fields(d.ACL, r)
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
		m.ids, m.docs = append(m.ids, d.ID), append(m.docs, flatten("tokenacl", stored))
	}
	return nil
}

func (m *memory) Search(s acl.Scope) (ids []string, err error) {
	in := interpreter{lookup: map[string]map[string]any{}, sets: map[string]map[string]bool{}}
	o := opensearch.Options{}
	if m.lookup {
		o.Lookup = "principals"
		id, document, err := opensearch.LookupDocument(s, m.rules)
		if err != nil {
			return nil, err
		}
		if id != "" {
			var content map[string]any
			if err := json.Unmarshal(document, &content); err != nil {
				return nil, err
			}
			in.lookup[id] = content
		}
	}
	clause, err := opensearch.Filter(s, m.rules, o)
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

// someRules have each rule in one set at least; package terms tries them all.
var someRules = []acl.Rules{{AnyLevel: true, Fold: true}, {DenyOnlyEveryone: true, MissingGroupsMeanNone: true}}

// The clause decides as acl does, in a model of OpenSearch.
//
// Rules P1, P2, A3, A4, A5, A6, A8
func TestKit(t *testing.T) {
	report := acltest.Run(t, &memory{}, acltest.Options{RuleSets: someRules})
	if report.RuleSets != 3 || report.Decisions < 450_000 {
		t.Errorf("only %v", report)
	}
	report = acltest.Run(t, &memory{lookup: true}, acltest.Options{RuleSets: []acl.Rules{}, Documents: 1, Callers: 1})
	if report.Decisions < 850*160 {
		t.Errorf("only %v with lookups", report)
	}
}

// The kit sees each part of the clause that is missing.
//
// Rule P1
func TestKitCanFail(t *testing.T) {
	for name, change := range map[string]*strings.Replacer{
		"no denials":    strings.NewReplacer("tokenacl.deny", "tokenacl.none"),
		"no levels":     strings.NewReplacer("tokenacl.levels.allow", "tokenacl.levels.none", `"must_not":[{"terms":{"tokenacl.levels`, `"filter":[{"terms":{"tokenacl.levels`),
		"no allow":      strings.NewReplacer(`"filter":[{"terms":{"tokenacl.allow"`, `"should":[{"match_all":{}},{"terms":{"tokenacl.allow"`),
		"some level":    strings.NewReplacer(`"must_not":[{"terms":{"tokenacl.levels`, `"filter":[{"terms":{"tokenacl.levels`, `{"nested"`, `{"bool":{"must_not":[{"nested"`, `}}}}]`, `}}}}]}}]`),
		"first level":   strings.NewReplacer("tokenacl.allow", "tokenacl.first"),
		"public is all": strings.NewReplacer(`"?"`, `"*"`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := acltest.Check(&memory{change: change}, acltest.Options{RuleSets: []acl.Rules{}})
			if err == nil || !strings.Contains(err.Error(), "LEAK") && !strings.Contains(err.Error(), "missing") {
				t.Errorf("error %v, want what differs", err)
			}
		})
	}
}
