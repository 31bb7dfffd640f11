package acltest_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
)

// memory is an engine that decides by a function.
type memory struct {
	rules acl.Rules
	docs  []acltest.Document
	sees  func(s acl.Scope, a acl.ACL, r acl.Rules) bool
}

func (m *memory) Store(r acl.Rules, docs []acltest.Document) error {
	m.rules, m.docs = r, docs
	return nil
}

func (m *memory) Search(s acl.Scope) (ids []string, err error) {
	for _, d := range m.docs {
		if m.sees(s, d.ACL, m.rules) {
			ids = append(ids, d.ID)
		}
	}
	return ids, nil
}

// plain are the rules, but for the zero ones, under which Decide is fast.
var plain = []acl.Rules{
	{DenyOnlyEveryone: true}, {AnyLevel: true}, {AnyLevel: true, DenyOnlyEveryone: true}, {MissingGroupsMeanNone: true},
	{MissingGroupsMeanNone: true, DenyOnlyEveryone: true}, {MissingGroupsMeanNone: true, AnyLevel: true},
	{MissingGroupsMeanNone: true, AnyLevel: true, DenyOnlyEveryone: true},
}

func decide(s acl.Scope, a acl.ACL, r acl.Rules) bool { return acl.Decide(s, a, r).Allowed }

// The index of package acl passes, under all rules.
//
// Rule P1
func TestIndex(t *testing.T) {
	report := acltest.Run(t, &index{}, acltest.Options{})
	if report.RuleSets != 16 || report.Documents != 15*850+1000 || report.Callers != 15*160+200 || report.Decisions != 15*850*160+1000*200 {
		t.Errorf("compared %v", report)
	}
	if report.Allowed*50 < report.Decisions || report.Allowed*2 > report.Decisions {
		t.Errorf("%d of %d decisions are to admit", report.Allowed, report.Decisions)
	}
}

// index is the engine in process.
type index struct{ *acl.Index }

func (x *index) Store(r acl.Rules, docs []acltest.Document) error {
	x.Index = acl.NewIndex(r)
	for _, d := range docs {
		if err := x.Put(d.ID, d.ACL); (err != nil) != (r.Validate(d.ACL) != nil) {
			return err
		}
	}
	return nil
}

func (x *index) Search(s acl.Scope) ([]string, error) { return slices.Collect(x.View(s).All()), nil }

// An engine that decides by acl passes, and the report counts what was compared.
//
// Rule P1
func TestSound(t *testing.T) {
	report := acltest.Run(t, &memory{sees: decide}, acltest.Options{RuleSets: plain})
	if report.RuleSets != 8 || report.Documents != 7*850+1000 || report.Callers != 7*160+200 || report.Decisions != 7*850*160+1000*200 {
		t.Errorf("compared %v", report)
	}
	big, err := acltest.Check(&memory{sees: decide}, acltest.Options{Documents: 2000, Callers: 500, RuleSets: []acl.Rules{}, Seed: 7})
	if err != nil || big.RuleSets != 1 || big.Decisions != 2000*500 {
		t.Errorf("%v, %v", big, err)
	}
}

// map over the entries of an ACL, level by level.
func change(a acl.ACL, f func(acl.List) acl.List) acl.ACL {
	switch a := a.(type) {
	case acl.List:
		return f(slices.Clone(a))
	case acl.Hierarchy:
		h := make(acl.Hierarchy, len(a))
		for i := range a {
			h[i] = f(slices.Clone(a[i]))
		}
		return h
	}
	return a
}

