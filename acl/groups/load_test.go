package groups_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/groups"
)

type jsonGroup struct {
	GroupId      string
	DataSourceId string `json:",omitempty"`
}

type jsonUser struct{ UserId string }

type jsonMembers struct {
	MemberGroups []jsonGroup
	MemberUsers  []jsonUser
}

type jsonRequest struct {
	GroupId      string
	DataSourceId string `json:",omitempty"`
	OrderingId   int64
	GroupMembers jsonMembers
}

// membersOf writes members as Kendra spells them.
func membersOf(m groups.Members) jsonMembers {
	j := jsonMembers{[]jsonGroup{}, []jsonUser{}}
	for _, g := range m.Groups {
		j.MemberGroups = append(j.MemberGroups, jsonGroup{g.GroupID, g.DataSourceID})
	}
	for _, u := range m.Users {
		j.MemberUsers = append(j.MemberUsers, jsonUser{u})
	}
	return j
}

// marshalCalls writes Puts as a file.
func marshalCalls(calls []call) string {
	requests := []jsonRequest{}
	for _, c := range calls {
		requests = append(requests, jsonRequest{c.group.GroupID, c.group.DataSourceID, c.id, membersOf(c.members)})
	}
	return marshal(requests)
}

func jsonOf(calls ...call) io.Reader { return strings.NewReader(marshalCalls(calls)) }

