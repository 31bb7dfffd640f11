package fgac_test

import (
	"errors"
	"fmt"
	"log"
	"maps"

	"github.com/tokenacl/tokenacl/fgac"
)

func Example() {
	roles, err := fgac.Parse([]byte(`
pubmed-limited:
  index_permissions:
    - index_patterns: [pubmed]
      fls: [journal, title, abstract]
      masked_fields: [journal]
      allowed_actions: [read]
`), []byte(`
pubmed-limited:
  backend_roles: [pubmed_limited_group]
`), &fgac.Options{Salt: "a secret of at least 16 bytes"})
	if err != nil {
		log.Fatal(err)
	}

	// The claims of a verified token, such as claims.Token.All yields.
	token := maps.All(map[string]any{"cognito:username": "PubMedLimitedUser", "cognito:groups": []any{"pubmed_limited_group"}})
	id, err := fgac.FromClaims(token, fgac.Keys{Subject: "cognito:username", Roles: "cognito:groups"})
	if err != nil {
		log.Fatal(err)
	}
	who := roles.For(id)

	access, err := who.Access(fgac.Search, "pubmed")
	if err != nil {
		log.Fatal(err)
	}
	body, err := access.Rewrite([]byte(`{"query": {"match": {"research_group": "RG_345"}}}`))
	fmt.Println(string(body), err)

	shown, ok := access.Document([]byte(`{"journal": "Nature", "title": "Molecular biology", "research_group": "RG_345", "year": 2020}`))
	fmt.Println(string(shown), ok)

	_, err = who.Access(fgac.Search, "clinical-trials")
	if denied := (*fgac.Denied)(nil); errors.As(err, &denied) {
		fmt.Println(err) // denied.Body is what OpenSearch answers
	}
	// Output:
	// {"query":{"bool":{"must":[{"match_none":{}}],"filter":[{"match_all":{}}]}}} <nil>
	// {"journal":"a163c7b88df6db72cdf23e60091d50f6a2035ac1bdc7d3f6ea1ad7787d566f9e","title":"Molecular biology"} true
	// fgac: no permissions for [indices:data/read/search]
}
