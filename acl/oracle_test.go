package acl_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"pgregory.net/rapid"
)

// asker is a Scope in plain sight.
type asker struct {
	kind string // nothing, guest, principal, restricted, everything
	who  acl.Principal
}

func (a asker) scope() acl.Scope {
	switch a.kind {
	case "guest":
		return acl.Guest()
	case "principal":
		return acl.For(a.who)
	case "restricted":
		return acl.For(a.who).WithoutPublic()
	case "everything":
		return acl.Unrestricted()
	}
	return acl.Scope{}
}

// The alphabet, and what folding makes of it.
var (
	oracleNames   = []string{"a", "A", "ß", "SS", "b"}
	oracleFold    = map[string]string{"a": "a", "A": "a", "ß": "ss", "SS": "ss", "b": "b"}
	oracleSources = []string{"", "x", "y"}
)

// naive answers from the text of the rules, not from the code.
func naive(who asker, document acl.ACL, r acl.Rules) bool {
	same := func(a, b string) bool {
		return a == b || r.Fold && a != "" && b != "" && oracleFold[a] == oracleFold[b]
	}
	guestLike := who.kind == "guest" || who.kind == "principal"
	if who.kind == "nothing" || who.kind == "everything" {
		return who.kind == "everything"
	}
	if document == acl.Public() {
		return guestLike
	}
	levels, _ := document.(acl.Hierarchy)
	if list, ok := document.(acl.List); ok {
		levels = acl.Hierarchy{list}
	}
	admitting, asking := 0, 0
	for _, level := range levels {
		allows, admits := 0, false
		for _, e := range level {
			if e.Name == "" || e.Type == 0 || e.Access == 0 {
				return false // invalid
			}
			inPlain, inSource, inAnySource := false, false, false
			for _, g := range who.who.Groups {
				inPlain = inPlain || same(g, e.Name)
			}
			for _, g := range who.who.DataSourceGroups {
				inAnySource = inAnySource || same(g.GroupID, e.Name)
				inSource = inSource || same(g.GroupID, e.Name) && g.DataSourceID == e.DataSourceID
			}
			isUser, anySource := same(who.who.User, e.Name), e.DataSourceID == ""
			switch {
			case e.Access == acl.Deny && e.Type == acl.User && isUser,
				e.Access == acl.Deny && e.Type == acl.Group && (inPlain || inSource || anySource && inAnySource),
				e.Access == acl.Deny && e.Type == acl.Group && who.who.GroupsUnknown && !r.MissingGroupsMeanNone:
				return false
			case e.Access == acl.Allow:
				allows++
				admits = admits || e.Type == acl.User && isUser && anySource ||
					e.Type == acl.Group && (inPlain && anySource || inSource && !anySource)
			}
		}
		if len(level) == 0 {
			return false
		}
		if allows > 0 || !r.DenyOnlyEveryone {
			asking++
		}
		if admits {
			admitting++
		}
	}
	switch {
	case len(levels) == 0:
		return false
	case asking == 0:
		return guestLike
	case r.AnyLevel:
		return admitting > 0
	}
	return admitting == asking
}

func allRules() []acl.Rules {
	var all []acl.Rules
	for _, missing := range []acl.Missing{acl.MissingDefault, acl.MissingHidden, acl.MissingPublic} {
		for _, denyOnly := range []bool{false, true} {
			for _, anyLevel := range []bool{false, true} {
				for _, fold := range []bool{false, true} {
					for _, none := range []bool{false, true} {
						all = append(all, acl.Rules{Missing: missing, DenyOnlyEveryone: denyOnly, AnyLevel: anyLevel, Fold: fold, MissingGroupsMeanNone: none})
					}
				}
			}
		}
	}
	return all
}

