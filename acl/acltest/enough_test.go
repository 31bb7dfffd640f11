package acltest

import (
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
)

// A report in which a reason decides too seldom proves nothing.
//
// Rule P1
func TestEnough(t *testing.T) {
	reasons := []acl.Reason{
		acl.ReasonNobody, acl.ReasonNotAllowed, acl.ReasonDenied, acl.ReasonGroupsUnknown,
		acl.ReasonAllowed, acl.ReasonPublic, acl.ReasonUnrestricted, acl.ReasonNoScope,
	}
	report := Report{Decisions: 2000, Reasons: map[acl.Reason]int{}}
	for _, r := range reasons {
		report.Reasons[r] = 2
	}
	if err := report.enough(); err != nil {
		t.Error(err)
	}
	for _, r := range reasons {
		report.Reasons[r] = 1
		if err := report.enough(); err == nil || !strings.Contains(err.Error(), "1 of 2000 decisions") {
			t.Errorf("reason %d decides once: %v", r, err)
		}
		report.Reasons[r] = 2
	}
}
