package bleve

import (
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2/search"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	pushdown "github.com/tokenacl/tokenacl/acl/pushdown/bleve"
)

func stored(hit *search.DocumentMatch) string {
	text, _ := hit.Fields[pushdown.StoredField].(string)
	return text
}

// Bleve decides as acl does, and counts and facets as it decides.
//
// Rules P1, P2, P5, A3, A4, A5, A6, A8
func TestKit(t *testing.T) {
	begin := time.Now()
	report := acltest.Run(t, &engine{t: t, o: pushdown.Options{Verify: true}}, acltest.Options{Documents: 5000, Callers: 200,
		RuleSets: []acl.Rules{{DenyOnlyEveryone: true}, {AnyLevel: true, Fold: true}, {DenyOnlyEveryone: true, MissingGroupsMeanNone: true}}})
	t.Log(time.Since(begin))
	if report.Decisions < 5000*200+3*850*160 {
		t.Errorf("only %v", report)
	}
}
