package acl_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
)

// kendraCallers are the callers of the vectors in the order of their columns.
var kendraCallers = []struct {
	name  string
	scope acl.Scope
}{
	{"alice", acl.For(acl.Principal{User: "alice", Groups: []string{"HR"}})},
	{"bob", acl.For(acl.Principal{User: "bob", Groups: []string{"Sales"}})},
	{"carol", acl.For(acl.Principal{User: "carol", Groups: []string{"HR", "Contractors"}})},
	{"guest", acl.Guest()},
	{"operator", acl.Unrestricted()}, // policy ATTRIBUTE_FILTER without user information
	{"nobody", acl.Scope{}},
}

// Kendra's documented and observed behaviour, caller by caller. The rows about
// requests that carry a token and a user id are the Gate's.
//
// Rules A1, A2, A3, A4
func TestDecideKendraVectors(t *testing.T) {
	faq := acl.Rules{DenyOnlyEveryone: true}
	rows := []struct {
		name   string
		rules  acl.Rules
		list   acl.List
		levels acl.Hierarchy
		want   string // y or n for each caller
	}{
		{"absent", acl.Rules{Missing: acl.MissingPublic}, nil, nil, "yyyyyn"},
		{"absent, strict", acl.Rules{Missing: acl.MissingHidden}, nil, nil, "nnnnyn"},
		{"absent, default", acl.Rules{}, nil, nil, "nnnnyn"},
		{"empty", acl.Rules{Missing: acl.MissingPublic}, acl.List{}, acl.Hierarchy{}, "yyyyyn"},
		{"empty, strict", acl.Rules{Missing: acl.MissingHidden}, acl.List{}, acl.Hierarchy{}, "nnnnyn"},
		{"group", acl.Rules{}, acl.List{acl.Allow.Group("HR")}, nil, "ynynyn"},
		{"group but for a group", acl.Rules{}, acl.List{acl.Allow.Group("HR"), acl.Deny.Group("Contractors")}, nil, "ynnnyn"},
		{"group but for a user", acl.Rules{}, acl.List{acl.Allow.Group("HR"), acl.Deny.User("alice")}, nil, "nnynyn"},
		{"user but for their group", acl.Rules{}, acl.List{acl.Allow.User("alice"), acl.Deny.Group("HR")}, nil, "nnnnyn"},
		{"same, DENY first", acl.Rules{}, acl.List{acl.Deny.Group("HR"), acl.Allow.User("alice")}, nil, "nnnnyn"},
		{"deny-only", acl.Rules{}, acl.List{acl.Deny.Group("HR")}, nil, "nnnnyn"},
		{"deny-only, FAQ", faq, acl.List{acl.Deny.Group("HR")}, nil, "nynyyn"},
		{"type mismatch", acl.Rules{}, acl.List{acl.Allow.Group("alice")}, nil, "nnnnyn"},
		{"type mismatch the other way", acl.Rules{}, acl.List{acl.Allow.User("HR")}, nil, "nnnnyn"},
		{"type mismatch of a DENY", acl.Rules{}, acl.List{acl.Allow.Group("HR"), acl.Deny.Group("alice"), acl.Deny.User("HR")}, nil, "ynynyn"},
		{"case", acl.Rules{}, acl.List{acl.Allow.Group("hr")}, nil, "nnnnyn"},
		{"case, folded", acl.Rules{Fold: true}, acl.List{acl.Allow.Group("hr")}, nil, "ynynyn"},
		{"case of a DENY", acl.Rules{}, acl.List{acl.Allow.Group("HR"), acl.Deny.User("ALICE")}, nil, "ynynyn"},
		{"case of a DENY, folded", acl.Rules{Fold: true}, acl.List{acl.Allow.Group("HR"), acl.Deny.User("ALICE")}, nil, "nnynyn"},
		{"levels", acl.Rules{}, nil, acl.Hierarchy{{acl.Allow.Group("HR")}, {acl.Allow.User("alice")}}, "ynnnyn"},
	}
	checked := 0
	for _, row := range rows {
		document, err := row.rules.Document(row.list, row.levels)
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		for i, caller := range kendraCallers {
			got := acl.Decide(caller.scope, document, row.rules)
			if want := row.want[i] == 'y'; got.Allowed != want {
				t.Errorf("%s, %s: %v, want %t", row.name, caller.name, got, want)
			}
			checked++
		}
	}
	if checked != 120 {
		t.Errorf("checked %d vectors, want 120", checked)
	}
}

