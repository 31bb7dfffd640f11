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
pubmed-admin:
  index_permissions:
    - index_patterns: [pubmed]
      allowed_actions: [read]
`), []byte(`
pubmed-admin:
  backend_roles: [pubmed_admin_group]
`), nil)
	if err != nil {
		log.Fatal(err)
	}

	// The claims of a verified token, such as claims.Token.All yields.
	token := maps.All(map[string]any{"cognito:username": "PubMedAdminUser", "cognito:groups": []any{"pubmed_admin_group"}})
	id, err := fgac.FromClaims(token, fgac.Keys{Subject: "cognito:username", Roles: "cognito:groups"})
	if err != nil {
		log.Fatal(err)
	}
	who := roles.For(id)
	_, err = who.Access(fgac.Search, "pubmed")
	fmt.Println(who.Roles(), err)

	_, err = who.Access(fgac.Search, "clinical-trials")
	if denied := (*fgac.Denied)(nil); errors.As(err, &denied) {
		fmt.Println(err)
	}
	// Output:
	// [pubmed-admin] <nil>
	// fgac: no permissions for [indices:data/read/search]
}
