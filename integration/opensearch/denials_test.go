package opensearch_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/tokenacl/tokenacl/fgac"
	"github.com/tokenacl/tokenacl/integration/opensearch"
	"github.com/tokenacl/tokenacl/tokentest"
)

// unauthenticated has requests that are nobody's, with a challenge as package fgac
// has it and without.
func (c *cluster) unauthenticated(t *testing.T) {
	tokens := map[string]string{"none": "", "no token": "x.y.z"}
	for kind, token := range c.issuer.Broken(tokentest.Claims{"cognito:username": "u", "cognito:groups": []string{"everything"}}) {
		tokens[kind] = token
	}
	delete(tokens, "UnknownKey") // the plugin does not look at the kid, and the key is a right one
	if len(tokens) < 8 {
		t.Errorf("%d kinds of tokens", len(tokens))
	}
	for kind, token := range tokens {
		if _, err := c.verifier.Verify(t.Context(), token); err == nil {
			t.Errorf("%s: the verifier accepts it", kind)
		}
		c.is401(t, kind, token, nil, "Authentication finally failed")
	}
	c.configure(t, false, true)
	defer c.configure(t, false, false)
	for kind, token := range tokens {
		c.is401(t, kind, token, []string{fgac.Challenge}, "")
	}
}

func (c *cluster) is401(t *testing.T, kind, token string, challenge []string, body string) {
	t.Helper()
	res, answer := c.Response(t, "POST", "/pubmed/_search", token, everything)
	if got := res.Header.Values("WWW-Authenticate"); res.StatusCode != 401 || !slices.Equal(got, challenge) || string(answer) != body {
		t.Errorf("%s: %d %q %q, want 401, %q and %q", kind, res.StatusCode, got, answer, challenge, body)
	}
}

// configure changes the plugin's configuration.
func (c *cluster) configure(t *testing.T, leaveOut, challenge bool) {
	t.Helper()
	c.must(t, "PUT", "/_plugins/_security/api/securityconfig/config", config(c.authenticator, leaveOut, challenge))
}

// noRoles has a token that says nothing of roles (D7).
func (c *cluster) noRoles(t *testing.T) {
	token := c.issuer.Token(tokentest.Claims{"cognito:username": "u"})
	if status, answer := c.Do(t, "POST", "/pubmed/_search", token, everything); status != 403 || !bytes.Contains(answer, []byte("User [name=u, backend_roles=[], ")) {
		t.Errorf("%d %s", status, answer)
	}
	claims := maps.All(map[string]any{"cognito:username": "u"})
	if _, err := fgac.FromClaims(claims, c.keys); err == nil {
		t.Error("fgac accepts it")
	}
	keys := c.keys
	keys.PluginClaimCoercion = true
	if _, err := fgac.FromClaims(claims, keys); err != nil {
		t.Error(err)
	}
}

// rolesOf are those that the server has now.
func (c *cluster) rolesOf(t *testing.T, opts fgac.Options) *fgac.Roles {
	t.Helper()
	return parse(t, c.must(t, "GET", "/_plugins/_security/api/roles/", nil), c.must(t, "GET", "/_plugins/_security/api/rolesmapping/", nil), opts)
}

// denials compares what is refused for other actions than searching in one index.
func (c *cluster) denials(t *testing.T) {
	admin, nobody, writer, all := c.caller(t, "u", nil, "pubmed_admin_group"), c.caller(t, "n", nil), c.caller(t, "w", nil, "writers"), c.caller(t, "e", nil, "everything")
	search := func(indices ...string) func(*fgac.User) error {
		return func(u *fgac.User) error { _, err := u.Accesses(fgac.Search, indices...); return err }
	}
	action := func(action, index string) func(*fgac.User) error {
		return func(u *fgac.User) error { _, err := u.Access(action, index); return err }
	}
	cluster := func(action string) func(*fgac.User) error {
		return func(u *fgac.User) error { return u.Cluster(action) }
	}
	refused := 0
	for _, row := range []struct {
		who          caller
		method, path string
		body         any
		ask          func(*fgac.User) error
	}{
		{admin, "POST", "/pubmed/_count", nil, action(fgac.Search, "pubmed")},
		{nobody, "POST", "/pubmed/_count", nil, action(fgac.Search, "pubmed")},
		{nobody, "GET", "/pubmed/_doc/1", nil, action(fgac.Get, "pubmed")},
		{writer, "GET", "/pubmed/_doc/1", nil, action(fgac.Get, "pubmed")},
		{admin, "POST", "/pubmed,docs_qa/_search", everything, search("pubmed", "docs_qa")},
		{all, "POST", "/pubmed,docs_qa/_search", everything, search("pubmed", "docs_qa")},
		{nobody, "POST", "/pubmed,docs_qa/_search", everything, search("pubmed", "docs_qa")},
		{nobody, "PUT", "/pubmed/_mapping", map[string]any{"properties": map[string]any{}}, action("indices:admin/mapping/put", "pubmed")},
		{nobody, "GET", "/pubmed/_mapping", nil, action("indices:admin/mappings/get", "pubmed")},
		{admin, "DELETE", "/pubmed", nil, action("indices:admin/delete", "pubmed")},
		{nobody, "GET", "/_cluster/health", nil, cluster("cluster:monitor/health")},
		{admin, "GET", "/_cluster/health", nil, cluster("cluster:monitor/health")},
		{all, "GET", "/_cluster/health", nil, cluster("cluster:monitor/health")},
		{admin, "GET", "/_nodes/stats", nil, cluster("cluster:monitor/nodes/stats")},
		{admin, "POST", "/_bulk", []byte("{\"index\":{\"_index\":\"pubmed\"}}\n{}\n"), cluster("indices:data/write/bulk")},
		{nobody, "GET", "/_mget", map[string]any{"docs": []any{map[string]any{"_index": "pubmed", "_id": "1"}}}, cluster("indices:data/read/mget")},
		{admin, "GET", "/_mget", map[string]any{"docs": []any{map[string]any{"_index": "pubmed", "_id": "1"}}}, cluster("indices:data/read/mget")},
	} {
		status, answer := c.Do(t, row.method, row.path, row.who.token, row.body)
		err := row.ask(row.who.user)
		denied := (*fgac.Denied)(nil)
		if errors.As(err, &denied) {
			refused++
			if status != 403 || string(answer) != string(denied.Body()) {
				t.Errorf("%s %s of %s: %d %s\nfgac %s", row.method, row.path, row.who.name, status, answer, denied.Body())
			}
		} else if err != nil || status != 200 {
			t.Errorf("%s %s of %s: %d %s, fgac %v", row.method, row.path, row.who.name, status, answer, err)
		}
	}
	if refused != 13 {
		t.Errorf("%d refused", refused)
	}
}