// The five folders of the fixture that Kendra's blog post describes.
//
// Rule A1
func TestDecideBlogFixture(t *testing.T) {
	names := []string{"blogs", "user guides", "case studies", "analyst reports", "white papers"}
	folders := []acl.ACL{
		acl.Public(),
		acl.List{acl.Allow.Group("customer"), acl.Allow.Group("AWS-Sales"), acl.Allow.Group("AWS-Marketing"), acl.Allow.Group("AWS-SA")},
		acl.List{acl.Allow.Group("AWS-Sales"), acl.Allow.Group("AWS-Marketing"), acl.Allow.Group("AWS-SA")},
		acl.List{acl.Allow.Group("AWS-Marketing"), acl.Allow.Group("AWS-SA")},
		acl.List{acl.Allow.Group("AWS-SA")},
	}
	of := func(user, group string) acl.Scope {
		return acl.For(acl.Principal{User: user, Groups: []string{group}})
	}
	for _, row := range []struct {
		who   string
		scope acl.Scope
		sees  int // so many of the folders, from the first
	}{
		{"guest", acl.Guest(), 1},
		{"Patricia", of("patricia", "customer"), 2},
		{"James", of("james", "AWS-Sales"), 3},
		{"John", of("john", "AWS-Marketing"), 4},
		{"Mary", of("mary", "AWS-SA"), 5},
	} {
		for i, folder := range folders {
			if got := acl.Decide(row.scope, folder, acl.Rules{}); got.Allowed != (i < row.sees) {
				t.Errorf("%s, %s: %v", row.who, names[i], got)
			}
		}
	}
}

type embedsList struct{ acl.List }

type embedsACL struct{ acl.ACL }

var (
	someList    = acl.List{acl.Allow.User("mary")}
	mary        = acl.For(acl.Principal{User: "mary"})
	salesforce  = "salesforce"
	hrOfSource  = acl.Entry{Name: "HR", Type: acl.Group, Access: acl.Allow, DataSourceID: salesforce}
	noHROfThat  = acl.Entry{Name: "HR", Type: acl.Group, Access: acl.Deny, DataSourceID: salesforce}
	maryOfThat  = acl.Entry{Name: "mary", Type: acl.User, Access: acl.Allow, DataSourceID: salesforce}
	notMaryThat = acl.Entry{Name: "mary", Type: acl.User, Access: acl.Deny, DataSourceID: salesforce}
)

// inGroups returns mary with plain groups, or "group@source" ones.
func inGroups(groups ...string) acl.Principal {
	p := acl.Principal{User: "mary"}
	for _, g := range groups {
		if name, source, ok := strings.Cut(g, "@"); ok {
			p.DataSourceGroups = append(p.DataSourceGroups, acl.DataSourceGroup{GroupID: name, DataSourceID: source})
		} else {
			p.Groups = append(p.Groups, g)
		}
	}
	return p
}

func unknownGroups(p acl.Principal) acl.Principal {
	p.GroupsUnknown = true
	return p
}

