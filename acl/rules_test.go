package acl_test

import (
	"reflect"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"golang.org/x/text/cases"
)

// Each value of Rules has a hash of its own, today's and tomorrow's.
//
// Rule A6
func TestRulesHash(t *testing.T) {
	if got := (acl.Rules{}).Hash(); got != "065713df77a8e40b" {
		t.Errorf("the zero Rules have hash %s", got)
	}
	other := acl.Rules{Missing: acl.MissingPublic, DenyOnlyEveryone: true, AnyLevel: true, MissingGroupsMeanNone: true}
	if got := other.Hash(); got != "be7affd8155a5535" {
		t.Errorf("%+v have hash %s", other, got)
	}
	// Folding is the work of a version of Unicode, hence one hash for each that
	// the supported releases of Go bring.
	golden := map[string]string{"15.0.0": "eea0cefcb77118b7", "17.0.0": "d3242a10d6691f08"}
	if got, want := folding.Hash(), golden[cases.UnicodeVersion]; got != want {
		t.Errorf("folding with Unicode %s has hash %s, want %s", cases.UnicodeVersion, got, want)
	}

	owner := map[string]acl.Rules{}
	values := allRules()
	values = append(values, acl.Rules{Missing: 3}, acl.Rules{Missing: 10})
	for _, r := range values {
		hash := r.Hash()
		if first, taken := owner[hash]; taken {
			t.Errorf("%+v and %+v have one hash", first, r)
		}
		owner[hash] = r
		if len(hash) != 16 || hash != r.Hash() {
			t.Errorf("hash of %+v is %q and %q", r, hash, r.Hash())
		}
	}
	if len(owner) != 50 {
		t.Errorf("%d hashes, want 50", len(owner))
	}
	if n := reflect.TypeFor[acl.Rules]().NumField(); n != 5 {
		t.Errorf("Rules have %d fields; put the new one into Hash, allRules and the number here", n)
	}
}

// Rules A2, A4, G1
func TestRulesDocument(t *testing.T) {
	list := acl.List{acl.Allow.User("mary")}
	levels := acl.Hierarchy{{acl.Allow.User("mary")}, {acl.Allow.Group("HR")}}
	var (
		none   = acl.Rules{}
		hidden = acl.Rules{Missing: acl.MissingHidden}
		public = acl.Rules{Missing: acl.MissingPublic}
	)
	for _, row := range []struct {
		name         string
		rules        acl.Rules
		list         acl.List
		levels       acl.Hierarchy
		want         acl.ACL
		path, reason string
	}{
		{"list", none, list, nil, list, "", ""},
		{"list, public", public, list, nil, list, "", ""},
		{"list and an empty hierarchy", public, list, acl.Hierarchy{}, list, "", ""},
		{"hierarchy", hidden, nil, levels, levels, "", ""},
		{"hierarchy and an empty list", public, acl.List{}, levels, levels, "", ""},
		{"both, of one level", public, list, levels[:1], nil, "", "AccessControlList and HierarchicalAccessControlList are both given; use one"},
		{"both", public, list, levels, nil, "", "AccessControlList and HierarchicalAccessControlList are both given; use one"},
		{"neither", none, nil, nil, nil, "", ""},
		{"neither, hidden", hidden, nil, nil, nil, "", ""},
		{"neither, public", public, nil, nil, acl.Public(), "", ""},
		{"both empty", none, acl.List{}, acl.Hierarchy{}, nil, "", ""},
		{"both empty, public", public, acl.List{}, acl.Hierarchy{}, acl.Public(), "", ""},
		{"neither, unknown reading", acl.Rules{Missing: 3}, nil, nil, nil, "", ""},
		{"invalid entry", public, acl.List{{}}, nil, nil, "/0", "Name is empty, want the name of a user or group"},
		{"empty level", public, nil, acl.Hierarchy{{}}, nil, "/0/PrincipalList", "no entries; it admits nobody, use Public for a public document"},
		{"nil level", public, nil, acl.Hierarchy{list, nil}, nil, "/1/PrincipalList", "no entries; it admits nobody, use Public for a public document"},
	} {
		got, err := row.rules.Document(row.list, row.levels)
		if row.reason != "" {
			checkError(t, row.name, err, row.path, row.reason)
		} else if err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		if !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %#v, want %#v", row.name, got, row.want)
		}
	}
}

// Rule G5
func TestRulesDocumentSharesNothing(t *testing.T) {
	list := acl.List{acl.Allow.User("mary")}
	levels := acl.Hierarchy{{acl.Allow.User("mary")}, {acl.Allow.User("mary")}}
	flat, err1 := acl.Rules{}.Document(list, nil)
	deep, err2 := acl.Rules{}.Document(nil, levels)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	list[0].Name, levels[0][0].Name = "eve", "eve"
	levels[1] = acl.List{acl.Allow.User("eve")}
	eve := acl.For(acl.Principal{User: "eve"})
	for _, a := range []acl.ACL{flat, deep} {
		if got := acl.Decide(mary, a, acl.Rules{}); !got.Allowed {
			t.Errorf("the ACL changed with its source: %v", got)
		}
		if got := acl.Decide(eve, a, acl.Rules{}); got.Allowed {
			t.Errorf("the ACL changed with its source: %v", got)
		}
	}
}