var (
	drawRules = rapid.SampledFrom(allRules())
	drawEntry = rapid.Custom(func(t *rapid.T) acl.Entry {
		return acl.Entry{
			Name:         rapid.SampledFrom(oracleNames).Draw(t, "name"),
			Type:         rapid.SampledFrom([]acl.Type{acl.User, acl.Group}).Draw(t, "type"),
			Access:       rapid.SampledFrom([]acl.Access{acl.Allow, acl.Allow, acl.Deny}).Draw(t, "access"),
			DataSourceID: rapid.SampledFrom(oracleSources).Draw(t, "source"),
		}
	})
	drawList      = rapid.Map(rapid.SliceOfN(drawEntry, 1, 3), func(l []acl.Entry) acl.List { return l })
	drawHierarchy = rapid.Map(rapid.SliceOfN(drawList, 1, 3), func(h []acl.List) acl.Hierarchy { return h })
	// Now and then something is missing.
	drawACL = rapid.Custom(func(t *rapid.T) acl.ACL {
		switch rapid.IntRange(0, 11).Draw(t, "kind") {
		case 0:
			return acl.Public()
		case 1:
			return nil
		case 2:
			return append(drawList.Draw(t, "list"), acl.Entry{})
		case 3:
			return append(drawHierarchy.Draw(t, "hierarchy"), acl.List{})
		case 4, 5, 6:
			return drawList.Draw(t, "list")
		}
		return drawHierarchy.Draw(t, "hierarchy")
	})
	drawPrincipal = rapid.Custom(func(t *rapid.T) acl.Principal {
		p := acl.Principal{
			User:          rapid.SampledFrom(append([]string{""}, oracleNames...)).Draw(t, "user"),
			Groups:        rapid.SliceOfN(rapid.SampledFrom(oracleNames), 0, 2).Draw(t, "groups"),
			GroupsUnknown: rapid.IntRange(0, 4).Draw(t, "unknown") == 0,
		}
		for range rapid.IntRange(0, 2).Draw(t, "sourced") {
			p.DataSourceGroups = append(p.DataSourceGroups, acl.DataSourceGroup{
				GroupID:      rapid.SampledFrom(oracleNames).Draw(t, "group"),
				DataSourceID: rapid.SampledFrom(oracleSources[1:]).Draw(t, "of"),
			})
		}
		return p
	})
	drawAsker = rapid.Custom(func(t *rapid.T) asker {
		kind := rapid.SampledFrom([]string{"principal", "principal", "principal", "restricted", "guest", "nothing", "everything"}).Draw(t, "scope")
		a := asker{kind: kind}
		if kind == "principal" || kind == "restricted" {
			a.who = drawPrincipal.Draw(t, "principal")
			if a.who.User == "" && len(a.who.Groups)+len(a.who.DataSourceGroups) == 0 && !a.who.GroupsUnknown {
				a.kind = "nothing"
			}
		}
		return a
	})
)

// Decide agrees with the naive reading, over all rules.
//
// Rules A1, A2, A3, A4, A5, A8
func TestDecideAgainstOracle(t *testing.T) {
	type outcome struct {
		principal bool
		reason    acl.Reason
		allowed   bool
	}
	seen := map[outcome]int{}
	rules := map[acl.Rules]int{}
	decisions := 0
	rapid.Check(t, func(t *rapid.T) {
		documents := rapid.SliceOfN(drawACL, 10, 20).Draw(t, "documents")
		who := drawAsker.Draw(t, "who")
		for _, document := range documents {
			for _, r := range allRules() {
				got := acl.Decide(who.scope(), document, r)
				if want := naive(who, document, r); got.Allowed != want {
					t.Fatal(mismatch(who, document, r, got))
				}
				seen[outcome{who.kind == "principal", got.Reason, got.Allowed}]++
				rules[r]++
				decisions++
			}
		}
	})
	// Neither the oracle nor what is drawn may be empty or total.
	for reason, both := range map[acl.Reason][]bool{
		acl.ReasonNobody: {false}, acl.ReasonNotAllowed: {false}, acl.ReasonDenied: {false}, acl.ReasonGroupsUnknown: {false},
		acl.ReasonAllowed: {true}, acl.ReasonPublic: {true}, acl.ReasonNotDenied: {true},
	} {
		for _, allowed := range both {
			if n := seen[outcome{true, reason, allowed}]; n*1000 < decisions {
				t.Errorf("only %d of %d decisions are of principals for reason %d", n, decisions, reason)
			}
		}
	}
	if len(rules) != 48 {
		t.Errorf("%d rules, want 48", len(rules))
	}
}