// One row for each clause of the rules.
//
// Rules A1, A2, A3, A4, A5, A8, G1
func TestDecideClauses(t *testing.T) {
	var (
		none  = acl.Rules{}
		faq   = acl.Rules{DenyOnlyEveryone: true}
		or    = acl.Rules{AnyLevel: true}
		faqOr = acl.Rules{DenyOnlyEveryone: true, AnyLevel: true}
		lax   = acl.Rules{MissingGroupsMeanNone: true}
		fold  = acl.Rules{Fold: true}

		is   = acl.Allow.User("mary")
		isnt = acl.Deny.User("mary")
		bob  = acl.Allow.User("bob")
		no   = acl.Deny.User("bob")
		noHR = acl.Deny.Group("HR")
	)
	rows := []struct {
		name   string
		scope  acl.Scope
		acl    acl.ACL
		rules  acl.Rules
		allow  bool
		reason acl.Reason
		level  int
		entry  acl.Entry
	}{
		// Scopes.
		{"zero scope, public", acl.Scope{}, acl.Public(), none, false, acl.ReasonNoScope, 0, acl.Entry{}},
		{"zero scope, list", acl.Scope{}, someList, none, false, acl.ReasonNoScope, 0, acl.Entry{}},
		{"zero scope, deny-only", acl.Scope{}, acl.List{no}, faq, false, acl.ReasonNoScope, 0, acl.Entry{}},
		{"nobody in particular", acl.For(acl.Principal{}), acl.Public(), none, false, acl.ReasonNoScope, 0, acl.Entry{}},
		{"empty group names only", acl.For(acl.Principal{Groups: []string{"", ""}}), acl.Public(), none, false, acl.ReasonNoScope, 0, acl.Entry{}},
		{"groups unknown is somebody", acl.For(acl.Principal{GroupsUnknown: true}), acl.Public(), none, true, acl.ReasonPublic, 0, acl.Entry{}},
		{"a group alone is somebody", acl.For(acl.Principal{Groups: []string{"HR"}}), acl.Public(), none, true, acl.ReasonPublic, 0, acl.Entry{}},
		{"a data source group alone is somebody", acl.For(acl.Principal{DataSourceGroups: []acl.DataSourceGroup{{GroupID: "HR", DataSourceID: "x"}}}), acl.Public(), none, true, acl.ReasonPublic, 0, acl.Entry{}},
		{"data source group without a source", acl.For(inGroups("Sales", "HR@")), acl.Public(), none, false, acl.ReasonNoScope, 0, acl.Entry{}},
		{"data source group without a group", acl.For(inGroups("Sales", "@salesforce")), acl.Public(), none, false, acl.ReasonNoScope, 0, acl.Entry{}},
		{"guest, public", acl.Guest(), acl.Public(), none, true, acl.ReasonPublic, 0, acl.Entry{}},
		{"guest, list", acl.Guest(), someList, none, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"guest, deny-only, FAQ", acl.Guest(), acl.List{no}, faq, true, acl.ReasonNotDenied, 0, acl.Entry{}},
		{"principal, public", mary, acl.Public(), none, true, acl.ReasonPublic, 0, acl.Entry{}},
		{"principal, list", mary, someList, none, true, acl.ReasonAllowed, 1, is},
		{"without public, public", mary.WithoutPublic(), acl.Public(), none, false, acl.ReasonPublic, 0, acl.Entry{}},
		{"without public, list", mary.WithoutPublic(), someList, none, true, acl.ReasonAllowed, 1, is},
		{"without public, denied", mary.WithoutPublic(), acl.List{is, isnt}, none, false, acl.ReasonDenied, 1, isnt},
		{"without public, deny-only, FAQ", mary.WithoutPublic(), acl.List{no}, faq, false, acl.ReasonNotDenied, 0, acl.Entry{}},
		{"without public, allowed and deny-only, FAQ", mary.WithoutPublic(), acl.Hierarchy{{is}, {no}}, faq, true, acl.ReasonAllowed, 1, is},
		{"without public twice", mary.WithoutPublic().WithoutPublic(), someList, none, true, acl.ReasonAllowed, 1, is},
		{"guest without public", acl.Guest().WithoutPublic(), acl.Public(), none, false, acl.ReasonNoScope, 0, acl.Entry{}},
		{"everything without public", acl.Unrestricted().WithoutPublic(), someList, none, false, acl.ReasonNoScope, 0, acl.Entry{}},
		{"nothing without public", acl.Scope{}.WithoutPublic(), acl.Public(), none, false, acl.ReasonNoScope, 0, acl.Entry{}},
		{"unrestricted, public", acl.Unrestricted(), acl.Public(), none, true, acl.ReasonUnrestricted, 0, acl.Entry{}},
		{"unrestricted, list", acl.Unrestricted(), acl.List{isnt}, none, true, acl.ReasonUnrestricted, 0, acl.Entry{}},
		{"unrestricted, nil", acl.Unrestricted(), nil, none, true, acl.ReasonUnrestricted, 0, acl.Entry{}},

		// ACLs that admit nobody.
		{"nil", mary, nil, faq, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"nil list", mary, acl.List(nil), faq, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"empty list", mary, acl.List{}, faq, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"nil hierarchy", mary, acl.Hierarchy(nil), faqOr, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"empty hierarchy", mary, acl.Hierarchy{}, faqOr, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"nil level", mary, acl.Hierarchy{nil}, faqOr, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"empty level after one that admits", mary, acl.Hierarchy{{is}, {}}, faqOr, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"pointer to a list", mary, &someList, none, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"nil pointer to a list", mary, (*acl.List)(nil), none, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"nil pointer to a hierarchy", mary, (*acl.Hierarchy)(nil), none, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"struct that embeds a list", mary, embedsList{someList}, none, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"struct that embeds public", mary, embedsACL{acl.Public()}, none, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"struct that embeds nil", mary, embedsACL{}, none, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"zero entry", mary, acl.List{is, {}}, none, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"no name", acl.For(acl.Principal{GroupsUnknown: true}), acl.List{acl.Allow.User("")}, lax, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"no name, guest", acl.Guest(), acl.List{acl.Allow.User("")}, none, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"no type", mary, acl.List{is, {Name: "x", Access: acl.Allow}}, none, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"unknown type", mary, acl.List{is, {Name: "x", Type: 3, Access: acl.Allow}}, none, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"no access", mary, acl.List{is, {Name: "x", Type: acl.User}}, none, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"unknown access", mary, acl.List{is, {Name: "x", Type: acl.User, Access: 3}}, none, false, acl.ReasonNobody, 0, acl.Entry{}},
		{"invalid entry at another level", mary, acl.Hierarchy{{is}, {is, {}}}, or, false, acl.ReasonNobody, 0, acl.Entry{}},

		// Names.
		{"user, group of that name", mary, acl.List{acl.Allow.Group("mary")}, none, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"group, user of that name", acl.For(inGroups("HR")), acl.List{acl.Allow.User("HR")}, none, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"user in a group of their name", acl.For(inGroups("mary")), acl.List{acl.Allow.Group("mary"), acl.Deny.User("x")}, none, true, acl.ReasonAllowed, 1, acl.Allow.Group("mary")},
		{"prefix of a name", mary, acl.List{acl.Allow.User("mar"), acl.Allow.User("mary ")}, none, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"composed and decomposed", acl.For(acl.Principal{User: "Ame\u0301lie"}), acl.List{acl.Allow.User("Am\u00e9lie")}, none, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"composed and decomposed, folded", acl.For(acl.Principal{User: "Ame\u0301lie"}), acl.List{acl.Allow.User("AM\u00c9LIE")}, fold, true, acl.ReasonAllowed, 1, acl.Allow.User("AM\u00c9LIE")},
		{"folded DENY shows the document's entry", acl.For(inGroups("hr")), acl.List{is, noHR}, fold, false, acl.ReasonDenied, 1, noHR},
		{"not UTF-8", acl.For(acl.Principal{User: "\xff"}), acl.List{acl.Allow.User("\xff")}, none, true, acl.ReasonAllowed, 1, acl.Allow.User("\xff")},
		{"not UTF-8, folded", acl.For(acl.Principal{User: "A\xff"}), acl.List{acl.Allow.User("A\xff")}, fold, true, acl.ReasonAllowed, 1, acl.Allow.User("A\xff")},
		{"not UTF-8 in another case, folded", acl.For(acl.Principal{User: "A\xff"}), acl.List{acl.Allow.User("a\xff")}, fold, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"not UTF-8 and the replacement character", acl.For(acl.Principal{User: "\xff"}), acl.List{acl.Allow.User("\ufffd")}, fold, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"last of many groups", acl.For(inGroups("a", "c", "b", "e", "d")), acl.List{acl.Allow.Group("e")}, none, true, acl.ReasonAllowed, 1, acl.Allow.Group("e")},
		{"first of many groups", acl.For(inGroups("c", "b", "a", "e", "d")), acl.List{acl.Allow.Group("a")}, none, true, acl.ReasonAllowed, 1, acl.Allow.Group("a")},

		// DENY and ALLOW.
		{"same name allowed and denied", mary, acl.List{is, isnt}, none, false, acl.ReasonDenied, 1, isnt},
		{"user allowed, group denied", acl.For(inGroups("HR")), acl.List{is, noHR}, none, false, acl.ReasonDenied, 1, noHR},
		{"group allowed, user denied", acl.For(inGroups("HR")), acl.List{acl.Allow.Group("HR"), isnt}, none, false, acl.ReasonDenied, 1, isnt},
		{"one group allowed, another denied", acl.For(inGroups("HR", "Sales")), acl.List{acl.Allow.Group("Sales"), noHR}, none, false, acl.ReasonDenied, 1, noHR},
		{"others only", mary, acl.List{bob, no}, none, false, acl.ReasonNotAllowed, 1, acl.Entry{}},

		// Deny-only.
		{"deny-only, another denied", mary, acl.List{no}, none, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"deny-only, FAQ, another denied", mary, acl.List{no}, faq, true, acl.ReasonNotDenied, 0, acl.Entry{}},
		{"deny-only, FAQ, denied", mary, acl.List{no, isnt}, faq, false, acl.ReasonDenied, 1, isnt},
		{"an ALLOW is no deny-only, FAQ", mary, acl.List{no, bob}, faq, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"deny-only level asks nothing, FAQ", mary, acl.Hierarchy{{no}, {is}, {no}}, faq, true, acl.ReasonAllowed, 2, is},
		{"deny-only level admits nobody", mary, acl.Hierarchy{{is}, {no}}, none, false, acl.ReasonNotAllowed, 2, acl.Entry{}},
		{"all levels deny-only, FAQ", mary, acl.Hierarchy{{no}, {no}}, faq, true, acl.ReasonNotDenied, 0, acl.Entry{}},
		{"deny-only level, FAQ, one level suffices", mary, acl.Hierarchy{{no}, {bob}}, faqOr, false, acl.ReasonNotAllowed, 0, acl.Entry{}},
		{"all levels deny-only, FAQ, one level suffices", mary, acl.Hierarchy{{no}, {no}}, faqOr, true, acl.ReasonNotDenied, 0, acl.Entry{}},

		// Levels.
		{"every level", mary, acl.Hierarchy{{bob, is}, {is}}, none, true, acl.ReasonAllowed, 2, is},
		{"not the first level", mary, acl.Hierarchy{{bob}, {is}}, none, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"not the last level", mary, acl.Hierarchy{{is}, {bob}}, none, false, acl.ReasonNotAllowed, 2, acl.Entry{}},
		{"denied at the first level", mary, acl.Hierarchy{{is, isnt}, {is}}, none, false, acl.ReasonDenied, 1, isnt},
		{"denied at the last level", mary, acl.Hierarchy{{is}, {is, isnt}}, none, false, acl.ReasonDenied, 2, isnt},
		{"denied below a level that does not admit", mary, acl.Hierarchy{{bob}, {isnt}}, none, false, acl.ReasonDenied, 2, isnt},
		{"one level suffices, the first", mary, acl.Hierarchy{{is}, {bob}}, or, true, acl.ReasonAllowed, 1, is},
		{"one level suffices, the last", mary, acl.Hierarchy{{bob}, {is}}, or, true, acl.ReasonAllowed, 2, is},
		{"one level suffices, none", mary, acl.Hierarchy{{bob}, {bob}}, or, false, acl.ReasonNotAllowed, 0, acl.Entry{}},
		{"one level suffices, denied at another", mary, acl.Hierarchy{{is}, {bob, isnt}}, or, false, acl.ReasonDenied, 2, isnt},

		// ALLOW and data sources: narrow.
		{"ALLOW of a source, plain group", acl.For(inGroups("HR")), acl.List{hrOfSource}, none, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"ALLOW of a source, that source", acl.For(inGroups("HR@salesforce")), acl.List{hrOfSource}, none, true, acl.ReasonAllowed, 1, hrOfSource},
		{"ALLOW of a source, another", acl.For(inGroups("HR@box")), acl.List{hrOfSource}, none, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"ALLOW of a source, another group of it", acl.For(inGroups("Sales@salesforce")), acl.List{hrOfSource}, none, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"ALLOW of a source, among many", acl.For(inGroups("HR@zendesk", "HR@salesforce", "HR@box", "AR@salesforce", "ZR@salesforce")), acl.List{hrOfSource}, none, true, acl.ReasonAllowed, 1, hrOfSource},
		{"ALLOW of a source in another case, folded", acl.For(inGroups("hr@Salesforce")), acl.List{hrOfSource}, fold, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"ALLOW of a source in another case of the group, folded", acl.For(inGroups("hr@salesforce")), acl.List{hrOfSource}, fold, true, acl.ReasonAllowed, 1, hrOfSource},
		{"plain ALLOW, group of a source", acl.For(inGroups("HR@salesforce")), acl.List{acl.Allow.Group("HR")}, none, false, acl.ReasonNotAllowed, 1, acl.Entry{}},
		{"ALLOW of a user of a source", acl.For(inGroups("mary@salesforce", "x@salesforce")), acl.List{maryOfThat}, none, false, acl.ReasonNotAllowed, 1, acl.Entry{}},

		// DENY and data sources: wide.
		{"DENY of a source, plain group", acl.For(inGroups("HR")), acl.List{is, noHROfThat}, none, false, acl.ReasonDenied, 1, noHROfThat},
		{"DENY of a source, that source", acl.For(inGroups("HR@salesforce")), acl.List{is, noHROfThat}, none, false, acl.ReasonDenied, 1, noHROfThat},
		{"DENY of a source, another", acl.For(inGroups("HR@box", "Sales@salesforce", "Sales")), acl.List{is, noHROfThat}, none, true, acl.ReasonAllowed, 1, is},
		{"plain DENY, plain group", acl.For(inGroups("HR")), acl.List{is, noHR}, none, false, acl.ReasonDenied, 1, noHR},
		{"plain DENY, group of a source", acl.For(inGroups("HR@salesforce")), acl.List{is, noHR}, none, false, acl.ReasonDenied, 1, noHR},
		{"plain DENY, group of a source among others", acl.For(inGroups("A@x", "HR@salesforce", "Z@x")), acl.List{is, noHR}, none, false, acl.ReasonDenied, 1, noHR},
		{"plain DENY, no such group", acl.For(inGroups("A@x", "I@x", "H", "HRx")), acl.List{is, noHR}, none, true, acl.ReasonAllowed, 1, is},
		{"plain DENY, group of a source in another case, folded", acl.For(inGroups("hr@salesforce")), acl.List{is, noHR}, fold, false, acl.ReasonDenied, 1, noHR},
		{"DENY of a user of a source", mary, acl.List{is, notMaryThat}, none, false, acl.ReasonDenied, 1, notMaryThat},
		{"DENY of another user of a source", acl.For(acl.Principal{User: "ann"}), acl.List{acl.Allow.User("ann"), notMaryThat}, none, true, acl.ReasonAllowed, 1, acl.Allow.User("ann")},

		// Groups unknown.
		{"unknown, a group denied", acl.For(unknownGroups(inGroups())), acl.List{is, noHR}, none, false, acl.ReasonGroupsUnknown, 1, noHR},
		{"unknown, a group of a source denied", acl.For(unknownGroups(inGroups("Sales"))), acl.List{is, noHROfThat}, none, false, acl.ReasonGroupsUnknown, 1, noHROfThat},
		{"unknown, a group denied at another level", acl.For(unknownGroups(inGroups())), acl.Hierarchy{{is}, {is, noHR}}, or, false, acl.ReasonGroupsUnknown, 2, noHR},
		{"unknown, a group denied, FAQ", acl.For(unknownGroups(inGroups())), acl.List{noHR}, faq, false, acl.ReasonGroupsUnknown, 1, noHR},
		{"unknown, the group denied", acl.For(unknownGroups(inGroups("HR"))), acl.List{is, noHR}, none, false, acl.ReasonDenied, 1, noHR},
		{"unknown, a group denied, and the user behind it", acl.For(unknownGroups(acl.Principal{User: "mary"})), acl.Hierarchy{{is, noHR}, {is, isnt}}, none, false, acl.ReasonDenied, 2, isnt},
		{"unknown, a user denied", acl.For(unknownGroups(inGroups())), acl.List{is, no}, none, true, acl.ReasonAllowed, 1, is},
		{"unknown, a group allowed", acl.For(unknownGroups(inGroups())), acl.List{is, acl.Allow.Group("HR")}, none, true, acl.ReasonAllowed, 1, is},
		{"unknown, the group allowed", acl.For(unknownGroups(inGroups("HR"))), acl.List{acl.Allow.Group("HR")}, none, true, acl.ReasonAllowed, 1, acl.Allow.Group("HR")},
		{"unknown, without public", acl.For(unknownGroups(inGroups())).WithoutPublic(), acl.List{is, noHR}, none, false, acl.ReasonGroupsUnknown, 1, noHR},
		{"unknown, folded", acl.For(unknownGroups(inGroups())), acl.List{is, noHR}, fold, false, acl.ReasonGroupsUnknown, 1, noHR},
		{"unknown means none", acl.For(unknownGroups(inGroups())), acl.List{is, noHR}, lax, true, acl.ReasonAllowed, 1, is},
		{"unknown means none, the group denied", acl.For(unknownGroups(inGroups("HR"))), acl.List{is, noHR}, lax, false, acl.ReasonDenied, 1, noHR},
		{"known and empty, a group denied", acl.For(inGroups()), acl.List{is, noHR}, none, true, acl.ReasonAllowed, 1, is},
	}
	seen := map[string]bool{}
	reasons := map[acl.Reason]bool{}
	for _, row := range rows {
		if seen[row.name] {
			t.Fatalf("two rows are named %q", row.name)
		}
		seen[row.name] = true
		got := acl.Decide(row.scope, row.acl, row.rules)
		if got.Allowed != row.allow || got.Reason != row.reason || got.Level != row.level || got.Entry != row.entry {
			t.Errorf("%s: %v, reason %d, level %d, %v", row.name, got, got.Reason, got.Level, got.Entry)
			t.Errorf("  want %t, reason %d, level %d, %v", row.allow, row.reason, row.level, row.entry)
		}
		reasons[got.Reason] = true
	}
	if len(reasons) != 9 { // all but ReasonUnknownDocument
		t.Errorf("the rows show %d reasons, want 9", len(reasons))
	}
}

