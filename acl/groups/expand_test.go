package groups_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/groups"
)

var _ tokenacl.Expander = (*groups.Directory)(nil)

// Each row is one directory: the members of groups, by name; "u:" is a user and
// "s:" a group of data source s.
//
// Rule A9: sub-groups, cycles, data sources
func TestExpand(t *testing.T) {
	type tree map[string][]string
	fold := acl.Rules{Fold: true}
	for _, tt := range []struct {
		name  string
		rules acl.Rules
		tree  tree
		p     acl.Principal
		want  []string
	}{
		{"direct", acl.Rules{}, tree{"HR": {"u:mary"}, "IT": {"u:bob"}}, mary, []string{"HR"}},
		{"sub-groups", acl.Rules{}, tree{"all": {"IP"}, "IP": {"Research", "Engineering"}, "Research": {"u:mary"}, "Sales": {"u:bob"}}, mary, []string{"IP", "Research", "all"}},
		{"two ways", acl.Rules{}, tree{"all": {"a", "b"}, "a": {"u:mary"}, "b": {"u:mary"}}, mary, []string{"a", "all", "b"}},
		{"itself", acl.Rules{}, tree{"HR": {"HR", "u:mary"}, "IT": {"IT"}}, mary, []string{"HR"}},
		{"cycle", acl.Rules{}, tree{"a": {"b"}, "b": {"c"}, "c": {"a", "u:mary"}}, mary, []string{"a", "b", "c"}},
		{"cycle outside", acl.Rules{}, tree{"a": {"b"}, "b": {"a"}, "HR": {"u:mary"}}, mary, []string{"HR"}},
		{"no downward", acl.Rules{}, tree{"top": {"u:mary", "sub"}, "sub": {"u:bob"}}, mary, []string{"top"}},
		{"by a token's group", acl.Rules{}, tree{"all": {"IP"}, "IP": {"ext"}}, acl.Principal{Groups: []string{"ext"}}, []string{"IP", "all"}},
		{"by a data source's group", acl.Rules{}, tree{"all": {"s:IP"}, "no": {"IP"}}, acl.Principal{DataSourceGroups: []group{of("s", "IP")}}, []string{"all"}},
		{"already there", acl.Rules{}, tree{"HR": {"u:mary"}, "all": {"HR"}}, acl.Principal{User: "mary", Groups: []string{"HR", "HR"}}, []string{"all"}},
		{"same id, other source", acl.Rules{}, tree{"HR": {"u:mary"}, "s:HR": {"u:mary"}, "t:HR": {"u:bob"}, "up": {"t:HR"}}, mary, []string{"HR", "s:HR"}},
		{"same id given", acl.Rules{}, tree{"HR": {"u:mary"}, "s:HR": {"u:mary"}}, acl.Principal{User: "mary", Groups: []string{"HR"}}, []string{"s:HR"}},
		{"source is not taken over", acl.Rules{}, tree{"s:top": {"sub"}, "s:sub": {"u:mary"}}, mary, []string{"s:sub"}},
		{"group without a source among those with", acl.Rules{}, tree{"all": {"HR"}}, acl.Principal{DataSourceGroups: []group{{GroupID: "HR"}}}, nil},
		{"user and group of one name", acl.Rules{}, tree{"a": {"mary"}, "b": {"u:HR"}}, acl.Principal{User: "mary", Groups: []string{"HR"}}, nil},
		{"no user", acl.Rules{}, tree{"HR": {"u:mary"}}, acl.Principal{}, nil},
		{"unknown user", acl.Rules{}, tree{"HR": {"u:mary"}}, acl.Principal{User: "mar"}, nil},
		{"nobody", acl.Rules{}, tree{"HR": {}}, mary, nil},
		{"group that is named only", acl.Rules{}, tree{"all": {"HR"}}, mary, nil},
		{"case", acl.Rules{}, tree{"HR": {"u:Mary"}}, mary, nil},
		{"case folded", fold, tree{"HR": {"u:Mary"}, "all": {"hR"}}, acl.Principal{User: "MARY"}, []string{"all", "hr"}},
		{"folded and given", fold, tree{"HR": {"u:Mary"}}, acl.Principal{User: "mary", Groups: []string{"Hr"}}, nil},
		{"source not folded", fold, tree{"S:HR": {"u:mary"}, "s:all": {"s:HR"}}, mary, []string{"S:hr"}},
		{"unicode forms", acl.Rules{}, tree{"HR": {"u:e\u0301"}}, acl.Principal{User: "é"}, nil},
		{"unicode forms folded", fold, tree{"HR": {"u:e\u0301"}}, acl.Principal{User: "É"}, []string{"hr"}},
		{"ligature folded", fold, tree{"oﬃce": {"u:Straße"}}, acl.Principal{User: "STRASSE"}, []string{"office"}},
		{"no UTF-8", fold, tree{"HR": {"u:\uFFFD"}}, acl.Principal{User: "\xff", Groups: []string{"\xff"}}, nil},
		{"odd names", acl.Rules{}, tree{`%_\'"`: {`u:'; --`}, "%": {"_"}, "x": {"%"}}, acl.Principal{User: `'; --`}, []string{`%_\'"`}},
		{"nul", acl.Rules{}, tree{"a": {"u:x\x00y"}, "b": {"u:x"}}, acl.Principal{User: "x"}, []string{"b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := groups.New(tt.rules)
			for name, list := range tt.tree {
				var m groups.Members
				for _, member := range list {
					if user, ok := cutKind(member, 'u'); ok {
						m.Users = append(m.Users, user)
					} else {
						m.Groups = append(m.Groups, spelled(member))
					}
				}
				if err := d.Put(spelled(name), 1, m); err != nil {
					t.Fatal(err)
				}
			}
			var want []group
			for _, name := range tt.want {
				want = append(want, spelled(name))
			}
			wantGroups(t, d, tt.p, want...)
			tt.p.GroupsUnknown = true
			if p, err := d.Expand(context.Background(), tt.p); err != nil || !p.GroupsUnknown || p.User != tt.p.User {
				t.Errorf("%v, %v: GroupsUnknown or the user is lost", p, err)
			}
		})
	}
}