func mustLoad(t testing.TB, d *groups.Directory, text string) {
	t.Helper()
	if err := d.Load(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
}

func marshal(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// request returns one PutPrincipalMapping of the group g; an option replaces a
// member, or takes it away.
func request(options ...string) string {
	members := []string{`"GroupId":"g"`, `"OrderingId":7`, `"GroupMembers":{"MemberUsers":[{"UserId":"mary"}]}`}
	for _, o := range options {
		name, value, _ := strings.Cut(o, ":")
		members = slices.DeleteFunc(members, func(m string) bool { return strings.HasPrefix(m, `"`+name+`"`) })
		if value != "" {
			members = append(members, `"`+name+`":`+value)
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

var loads = []struct {
	name, text string
	want       []group // of mary
}{
	{"none", ` [] `, nil},
	{"one", `[` + request() + `]`, named("g")},
	{"all that there is", `[` + request(`DataSourceId:"0a_-Z"`, `IndexId:"i"`, `RoleArn:"arn"`) + `]`, []group{of("0a_-Z", "g")}},
	{"first id", `[` + request(`OrderingId:0`) + `]`, named("g")},
	{"last id", `[` + request(`OrderingId:32535158400000`) + `]`, named("g")},
	{"nobody", `[` + request(`GroupMembers:{"MemberUsers":[]}`) + `]`, nil},
	{"neither", `[` + request(`GroupMembers:{"MemberGroups":[],"MemberUsers":[]}`) + `]`, nil},
	{"sub-groups", `[` + request() + `,` + request(`GroupId:"all"`, `GroupMembers:{"MemberGroups":[{"GroupId":"g"},{"GroupId":"h","DataSourceId":"s"}]}`) + `]`, named("all", "g")},
	{"of a data source", `[` + request(`DataSourceId:"s"`) + `,` + request(`GroupId:"all"`, `GroupMembers:{"MemberGroups":[{"DataSourceId":"s","GroupId":"g"}]}`) + `]`, []group{{GroupID: "all"}, of("s", "g")}},
	{"the later one", `[` + request(`OrderingId:9`) + `,` + request(`OrderingId:8`, `GroupMembers:{"MemberUsers":[]}`) + `]`, named("g")},
	{"the later one, last", `[` + request(`GroupMembers:{"MemberUsers":[]}`) + `,` + request(`OrderingId:8`) + `]`, named("g")},
	{"the same twice", `[` + request() + `,` + request(`GroupMembers:{"MemberUsers":[{"UserId":"mary"},{"UserId":"mary"}]}`) + `]`, named("g")},
	{"one index", `[` + request(`IndexId:"i"`) + `,` + request() + `,` + request(`IndexId:"i"`) + `]`, named("g")},
	{"escapes", `[` + request(`GroupId:"\u00fc\ud83d\ude00\u0000"`) + `]`, named("ü😀\x00")},
}

var refusals = []struct{ name, text, want string }{
	{"nothing", ``, ": json: offset 0: text ends too early"},
	{"cut off", `[` + request() + `,`, ": json: offset "},
	{"two files", `[] []`, ": json: offset 3: data after the value"},
	{"mark", "\uFEFF[]", ": json: offset 0: byte order mark"},
	{"one request", request(), ": want an array of PutPrincipalMapping requests"},
	{"null", `null`, ": want an array of PutPrincipalMapping requests"},
	{"text", `["x"]`, ": /0: want an object with GroupId, DataSourceId, OrderingId, GroupMembers, IndexId, RoleArn"},
	{"null request", `[` + request() + `,null]`, ": /1: want an object with GroupId"},
	{"no id", `[` + request(`GroupId`) + `]`, ": /0: GroupId is missing"},
	{"null id", `[` + request(`GroupId:null`) + `]`, ": /0/GroupId: want a string that is not empty"},
	{"empty id", `[` + request(`GroupId:""`) + `]`, ": /0/GroupId: want a string that is not empty"},
	{"number as id", `[` + request(`GroupId:5`) + `]`, ": /0/GroupId: want a string that is not empty"},
	{"long id", `[` + request(`GroupId:"`+strings.Repeat("x", 1025)+`"`) + `]`, ": /0/GroupId: 1025 characters, want 1 to 1024"},
	{"id twice", `[{"GroupId":"a","GroupI\u0064":"b"}]`, ": json: offset "},
	{"lone surrogate", `[` + request(`GroupId:"\ud800"`) + `]`, ": json: offset "},
	{"near miss", `[` + request(`groupId:"h"`) + `]`, ": /0: unknown member, want GroupId, DataSourceId, OrderingId, GroupMembers, IndexId, RoleArn, spelled so"},
	{"Go's spelling", `[` + request(`DataSourceID:"s"`) + `]`, ": /0: unknown member"},
	{"empty source", `[` + request(`DataSourceId:""`) + `]`, ": /0/DataSourceId: want a string of 1 to 100 of A-Z, a-z, 0-9, _ and -, the first no _ or -"},
	{"null source", `[` + request(`DataSourceId:null`) + `]`, ": /0/DataSourceId: want a string"},
	{"source with space", `[` + request(`DataSourceId:"s "`) + `]`, ": /0/DataSourceId: want a string"},
	{"source with line end", `[` + request(`DataSourceId:"s\n"`) + `]`, ": /0/DataSourceId: want a string"},
	{"source with dash first", `[` + request(`DataSourceId:"-s"`) + `]`, ": /0/DataSourceId: want a string"},
	{"long source", `[` + request(`DataSourceId:"`+strings.Repeat("x", 101)+`"`) + `]`, ": /0/DataSourceId: want a string"},
	{"no ordering id", `[` + request(`OrderingId`) + `]`, ": /0: OrderingId is missing; use for instance the time of the export in milliseconds"},
	{"ordering id as text", `[` + request(`OrderingId:"7"`) + `]`, ": /0/OrderingId: want an integer from 0 to 32535158400000"},
	{"fraction", `[` + request(`OrderingId:7.0`) + `]`, ": /0/OrderingId: want an integer"},
	{"exponent", `[` + request(`OrderingId:7e0`) + `]`, ": /0/OrderingId: want an integer"},
	{"negative", `[` + request(`OrderingId:-1`) + `]`, ": /0/OrderingId: want an integer"},
	{"beyond", `[` + request(`OrderingId:32535158400001`) + `]`, ": /0/OrderingId: want an integer"},
	{"far beyond", `[` + request(`OrderingId:99999999999999999999`) + `]`, ": /0/OrderingId: want an integer"},
	{"null ordering id", `[` + request(`OrderingId:null`) + `]`, ": /0/OrderingId: want an integer"},
	{"no members", `[` + request(`GroupMembers`) + `]`, ": /0: GroupMembers is missing; a group is deleted by Delete"},
	{"null members", `[` + request(`GroupMembers:null`) + `]`, ": /0/GroupMembers: want an object with MemberGroups, MemberUsers, S3PathforGroupMembers"},
	{"members of no kind", `[` + request(`GroupMembers:{}`) + `]`, ": /0/GroupMembers: want MemberGroups, MemberUsers or both; an empty array if nobody is in the group"},
	{"members in a file", `[` + request(`GroupMembers:{"S3PathforGroupMembers":{"Bucket":"b","Key":"k"}}`) + `]`, ": /0/GroupMembers/S3PathforGroupMembers: no file is fetched; write its members as MemberGroups and MemberUsers, of which there may be more than 1000"},
	{"members also in a file", `[` + request(`GroupMembers:{"MemberUsers":[],"S3PathforGroupMembers":{}}`) + `]`, ": /0/GroupMembers/S3PathforGroupMembers: no file"},
	{"unknown members", `[` + request(`GroupMembers:{"MemberUser":[]}`) + `]`, ": /0/GroupMembers: unknown member, want MemberGroups, MemberUsers, S3PathforGroupMembers, spelled so"},
	{"null users", `[` + request(`GroupMembers:{"MemberUsers":null}`) + `]`, ": /0/GroupMembers/MemberUsers: want an array"},
	{"null groups", `[` + request(`GroupMembers:{"MemberGroups":null}`) + `]`, ": /0/GroupMembers/MemberGroups: want an array"},
	{"user as text", `[` + request(`GroupMembers:{"MemberUsers":["mary"]}`) + `]`, ": /0/GroupMembers/MemberUsers/0: want an object with UserId"},
	{"user without id", `[` + request(`GroupMembers:{"MemberUsers":[{"UserId":"mary"},{}]}`) + `]`, ": /0/GroupMembers/MemberUsers/1: UserId is missing"},
	{"user of a source", `[` + request(`GroupMembers:{"MemberUsers":[{"UserId":"mary","DataSourceId":"s"}]}`) + `]`, ": /0/GroupMembers/MemberUsers/0: unknown member, want UserId, spelled so"},
	{"empty user", `[` + request(`GroupMembers:{"MemberUsers":[{"UserId":""}]}`) + `]`, ": /0/GroupMembers/MemberUsers/0/UserId: want a string that is not empty"},
	{"long user", `[` + request(`GroupMembers:{"MemberUsers":[{"UserId":"`+strings.Repeat("x", 1025)+`"}]}`) + `]`, ": /0/GroupMembers/MemberUsers/0/UserId: 1025 characters"},
	{"sub-group without id", `[` + request(`GroupMembers:{"MemberGroups":[{"DataSourceId":"s"}]}`) + `]`, ": /0/GroupMembers/MemberGroups/0: GroupId is missing"},
	{"sub-group with type", `[` + request(`GroupMembers:{"MemberGroups":[{"GroupId":"s","type":"GROUP"}]}`) + `]`, ": /0/GroupMembers/MemberGroups/0: unknown member, want GroupId, DataSourceId, spelled so"},
	{"sub-group of empty source", `[` + request(`GroupMembers:{"MemberGroups":[{"GroupId":"s","DataSourceId":""}]}`) + `]`, ": /0/GroupMembers/MemberGroups/0/DataSourceId: want a string"},
	{"two indexes", `[` + request(`IndexId:"i"`) + `,` + request() + `,` + request(`IndexId:"j"`) + `]`, ": /2/IndexId: another index than above; use one file and one Directory for each"},
	{"null index", `[` + request(`IndexId:null`) + `]`, ": /0/IndexId: want a string that is not empty"},
	{"object as role", `[` + request(`RoleArn:{}`) + `]`, ": /0/RoleArn: want a string that is not empty"},
	{"second of two", `[` + request(`GroupId:"new"`) + `,` + request(`GroupId:""`) + `]`, ": /1/GroupId: want a string that is not empty"},
	{"deep", `[` + strings.Repeat(`[`, 20) + strings.Repeat(`]`, 20) + `]`, ": json: offset 16: nested deeper than allowed"},
	{"conflict in the file", `[` + request(`GroupMembers:{"MemberUsers":[]}`) + `,` + request(`GroupId:"h"`) + `,` + request() + `]`, ": /2/OrderingId: that of another Put of this group, with other members; use a higher one"},
	{"conflict in the file that would not matter", `[` + request(`OrderingId:99`) + `,` + request(`GroupMembers:{"MemberUsers":[]}`) + `,` + request() + `]`, ": /2/OrderingId: that of another Put"},
	{"conflict of equal size", `[` + request(`GroupMembers:{"MemberUsers":[{"UserId":"ann"}]}`) + `,` + request(`GroupMembers:{"MemberUsers":[{"UserId":"bob"}]}`) + `]`, ": /1/OrderingId: that of another Put"},
	{"conflict of equal size, the other way", `[` + request(`GroupMembers:{"MemberUsers":[{"UserId":"bob"}]}`) + `,` + request(`GroupMembers:{"MemberUsers":[{"UserId":"ann"}]}`) + `]`, ": /1/OrderingId: that of another Put"},
	{"conflict with before", `[` + request(`GroupId:"new"`) + `,` + request(`GroupId:"before"`, `OrderingId:1`) + `]`, ": /1/OrderingId: that of another Put"},
	{"forgotten", `[` + request(`GroupId:"newer"`) + `,` + request(`GroupId:"gone"`, `OrderingId:3`) + `]`, ": /1/OrderingId: not above that of a deletion which was forgotten"},
}

// Rule A9
func TestLoad(t *testing.T) {
	for _, tt := range loads {
		t.Run(tt.name, func(t *testing.T) {
			d := groups.New(acl.Rules{})
			if err := d.Load(iotest.OneByteReader(strings.NewReader(tt.text))); err != nil {
				t.Fatal(err)
			}
			wantGroups(t, d, mary, tt.want...)
			if err := d.Load(strings.NewReader(tt.text)); err != nil {
				t.Errorf("again: %v", err)
			}
			wantGroups(t, d, mary, tt.want...)
		})
	}
}

// before is what the directories hold that refused files must not change.
func before(t testing.TB) *groups.Directory {
	d := directory(t, acl.Rules{},
		call{group: group{GroupID: "before"}, id: 1, members: users("bob")},
		call{group: group{GroupID: "gone"}, id: 3, deleted: true},
		call{group: group{GroupID: "deleted"}, id: 5, deleted: true})
	d.Forget(4)
	return d
}

func wantBefore(t *testing.T, d *groups.Directory) {
	t.Helper()
	wantGroups(t, d, mary)
	wantGroups(t, d, acl.Principal{User: "bob"}, named("before")...)
	if got := d.String(); got != "groups.Directory(1 groups, 1 deleted)" || groups.Nodes(d) != 3 {
		t.Errorf("it has become %s, with %d nodes", got, groups.Nodes(d))
	}
}

// Rules A9, G4: what was loaded before stays
func TestLoadRefuses(t *testing.T) {
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			d := before(t)
			err := d.Load(strings.NewReader(tt.text))
			var e *groups.Error
			if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), "groups"+tt.want) || err.Error() == "groups" {
				t.Errorf("error = %v\n      want groups%s", err, tt.want)
			}
			conflict, forgotten := strings.Contains(tt.name, "conflict"), tt.name == "forgotten"
			if errors.Is(err, groups.ErrConflict) != conflict || errors.Is(err, groups.ErrForgotten) != forgotten {
				t.Errorf("%v is of another kind", err)
			}
			wantBefore(t, d)
		})
	}
}

