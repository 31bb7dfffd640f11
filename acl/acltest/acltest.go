// Package acltest is a conformance kit: it shows that an engine's filter gives
// package acl's answer for every document and caller, and says where it does
// not. It is for the packages below acl/pushdown and for anybody's own engine.
package acltest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
)

// Document is a document of the corpus.
type Document struct {
	ID  string // of lower-case letters and digits
	ACL acl.ACL
}

// Engine is what is tested: a store that applies ACLs in its own query.
type Engine interface {
	// Store replaces all documents, and the rules by which they are read.
	Store(r acl.Rules, docs []Document) error
	// Search returns the ids of all stored documents that s sees, in any order.
	Search(s acl.Scope) ([]string, error)
}

// Options say how much is compared. The zero value is enough for an engine in
// process, which is searched 2,600 times.
type Options struct {
	Documents int // in the corpus of the zero Rules; 0 is 1,000, fewer than 850 are 850
	Callers   int // asked of that corpus; 0 is 200, fewer than 160 are 160
	// RuleSets are tried besides the zero Rules, each with the 850 documents and
	// 160 callers that hold the corners. Nil is all that change a decision; for
	// none, give an empty slice.
	RuleSets []acl.Rules
	// Seed makes other documents and callers. The same seed makes the same.
	Seed uint64
	// Without are corners that the engine refuses, as its documentation must say.
	Without []Corner
}

// Report counts what was compared.
type Report struct {
	RuleSets, Documents, Callers int
	Decisions, Allowed           int
	Reasons                      map[acl.Reason]int
}

// String is one line of figures.
func (r Report) String() string {
	return fmt.Sprintf("%d rule sets, %d documents, %d callers: %d decisions, %d allowed",
		r.RuleSets, r.Documents, r.Callers, r.Decisions, r.Allowed)
}

// Run fails t where e decides otherwise than acl does, and logs the [Report].
func Run(t testing.TB, e Engine, o Options) Report {
	t.Helper()
	report, err := Check(e, o)
	if err != nil {
		t.Error(err)
	}
	t.Log(report)
	return report
}

// Check compares e with acl.Decide. Its error lists the first decisions that
// differ, or says that too little was compared to tell.
func Check(e Engine, o Options) (Report, error) {
	rules := o.RuleSets
	if rules == nil {
		rules = allRules()
	}
	report := Report{Reasons: map[acl.Reason]int{}}
	big := newCorpus(o, max(cmp.Or(o.Documents, 1000), minDocuments), max(cmp.Or(o.Callers, 200), minCallers))
	small := newCorpus(o, minDocuments, minCallers)
	if err := report.compare(e, acl.Rules{}, big); err != nil {
		return report, err
	}
	for _, r := range rules {
		if err := report.compare(e, r, small); err != nil {
			return report, err
		}
	}
	return report, report.enough()
}

// allRules are the rule sets that change a decision, but for the zero one.
func allRules() []acl.Rules {
	var all []acl.Rules
	for i := 1; i < 16; i++ {
		all = append(all, acl.Rules{
			DenyOnlyEveryone: i&1 != 0, AnyLevel: i&2 != 0, Fold: i&4 != 0, MissingGroupsMeanNone: i&8 != 0,
		})
	}
	return all
}

// compare asks e for every caller of c and holds the answer to acl's.
func (report *Report) compare(e Engine, rules acl.Rules, c corpus) error {
	r := rules
	if err := e.Store(r, c.copies()); err != nil {
		return fmt.Errorf("acltest: Store of %d documents under %+v: %w", len(c.documents), r, err)
	}
	report.RuleSets++
	report.Documents += len(c.documents)
	oracle := c
	if r.Fold {
		// Decide folds a caller's names for each document. Folded once, they and
		// their decisions are the same, 100 times sooner.
		oracle, r = c.fold(r), acl.Rules{DenyOnlyEveryone: r.DenyOnlyEveryone, AnyLevel: r.AnyLevel, MissingGroupsMeanNone: r.MissingGroupsMeanNone}
	}
	for i, s := range c.callers {
		got, err := e.Search(s.scope)
		if err != nil {
			return fmt.Errorf("acltest: Search for %s under %+v: %w", s.what, rules, err)
		}
		report.Callers++
		if err := report.differ(r, oracle.documents, oracle.callers[i], got); err != nil {
			return fmt.Errorf("acltest: for %s under %+v:\n\t%w", s.what, rules, err)
		}
	}
	return nil
}

// maxShown is how many wrong documents an error lists.
const maxShown = 5

func (report *Report) differ(r acl.Rules, documents []Document, s caller, got []string) error {
	found := map[string]int{}
	for _, id := range got {
		found[id]++
	}
	var wrong []string
	for _, d := range documents {
		want := acl.Decide(s.scope, d.ACL, r)
		report.Decisions++
		report.Reasons[want.Reason]++
		if want.Allowed {
			report.Allowed++
		}
		n := found[d.ID]
		delete(found, d.ID)
		switch {
		case n > 1:
			wrong = append(wrong, fmt.Sprintf("%s is found %d times", d.ID, n))
		case n == 1 && !want.Allowed:
			wrong = append(wrong, fmt.Sprintf("LEAK: %s %s is found; %s", d.ID, show(d.ACL), want))
		case n == 0 && want.Allowed:
			wrong = append(wrong, fmt.Sprintf("missing: %s %s is not found; %s", d.ID, show(d.ACL), want))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		wrong = append(wrong, fmt.Sprintf("LEAK: %q is found and was not stored", id))
	}
	if len(wrong) == 0 {
		return nil
	}
	more := ""
	if len(wrong) > maxShown {
		wrong, more = wrong[:maxShown], fmt.Sprintf("\n\tand %d more", len(wrong)-maxShown)
	}
	return errors.New(strings.Join(wrong, "\n\t") + more)
}

// show is an ACL cut to a readable length: names of the corpus are no secrets.
func show(a acl.ACL) string {
	text := fmt.Sprint(a)
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	return text
}

// enough guards against a corpus that would prove nothing: each reason to admit
// and to refuse has decided at least once in a thousand.
func (report *Report) enough() error {
	for _, reason := range []acl.Reason{
		acl.ReasonNobody, acl.ReasonNotAllowed, acl.ReasonDenied, acl.ReasonGroupsUnknown,
		acl.ReasonAllowed, acl.ReasonPublic, acl.ReasonUnrestricted, acl.ReasonNoScope,
	} {
		if n := report.Reasons[reason]; n*1000 < report.Decisions {
			return fmt.Errorf("acltest: %d of %d decisions have reason %d: too few to tell", n, report.Decisions, reason)
		}
	}
	return nil
}