// A decision of the zero value denies and says so.
//
// Rule G1
func TestDecisionZero(t *testing.T) {
	var d acl.Decision
	if d.Allowed || d.Reason != acl.ReasonNoScope || d.String() != "denied: the scope sees nothing" {
		t.Errorf("zero decision is %v", d)
	}
}

// Rule A7
func TestDecisionText(t *testing.T) {
	lists := []acl.ACL{
		acl.List{acl.Allow.Group(`AWS-"SA"`), acl.Deny.User("eve"), noHROfThat},
		acl.Hierarchy{{acl.Allow.User("mary")}, {acl.Allow.User("bob"), acl.Deny.User("eve"), acl.Deny.Group("HR")}},
	}
	user := func(name string, groups ...string) acl.Scope {
		p := inGroups(groups...)
		p.User = name
		return acl.For(p)
	}
	unknown := func(name string, groups ...string) acl.Scope {
		p := inGroups(groups...)
		p.User = name
		return acl.For(unknownGroups(p))
	}
	lax := acl.Rules{MissingGroupsMeanNone: true}
	for _, row := range []struct {
		got  acl.Decision
		want string
	}{
		{acl.Decide(acl.Scope{}, lists[0], acl.Rules{}), `denied: the scope sees nothing`},
		{acl.Decision{Reason: acl.ReasonUnknownDocument}, `denied: unknown document`},
		{acl.Decide(mary, nil, acl.Rules{}), `denied: the ACL is empty or invalid and admits nobody`},
		{acl.Decide(user("mary", "a", "b@x"), lists[0], acl.Rules{}), `denied: no ALLOW entry matches the user or their 2 groups`},
		{acl.Decide(user("mary", "a", "a", ""), lists[0], acl.Rules{}), `denied: no ALLOW entry matches the user or their 1 group`},
		{acl.Decide(user("mary"), lists[0], acl.Rules{}), `denied: no ALLOW entry matches the user, who is in no group`},
		{acl.Decide(unknown("mary"), lists[0], lax), `denied: no ALLOW entry matches the user, whose groups are unknown`},
		{acl.Decide(unknown("mary", "a"), lists[0], lax), `denied: no ALLOW entry matches the user or their 1 group`},
		{acl.Decide(user("", "a", "b"), lists[0], acl.Rules{}), `denied: no ALLOW entry matches the caller's 2 groups`},
		{acl.Decide(user("", "b@x"), lists[0], acl.Rules{}), `denied: no ALLOW entry matches the caller's 1 group`},
		{acl.Decide(unknown(""), lists[0], lax), `denied: no ALLOW entry matches a caller whose groups are unknown`},
		{acl.Decide(acl.Guest(), lists[0], acl.Rules{}), `denied: no ALLOW entry matches a guest`},
		{acl.Decide(mary, lists[1], acl.Rules{}), `denied: no ALLOW entry at level 2 matches the user, who is in no group`},
		{acl.Decide(user("eve"), lists[0], acl.Rules{}), `denied by DENY USER "eve"`},
		{acl.Decide(user("eve"), lists[1], acl.Rules{}), `denied by DENY USER "eve" at level 2`},
		{acl.Decide(user("mary", "HR"), lists[0], acl.Rules{}), `denied by DENY GROUP "HR" of data source "salesforce"`},
		{acl.Decide(unknown("mary"), lists[0], acl.Rules{}), `denied: the caller's groups are unknown and there is DENY GROUP "HR" of data source "salesforce"`},
		{acl.Decide(unknown("mary"), lists[1], acl.Rules{}), `denied: the caller's groups are unknown and there is DENY GROUP "HR" at level 2`},
		{acl.Decide(user("mary", `AWS-"SA"`), lists[0], acl.Rules{}), `allowed by ALLOW GROUP "AWS-\"SA\""`},
		{acl.Decide(user("bob"), lists[1], acl.Rules{AnyLevel: true}), `allowed by ALLOW USER "bob" at level 2`},
		{acl.Decide(acl.Guest(), acl.Public(), acl.Rules{}), `allowed: public document`},
		{acl.Decide(mary.WithoutPublic(), acl.Public(), acl.Rules{}), `denied: public document`},
		{acl.Decide(mary, acl.List{acl.Deny.User("eve")}, acl.Rules{DenyOnlyEveryone: true}), `allowed: only DENY entries, and none matches`},
		{acl.Decide(acl.Unrestricted(), nil, acl.Rules{}), `allowed: the scope is unrestricted`},
		{acl.Decision{Reason: 99}, `denied: Reason(99)`},
	} {
		if got := row.got.String(); got != row.want {
			t.Errorf("got  %s\nwant %s", got, row.want)
		}
		if got := row.got.LogValue().String(); got != row.want {
			t.Errorf("LogValue is %s, want %s", got, row.want)
		}
		if got, err := row.got.MarshalText(); string(got) != row.want || err != nil {
			t.Errorf("MarshalText is %s, %v, want %s", got, err, row.want)
		}
	}
}

