package groups_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/groups"
)

type group = acl.DataSourceGroup

// A call is one Put or Delete.
type call struct {
	group   group
	id      int64
	deleted bool
	members groups.Members
}

func (c call) to(d *groups.Directory) error {
	if c.deleted {
		return d.Delete(c.group, c.id)
	}
	return d.Put(c.group, c.id, c.members)
}

// naive keeps every call that was accepted.
type naive struct {
	rules acl.Rules
	calls []call
}

func (o naive) fold(g group) group {
	return group{GroupID: o.rules.FoldName(g.GroupID), DataSourceID: g.DataSourceID}
}

// state is what the last call of each group says: all calls by ordering id, a
// Delete behind a Put.
func (o naive) state() map[group]call {
	calls := slices.Clone(o.calls)
	slices.SortStableFunc(calls, func(a, b call) int { return cmp.Or(cmp.Compare(a.id, b.id), b2i(a.deleted)-b2i(b.deleted)) })
	last := map[group]call{}
	for _, c := range calls {
		last[o.fold(c.group)] = c
	}
	return last
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// expand adds groups until no further one has a member in it.
func (o naive) expand(p acl.Principal, state map[group]call) map[group]bool {
	in := map[group]bool{}
	for _, g := range p.Groups {
		in[o.fold(group{GroupID: g})] = true
	}
	for _, g := range p.DataSourceGroups {
		if g.DataSourceID != "" {
			in[o.fold(g)] = true
		}
	}
	given := len(in)
	added := map[group]bool{}
	for before := -1; before != len(in); {
		before = len(in)
		for g, c := range state {
			if !c.deleted && !in[g] && o.has(c.members, p.User, in) {
				in[g], added[g] = true, true
			}
		}
	}
	if len(in) != given+len(added) {
		panic("the oracle adds what was given")
	}
	return added
}

func (o naive) has(m groups.Members, user string, in map[group]bool) bool {
	return slices.ContainsFunc(m.Groups, func(g group) bool { return in[o.fold(g)] }) ||
		slices.ContainsFunc(m.Users, func(u string) bool { return o.rules.FoldName(u) == o.rules.FoldName(user) })
}

func (o naive) same(a, b groups.Members) bool {
	set := func(m groups.Members) map[any]bool {
		s := map[any]bool{}
		for _, g := range m.Groups {
			s[o.fold(g)] = true
		}
		for _, u := range m.Users {
			s[o.rules.FoldName(u)] = true
		}
		return s
	}
	return gocmp.Equal(set(a), set(b))
}

// Names with twins by case, by Unicode form, and by compatibility.
var (
	someNames   = []string{"a", "A", "b", "c", "é", "e\u0301", "ﬁ", "fi", `%_\'"`, "x\x00y"}
	someSources = []string{"", "", "s", "S"}
	someIDs     = []int64{0, 1, 2, 3, 4, 5, 32535158400000}

	drawName   = rapid.SampledFrom(someNames)
	drawSource = rapid.SampledFrom(someSources)
	drawID     = rapid.SampledFrom(someIDs)
	drawGroup  = rapid.Custom(func(t *rapid.T) group {
		return group{GroupID: drawName.Draw(t, "group"), DataSourceID: drawSource.Draw(t, "source")}
	})
	drawMembers = rapid.Custom(func(t *rapid.T) groups.Members {
		return groups.Members{
			Groups: rapid.SliceOfN(drawGroup, 0, 3).Draw(t, "groups"),
			Users:  rapid.SliceOfN(drawName, 0, 2).Draw(t, "users"),
		}
	})
	drawCall = rapid.Custom(func(t *rapid.T) call {
		c := call{group: drawGroup.Draw(t, "of"), id: drawID.Draw(t, "id"), deleted: rapid.IntRange(0, 3).Draw(t, "deleted") == 0}
		if !c.deleted {
			c.members = drawMembers.Draw(t, "members")
		}
		return c
	})
	drawPrincipal = rapid.Custom(func(t *rapid.T) acl.Principal {
		return acl.Principal{
			User:             rapid.SampledFrom(append(someNames, "", "nobody")).Draw(t, "user"),
			Groups:           rapid.SliceOfN(rapid.SampledFrom(append(someNames, "", "elsewhere")), 0, 2).Draw(t, "groups"),
			DataSourceGroups: rapid.SliceOfN(drawGroup, 0, 2).Draw(t, "data source groups"),
			GroupsUnknown:    rapid.Bool().Draw(t, "unknown"),
		}
	})
)

// tally guards the oracle: it must neither always nor never add groups.
type tally struct{ none, some int }

func (n tally) check(t *testing.T) {
	t.Helper()
	if n.none < 100 || n.some < 100 {
		t.Errorf("%d principals were given groups, %d were not", n.some, n.none)
	}
}

// compare requires that d is what o says, to each user, each group, and some
// principals that have several of them. Expand keeps what it is given.
func (n *tally) compare(t *rapid.T, d *groups.Directory, o naive) {
	t.Helper()
	state := o.state()
	ps := []acl.Principal{{}, drawPrincipal.Draw(t, "principal"), drawPrincipal.Draw(t, "other principal")}
	for _, name := range someNames {
		ps = append(ps, acl.Principal{User: name}, acl.Principal{Groups: []string{name}},
			acl.Principal{DataSourceGroups: []group{{GroupID: name, DataSourceID: "s"}, {GroupID: name, DataSourceID: "S"}}})
	}
	for _, p := range ps {
		want := p.Clone()
		added := slices.SortedFunc(maps.Keys(o.expand(p, state)), compareGroups)
		for _, g := range added {
			if g.DataSourceID == "" {
				want.Groups = append(want.Groups, g.GroupID)
			} else {
				want.DataSourceGroups = append(want.DataSourceGroups, g)
			}
		}
		before := p.Clone()
		got, err := d.Expand(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(plain(want), plain(got)); diff != "" {
			t.Fatalf("%+v becomes (-want +got):\n%s", plain(p), diff)
		}
		if diff := gocmp.Diff(plain(before), plain(p)); diff != "" {
			t.Fatalf("the argument is modified (-before +after):\n%s", diff)
		}
		if len(added) == 0 {
			n.none++
		} else {
			n.some++
		}
	}
	for _, source := range []string{"", "s", "S", "none"} {
		for _, id := range append(someIDs, 32535158400001) {
			var want []group
			for g, c := range state {
				if !c.deleted && g.DataSourceID == source && c.id < id {
					want = append(want, g)
				}
			}
			slices.SortFunc(want, compareGroups)
			if got := d.OlderThan(source, id); !slices.Equal(got, want) {
				t.Fatalf("OlderThan(%q, %d) = %q, want %q", source, id, plainGroups(got), plainGroups(want))
			}
		}
	}
}

func compareGroups(a, b group) int {
	return cmp.Or(cmp.Compare(a.GroupID, b.GroupID), cmp.Compare(a.DataSourceID, b.DataSourceID))
}

// plainPrincipal is a principal that shows its names.
type plainPrincipal struct {
	User                     string
	Groups, DataSourceGroups []string
	GroupsUnknown            bool
}

func plain(p acl.Principal) plainPrincipal {
	return plainPrincipal{p.User, p.Groups, plainGroups(p.DataSourceGroups), p.GroupsUnknown}
}

func plainGroups(list []group) (s []string) {
	for _, g := range list {
		s = append(s, g.GroupID+" of "+g.DataSourceID)
	}
	return s
}

// TestOrder makes the same calls in two orders. Without two Puts that contradict
// each other, none is refused, and both end in what the calls say by ordering id.
//
// Rule A9: the order of arrival has no meaning
func TestOrder(t *testing.T) {
	var n tally
	rapid.Check(t, func(t *rapid.T) {
		o := naive{rules: acl.Rules{Fold: rapid.Bool().Draw(t, "fold")}}
		calls := rapid.SliceOfN(drawCall, 0, 30).Draw(t, "calls")
		first := map[any]groups.Members{}
		for i, c := range calls {
			key := [2]any{o.fold(c.group), c.id}
			if m, again := first[key]; again && !c.deleted {
				calls[i].members = m
			} else if !c.deleted {
				first[key] = c.members
			}
		}
		o.calls = calls
		for _, label := range []string{"one", "another"} {
			d := groups.New(o.rules)
			if err := d.Load(jsonOf()); err != nil {
				t.Fatal(err)
			}
			for _, c := range rapid.Permutation(calls).Draw(t, label) {
				if err := c.to(d); err != nil {
					t.Fatal(err)
				}
			}
			n.compare(t, d, o)
		}
	})
	n.check(t)
}

// TestCalls makes random calls, some of which contradict each other, are late, or
// come behind Forget. What was accepted decides, whatever was forgotten; what is
// refused is refused for its reason alone; and what is gone takes no memory.
//
// Rule A9
func TestCalls(t *testing.T) {
	var n tally
	outcomes := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		o := naive{rules: acl.Rules{Fold: rapid.Bool().Draw(t, "fold")}}
		d := groups.New(o.rules)
		if err := d.Load(jsonOf()); err != nil { // a Delete alone does not fill it
			t.Fatal(err)
		}
		var floor int64              // 1 + the highest forgotten deletion
		dropped := map[group]int64{} // the forgotten deletions
		known := func(state map[group]call, g group) (call, bool) {
			c, ok := state[g]
			id, gone := dropped[g]
			return c, ok && !(c.deleted && gone && id == c.id)
		}
		// expected says how a call ends.
		expected := func(c call) error {
			last, ok := known(o.state(), o.fold(c.group))
			switch {
			case c.deleted:
				return nil
			case !ok && c.id < floor:
				return groups.ErrForgotten
			case ok && !last.deleted && last.id == c.id && !o.same(last.members, c.members):
				return groups.ErrConflict
			}
			return nil
		}
		accept := func(c call) {
			g := o.fold(c.group)
			last, ok := known(o.state(), g)
			o.calls = append(o.calls, c)
			if !ok && c.deleted && c.id < floor {
				dropped[g] = max(c.id, last.id)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"call": func(t *rapid.T) {
				c := drawCall.Draw(t, "call")
				want, err := expected(c), c.to(d)
				if !errors.Is(err, want) || (want == nil) != (err == nil) {
					t.Fatalf("%v, want %v", err, want)
				}
				if err == nil {
					accept(c)
				}
				outcomes[fmt.Sprint(want)]++
			},
			"load": func(t *rapid.T) {
				var calls []call
				var want error
				for _, c := range rapid.SliceOfN(drawCall, 0, 3).Draw(t, "calls") {
					c.deleted = false
					for _, before := range calls {
						if o.fold(before.group) == o.fold(c.group) && before.id == c.id {
							c.members = before.members
						}
					}
					calls = append(calls, c)
				}
				last := naive{rules: o.rules, calls: calls}.state()
				for _, c := range last {
					want = cmp.Or(want, expected(c))
				}
				err := d.Load(jsonOf(calls...))
				if (want == nil) != (err == nil) {
					t.Fatalf("%v, want %v", err, want)
				}
				if err == nil {
					for _, c := range last { // the others are older than these
						accept(c)
					}
				}
				outcomes["load: "+fmt.Sprint(want)]++
			},
			"forget": func(t *rapid.T) {
				id := drawID.Draw(t, "older than") + rapid.Int64Range(0, 1).Draw(t, "or as old")
				want, state := 0, o.state()
				for g := range state {
					if c, ok := known(state, g); ok && c.deleted && c.id < id {
						want++
						dropped[g] = c.id
						floor = max(floor, c.id+1)
					}
				}
				if got := d.Forget(id); got != want {
					t.Fatalf("Forget = %d, want %d", got, want)
				}
			},
			"": func(t *rapid.T) {
				if len(o.calls) == 0 {
					return
				}
				n.compare(t, d, o)
				kept, state := map[any]bool{}, o.state()
				for g := range state {
					c, ok := known(state, g)
					if ok {
						kept[g] = true
					}
					for _, m := range c.members.Groups {
						kept[o.fold(m)] = true
					}
					for _, u := range c.members.Users {
						kept[o.rules.FoldName(u)] = true
					}
				}
				if got := groups.Nodes(d); got != len(kept) {
					t.Fatalf("%d users and groups in memory, want %d", got, len(kept))
				}
			},
		})
	})
	n.check(t)
	t.Log(outcomes)
	if len(outcomes) != 6 {
		t.Errorf("outcomes %v, want three of calls and three of loads", outcomes)
	}
}
