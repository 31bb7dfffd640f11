package acl_test

import (
	"fmt"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
)

// A Scope is made for each request that no cache knows: it takes one allocation
// for itself and one for the groups, however many these are.
//
// Rule A8
func TestScopeAllocations(t *testing.T) {
	for _, groups := range []int{0, 1, 10, 1000} {
		p := acl.Principal{User: "mary"}
		for i := range groups {
			p.Groups = append(p.Groups, fmt.Sprint("group-", i))
		}
		var s acl.Scope
		want := float64(min(2, 1+groups))
		if n := testing.AllocsPerRun(20, func() { s = acl.For(p) }); n != want || s == (acl.Scope{}) {
			t.Errorf("%d groups: %v allocations, want %v", groups, n, want)
		}
	}
}