// Rule G4
func TestLoadReader(t *testing.T) {
	own := errors.New("connection is lost")
	d := before(t)
	err := d.Load(io.MultiReader(strings.NewReader(`[`+request()+`]`), iotest.ErrReader(own)))
	if !errors.Is(err, own) || err.Error() != "groups: reading: connection is lost" {
		t.Error(err)
	}
	m, err := groups.ReadMembers(iotest.ErrReader(own))
	if !errors.Is(err, own) || m.Users != nil {
		t.Error(m, err)
	}
	spaces := strings.Repeat(" ", 64<<20-2)
	if err := d.Load(strings.NewReader("x" + spaces + "[]")); err == nil || err.Error() != "groups: json: offset 67108864: text is longer than allowed" {
		t.Error(err)
	}
	if err := d.Load(strings.NewReader("[" + strings.Repeat("0,", 8<<20) + "0]")); err == nil || !strings.HasSuffix(err.Error(), "more values and names than allowed") {
		t.Error(err)
	}
	wantBefore(t, d)
	if err := d.Load(strings.NewReader(spaces + "[]")); err != nil {
		t.Error(err)
	}
}

// What is loaded at a size beyond Kendra's.
//
// Rule A9
func TestLoadLarge(t *testing.T) {
	var all groups.Members
	for i := range 5_000 {
		all.Groups = append(all.Groups, group{GroupID: strings.Repeat("g", i%7+1), DataSourceID: strings.Repeat("s", i%11+1)})
		all.Users = append(all.Users, strings.Repeat("u", i%1_000+1))
	}
	d := groups.New(acl.Rules{})
	if err := d.Load(jsonOf(call{group: hr, id: 1, members: all})); err != nil {
		t.Fatal(err)
	}
	if err := d.Put(hr, 1, all); err != nil {
		t.Errorf("the same members: %v", err)
	}
	wantGroups(t, d, acl.Principal{User: strings.Repeat("u", 1_000)}, hr)
}