// leavesOut has the setting do_not_fail_on_forbidden.
func (c *cluster) leavesOut(t *testing.T) {
	c.configure(t, true, false)
	roles, opts := c.roles, c.options
	opts.DoNotFailOnForbidden = true
	c.roles = c.rolesOf(t, opts)
	defer func() { c.roles = roles; c.configure(t, false, false) }()
	for _, row := range []struct {
		groups string
		want   int
	}{{"pubmed_admin_group", 5}, {"recent_x", 3}, {"everything", 6}, {"nothing", -1}, {"writers", -1}} {
		who := c.caller(t, "u", nil, row.groups)
		got, status, answer := c.search(t, who.token, "pubmed,docs_qa", everything)
		seen := map[string]string{}
		for _, h := range got.Hits.Hits {
			seen[h.Index+"/"+h.ID] = c.canonical(t, h.Source)
		}
		want := map[string]string{}
		accesses, err := who.user.Accesses(fgac.Search, "pubmed", "docs_qa")
		if denied := (*fgac.Denied)(nil); errors.As(err, &denied) {
			if row.want != -1 || status != 403 || string(answer) != string(denied.Body()) {
				t.Errorf("%s: %d %s, fgac %s", row.groups, status, answer, denied.Body())
			}
			continue
		}
		for _, access := range accesses {
			for id, source := range c.indices[access.Index()] {
				if shown, ok := access.Hit(id, source); ok {
					want[access.Index()+"/"+id] = c.canonical(t, shown)
				}
			}
		}
		if len(seen) != row.want || !maps.Equal(seen, want) {
			t.Errorf("%s: %d %v, fgac %v", row.groups, status, seen, want)
		}
	}
}

// TestLifted has a server with the setting dfm_empty_overrides_all.
func TestLifted(t *testing.T) {
	t.Parallel()
	version := opensearch.Versions[0]
	c := start(t, version, map[string]any{"plugins.security.dfm_empty_overrides_all": true})
	w := c.newWorld(t, 20260202)
	otherwise := c.rolesOf(t, c.options)
	c.options.Merge = fgac.MergeEmptyOverridesAll
	c.roles = c.rolesOf(t, c.options)
	count := tally{}
	for range 120 {
		names := w.some(slices.Sorted(maps.Keys(w.roles)), 2, 4)
		who := c.caller(t, "u", nil, names...)
		without := otherwise.For(c.identity(t, who.token))
		for _, index := range worldIndices {
			if row := w.difference(names, index); row != "" {
				count["left out by "+row]++
				continue
			}
			seen, differences := c.compare(t, who, index)
			for _, d := range differences {
				count["differ by "+d.row]++
				if d.row == "" {
					t.Error(d.text)
				}
			}
			if seen < 0 {
				count["403"]++
				continue
			}
			count["compared"]++
			if !c.alike(t, who.user, without, index) {
				count["lifted"]++
			}
		}
		if t.Failed() {
			for _, name := range names {
				t.Logf("%s: %s", name, marshal(w.roles[name]))
			}
			break
		}
	}
	t.Logf("%s with dfm_empty_overrides_all: %v", version, count)
	count.are(t, tally{"compared": 266, "lifted": 178, "403": 52})
}

// alike reports whether two users see the same of an index.
func (c *cluster) alike(t *testing.T, a, b *fgac.User, index string) bool {
	t.Helper()
	one, err := a.Access(fgac.Search, index)
	other, err2 := b.Access(fgac.Search, index)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	for id, doc := range c.indices[index] {
		shown, ok := one.Hit(id, doc)
		shown2, ok2 := other.Hit(id, doc)
		if ok != ok2 || string(shown) != string(shown2) {
			return false
		}
	}
	return true
}