// Each way in which an engine can be wrong goes red.
//
// Rule P1
func TestBroken(t *testing.T) {
	broken := map[string]func(s acl.Scope, a acl.ACL, r acl.Rules) bool{
		"must_not dropped": func(s acl.Scope, a acl.ACL, r acl.Rules) bool {
			return decide(s, change(a, func(l acl.List) acl.List {
				return slices.DeleteFunc(l, func(e acl.Entry) bool { return e.Access == acl.Deny })
			}), r)
		},
		"terms widened": func(s acl.Scope, a acl.ACL, r acl.Rules) bool {
			r.Fold = true
			return decide(s, a, r)
		},
		"spaces trimmed": func(s acl.Scope, a acl.ACL, r acl.Rules) bool {
			return decide(s, change(a, func(l acl.List) acl.List {
				for i := range l {
					l[i].Name = strings.TrimSpace(l[i].Name)
				}
				return l
			}), r)
		},
		"public forgotten": func(s acl.Scope, a acl.ACL, r acl.Rules) bool { return a != acl.Public() && decide(s, a, r) },
		"public for all":   func(s acl.Scope, a acl.ACL, r acl.Rules) bool { return a == acl.Public() || decide(s, a, r) },
		"levels ORed": func(s acl.Scope, a acl.ACL, r acl.Rules) bool {
			r.AnyLevel = true
			return decide(s, a, r)
		},
		"groups unknown ignored": func(s acl.Scope, a acl.ACL, r acl.Rules) bool {
			r.MissingGroupsMeanNone = true
			return decide(s, a, r)
		},
		"data source ignored": func(s acl.Scope, a acl.ACL, r acl.Rules) bool {
			return decide(s, change(a, func(l acl.List) acl.List {
				for i := range l {
					l[i].DataSourceID = ""
				}
				return l
			}), r)
		},
		"users are groups": func(s acl.Scope, a acl.ACL, r acl.Rules) bool {
			return decide(s, change(a, func(l acl.List) acl.List {
				for i := range l {
					l[i].Type = acl.Group
				}
				return l
			}), r)
		},
		"cut at 100 entries": func(s acl.Scope, a acl.ACL, r acl.Rules) bool {
			return decide(s, change(a, func(l acl.List) acl.List { return l[:min(len(l), 100)] }), r)
		},
		"cut at 20 levels": func(s acl.Scope, a acl.ACL, r acl.Rules) bool {
			if h, ok := a.(acl.Hierarchy); ok {
				a = h[:min(len(h), 20)]
			}
			return decide(s, a, r)
		},
		"further levels of denials alone dropped": func(s acl.Scope, a acl.ACL, r acl.Rules) bool {
			if h, ok := a.(acl.Hierarchy); ok && len(h) > 1 {
				kept := acl.Hierarchy{slices.Clone(h[0])}
				for _, l := range h[1:] {
					if slices.ContainsFunc(l, func(e acl.Entry) bool { return e.Access == acl.Allow }) {
						kept = append(kept, l)
					} else {
						kept[0] = append(kept[0], l...)
					}
				}
				a = kept
			}
			return decide(s, a, r)
		},
		"further levels that match nobody dropped": func(s acl.Scope, a acl.ACL, r acl.Rules) bool {
			if h, ok := a.(acl.Hierarchy); ok && len(h) > 1 {
				a = append(h[:1:1], slices.DeleteFunc(slices.Clone(h[1:]), func(l acl.List) bool {
					return !slices.ContainsFunc(l, func(e acl.Entry) bool { return e.Type == acl.Group || e.DataSourceID == "" })
				})...)
			}
			return decide(s, a, r)
		},
		"zero scope is everything": func(s acl.Scope, a acl.ACL, r acl.Rules) bool {
			return s.String() == "scope(nothing)" || decide(s, a, r)
		},
		"no ACL is public": func(s acl.Scope, a acl.ACL, r acl.Rules) bool { return a == nil || decide(s, a, r) },
		"always no":        func(acl.Scope, acl.ACL, acl.Rules) bool { return false },
		"always yes":       func(acl.Scope, acl.ACL, acl.Rules) bool { return true },
	}
	for name, sees := range broken {
		t.Run(name, func(t *testing.T) {
			report, err := acltest.Check(&memory{sees: sees}, acltest.Options{RuleSets: plain})
			if err == nil {
				t.Fatalf("passed with %v", report)
			}
			t.Log(err)
		})
	}
}

// writing is an engine that turns DENY into ALLOW in the ACLs that it is given,
// level by level.
type writing struct{ memory }

func (w *writing) Store(r acl.Rules, docs []acltest.Document) error {
	for _, d := range docs {
		var levels []acl.List
		switch a := d.ACL.(type) {
		case acl.List:
			levels = []acl.List{a}
		case acl.Hierarchy:
			levels = a
		}
		for _, l := range levels {
			for i := range l {
				l[i].Access = acl.Allow
			}
		}
	}
	return w.memory.Store(r, docs)
}

// What an engine writes into its documents is not what it is held to.
//
// Rules P1, G5
func TestOwnDocuments(t *testing.T) {
	if report, err := acltest.Check(&writing{memory{sees: decide}}, acltest.Options{RuleSets: []acl.Rules{}}); err == nil || !strings.Contains(err.Error(), "LEAK") {
		t.Errorf("passed with %v, %v", report, err)
	}
}

// faulty is an engine whose answer is changed.
type faulty struct {
	memory
	answer func([]string) ([]string, error)
	store  error
}

func (f *faulty) Store(r acl.Rules, docs []acltest.Document) error {
	return errors.Join(f.store, f.memory.Store(r, docs))
}

func (f *faulty) Search(s acl.Scope) ([]string, error) {
	ids, _ := f.memory.Search(s)
	return f.answer(ids)
}

// Rule P1
func TestFaults(t *testing.T) {
	same := func(ids []string) ([]string, error) { return ids, nil }
	for _, tt := range []struct {
		name, want string
		store      error
		answer     func([]string) ([]string, error)
	}{
		{"found twice", "is found 2 times", nil, func(ids []string) ([]string, error) { return append(ids, ids...), nil }},
		{"of before", `"old" is found and was not stored`, nil, func(ids []string) ([]string, error) { return append(ids, "old"), nil }},
		{"cut", "missing: ", nil, func(ids []string) ([]string, error) { return ids[:len(ids)/2], nil }},
		{"search fails", "no server", nil, func([]string) ([]string, error) { return nil, errors.New("no server") }},
		{"store fails", "disk full", errors.New("disk full"), same},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := acltest.Check(&faulty{memory{sees: decide}, tt.answer, tt.store}, acltest.Options{RuleSets: plain})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}