// Rule A9
func TestReadMembers(t *testing.T) {
	for _, tt := range []struct {
		text string
		want groups.Members
	}{
		{`{"MemberGroups":[{"GroupId":"a"},{"DataSourceId":"s","GroupId":"b"}],"MemberUsers":[{"UserId":"mary"}]}`, groups.Members{Groups: []group{{GroupID: "a"}, of("s", "b")}, Users: []string{"mary"}}},
		{`{"MemberUsers":[{"UserId":"mary"},{"UserId":"mary"}]}`, users("mary", "mary")},
		{` {"MemberGroups":[]} `, groups.Members{}},
	} {
		m, err := groups.ReadMembers(strings.NewReader(tt.text))
		if diff := gocmp.Diff(membersOf(tt.want), membersOf(m)); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", tt.text, err, diff)
		}
	}
	for _, tt := range []struct{ text, want string }{
		{``, ": json: offset 0: text ends too early"},
		{`[]`, ": want an object with MemberGroups, MemberUsers, S3PathforGroupMembers"},
		{`{}`, ": want MemberGroups, MemberUsers or both; an empty array if nobody is in the group"},
		{`{"MemberUsers":[{"UserId":"mary"},{"UserId":5}]}`, ": /MemberUsers/1/UserId: want a string that is not empty"},
		{`{"MemberGroups":[{"GroupId":"` + strings.Repeat("x", 1025) + `"}]}`, ": /MemberGroups/0/GroupId: 1025 characters, want 1 to 1024"},
		{`{"S3PathforGroupMembers":{}}`, ": /S3PathforGroupMembers: no file is fetched"},
		{request(), ": unknown member, want MemberGroups, MemberUsers, S3PathforGroupMembers, spelled so"},
	} {
		m, err := groups.ReadMembers(strings.NewReader(tt.text))
		if err == nil || !strings.HasPrefix(err.Error(), "groups"+tt.want) || m.Groups != nil || m.Users != nil {
			t.Errorf("%s: %v, %v\n want groups%s", tt.text, m, err, tt.want)
		}
	}
}

