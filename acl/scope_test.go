package acl_test

import (
	"fmt"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
)

// A Scope is made for each request that no cache knows: it takes one allocation
// for itself, one for the user and one for the groups, however many these are. It
// keeps none of the lists, so that who asks for it may have them on the stack.
//
// Rule A8
func TestScopeAllocations(t *testing.T) {
	for _, groups := range []int{0, 1, 10, 1000} {
		p := acl.Principal{User: "mary"}
		for i := range groups {
			p.Groups = append(p.Groups, fmt.Sprint("group-", i))
		}
		var s acl.Scope
		want := float64(min(3, 2+groups))
		if n := testing.AllocsPerRun(20, func() { s = acl.For(p) }); n != want || s == (acl.Scope{}) {
			t.Errorf("%d groups: %v allocations, want %v", groups, n, want)
		}
	}
	if n := testing.AllocsPerRun(20, func() {
		room := [...]string{"b", "a"}
		if acl.For(acl.Principal{User: "mary", Groups: room[:]}) == (acl.Scope{}) {
			t.Error("the scope of nobody")
		}
	}); n != 3 {
		t.Errorf("with groups on the stack: %v allocations, want 3", n)
	}
}
