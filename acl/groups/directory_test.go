package groups_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/groups"
)

func named(ids ...string) (list []group) {
	for _, id := range ids {
		list = append(list, group{GroupID: id})
	}
	return list
}

// of is the group of a data source.
func of(source, id string) group { return group{GroupID: id, DataSourceID: source} }

func users(ids ...string) groups.Members { return groups.Members{Users: ids} }

// directory makes the calls, which must be accepted, after a first Load.
func directory(t testing.TB, r acl.Rules, calls ...call) *groups.Directory {
	t.Helper()
	d := groups.New(r)
	if err := d.Load(strings.NewReader("[]")); err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		if err := c.to(d); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// wantGroups requires that Expand of p adds these groups and no others.
func wantGroups(t *testing.T, d *groups.Directory, p acl.Principal, want ...group) {
	t.Helper()
	got, err := d.Expand(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	var added []group
	for _, id := range got.Groups[len(p.Groups):] {
		added = append(added, group{GroupID: id})
	}
	added = append(added, got.DataSourceGroups[len(p.DataSourceGroups):]...)
	if !slices.Equal(added, want) {
		t.Errorf("added %q, want %q", plainGroups(added), plainGroups(want))
	}
}

var (
	mary = acl.Principal{User: "mary"}
	hr   = group{GroupID: "HR"}
)

// What happens when two calls of one group meet, in both orders.
//
// Rule A9: replace; the highest id wins; equal ids
func TestTwoCalls(t *testing.T) {
	put := func(id int64, u ...string) call { return call{group: hr, id: id, members: users(u...)} }
	del := func(id int64) call { return call{group: hr, id: id, deleted: true} }
	for _, tt := range []struct {
		name      string
		one, two  call
		want      []group // of mary, whatever the order
		different bool    // the second is refused
	}{
		{"replaced", put(1, "mary"), put(2, "bob"), nil, false},
		{"replaced by nobody", put(1, "mary"), put(2), nil, false},
		{"joined", put(1, "bob"), put(2, "bob", "mary"), named("HR"), false},
		{"the same again", put(1, "mary", "bob"), put(1, "bob", "mary", "bob"), named("HR"), false},
		{"equal ids", put(1, "mary"), put(1, "mary", "bob"), named("HR"), true},
		{"equal ids, lowest", put(0, "mary"), put(0, "mary", "bob"), named("HR"), true},
		{"equal ids, highest", put(32535158400000, "mary"), put(32535158400000, "mary", "bob"), named("HR"), true},
		{"nobody or somebody", put(3), put(3, "bob"), nil, true},
		{"deleted later", put(1, "mary"), del(2), nil, false},
		{"deleted at once", put(1, "mary"), del(1), nil, false},
		{"deleted before", put(2, "mary"), del(1), named("HR"), false},
		{"deleted twice", del(1), del(2), nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, calls := range [][]call{{tt.one, tt.two}, {tt.two, tt.one}} {
				d := directory(t, acl.Rules{}, calls[0])
				if err := calls[1].to(d); errors.Is(err, groups.ErrConflict) != tt.different || (err != nil) != tt.different {
					t.Errorf("the second call: %v", err)
				}
				wantGroups(t, d, mary, tt.want...)
				if err := calls[0].to(d); err != nil {
					t.Errorf("the first call again: %v", err)
				}
				wantGroups(t, d, mary, tt.want...)
			}
		})
	}
}

// Rule A9: after a conflict, a higher id or a Delete settles it
func TestConflictSettled(t *testing.T) {
	a, b := call{group: hr, id: 5, members: users("mary")}, call{group: hr, id: 5, members: users("bob")}
	for _, calls := range [][]call{{a, b}, {b, a}} {
		d := directory(t, acl.Rules{}, calls[0])
		err := calls[1].to(d)
		if want := "groups: /OrderingId: that of another Put of this group, with other members; use a higher one"; err == nil || err.Error() != want {
			t.Errorf("error = %v\n      want %s", err, want)
		}
		wantGroups(t, d, acl.Principal{User: calls[0].members.Users[0]}, hr)
		wantGroups(t, d, acl.Principal{User: calls[1].members.Users[0]})
		if err := d.Put(hr, 6, users("mary")); err != nil {
			t.Error(err)
		}
		wantGroups(t, d, mary, hr)
		if err := errors.Join(a.to(d), b.to(d)); err != nil {
			t.Errorf("both are late now: %v", err)
		}
		wantGroups(t, d, acl.Principal{User: "bob"})
	}
}

// Rule A9: tombstones until Forget
func TestForget(t *testing.T) {
	d := directory(t, acl.Rules{},
		call{group: hr, id: 5, deleted: true},
		call{group: group{GroupID: "kept"}, id: 2, members: users("mary")},
		call{group: group{GroupID: "later"}, id: 9, deleted: true})
	for _, step := range []struct {
		olderThan int64
		want      int
	}{{5, 0}, {6, 1}, {6, 0}, {-1, 0}} {
		if got := d.Forget(step.olderThan); got != step.want {
			t.Errorf("Forget(%d) = %d, want %d", step.olderThan, got, step.want)
		}
	}
	if got, want := d.String(), "groups.Directory(1 groups, 1 deleted)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	err := d.Put(hr, 5, users("mary"))
	want := "groups: /OrderingId: not above that of a deletion which was forgotten, perhaps of this group; if it exists, put it with a higher one"
	if !errors.Is(err, groups.ErrForgotten) || err.Error() != want {
		t.Errorf("error = %v\n      want %s", err, want)
	}
	if err := d.Put(group{GroupID: "other"}, 4, users("mary")); !errors.Is(err, groups.ErrForgotten) {
		t.Errorf("a group that the directory does not know: %v", err)
	}
	if err := d.Put(group{GroupID: "kept"}, 3, users("bob", "mary")); err != nil {
		t.Errorf("a group that it knows: %v", err)
	}
	if err := d.Delete(group{GroupID: "other"}, 5); err != nil || d.Forget(9) != 0 {
		t.Errorf("a deletion that no Put is left for: %v, or it is remembered", err)
	}
	if err := d.Put(hr, 6, users("mary")); err != nil {
		t.Errorf("a higher id: %v", err)
	}
	wantGroups(t, d, mary, named("HR", "kept")...)

	// A later Put is not brought down by an earlier Forget of everything.
	d = directory(t, acl.Rules{})
	d.Forget(1 << 62)
	if err := d.Put(hr, 0, users("mary")); err != nil {
		t.Error(err)
	}
}

// What a synchronization does: put what there is, delete what was not seen.
//
// Rule A9
func TestOlderThan(t *testing.T) {
	wiki := group{GroupID: "HR", DataSourceID: "wiki"}
	d := directory(t, acl.Rules{},
		call{group: wiki, id: 1, members: users("mary")},
		call{group: hr, id: 1, members: users("mary")},
		call{group: group{GroupID: "A"}, id: 1, members: users("mary")},
		call{group: group{GroupID: "gone"}, id: 1, deleted: true},
		call{group: group{GroupID: "Sales"}, id: 2, members: users("mary")})
	if got := d.OlderThan("", 1); got != nil {
		t.Errorf("%q are older than the oldest", plainGroups(got))
	}
	if got := d.OlderThan("Wiki", 2); got != nil {
		t.Errorf("%q are of a data source that there is not", plainGroups(got))
	}
	if got, want := d.OlderThan("wiki", 2), []group{wiki}; !slices.Equal(got, want) {
		t.Errorf("%q of the data source, want HR", plainGroups(got))
	}
	stale := d.OlderThan("", 2)
	if !slices.Equal(stale, named("A", "HR")) {
		t.Errorf("%q are older, want A and HR", plainGroups(stale))
	}
	// HR is seen after all, before its deletion arrives.
	if err := d.Put(hr, 2, users("mary")); err != nil {
		t.Error(err)
	}
	for _, g := range stale {
		if err := d.Delete(g, 2-1); err != nil {
			t.Error(err)
		}
	}
	wantGroups(t, d, mary, hr, group{GroupID: "Sales"}, wiki)
}

// Rules A9, G4: refused calls change nothing
func TestArguments(t *testing.T) {
	long := strings.Repeat("ü", 1025)
	members := func(at int, m groups.Members) groups.Members {
		m.Groups = append(slices.Repeat(named("g"), at), m.Groups...)
		m.Users = append(slices.Repeat([]string{"u"}, at), m.Users...)
		return m
	}
	for _, tt := range []struct {
		name    string
		group   group
		id      int64
		members groups.Members
		want    string
	}{
		{"no id", group{DataSourceID: "wiki"}, 1, groups.Members{}, "/GroupId: 0 characters, want 1 to 1024"},
		{"long id", group{GroupID: long}, 1, groups.Members{}, "/GroupId: 1025 characters, want 1 to 1024"},
		{"no UTF-8", group{GroupID: "SECRET\xff"}, 1, groups.Members{}, "/GroupId: not valid UTF-8"},
		{"long source", group{GroupID: "g", DataSourceID: long}, 1, groups.Members{}, "/DataSourceId: 1025 characters, want 1 to 1024"},
		{"source no UTF-8", group{GroupID: "g", DataSourceID: "\xc0"}, 1, groups.Members{}, "/DataSourceId: not valid UTF-8"},
		{"negative", hr, -1, groups.Members{}, "/OrderingId: want 0 to 32535158400000"},
		{"beyond", hr, 32535158400001, groups.Members{}, "/OrderingId: want 0 to 32535158400000"},
		{"member without id", hr, 1, members(2, groups.Members{Groups: []group{{DataSourceID: "wiki"}}}), "/GroupMembers/MemberGroups/2/GroupId: 0 characters, want 1 to 1024"},
		{"member of a bad source", hr, 1, groups.Members{Groups: []group{of("\xff", "g")}}, "/GroupMembers/MemberGroups/0/DataSourceId: not valid UTF-8"},
		{"user without id", hr, 1, members(3, users("")), "/GroupMembers/MemberUsers/3/UserId: 0 characters, want 1 to 1024"},
		{"user no UTF-8", hr, 1, users("SECRET\xff"), "/GroupMembers/MemberUsers/0/UserId: not valid UTF-8"},
		{"long user", hr, 1, users(long), "/GroupMembers/MemberUsers/0/UserId: 1025 characters, want 1 to 1024"},
		{"many", hr, 1, members(500_000, users("u")), "/GroupMembers: 1000001 members, want at most 1000000; split the group into sub-groups"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := directory(t, acl.Rules{}, call{group: hr, id: 0, members: users("mary")})
			var e *groups.Error
			err := d.Put(tt.group, tt.id, tt.members)
			if !errors.As(err, &e) || err.Error() != "groups: "+tt.want || e.Err != nil {
				t.Errorf("error = %v\n      want groups: %s", err, tt.want)
			}
			err = d.Delete(tt.group, tt.id)
			if ofMembers := strings.HasPrefix(tt.want, "/GroupMembers"); !ofMembers && (err == nil || err.Error() != "groups: "+tt.want) {
				t.Errorf("Delete: error = %v\n              want groups: %s", err, tt.want)
			} else if !ofMembers {
				wantGroups(t, d, mary, hr)
			}
		})
	}
	longest := long[:2*1024]
	d := directory(t, acl.Rules{}, call{group: of(longest, longest), id: 1, members: groups.Members{Groups: []group{of(longest, longest)}, Users: []string{longest}}},
		call{group: hr, id: 1, members: members(500_000, groups.Members{})})
	wantGroups(t, d, acl.Principal{User: longest}, of(longest, longest))
}

