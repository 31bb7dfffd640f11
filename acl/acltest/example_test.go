package acltest_test

import (
	"fmt"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
)

// In a test of an engine, call Run; Check is for elsewhere.
func ExampleCheck() {
	report, err := acltest.Check(&index{}, acltest.Options{RuleSets: []acl.Rules{}})
	fmt.Println(err, report.Documents, report.Callers)
	// Output: <nil> 1000 200
}
