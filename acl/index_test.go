package acl_test

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl/acl"
)

var inSA = acl.For(acl.Principal{User: "mary", Groups: []string{"AWS-SA"}})

func Example_index() {
	index := acl.NewIndex(acl.Rules{})
	index.Put("intro.txt", acl.Public())
	index.Put("zanzibar.txt", acl.List{acl.Allow.Group("AWS-SA"), acl.Deny.User("eve")})
	index.Put("payroll.txt", acl.List{acl.Allow.Group("HR")})

	view := index.View(acl.For(acl.Principal{User: "mary", Groups: []string{"AWS-SA"}}))
	hits := slices.Values([]string{"payroll.txt", "zanzibar.txt", "draft.txt", "intro.txt"})
	for hit := range acl.Filter(view, hits, func(hit string) string { return hit }) {
		fmt.Println(hit)
	}
	fmt.Println(index.Explain(acl.For(acl.Principal{User: "eve", Groups: []string{"AWS-SA"}}), "zanzibar.txt"))
	// Output:
	// zanzibar.txt
	// intro.txt
	// denied by DENY USER "eve"
}

// Rules A2, A8: what is not known, and whoever has no scope, is denied.
func TestIndexZero(t *testing.T) {
	for name, x := range map[string]*acl.Index{"zero": new(acl.Index), "new": acl.NewIndex(acl.Rules{})} {
		t.Run(name, func(t *testing.T) {
			_, hasOrdinal := x.Ordinal("d")
			_, hasID := x.ID(0)
			_, hasAudience := x.WhoCanSee("d")
			if x.Len() != 0 || hasOrdinal || hasID || hasAudience {
				t.Error("an empty Index knows a document")
			}
			if d := x.Explain(acl.Unrestricted(), "d"); d != (acl.Decision{Reason: acl.ReasonUnknownDocument}) {
				t.Errorf("explained: %v", d)
			}
			for _, v := range []*acl.View{nil, new(acl.View), x.View(acl.Scope{}), x.View(acl.Unrestricted())} {
				if v.Allowed("d") || v.AllowedAt(0) || v.Count() != 0 || len(slices.Collect(v.All())) > 0 || len(slices.Collect(v.Ordinals())) > 0 {
					t.Error("an unknown document is visible")
				}
			}
			x.Put("d", acl.Public())
			for _, v := range []*acl.View{nil, new(acl.View), x.View(acl.Scope{})} {
				if v.Allowed("d") || v.AllowedAt(0) || v.Count() != 0 || len(slices.Collect(v.All())) > 0 {
					t.Error("a document is visible without a scope")
				}
			}
			if v := x.View(acl.Guest()); !v.Allowed("d") || !v.AllowedAt(0) || v.Count() != 1 {
				t.Error("a public document is hidden")
			}
		})
	}
}

// Rule A2: what cannot be stored as it is denies, also to who ignores the error.
func TestIndexInvalid(t *testing.T) {
	x := acl.NewIndex(acl.Rules{})
	x.Put("d", acl.Public())
	err := x.Put("d", acl.List{acl.Allow.User("mary"), {Name: "x", Type: acl.User}})
	var invalid *acl.Error
	if !errors.As(err, &invalid) || invalid.Path != "/1" || err.Error() != `document "d": acl: /1: Access is 0, want Allow or Deny` {
		t.Errorf("%v", err)
	}
	if x.View(inSA).Allowed("d") || x.View(acl.Guest()).Allowed("d") || !x.View(acl.Unrestricted()).Allowed("d") {
		t.Error("an invalid ACL admits, or its document is unknown")
	}
	if d := x.Explain(inSA, "d"); d.Reason != acl.ReasonNobody {
		t.Error(d)
	}
	if err := x.PutAt(0, acl.List{}); err == nil || !strings.HasPrefix(err.Error(), "document 0: acl: no entries; it admits nobody") {
		t.Errorf("%v", err)
	}
	if err := x.Put("d", nil); err != nil || x.View(inSA).Allowed("d") || !x.View(acl.Unrestricted()).Allowed("d") {
		t.Errorf("nil hides the document, which is no mistake: %v", err)
	}
	long := strings.Repeat("é", 1000)
	if err := x.Put(long, acl.List{}); err == nil || len(err.Error()) > 500 {
		t.Errorf("%v", err)
	}
}