func cutKind(s string, kind byte) (string, bool) {
	if len(s) > 2 && s[0] == kind && s[1] == ':' {
		return s[2:], true
	}
	return s, false
}

func spelled(s string) group {
	if len(s) > 2 && s[1] == ':' {
		return of(s[:1], s[2:])
	}
	return group{GroupID: s}
}

// A deleted group has no members, whether or not its deletion is remembered.
// Whoever has it from elsewhere still is in the groups that name it.
//
// Rule A9
func TestDeletedGroup(t *testing.T) {
	d := directory(t, acl.Rules{},
		call{group: group{GroupID: "all"}, id: 1, members: groups.Members{Groups: named("HR")}},
		call{group: hr, id: 1, members: users("mary")})
	wantGroups(t, d, mary, named("HR", "all")...)
	if err := d.Delete(hr, 2); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		wantGroups(t, d, mary)
		wantGroups(t, d, acl.Principal{Groups: []string{"HR"}}, named("all")...)
		d.Forget(3)
	}
}

// Rules A9, G4: 10,000 groups, those that were given included
func TestExpandLimit(t *testing.T) {
	for _, tt := range []struct {
		name               string
		given, twice, more int // groups of the principal; those of them that the directory adds too; and others
		many               bool
	}{
		{"at the limit", 0, 0, 10_000, false},
		{"beyond", 0, 0, 10_001, true},
		{"far beyond", 0, 0, 50_000, true},
		{"given, at the limit", 10_000, 10_000, 0, false},
		{"given, one more", 10_000, 0, 1, true},
		{"given, beyond", 10_001, 10_001, 0, true},
		{"together at the limit", 4_000, 4_000, 6_000, false},
		{"together beyond", 4_000, 0, 6_001, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := groups.New(acl.Rules{})
			p := acl.Principal{User: "mary"}
			for i := range max(tt.given, tt.twice) + tt.more {
				g := group{GroupID: "g" + strconv.Itoa(i)}
				if i < tt.given && i%2 == 0 {
					p.Groups = append(p.Groups, g.GroupID)
				} else if g.DataSourceID = "s"; i < tt.given {
					p.DataSourceGroups = append(p.DataSourceGroups, g)
				}
				m := users("mary")
				if i >= tt.twice && i < tt.given {
					m = users("bob")
				}
				if err := d.Put(g, 1, m); err != nil {
					t.Fatal(err)
				}
			}
			got, err := d.Expand(context.Background(), p)
			if !tt.many {
				if n := len(got.Groups) + len(got.DataSourceGroups); err != nil || n != tt.given+tt.more {
					t.Fatalf("%d groups, %v", n, err)
				}
				return
			}
			var e *groups.TooManyGroupsError
			if !errors.As(err, &e) || e.Limit != 10_000 || err.Error() != "groups: more than 10000 groups; have the directory hold those that ACLs name" {
				t.Errorf("error = %v", err)
			}
			if got.User != "" || got.Groups != nil || got.DataSourceGroups != nil {
				t.Errorf("%v comes with an error", got)
			}
		})
	}
}