func TestEntryText(t *testing.T) {
	for _, row := range []struct{ got, want string }{
		{acl.Allow.User("mary").String(), `ALLOW USER "mary"`},
		{acl.Deny.Group("a\n").String(), `DENY GROUP "a\n"`},
		{noHROfThat.String(), `DENY GROUP "HR" of data source "salesforce"`},
		{acl.Entry{}.String(), `Access(0) Type(0) ""`},
		{acl.Entry{Type: 3, Access: 255}.String(), `Access(255) Type(3) ""`},
		{fmt.Sprint(acl.User, acl.Group, acl.Allow, acl.Deny), "USER GROUP ALLOW DENY"},
	} {
		if row.got != row.want {
			t.Errorf("got %s, want %s", row.got, row.want)
		}
	}
	for e, want := range map[acl.Entry]acl.Entry{
		acl.Allow.User("n"):  {Name: "n", Type: acl.User, Access: acl.Allow},
		acl.Allow.Group("n"): {Name: "n", Type: acl.Group, Access: acl.Allow},
		acl.Deny.User("n"):   {Name: "n", Type: acl.User, Access: acl.Deny},
		acl.Deny.Group("n"):  {Name: "n", Type: acl.Group, Access: acl.Deny},
	} {
		if e != want {
			t.Errorf("constructor made %#v, want %#v", e, want)
		}
	}
}