// An Index has documents by id or by ordinal.
func TestIndexIDsAndOrdinals(t *testing.T) {
	ids := acl.NewIndex(acl.Rules{})
	ids.Put("d", acl.Public())
	ids.Put("e", acl.Public())
	ids.Delete("e")
	byOrdinal := acl.NewIndex(acl.Rules{})
	byOrdinal.PutAt(7, acl.Public())
	cases := []struct {
		name string
		err  error
		want string
	}{
		{"no id", ids.Put("", acl.Public()), `document "": acl: the id is empty, want one`},
		{"ordinal without an id", ids.PutAt(2, acl.Public()), "document 2: acl: this Index knows documents by id and none by this ordinal, want Put or another Index"},
		{"ordinal of a deleted document", ids.PutAt(1, acl.Public()), "document 1: acl: this Index knows documents by id and none by this ordinal, want Put or another Index"},
		{"ordinal with an id", ids.PutAt(0, acl.List{acl.Allow.User("mary")}), ""},
		{"id among ordinals", byOrdinal.Put("d", acl.Public()), `document "d": acl: this Index knows documents by ordinal, want PutAt or another Index`},
		{"another ordinal", byOrdinal.PutAt(3, acl.Public()), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if c.err != nil {
				got = c.err.Error()
			}
			if got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
	if got := slices.Collect(ids.View(inSA).All()); !slices.Equal(got, []string{"d"}) || ids.View(acl.Guest()).Count() != 0 {
		t.Errorf("visible by id: %q", got)
	}
	if got := slices.Collect(byOrdinal.View(acl.Guest()).Ordinals()); !slices.Equal(got, []uint32{3, 7}) {
		t.Errorf("visible by ordinal: %v", got)
	}
	for range byOrdinal.View(acl.Guest()).All() {
		t.Error("an ordinal has an id")
	}
	byOrdinal.DeleteAt(3)
	byOrdinal.DeleteAt(100)
	byOrdinal.Delete("d")
	byOrdinal.DeleteAt(7)
	if err := byOrdinal.Put("d", acl.Public()); err == nil || byOrdinal.Len() != 0 {
		t.Errorf("an empty Index of ordinals takes an id: %v", err)
	}
}

// All 2^32 ordinals can be used, and no more.
func TestIndexLastOrdinal(t *testing.T) {
	x := acl.NewIndex(acl.Rules{})
	if err := x.PutAt(math.MaxUint32, acl.Public()); err != nil {
		t.Fatal(err)
	}
	v := x.View(acl.Guest())
	for range 2000 {
		if !v.AllowedAt(math.MaxUint32) || v.AllowedAt(math.MaxUint32-1) || v.AllowedAt(0) {
			t.Fatal("not the last ordinal alone is visible")
		}
	}
	if _, documents := v.Bitmaps(); documents || v.Count() != 1 {
		t.Error("512 MiB for one document")
	}
	full := acl.AtOrdinal(acl.Rules{}, math.MaxUint32)
	if err := full.Put("last", acl.Public()); err != nil {
		t.Fatal(err)
	}
	if err := full.Put("one more", acl.Public()); err == nil || err.Error() != `document "one more": acl: all ordinals are used, want a new Index` {
		t.Errorf("%v", err)
	}
	if o, ok := full.Ordinal("last"); o != math.MaxUint32 || !ok || full.Len() != 1 || full.View(acl.Guest()).Allowed("one more") {
		t.Errorf("ordinal %d, %d documents", o, full.Len())
	}
}

// Rules A2, G4: where there is no room, documents are denied.
func TestIndexFull(t *testing.T) {
	const room = 100
	list := func(name string) acl.ACL { return acl.List{acl.Allow.User(name)} }
	long := strings.Repeat("x", room)
	cases := []struct {
		name   string
		fill   func(x *acl.Index) error
		denied string
		known  bool
	}{
		{"names", func(x *acl.Index) error {
			x.Put("a", acl.List{acl.Allow.User(strings.Repeat("n", 60)), acl.Allow.User("m")})
			return x.Put("b", list(strings.Repeat("o", 60)))
		}, "b", true},
		{"one name", func(x *acl.Index) error { return x.Put("b", list(long)) }, "b", true},
		{"data source", func(x *acl.Index) error {
			return x.Put("b", acl.List{acl.Allow.User("m"), {Name: "n", Type: acl.Group, Access: acl.Allow, DataSourceID: long}})
		}, "b", true},
		{"name of a data source", func(x *acl.Index) error {
			x.Put("a", acl.List{acl.Allow.User(strings.Repeat("n", 50))})
			return x.Put("b", acl.List{acl.Allow.User("m"), {Name: strings.Repeat("o", 50), Type: acl.User, Access: acl.Deny, DataSourceID: "s"}})
		}, "b", true},
		{"name of a level", func(x *acl.Index) error {
			return x.Put("b", acl.Hierarchy{{acl.Allow.User("m")}, {acl.Allow.User("m"), acl.Deny.User(long)}})
		}, "b", true},
		{"wild name", func(x *acl.Index) error {
			x.Put("a", acl.List{acl.Allow.User(strings.Repeat("n", 50))})
			return x.Put("b", acl.List{acl.Allow.User("m"), {Name: strings.Repeat("n", 50), Type: acl.User, Access: acl.Deny, DataSourceID: "s"}})
		}, "b", true},
		{"ACLs", func(x *acl.Index) error {
			for i := range 100 {
				l := acl.List{acl.Allow.User("m")}
				for j := range 5 {
					if i>>j&1 != 0 {
						l = append(l, acl.Allow.User(fmt.Sprint(j)))
					}
				}
				if err := x.Put("b", append(l, acl.Deny.User("eve"))); err != nil {
					return err
				}
			}
			return nil
		}, "b", true},
		{"ids", func(x *acl.Index) error {
			x.Put(strings.Repeat("i", 60), acl.Public())
			return x.Put(strings.Repeat("j", 60), acl.Public())
		}, strings.Repeat("j", 60), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			x := acl.NewTuned(acl.Rules{}, acl.Tuning{Merge: 1 << 20, Compact: 1 << 20, Scan: 1, Limit: room})
			err := c.fill(x)
			if err == nil || !strings.HasSuffix(err.Error(), ": acl: the index is full, want a new Index with fewer documents or names") {
				t.Errorf("%v", err)
			}
			m := acl.For(acl.Principal{User: "m"})
			if x.View(m).Allowed(c.denied) || x.View(acl.Guest()).Allowed(c.denied) {
				t.Error("the document is visible")
			}
			if x.View(acl.Unrestricted()).Allowed(c.denied) != c.known {
				t.Errorf("known: %t", !c.known)
			}
		})
	}
}

func TestBuildIndex(t *testing.T) {
	docs := func(yield func(string, acl.ACL) bool) {
		for i := range 300 {
			if !yield(fmt.Sprint("bad ", i), acl.List{}) {
				return
			}
		}
		yield("d", acl.Public())
		yield("", acl.Public())
		yield("d", acl.List{acl.Allow.User("mary")})
	}
	x, err := acl.BuildIndex(acl.Rules{}, docs)
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 101 || !strings.HasPrefix(lines[0], `document "bad 0": acl: no entries`) || lines[100] != "acl: 201 further documents are denied for such errors" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
	if x.Len() != 301 || x.View(inSA).Count() != 1 || x.View(acl.Guest()).Count() != 0 || x.View(acl.Unrestricted()).Count() != 301 {
		t.Errorf("%d documents, mary sees %d", x.Len(), x.View(inSA).Count())
	}
	hundred := func(yield func(uint32, acl.ACL) bool) {
		for i := range uint32(100) {
			yield(i, acl.Hierarchy{})
		}
	}
	if _, err := acl.BuildIndex(acl.Rules{}, hundred); err == nil || strings.Count(err.Error(), "\n") != 99 {
		t.Errorf("100 errors: %v", err)
	}
	if x, err := acl.BuildIndex(acl.Rules{}, maps.All(map[uint32]acl.ACL{5: acl.Public()})); err != nil || !x.View(acl.Guest()).AllowedAt(5) {
		t.Errorf("by ordinal: %v", err)
	}
}

// Rule A8: many documents are put at once, into an empty Index and into one that
// has documents, while those who read see all of them or none.
func TestPutAll(t *testing.T) {
	x := acl.NewIndex(acl.Rules{})
	batch := func(group string) iter.Seq2[string, acl.ACL] {
		return func(yield func(string, acl.ACL) bool) {
			for i := range 500 {
				before := x.View(inSA).Count()
				if !yield(fmt.Sprint(i), acl.List{acl.Allow.Group(group)}) || x.View(inSA).Count() != before {
					t.Error("a part of the documents is seen")
					return
				}
			}
		}
	}
	for _, row := range []struct {
		group string
		want  int
	}{{"AWS-SA", 500}, {"others", 0}, {"AWS-SA", 500}} {
		view, count := x.View(inSA), x.NewView(inSA).Count()
		if err := x.PutAll(batch(row.group)); err != nil {
			t.Fatal(err)
		}
		if got := x.View(inSA).Count(); got != row.want || view.Count() != count || x.Len() != 500 {
			t.Errorf("%s: %d visible, want %d; the view before has %d, want %d", row.group, got, row.want, view.Count(), count)
		}
	}
	if err := x.PutAllAt(maps.All(map[uint32]acl.ACL{7: acl.Public(), 900: acl.Public()})); err == nil || !x.View(acl.Guest()).Allowed("7") {
		t.Errorf("ordinals of known and of unknown documents: %v", err)
	}
}

// Rule G3: neither shows a name or an id.
func TestIndexFormat(t *testing.T) {
	x := acl.NewIndex(acl.Rules{})
	x.Put("hidden-id", acl.List{acl.Allow.Group("hidden-name")})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		got := fmt.Sprintf(verb+verb+verb+verb, x, x.View(inSA), new(acl.View), (*acl.View)(nil))
		if want := "acl.Index(1 documents)acl.View(1 documents)acl.View(nothing)acl.View(nothing)"; got != want {
			t.Errorf("%s: %s", verb, got)
		}
	}
}