// What a caller does to its slices later has no effect.
//
// Rule G5
func TestCopies(t *testing.T) {
	m := groups.Members{Groups: named("sub"), Users: []string{"mary"}}
	d := directory(t, acl.Rules{}, call{group: hr, id: 1, members: m})
	m.Groups[0].GroupID, m.Users[0] = "other", "eve"
	wantGroups(t, d, mary, hr)
	wantGroups(t, d, acl.Principal{Groups: []string{"sub"}}, hr)
	wantGroups(t, d, acl.Principal{User: "eve", Groups: []string{"other"}})

	p := acl.Principal{User: "mary", Groups: make([]string, 1, 10), DataSourceGroups: make([]group, 1, 10)}
	wantGroups(t, d, p, hr)
	if p.Groups[:2][1] != "" {
		t.Error("the result is written behind the argument's groups")
	}
	d.OlderThan("", 9)[0].GroupID = "eve"
	wantGroups(t, d, mary, hr)
}

// Rule G3
func TestRedaction(t *testing.T) {
	const secret = "SECRET"
	m := groups.Members{Groups: []group{of(secret, secret)}, Users: []string{secret}}
	d := directory(t, acl.Rules{}, call{group: group{GroupID: secret}, id: 1, members: m})
	for want, value := range map[string]interface {
		fmt.Stringer
		slog.LogValuer
		MarshalText() ([]byte, error)
	}{
		"members(1 groups, 1 users)":            m,
		"groups.Directory(1 groups, 0 deleted)": d,
	} {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "value", value)
		text, err := json.Marshal(map[string]any{"value": value})
		if err != nil {
			t.Error(err)
		}
		shown := []string{log.String(), string(text), value.String()}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			shown = append(shown, fmt.Sprintf(verb, value), fmt.Sprintf(verb, []any{value}))
		}
		for _, s := range shown {
			if !strings.Contains(s, want) || strings.Contains(s, secret) {
				t.Errorf("shows %s, want %s", s, want)
			}
		}
	}
	for _, err := range []error{
		d.Put(group{GroupID: secret}, 1, users(secret)),
		d.Put(group{GroupID: secret}, -1, users(secret)),
		d.Put(of(secret+"\xff", secret), 1, m),
	} {
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
			t.Errorf("error %v", err)
		}
	}
}