// Rules G1, A4
func TestValidate(t *testing.T) {
	ok := acl.Allow.User("mary")
	for _, row := range []struct {
		name         string
		acl          acl.ACL
		path, reason string
	}{
		{"pointer", &someList, "", "not a List, a Hierarchy or Public of package acl; it admits nobody"},
		{"embedded", embedsACL{acl.Public()}, "", "not a List, a Hierarchy or Public of package acl; it admits nobody"},
		{"empty list", acl.List{}, "", "no entries; it admits nobody, use Public for a public document"},
		{"empty hierarchy", acl.Hierarchy{}, "", "the hierarchy has no level; it admits nobody, use Public for a public document"},
		{"empty level", acl.Hierarchy{{ok}, {}}, "/1/PrincipalList", "no entries; it admits nobody, use Public for a public document"},
		{"no name", acl.List{ok, ok, acl.Deny.User("")}, "/2", "Name is empty, want the name of a user or group"},
		{"no type", acl.List{{Name: "x", Access: acl.Allow}}, "/0", "Type is 0, want User or Group"},
		{"unknown type", acl.Hierarchy{{{Name: "x", Type: 3, Access: acl.Allow}}}, "/0/PrincipalList/0", "Type is 3, want User or Group"},
		{"no access", acl.Hierarchy{{ok}, {ok, {Name: "x", Type: acl.User}}}, "/1/PrincipalList/1", "Access is 0, want Allow or Deny"},
		{"unknown access", acl.List{{Name: "x", Type: acl.User, Access: 3}}, "/0", "Access is 3, want Allow or Deny"},
	} {
		checkError(t, row.name, (acl.Rules{}).Validate(row.acl), row.path, row.reason)
	}
	for _, valid := range []acl.ACL{nil, acl.Public(), acl.List{ok}, acl.List{acl.Deny.User("x")}, acl.Hierarchy{{ok}, {ok}}} {
		if err := (acl.Rules{}).Validate(valid); err != nil {
			t.Errorf("%v: %v", valid, err)
		}
	}
}

