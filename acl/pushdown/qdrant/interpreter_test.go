package qdrant_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	"github.com/tokenacl/tokenacl/acl/pushdown/qdrant"
)

type object = map[string]any

// matches answers the filters of this package as Qdrant documents them, for one
// payload. What it does not know is an error.
func matches(filter any, payload any) (bool, error) {
	f, ok := filter.(object)
	if !ok {
		return false, fmt.Errorf("no filter: %T", filter)
	}
	yes := true
	for name, list := range f {
		conditions, ok := list.([]any)
		if !ok || len(conditions) == 0 {
			return false, fmt.Errorf("%s of %T", name, list)
		}
		for _, c := range conditions {
			matches, err := condition(c.(object), payload)
			if err != nil {
				return false, err
			}
			switch name {
			case "must":
				yes = yes && matches
			case "must_not":
				yes = yes && !matches
			default:
				return false, fmt.Errorf("unknown member %q", name)
			}
		}
	}
	return yes, nil
}

func condition(c object, payload any) (bool, error) {
	if key, ok := c["key"].(string); ok && len(c) == 2 {
		match := c["match"].(object)
		if len(match) != 1 {
			return false, errors.New("match of several")
		}
		if value, ok := match["value"]; ok {
			return at(payload, key) == value, nil
		}
		wanted, ok := match["any"].(map[any]bool)
		values, _ := at(payload, key).([]any)
		if !ok || len(wanted) == 0 {
			return false, errors.New("match of nothing")
		}
		return slices.ContainsFunc(values, func(v any) bool { return wanted[v] }), nil
	}
	if nested, ok := c["nested"].(object); ok && len(c) == 1 && len(nested) == 2 {
		elements, _ := at(payload, nested["key"].(string)).([]any)
		for _, e := range elements {
			if yes, err := matches(nested["filter"], e); err != nil || yes {
				return yes, err
			}
		}
		return false, nil
	}
	if ids, ok := c["has_id"].([]any); ok && len(c) == 1 && len(ids) == 0 {
		return false, nil
	}
	return matches(c, payload)
}

func at(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		o, _ := v.(object)
		v = o[name]
	}
	return v
}

// indexed replaces the lists in a filter by sets.
func indexed(v any) {
	switch v := v.(type) {
	case object:
		if list, ok := v["any"].([]any); ok {
			set := map[any]bool{}
			for _, e := range list {
				set[e] = true
			}
			v["any"] = set
		}
		for _, m := range v {
			indexed(m)
		}
	case []any:
		for _, e := range v {
			indexed(e)
		}
	}
}

// memory is a collection in which the interpreter decides.
type memory struct {
	rules    acl.Rules
	ids      []string
	payloads []any
	change   *strings.Replacer // of filters
}

func (m *memory) Store(r acl.Rules, docs []acltest.Document) error {
	*m = memory{rules: r, change: m.change}
	for _, d := range docs {
		fields, err := qdrant.Fields(d.ACL, r)
		if (err != nil) != (r.Validate(d.ACL) != nil) {
			return err
		}
		text, err := json.Marshal(object{qdrant.Field: fields})
		if err != nil {
			return err
		}
		var payload any
		if err := json.Unmarshal(text, &payload); err != nil {
			return err
		}
		m.ids, m.payloads = append(m.ids, d.ID), append(m.payloads, payload)
	}
	return nil
}

func (m *memory) Search(s acl.Scope) (ids []string, err error) {
	clause, err := qdrant.Filter(s, m.rules, qdrant.Options{})
	if err != nil {
		return nil, err
	}
	text := string(clause.JSON())
	if m.change != nil {
		text = m.change.Replace(text)
	}
	var filter any
	if err := json.Unmarshal([]byte(text), &filter); err != nil {
		return nil, err
	}
	indexed(filter)
	for i, p := range m.payloads {
		yes, err := matches(filter, p)
		if err != nil {
			return nil, err
		}
		if yes {
			ids = append(ids, m.ids[i])
		}
	}
	return ids, nil
}

// The clause decides as acl does, in a model of Qdrant.
//
// Rules P1, P2, A3, A4, A5, A6, A8
func TestKit(t *testing.T) {
	report := acltest.Run(t, &memory{}, acltest.Options{Documents: 1, Callers: 1, RuleSets: []acl.Rules{{DenyOnlyEveryone: true, MissingGroupsMeanNone: true}, {AnyLevel: true, Fold: true}}})
	if report.RuleSets != 3 || report.Decisions < 3*850*160 {
		t.Errorf("only %v", report)
	}
}

// Levels are asked of whatever does not say that it has none.
//
// Rules P1, G1
func TestUnknownKind(t *testing.T) {
	for kind, want := range map[string]int{`"kind":"list",`: 1, `"kind":"hierarchy",`: 0, `"kind":"x",`: 0, `"kind":null,`: 0, ``: 0} {
		var payload any
		if err := json.Unmarshal([]byte(`{"tokenacl":{`+kind+`"allow":["*"],"levels":[{"allow":["gboard"]}],"deny":[]}}`), &payload); err != nil {
			t.Fatal(err)
		}
		m := &memory{ids: []string{"a"}, payloads: []any{payload}}
		if found, err := m.Search(acl.Guest()); len(found) != want || err != nil {
			t.Errorf("%s found %v, %v", kind, found, err)
		}
	}
}

// The kit sees each part of the clause that is missing.
//
// Rule P1
func TestKitCanFail(t *testing.T) {
	for name, change := range map[string]*strings.Replacer{
		"no denials":    strings.NewReplacer("tokenacl.deny", "tokenacl.none"),
		"no levels":     strings.NewReplacer("tokenacl.levels", "tokenacl.none"),
		"no kind":       strings.NewReplacer(`"value":"list"`, `"value":"hierarchy"`),
		"some level":    strings.NewReplacer(`"filter":{"must_not"`, `"filter":{"must"`),
		"first level":   strings.NewReplacer("tokenacl.allow", "tokenacl.first"),
		"public is all": strings.NewReplacer(`"?"`, `"*"`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := acltest.Check(&memory{change: change}, acltest.Options{Documents: 1, Callers: 1, RuleSets: []acl.Rules{}})
			if err == nil || !strings.Contains(err.Error(), "LEAK") && !strings.Contains(err.Error(), "missing") {
				t.Errorf("error %v, want what differs", err)
			}
		})
	}
}
