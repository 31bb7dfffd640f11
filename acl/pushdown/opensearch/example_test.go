package opensearch_test

import (
	"encoding/json"
	"fmt"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
)

// A document as it is stored, and a search as it is sent.
func Example() {
	rules := acl.Rules{}
	fields, err := opensearch.Fields(acl.List{acl.Allow.Group("staff"), acl.Deny.User("eve")}, rules)
	if err != nil {
		fmt.Println(err)
		return
	}
	document, _ := json.Marshal(map[string]any{"title": "Zanzibar", opensearch.Field: fields})
	fmt.Println(string(document))

	clause, err := opensearch.Filter(acl.Guest(), rules, opensearch.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := opensearch.Body(clause, []byte(`{"query": {"match": {"title": "zanzibar"}}, "size": 10}`))
	fmt.Println(len(body) > 0, err)
	_, err = opensearch.Body(clause, []byte(`{"aggs": {"all": {"global": {}}}}`))
	fmt.Println(err)
	// Output:
	// {"title":"Zanzibar","tokenacl":{"allow":["gstaff"],"levels":null,"deny":["ueve"]}}
	// true <nil>
	// opensearch: /aggs/all/global: this aggregation is not supported
}