// What the caller does with the slices later changes no Scope, nor does what
// is handed out.
//
// Rule G5
func TestScopeSharesNothing(t *testing.T) {
	p := acl.Principal{
		User:             "mary",
		Groups:           []string{"b", "a", "b", ""},
		DataSourceGroups: []acl.DataSourceGroup{{"g", "y"}, {"g", "x"}, {"g", "y"}},
	}
	before := p.Clone()
	s := acl.For(p)
	if !reflect.DeepEqual(p, before) {
		t.Errorf("For changed its argument")
	}
	want := acl.Principal{User: "mary", Groups: []string{"a", "b"}, DataSourceGroups: []acl.DataSourceGroup{{"g", "x"}, {"g", "y"}}}
	for range 2 {
		for i := range p.Groups {
			p.Groups[i] = "changed"
		}
		for i := range p.DataSourceGroups {
			p.DataSourceGroups[i].GroupID = "changed"
		}
		got, ok := s.Principal()
		if !ok || !reflect.DeepEqual(got, want) {
			t.Fatal("the scope's principal is not what it was made for")
		}
		p = got // and now change what was handed out
	}
	for _, s := range []acl.Scope{{}, acl.Guest(), acl.Unrestricted(), acl.For(acl.Principal{})} {
		if got, ok := s.Principal(); ok || !reflect.DeepEqual(got, acl.Principal{}) {
			t.Errorf("%v has a principal", s)
		}
	}
	if _, ok := s.WithoutPublic().Principal(); !ok {
		t.Error("a scope without public documents has lost its principal")
	}

	p = before.Clone()
	p.Groups[0], p.DataSourceGroups[0].GroupID = "changed", "changed"
	if before.Groups[0] != "b" || before.DataSourceGroups[0].GroupID != "g" {
		t.Error("Clone shares memory")
	}
}