func mismatch(who asker, document acl.ACL, r acl.Rules, got acl.Decision) string {
	var sourced []string
	for _, g := range who.who.DataSourceGroups {
		sourced = append(sourced, g.GroupID+"@"+g.DataSourceID)
	}
	return fmt.Sprintf("%v\nunder %+v, scope %s, user %q groups %q %q unknown %t\ngot %v, want the opposite",
		document, r, who.kind, who.who.User, who.who.Groups, sourced, who.who.GroupsUnknown, got)
}

// Every list of up to two entries, every pair of one-entry levels, every small
// principal, all rules that matter: without chance.
//
// Rules A1, A3, A4, A5
func TestDecideExhaustive(t *testing.T) {
	var entries []acl.Entry
	for _, name := range []string{"a", "A"} {
		for _, typ := range []acl.Type{acl.User, acl.Group} {
			for _, access := range []acl.Access{acl.Allow, acl.Deny} {
				for _, source := range oracleSources[:2] {
					entries = append(entries, acl.Entry{Name: name, Type: typ, Access: access, DataSourceID: source})
				}
			}
		}
	}
	var documents []acl.ACL
	for _, e := range entries {
		documents = append(documents, acl.List{e}, acl.Hierarchy{{e}})
		for _, f := range entries {
			documents = append(documents, acl.List{e, f}, acl.Hierarchy{{e}, {f}})
		}
	}
	var askers []asker
	for _, user := range []string{"", "a"} {
		for _, groups := range [][]string{nil, {"a"}} {
			for _, sourced := range [][]acl.DataSourceGroup{nil, {{"a", "x"}}, {{"a", "y"}}} {
				for _, unknown := range []bool{false, true} {
					p := acl.Principal{User: user, Groups: groups, DataSourceGroups: sourced, GroupsUnknown: unknown}
					if user == "" && groups == nil && sourced == nil && !unknown {
						continue
					}
					askers = append(askers, asker{"principal", p}, asker{"restricted", p})
				}
			}
		}
	}
	askers = append(askers, asker{kind: "guest"})
	allowed, denied := 0, 0
	for _, r := range allRules() {
		if r.Missing != acl.MissingDefault {
			continue // of no meaning to Decide
		}
		for _, document := range documents {
			for _, who := range askers {
				got := acl.Decide(who.scope(), document, r)
				if want := naive(who, document, r); got.Allowed != want {
					t.Fatal(mismatch(who, document, r, got))
				}
				if got.Allowed {
					allowed++
				} else {
					denied++
				}
			}
		}
	}
	if allowed < 40_000 || denied < 40_000 || allowed+denied != 16*2*(16+256)*47 {
		t.Errorf("%d allowed, %d denied", allowed, denied)
	}
}

// Laws that hold whatever the documents and callers are.
//
// Rules A1, A2, A3, A4, A5, A8
func TestDecideLaws(t *testing.T) {
	changed := map[string]int{} // so often did a law have something to say
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			checkLaws(t, changed)
		}
	})
	for _, law := range []string{
		"adding a DENY never admits", "a group never refuses without a DENY", "unknown groups never admit",
		"any level is laxer than all", "the FAQ reading is laxer", "no groups is laxer than unknown ones",
	} {
		if changed[law] == 0 {
			t.Errorf("no draw tested: %s", law)
		}
	}
}

