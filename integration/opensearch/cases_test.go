package opensearch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/integration/opensearch"
)

// TestFGAC compares package fgac with the security plugin of real servers.
func TestFGAC(t *testing.T) {
	t.Parallel()
	for _, version := range opensearch.Versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel() // a server takes its time to start
			c := start(t, version, nil)
			t.Run("Cases", c.cases)
			t.Run("Random", c.random)
			t.Run("Unauthenticated", c.unauthenticated)
			t.Run("NoRoles", c.noRoles)
			t.Run("Denials", c.denials)
			t.Run("LeavesOut", c.leavesOut)
			if c.old() {
				return // the rest is about version 3
			}
			t.Run("Asked", c.asked)
			t.Run("Differences", c.differ)
		})
	}
}

var (
	keyword = map[string]any{"type": "keyword"}
	number  = map[string]any{"type": "long"}
	words   = map[string]any{"type": "text", "fields": map[string]any{"keyword": keyword}}
)

// cases compares what callers of each kind find, with the number of documents
// that they see; -1 is a 403, which is compared byte for byte.
func (c *cluster) cases(t *testing.T) {
	docs := map[string][]byte{}
	for i, journal := range []string{"Nature", "Science", "Cell", "", "Lancet é😀 \"quoted\" <&>"} {
		docs[fmt.Sprint(i)] = marshal(map[string]any{"journal": journal, "title": "Molecular biology", "abstract": "text", "research_group": "RG_345", "year": 2018 + i,
			"owner": []string{"anna", "bob", "carl"}[i%3], "team": []string{"own_a", "own_b"}[i%2]})
	}
	c.put(t, "pubmed", map[string]any{"properties": map[string]any{"journal": keyword, "title": words, "owner": keyword, "team": keyword, "year": number}}, docs)
	for _, index := range []string{"docs_qa", "docs_hr", "own_anna", "own_bob", "hosts_near", "hosts_far", "users_one", "groups_both"} {
		c.put(t, index, map[string]any{}, map[string][]byte{"1": []byte(`{"a":1}`)})
	}
	department := func(name string) map[string]any { return map[string]any{"department": name} }
	rows := []struct {
		user   string
		claims map[string]any
		groups string
		index  string
		want   int
		differ string // the row of docs/opensearch.md, if the two differ
	}{
		// One role, and several that combine.
		{"u", nil, "pubmed_admin_group", "pubmed", 5, ""},
		{"u", nil, "pubmed_limited_group", "pubmed", 5, ""},
		{"u", nil, "recent_docs", "pubmed", 3, ""},
		{"u", nil, "pubmed_admin_group pubmed_limited_group", "pubmed", 5, ""},
		{"u", nil, "pubmed_limited_group recent_docs", "pubmed", 0, "D14"},
		{"u", nil, "pubmed_admin_group recent_docs", "pubmed", 3, ""},
		{"u", nil, "everything recent_docs", "pubmed", 3, ""},
		{"u", nil, "writers recent_docs", "pubmed", 3, ""},
		// Variables in rules.
		{"anna", nil, "own_", "pubmed", 2, ""},
		{"bob", nil, "own_a", "pubmed", 4, ""},
		{"nobody", nil, "own_b other", "pubmed", 2, ""},
		{"nobody", nil, "own_a own_b recent_x", "pubmed", 5, ""},
		{"nobody", nil, "own_x", "pubmed", 0, ""},
		// Variables in names of indices, and a group of actions of one's own.
		{"anna", department("qa"), "staff", "docs_qa", 1, ""},
		{"anna", department("qa"), "staff", "docs_hr", -1, ""},
		{"anna", department("q"), "staff", "docs_qa", -1, ""},
		{"anna", nil, "staff", "docs_qa", -1, ""},
		{"anna", nil, "staff", "own_anna", 1, ""},
		{"anna", nil, "staff", "own_bob", -1, ""},
		// Mappings of each kind.
		{"u", nil, "", "pubmed", -1, ""},
		{"u", nil, "recent_DOCS", "pubmed", -1, ""},
		{"u", nil, "Pubmed_admin_group", "pubmed", -1, ""},
		{"u", nil, "pubmed_admin_groups", "pubmed", -1, ""},
		{"u", nil, "", "hosts_near", 1, ""},
		{"u", nil, "", "hosts_far", -1, ""},
		{"user", nil, "", "users_one", 1, ""},
		{"uer", nil, "", "users_one", -1, ""},
		{"Anna", nil, "x y z", "users_one", 1, ""},
		{"Annas", nil, "z y x a b c d e f", "users_one", -1, ""},
		{"u", nil, "left_1 right", "groups_both", 1, ""},
		{"u", nil, "left_1 left_2", "groups_both", -1, ""},
		{"u", nil, "right", "groups_both", -1, ""},
		// Denials: other actions, indices that do not exist, names with all kinds of characters.
		{"u", nil, "writers", "pubmed", -1, ""},
		{"u", nil, "pubmed_admin_group", "no_such_index", -1, ""},
		{`q"u\o/te é😀`, nil, `a"b c\d`, "pubmed", -1, ""},
		{"two\nlines\t\x01\x7f\u2028", nil, "r", "pubmed", -1, ""},
	}
	if len(rows) != 36 {
		t.Errorf("%d rows", len(rows))
	}
	for _, row := range rows {
		groups := strings.Split(row.groups, " ")
		if row.groups == "" {
			groups = nil
		}
		got, differences := c.compare(t, c.caller(t, row.user, row.claims, groups...), row.index)
		if got != row.want || (len(differences) > 0) != (row.differ != "") {
			t.Errorf("%+v: sees %d\n%v", row, got, differences)
		}
	}
}