// A panic of the caller's code leaves an Index that works.
func TestPutAllPanic(t *testing.T) {
	x := acl.NewIndex(acl.Rules{})
	func() {
		defer func() { recover() }()
		x.PutAll(func(yield func(string, acl.ACL) bool) {
			yield("d", acl.Public())
			panic("torn")
		})
	}()
	view := x.View(acl.Guest())
	x.Put("d", nil)
	x.Put("e", acl.Public())
	if !view.Allowed("d") || view.Allowed("e") || x.View(acl.Guest()).Allowed("d") || !x.View(acl.Guest()).Allowed("e") {
		t.Error("a view sees changes made after it, or a change is lost")
	}
}

// Equal ACLs are stored once, whatever the order of their entries, and so are names.
func TestIndexStoresOnce(t *testing.T) {
	x := acl.NewIndex(acl.Rules{})
	a, b, c := acl.Allow.User("a"), acl.Allow.Group("b"), acl.Deny.Group("c")
	same := []acl.ACL{
		acl.List{a, b, c}, acl.List{c, b, a}, acl.List{a, a, c, b, b, c, a}, acl.Hierarchy{{b, a, c}},
	}
	for i, s := range same {
		x.Put(fmt.Sprint("same ", i), s)
	}
	x.Put("p", acl.Public())
	x.Put("n", nil)
	if got := x.Stats(); got.ACLs != 1 || got.Names != 3 || got.IDs != 6 {
		t.Errorf("%+v, want 1 ACL, 3 names and 6 ids", got)
	}
	different := []acl.ACL{
		acl.List{a, b}, acl.List{a, c}, acl.List{acl.Deny.User("a"), b, c}, acl.List{a, acl.Allow.Group("c"), b},
		acl.Hierarchy{{a}, {b, c}}, acl.Hierarchy{{b, c}, {a}},
	}
	for i, d := range different {
		x.Put(fmt.Sprint("different ", i), d)
	}
	if got := x.Stats(); got.ACLs != 1+len(different) || got.Names != 3 {
		t.Errorf("%+v, want %d ACLs and 3 names", got, 1+len(different))
	}
	folded := acl.NewIndex(acl.Rules{Fold: true})
	folded.Put("1", acl.List{acl.Allow.User("Straße")})
	folded.Put("2", acl.List{acl.Allow.User("STRASSE"), acl.Allow.User("strasse")})
	if got := folded.Stats(); got.ACLs != 1 || got.Names != 1 {
		t.Errorf("folded: %+v, want 1 ACL and 1 name", got)
	}
	if d := folded.Explain(acl.For(acl.Principal{User: "sTRASSE"}), "1"); d.Entry != acl.Allow.User("strasse") {
		t.Errorf("explained: %v", d)
	}
}