// The zero Directory is that of the zero rules.
func TestZero(t *testing.T) {
	var d groups.Directory
	if d.Forget(5) != 0 || d.OlderThan("", 5) != nil || d.String() != "groups.Directory(0 groups, 0 deleted)" {
		t.Error("the zero Directory is not empty")
	}
	if err := d.Put(hr, 1, users("mary")); err != nil {
		t.Fatal(err)
	}
	wantGroups(t, &d, mary, hr)
	wantGroups(t, &d, acl.Principal{User: "Mary"})
}

// A directory answers once something was put into it, be it that there is
// nothing. A refused call does not count.
//
// Rules A9, G1
func TestUnfilled(t *testing.T) {
	refuse := func(name string, d *groups.Directory, want string) {
		t.Helper()
		p, err := d.Expand(context.Background(), acl.Principal{User: "mary", Groups: []string{"HR"}})
		if err == nil || err.Error() != want || p.User != "" || p.Groups != nil {
			t.Errorf("%s: %v, %v, want %s", name, p, err, want)
		}
	}
	const unfilled = "groups: nothing was put into the Directory yet; Load it first, with [] if there are no groups"
	refuse("nil", nil, "groups: the Directory is nil; use New")
	refuse("zero", &groups.Directory{}, unfilled)
	d := groups.New(acl.Rules{})
	refuse("new", d, unfilled)
	d.Forget(1)
	if d.Put(hr, -1, users("mary")) == nil || d.Load(strings.NewReader(`[{}]`)) == nil {
		t.Error("accepted")
	}
	refuse("refused", d, unfilled)
	early := groups.New(acl.Rules{})
	if err := early.Delete(hr, 1); err != nil {
		t.Error(err)
	}
	refuse("a deletion that came first", early, unfilled)

	for name, fill := range map[string]func(*groups.Directory) error{
		"put":  func(d *groups.Directory) error { return d.Put(group{GroupID: "x"}, 1, groups.Members{}) },
		"load": func(d *groups.Directory) error { return d.Load(strings.NewReader(`[]`)) },
	} {
		d := groups.New(acl.Rules{})
		if err := fill(d); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantGroups(t, d, mary)
	}
	if n := groups.Nodes(d); n != 0 {
		t.Errorf("%d nodes are left of refused calls", n)
	}
}