// Rule A9: any depth, any number of ways
func TestExpandShapes(t *testing.T) {
	name := func(i int) group { return group{GroupID: fmt.Sprintf("g%06d", i)} }
	chain := groups.New(acl.Rules{})
	const deep = 100_000
	for i := range deep {
		m := groups.Members{Groups: []group{name(i + 1)}}
		if i%2 == 1 {
			m.Groups = append(m.Groups, name(i-1)) // a cycle at each step
		}
		if err := chain.Put(name(i), 1, m); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := chain.Expand(context.Background(), acl.Principal{Groups: []string{name(deep).GroupID}}); !errors.As(err, new(*groups.TooManyGroupsError)) {
		t.Errorf("%d groups: %v", deep, err)
	}
	p, err := chain.Expand(context.Background(), acl.Principal{Groups: []string{name(9_998).GroupID}})
	if err != nil || len(p.Groups) != 10_000 {
		t.Errorf("%d groups, %v, want 10,000: those below the one given and, by a cycle, one above", len(p.Groups), err)
	}

	dense := groups.New(acl.Rules{})
	const wide = 1_000
	all := make([]group, wide)
	for i := range all {
		all[i] = name(i)
	}
	for i := range all {
		if err := dense.Put(all[i], 1, groups.Members{Groups: all}); err != nil {
			t.Fatal(err)
		}
	}
	p, err = dense.Expand(context.Background(), acl.Principal{Groups: []string{all[7].GroupID}})
	if err != nil || len(p.Groups) != wide || !slices.IsSorted(p.Groups[1:]) {
		t.Errorf("%d groups, %v, want %d sorted ones behind the one given", len(p.Groups), err, wide)
	}
}

// cancelled becomes done when it was asked so often.
type cancelled struct {
	context.Context
	left int
}

func (c *cancelled) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// Rule G1: a request that is over gets no groups
func TestExpandContext(t *testing.T) {
	var calls []call
	for i := range 100 {
		calls = append(calls, call{group: group{GroupID: strconv.Itoa(i)}, id: 1, members: groups.Members{Groups: named(strconv.Itoa(i + 1))}})
	}
	d := directory(t, acl.Rules{}, calls...)
	for _, p := range []acl.Principal{{}, mary, {Groups: []string{"100"}}} {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if got, err := d.Expand(ctx, p); !errors.Is(err, context.Canceled) || got.User != "" || got.Groups != nil {
			t.Errorf("%v, %v", got, err)
		}
	}
	ctx := &cancelled{context.Background(), 50}
	if _, err := d.Expand(ctx, acl.Principal{Groups: []string{"100"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("in the middle: %v", err)
	}
	if ctx.left < -3 {
		t.Errorf("it went on for %d groups", -ctx.left)
	}
}

// A round moves mary, with one Load, from "odd" to "even" and back; with one Put
// it exchanges the two ways by which she is in "team". Nobody sees her in both,
// in none, or outside of the team.
//
// Rule A9
func TestConcurrent(t *testing.T) {
	d := groups.New(acl.Rules{})
	load := func(id int64) {
		in, out := users("mary"), users("bob")
		if id%2 == 0 {
			in, out = out, in
		}
		if err := d.Load(jsonOf(call{group: group{GroupID: "odd"}, id: id, members: in}, call{group: group{GroupID: "even"}, id: id, members: out})); err != nil {
			t.Error(err)
		}
	}
	put := func(id int64) {
		m := groups.Members{Groups: named("x"), Users: []string{"bob"}}
		if id%2 == 0 {
			m = groups.Members{Groups: named("y"), Users: []string{"mary"}}
		}
		if err := d.Put(group{GroupID: "team"}, id, m); err != nil {
			t.Error(err)
		}
	}
	load(0)
	put(0)
	var done atomic.Bool
	var writer, readers sync.WaitGroup
	writer.Go(func() {
		for id := range int64(500) {
			load(id)
			put(id)
			name := group{GroupID: "other" + strconv.FormatInt(id%5, 10)}
			if err := errors.Join(d.Put(name, 2*id, users("mary", "bob")), d.Delete(name, 2*id+1)); err != nil {
				t.Error(err)
			}
			d.Forget(2*id - 5)
		}
	})
	var seen [2]atomic.Int64
	for range 3 {
		readers.Go(func() {
			for !done.Load() {
				p, err := d.Expand(context.Background(), acl.Principal{User: "mary", Groups: []string{"x"}})
				if err != nil {
					t.Error(err)
					return
				}
				odd, even := slices.Contains(p.Groups, "odd"), slices.Contains(p.Groups, "even")
				if odd == even || !slices.Contains(p.Groups, "team") {
					t.Errorf("a state that never was: %q", p.Groups)
					return
				}
				seen[b2i(odd)].Add(1)
				_, _ = d.OlderThan("", 100), d.String()
			}
		})
	}
	writer.Wait()
	done.Store(true)
	readers.Wait()
	if seen[0].Load()+seen[1].Load() == 0 {
		t.Error("nobody looked")
	}
}