// An Index that is compacted near its limit decides as before: a name whose token
// takes two bytes is met first then, and ACLs of one byte a name must stay so.
func TestCompactNearLimit(t *testing.T) {
	x := acl.NewTuned(acl.Rules{}, acl.Tuning{Merge: 1 << 20, Compact: 60, Scan: 1 << 60, Limit: 6000})
	docs := map[uint32]acl.ACL{}
	put := func(o uint32, a acl.ACL) {
		if err := x.PutAt(o, a); err != nil {
			t.Fatal(o, err)
		}
		docs[o] = a
	}
	users := func(prefix string, from, n, of int) (l acl.List) {
		for i := range n {
			l = append(l, acl.Allow.User(fmt.Sprint(prefix, (from+i)%of)))
		}
		return l
	}
	for i := range 40 {
		put(uint32(1000+i), users("", i*5, 100, 200))
	}
	put(0, users("x", 0, 260, 260))
	put(2000, users("x", 1, 1, 260))
	before := 0
	for i := range 120 {
		put(3000, users("x", i, 1, 260))
		before = max(before, x.Stats().ACLs)
	}
	if x.Stats().ACLs >= before {
		t.Errorf("%d ACLs, at most %d: nothing was compacted", x.Stats().ACLs, before)
	}
	visible := 0
	for _, user := range []string{"x1", "x119", "0", "150"} {
		s := acl.For(acl.Principal{User: user})
		for o, a := range docs {
			want := acl.Decide(s, a, acl.Rules{}).Allowed
			if x.View(s).AllowedAt(o) != want || !x.View(acl.Unrestricted()).AllowedAt(o) {
				t.Errorf("%s, document %d: want %t", user, o, want)
			}
			visible += b2i(want)
		}
	}
	if visible < 40 || visible > 60 {
		t.Errorf("%d documents are visible", visible)
	}
}

