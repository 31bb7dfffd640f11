package bleve

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search/query"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	pushdown "github.com/tokenacl/tokenacl/acl/pushdown/bleve"
)

func TestQuick(t *testing.T) {
	var docs []acltest.Document
	for i := range 20000 {
		docs = append(docs, acltest.Document{ID: fmt.Sprintf("d%d", i), ACL: acl.Hierarchy{{acl.Allow.Group(fmt.Sprint("group-", i%2000))}, {acl.Allow.Group(fmt.Sprint("group-", i%500))}}})
	}
	for _, levels := range []int{2, 30} {
		e := &engine{t: t, o: pushdown.Options{Levels: levels}}
		if err := e.Store(acl.Rules{}, docs); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{10, 100, 1000, 10000} {
			p := acl.Principal{User: "u"}
			for i := range n {
				p.Groups = append(p.Groups, fmt.Sprint("group-", i))
			}
			c, _ := pushdown.Filter(acl.For(p), acl.Rules{}, e.o)
			t0 := time.Now()
			q, err := query.ParseQuery(c.JSON())
			if err != nil {
				t.Fatal(err)
			}
			t1 := time.Now()
			b := bleve.NewBooleanQuery()
			b.AddMust(bleve.NewTermQuery("word"))
			b.AddFilter(q)
			res, err := e.index.Search(bleve.NewSearchRequest(b))
			t2 := time.Now()
			t.Log(levels, n, "json", len(c.JSON()), "parse", t1.Sub(t0), "search", t2.Sub(t1), res.Total, err)
			var v any
			t0 = time.Now()
			json.Unmarshal(c.JSON(), &v)
			t.Log("plain parse", time.Since(t0))
		}
	}
}