func checkLaws(t *rapid.T, changed map[string]int) {
	levels := drawHierarchy.Draw(t, "hierarchy")
	p := drawPrincipal.Draw(t, "principal")
	p.User = rapid.SampledFrom(oracleNames).Draw(t, "somebody")
	r := drawRules.Draw(t, "rules")
	before := acl.Decide(acl.For(p), levels, r)

	// implies says that a change may turn the answer in one direction only.
	implies := func(law string, a, b acl.Decision) {
		if a.Allowed && !b.Allowed {
			t.Fatalf("%s: %v, but %v", law, a, b)
		}
		if a.Allowed != b.Allowed {
			changed[law]++
		}
	}

	denied := clone(levels)
	i := rapid.IntRange(0, len(levels)-1).Draw(t, "level")
	deny := drawEntry.Draw(t, "deny")
	deny.Access = acl.Deny
	denied[i] = append(denied[i], deny)
	implies("adding a DENY never admits", acl.Decide(acl.For(p), denied, r), before)
	implies("adding a deny-only level never admits", acl.Decide(acl.For(p), append(clone(levels), acl.List{deny}), r), before)

	withoutDeny := clone(levels)
	for i := range withoutDeny {
		withoutDeny[i] = slices.DeleteFunc(withoutDeny[i], func(e acl.Entry) bool { return e.Access == acl.Deny })
		if len(withoutDeny[i]) == 0 {
			withoutDeny[i] = acl.List{acl.Allow.Group("a")}
		}
	}
	more := p.Clone()
	more.Groups = append(more.Groups, rapid.SampledFrom(oracleNames).Draw(t, "new group"))
	moreSourced := p.Clone()
	moreSourced.DataSourceGroups = append(moreSourced.DataSourceGroups, acl.DataSourceGroup{
		GroupID: rapid.SampledFrom(oracleNames).Draw(t, "new sourced group"), DataSourceID: "x"})
	friendly := acl.Decide(acl.For(p), withoutDeny, r)
	implies("a group never refuses without a DENY", friendly, acl.Decide(acl.For(more), withoutDeny, r))
	implies("a data source group never refuses without a DENY", friendly, acl.Decide(acl.For(moreSourced), withoutDeny, r))

	uncertain, certain := p, p
	uncertain.GroupsUnknown, certain.GroupsUnknown = true, false
	implies("unknown groups never admit", acl.Decide(acl.For(uncertain), levels, r), acl.Decide(acl.For(certain), levels, r))
	implies("without public never admits", acl.Decide(acl.For(p).WithoutPublic(), levels, r), before)
	implies("a guest's documents are everybody's but for a DENY", acl.Decide(acl.Guest(), withoutDeny, r), friendly)

	with := func(change func(*acl.Rules)) acl.Decision {
		changed := r
		change(&changed)
		return acl.Decide(acl.For(p), levels, changed)
	}
	implies("any level is laxer than all", with(func(r *acl.Rules) { r.AnyLevel = false }), with(func(r *acl.Rules) { r.AnyLevel = true }))
	implies("the FAQ reading is laxer", with(func(r *acl.Rules) { r.DenyOnlyEveryone = false }), with(func(r *acl.Rules) { r.DenyOnlyEveryone = true }))
	implies("no groups is laxer than unknown ones", with(func(r *acl.Rules) { r.MissingGroupsMeanNone = false }), with(func(r *acl.Rules) { r.MissingGroupsMeanNone = true }))
	if got := with(func(r *acl.Rules) { r.Missing = (r.Missing + 1) % 3 }); got != before {
		t.Fatalf("Missing changes a decision: %v, %v", before, got)
	}

	shuffled := clone(levels)
	for i, level := range shuffled {
		level = append(level, rapid.SampledFrom(level).Draw(t, "duplicate"))
		shuffled[i] = rapid.Permutation(level).Draw(t, "order")
	}
	if got := acl.Decide(acl.For(p), shuffled, r); got.Allowed != before.Allowed {
		t.Fatalf("order and duplicates: %v, but %v", got, before)
	}
	shuffledLevels := acl.Hierarchy(rapid.Permutation(levels).Draw(t, "order of levels"))
	if got := acl.Decide(acl.For(p), shuffledLevels, r); got.Allowed != before.Allowed {
		t.Fatalf("order of levels: %v, but %v", got, before)
	}
	if flat, level := acl.Decide(acl.For(p), levels[0], r), acl.Decide(acl.For(p), levels[:1], r); flat.Allowed != level.Allowed || flat.Reason != level.Reason {
		t.Fatalf("a list is not a hierarchy of one level: %v, %v", flat, level)
	}
	q := p.Clone()
	q.Groups = rapid.Permutation(append(q.Groups, append(p.Groups, "")...)).Draw(t, "groups")
	q.DataSourceGroups = rapid.Permutation(append(q.DataSourceGroups, p.DataSourceGroups...)).Draw(t, "data source groups")
	if got := acl.Decide(acl.For(q), levels, r); got != before {
		t.Fatalf("order of groups: %v, but %v", got, before)
	}
}

func clone(h acl.Hierarchy) acl.Hierarchy {
	levels := make(acl.Hierarchy, len(h))
	for i := range h {
		levels[i] = slices.Clone(h[i])
	}
	return levels
}