// Rule G4
func TestDecideLarge(t *testing.T) {
	p := acl.Principal{User: "mary"}
	for i := range 10_000 {
		p.Groups = append(p.Groups, fmt.Sprintf("Größe-%d", i%5_000))
		p.DataSourceGroups = append(p.DataSourceGroups, acl.DataSourceGroup{GroupID: fmt.Sprintf("g%d", i), DataSourceID: "x"})
	}
	levels := make(acl.Hierarchy, 30)
	for i := range levels {
		for j := range 199 {
			levels[i] = append(levels[i], acl.Deny.Group(fmt.Sprintf("h%d", j)))
		}
		levels[i] = append(levels[i], acl.Allow.Group("GRÖSSE-4999"))
	}
	got := acl.Decide(acl.For(p), levels, acl.Rules{Fold: true})
	if !got.Allowed || got.Level != 30 {
		t.Errorf("%v", got)
	}
	if got := acl.Decide(acl.For(p), levels, acl.Rules{}); got.String() != "denied: no ALLOW entry matches the user or their 15000 groups" {
		t.Errorf("%v", got)
	}
}

func checkError(t *testing.T, name string, err error, path, reason string) {
	t.Helper()
	e, ok := err.(*acl.Error)
	if !ok {
		t.Errorf("%s: error is %v, want *acl.Error", name, err)
		return
	}
	if e.Path != path || e.Reason != reason {
		t.Errorf("%s: got  %q, %q\nwant %q, %q", name, e.Path, e.Reason, path, reason)
	}
	text := "acl: " + reason
	if path != "" {
		text = "acl: " + path + ": " + reason
	}
	if err.Error() != text {
		t.Errorf("%s: text is %q, want %q", name, err, text)
	}
}