// file repeats, by encoding/json, what a text that loads says.
type file []struct {
	GroupId, DataSourceId string
	OrderingId            int64
	GroupMembers          struct {
		MemberGroups []struct{ GroupId, DataSourceId string }
		MemberUsers  []struct{ UserId string }
	}
}

// No text makes Load panic or changes anything unless all of it loads. What loads
// is what another reader reads, and loads again, written anew or put one by one.
//
// Rules A9, G4
func FuzzLoad(f *testing.F) {
	for _, tt := range loads {
		f.Add([]byte(tt.text), false)
	}
	for _, tt := range refusals {
		f.Add([]byte(tt.text), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, fold bool) {
		d := before(t)
		if err := d.Load(strings.NewReader(string(text))); err != nil {
			wantBefore(t, d)
			return
		}
		var read file
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		o := naive{rules: acl.Rules{Fold: fold}}
		for _, q := range read {
			c := call{group: of(q.DataSourceId, q.GroupId), id: q.OrderingId}
			for _, g := range q.GroupMembers.MemberGroups {
				c.members.Groups = append(c.members.Groups, of(g.DataSourceId, g.GroupId))
			}
			for _, u := range q.GroupMembers.MemberUsers {
				c.members.Users = append(c.members.Users, u.UserId)
			}
			o.calls = append(o.calls, c)
		}
		loaded, putOne := groups.New(o.rules), groups.New(o.rules)
		if err := loaded.Load(strings.NewReader(string(text))); err != nil {
			if fold && errors.Is(err, groups.ErrConflict) {
				return // twins
			}
			t.Fatal(err)
		}
		if err := loaded.Load(jsonOf(o.calls...)); err != nil {
			t.Fatalf("written anew: %v", err)
		}
		if err := putOne.Load(strings.NewReader("[]")); err != nil {
			t.Fatal(err)
		}
		for _, c := range o.calls {
			if err := c.to(putOne); err != nil {
				t.Fatalf("put one by one: %v", err)
			}
		}
		if groups.Nodes(loaded) != groups.Nodes(putOne) || loaded.String() != putOne.String() {
			t.Fatalf("%v, put one by one %v", loaded, putOne)
		}
		for _, c := range o.calls[:min(len(o.calls), 20)] {
			p := acl.Principal{Groups: []string{c.group.GroupID}}
			if len(c.members.Users) > 0 {
				p.User = c.members.Users[0]
			}
			want := o.expand(p, o.state())
			for _, d := range []*groups.Directory{loaded, putOne} {
				got, err := d.Expand(context.Background(), p)
				if err != nil || len(got.Groups)-1+len(got.DataSourceGroups) != len(want) {
					t.Fatalf("%+v, %v, want %d groups added", plain(got), err, len(want))
				}
				for _, g := range append(named(got.Groups[1:]...), got.DataSourceGroups...) {
					if !want[g] {
						t.Fatalf("%+v has %q", plain(got), plainGroups([]group{g}))
					}
				}
			}
		}
	})
}