// An Index keeps nothing of a caller's slices.
//
// Rule G5
func TestIndexSharesNothing(t *testing.T) {
	x := acl.NewIndex(acl.Rules{})
	list := acl.List{acl.Allow.User("mary"), acl.Deny.User("eve")}
	x.Put("d", list)
	list[0], list[1] = acl.Allow.User("eve"), acl.Deny.User("mary")
	if !x.View(inSA).Allowed("d") {
		t.Error("a change of the caller's slice is a change of the Index")
	}
	audience, _ := x.WhoCanSee("d")
	audience.Allowed[0][0], audience.Denied[0] = acl.Allow.User("eve"), acl.Deny.User("mary")
	want := acl.Audience{Allowed: []acl.List{{acl.Allow.User("mary")}}, Denied: acl.List{acl.Deny.User("eve")}}
	if got, _ := x.WhoCanSee("d"); !cmp.Equal(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// Rule A7
func TestWhoCanSee(t *testing.T) {
	sourceUser := acl.Entry{Name: "u", Type: acl.User, Access: acl.Allow, DataSourceID: "s"}
	sourceGroup := acl.Entry{Name: "g", Type: acl.Group, Access: acl.Allow, DataSourceID: "s"}
	everyone, anyLevel := acl.Rules{DenyOnlyEveryone: true}, acl.Rules{AnyLevel: true}
	cases := []struct {
		name  string
		rules acl.Rules
		acl   acl.ACL
		want  acl.Audience
	}{
		{"public", acl.Rules{}, acl.Public(), acl.Audience{Everyone: true}},
		{"nobody", acl.Rules{}, nil, acl.Audience{}},
		{"list", acl.Rules{}, acl.List{acl.Allow.Group("g"), acl.Deny.User("u")}, acl.Audience{Allowed: []acl.List{{acl.Allow.Group("g")}}, Denied: acl.List{acl.Deny.User("u")}}},
		{"source", acl.Rules{}, acl.List{sourceUser, sourceGroup}, acl.Audience{Allowed: []acl.List{{sourceGroup}}}},
		{"user of a source alone", acl.Rules{}, acl.List{sourceUser}, acl.Audience{}},
		{"deny-only", acl.Rules{}, acl.List{acl.Deny.User("u")}, acl.Audience{}},
		{"deny-only for everyone", everyone, acl.List{acl.Deny.User("u")}, acl.Audience{Everyone: true, Denied: acl.List{acl.Deny.User("u")}}},
		{"user of a source, for everyone", everyone, acl.List{sourceUser}, acl.Audience{}},
		{"levels", acl.Rules{}, acl.Hierarchy{{acl.Allow.User("u")}, {acl.Allow.Group("g"), acl.Deny.Group("h")}}, acl.Audience{Allowed: []acl.List{{acl.Allow.User("u")}, {acl.Allow.Group("g")}}, Denied: acl.List{acl.Deny.Group("h")}}},
		{"a level of DENY", acl.Rules{}, acl.Hierarchy{{acl.Allow.User("u")}, {acl.Deny.Group("h")}}, acl.Audience{}},
		{"a level of DENY, for everyone", everyone, acl.Hierarchy{{acl.Allow.User("u")}, {acl.Deny.Group("h")}}, acl.Audience{Allowed: []acl.List{{acl.Allow.User("u")}}, Denied: acl.List{acl.Deny.Group("h")}}},
		{"any level", anyLevel, acl.Hierarchy{{acl.Allow.User("u")}, {acl.Deny.Group("h")}, {acl.Allow.Group("g")}}, acl.Audience{Allowed: []acl.List{{acl.Allow.User("u"), acl.Allow.Group("g")}}, Denied: acl.List{acl.Deny.Group("h")}}},
		{"any level, none", anyLevel, acl.Hierarchy{{sourceUser}, {acl.Deny.Group("h")}}, acl.Audience{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			x := acl.NewIndex(c.rules)
			x.Put("d", c.acl)
			byID, ok := x.WhoCanSee("d")
			at, okAt := x.WhoCanSeeAt(0)
			if !ok || !okAt || !cmp.Equal(byID, c.want) || !cmp.Equal(at, c.want) {
				t.Errorf("%+v, %+v\nwant %+v", byID, at, c.want)
			}
			if a, ok := x.WhoCanSeeAt(1); ok || !cmp.Equal(a, acl.Audience{}) {
				t.Error("unknown document")
			}
		})
	}
}

// Rule A5: names with data sources, whichever came first.
func TestIndexDataSources(t *testing.T) {
	entry := func(typ acl.Type, access acl.Access, source string) acl.Entry {
		return acl.Entry{Name: "n", Type: typ, Access: access, DataSourceID: source}
	}
	everybody := acl.Allow.Group("all")
	in := func(sources ...string) acl.Principal {
		p := acl.Principal{User: "x", Groups: []string{"all"}}
		for _, s := range sources {
			if s == "" {
				p.Groups = append(p.Groups, "n")
				continue
			}
			p.DataSourceGroups = append(p.DataSourceGroups, acl.DataSourceGroup{GroupID: "n", DataSourceID: s})
		}
		return p
	}
	user := acl.Principal{User: "n", Groups: []string{"all"}}
	cases := []struct {
		name string
		list acl.List
		who  acl.Principal
		want bool
	}{
		{"ALLOW without, caller without", acl.List{entry(acl.Group, acl.Allow, "")}, in(""), true},
		{"ALLOW without, caller of s", acl.List{entry(acl.Group, acl.Allow, "")}, in("s"), false},
		{"ALLOW of s, caller without", acl.List{entry(acl.Group, acl.Allow, "s")}, in(""), false},
		{"ALLOW of s, caller of s", acl.List{entry(acl.Group, acl.Allow, "s")}, in("s"), true},
		{"ALLOW of s, caller of t", acl.List{entry(acl.Group, acl.Allow, "s")}, in("t"), false},
		{"DENY without, caller without", acl.List{everybody, entry(acl.Group, acl.Deny, "")}, in(""), false},
		{"DENY without, caller of s", acl.List{everybody, entry(acl.Group, acl.Deny, "")}, in("s"), false},
		{"DENY of s, caller without", acl.List{everybody, entry(acl.Group, acl.Deny, "s")}, in(""), false},
		{"DENY of s, caller of s", acl.List{everybody, entry(acl.Group, acl.Deny, "s")}, in("s"), false},
		{"DENY of s, caller of t", acl.List{everybody, entry(acl.Group, acl.Deny, "s")}, in("t"), true},
		{"DENY of s, caller in none", acl.List{everybody, entry(acl.Group, acl.Deny, "s")}, in(), true},
		{"user, ALLOW of s", acl.List{entry(acl.User, acl.Allow, "s")}, user, false},
		{"user, DENY of s", acl.List{everybody, entry(acl.User, acl.Deny, "s")}, user, false},
		{"group is no user", acl.List{everybody, entry(acl.User, acl.Deny, "s")}, in("", "s"), true},
		{"user is no group", acl.List{everybody, entry(acl.Group, acl.Deny, "s")}, user, true},
	}
	orders := [][]string{{}, {"", "s", "t"}, {"s", "", "t"}, {"t", "s", ""}, {"t"}, {""}}
	for _, c := range cases {
		for _, order := range orders {
			t.Run(fmt.Sprintf("%s/after %q", c.name, order), func(t *testing.T) {
				x := acl.NewTuned(acl.Rules{}, acl.Tuning{Merge: -1, Compact: 100, Scan: 1 << 30, Limit: 1 << 20})
				for i, source := range order {
					x.Put(fmt.Sprint(i), acl.List{entry(acl.Group, acl.Deny, source), entry(acl.User, acl.Allow, source)})
				}
				x.Put("d", c.list)
				v := x.View(acl.For(c.who))
				one, decided := v.Allowed("d"), acl.Decide(acl.For(c.who), c.list, acl.Rules{}).Allowed
				v.Count()
				if one != c.want || decided != c.want || v.Allowed("d") != c.want {
					t.Errorf("allowed %t, by bitmap %t, by Decide %t, want %t", one, v.Allowed("d"), decided, c.want)
				}
			})
		}
	}
}
