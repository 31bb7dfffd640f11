package acl_test

import (
	"encoding/json"
	"fmt"

	"github.com/tokenacl/tokenacl/acl"
)

// One document, three callers.
func Example() {
	document := acl.List{acl.Allow.Group("AWS-SA"), acl.Deny.User("eve")}

	mary := acl.For(acl.Principal{User: "mary", Groups: []string{"AWS-SA"}})
	eve := acl.For(acl.Principal{User: "eve", Groups: []string{"AWS-SA"}})

	fmt.Println(acl.Decide(mary, document, acl.Rules{}))
	fmt.Println(acl.Decide(eve, document, acl.Rules{}))
	fmt.Println(acl.Decide(acl.Guest(), document, acl.Rules{}))
	fmt.Println(acl.Decide(acl.Guest(), acl.Public(), acl.Rules{}))
	// Output:
	// allowed by ALLOW GROUP "AWS-SA"
	// denied by DENY USER "eve"
	// denied: no ALLOW entry matches a guest
	// allowed: public document
}

// Whether a caller whose groups are not known may see a document depends on
// whether the document refuses a group.
func ExampleDecide() {
	bob := acl.For(acl.Principal{User: "bob", GroupsUnknown: true})

	for _, document := range []acl.ACL{
		acl.List{acl.Allow.User("bob")},
		acl.List{acl.Allow.User("bob"), acl.Deny.Group("Contractors")},
		nil,
	} {
		d := acl.Decide(bob, document, acl.Rules{})
		fmt.Println(d.Allowed, "-", d)
	}
	// Output:
	// true - allowed by ALLOW USER "bob"
	// false - denied: the caller's groups are unknown and there is DENY GROUP "Contractors"
	// false - denied: the ACL is empty or invalid and admits nobody
}

// A page inside a space: the reader needs both.
func ExampleHierarchy() {
	var page acl.Hierarchy
	err := json.Unmarshal([]byte(`[
		{"PrincipalList": [{"Name": "staff", "Type": "GROUP", "Access": "ALLOW"}]},
		{"PrincipalList": [{"Name": "mary", "Type": "USER", "Access": "ALLOW"},
		                   {"Name": "bob", "Type": "USER", "Access": "ALLOW"}]}
	]`), &page)
	if err != nil {
		fmt.Println(err)
		return
	}

	staff := acl.For(acl.Principal{User: "mary", Groups: []string{"staff"}})
	left := acl.For(acl.Principal{User: "bob"})
	other := acl.For(acl.Principal{User: "ann", Groups: []string{"staff"}})

	fmt.Println(acl.Decide(staff, page, acl.Rules{}))
	fmt.Println(acl.Decide(left, page, acl.Rules{}))
	fmt.Println(acl.Decide(other, page, acl.Rules{}))
	fmt.Println(acl.Decide(left, page, acl.Rules{AnyLevel: true}))
	// Output:
	// allowed by ALLOW USER "mary" at level 2
	// denied: no ALLOW entry matches the user, who is in no group
	// denied: no ALLOW entry at level 2 matches the user or their 1 group
	// allowed by ALLOW USER "bob" at level 2
}

// Kendra's document without entries is public only when the rules say so.
func ExampleRules_Document() {
	for _, r := range []acl.Rules{{}, {Missing: acl.MissingPublic}} {
		document, err := r.Document(nil, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(acl.Decide(acl.Guest(), document, r))
	}
	// Output:
	// denied: the ACL is empty or invalid and admits nobody
	// allowed: public document
}
