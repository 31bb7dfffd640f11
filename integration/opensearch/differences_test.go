package opensearch_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/fgac"
)

// A row of docs/opensearch.md, as a real server shows it: what a caller who has
// one role sees of one document, on the server and in process.
type row struct {
	id     string
	role   map[string]any // of one entry of index_permissions
	user   string
	claims map[string]any
	doc    string
	server string         // the document, "" for none, or the status of an error
	fgac   string         // the same, or "refused" when the roles are read
	mixed  bool           // Options.AllowMixed
	more   map[string]any // of a second entry for the same index
}

func dls(query string) map[string]any      { return map[string]any{"dls": query} }
func fls(fields ...string) map[string]any  { return map[string]any{"fls": fields} }
func mask(fields ...string) map[string]any { return map[string]any{"masked_fields": fields} }

const all, hidden, refused = "all", "", "refused"

var differences = []row{
	{id: "D1", role: dls(`{"term":1}`), doc: `{"a":1}`, server: hidden, fgac: refused}, // 3.6 shows it
	{id: "D2", role: mask("a::/(?<=.{1})./::*"), doc: `{"a":"Magnum"}`, server: `{"a":"M*****"}`, fgac: refused},
	{id: "D3", role: fls("~"), doc: `{"a":1}`, server: all, fgac: refused},
	{id: "D4", role: fls("a", "~b"), doc: `{"a":1,"b":2,"c":3}`, server: `{"a":1,"c":3}`, fgac: refused},
	{id: "D5", role: dls(`{"term":{"a":1}}`), more: dls(`{"term":{"a":2}}`), doc: `{"a":1}`, server: hidden, fgac: all},
	{id: "D5", role: fls("a"), more: fls("b"), doc: `{"a":1,"b":2,"c":3}`, server: `{"b":2}`, fgac: `{"a":1,"b":2}`},
	{id: "D6", role: dls(`{"script":{"script":"true"}}`), doc: `{"a":1}`, server: all, fgac: refused},
	{id: "D8", role: dls(`{"bool":{"should":[{"term":{"a":"${user.name}"}}]}}`), user: `x"}},{"match_all":{}},{"term":{"a":"x`, doc: `{"a":"y"}`, server: all, fgac: hidden},
	{id: "D9", role: dls(`{"term":{"a":"${attr.jwt.x}"}}`), claims: map[string]any{"x": "${user.name}"}, user: "anna", doc: `{"a":"anna"}`, server: "500", fgac: hidden},
	{id: "D10", role: map[string]any{"index_patterns": []string{"row-${user.name}"}}, user: "*", doc: `{"a":1}`, server: all, fgac: "403"},
	{id: "D12", role: dls(`{"terms":{"a":["${attr.jwt.x}"]}}`), claims: map[string]any{"x": []string{"p"}}, doc: `{"a":"p"}`, server: "500", fgac: all},
	{id: "D13", role: dls(`{"term":{"a":"$${x}"}}`), doc: `{"a":"${x}"}`, server: "500", fgac: refused},
	{id: "D14", role: map[string]any{"dls": `{"term":{"a":"x"}}`, "fls": []string{"~a"}}, doc: `{"a":"x","b":1}`, server: hidden, fgac: `{"b":1}`},
	{id: "D14", role: map[string]any{"dls": `{"term":{"a":"x"}}`, "masked_fields": []string{"a::MD5"}}, doc: `{"a":"x","b":1}`, server: hidden, fgac: `{"a":"9dd4e461268c8034f5c8564e155c67a6","b":1}`},
	{id: "D16", role: fls("~a"), doc: `{"a.b":1,"c":2}`, server: all, fgac: `{"c":2}`},
	{id: "D17", role: fls("a.b"), doc: `{"a":["x","y"]}`, server: all, fgac: `{"a":[]}`},
	{id: "D18", role: fls("~tag.keyword"), doc: `{"tag":{"keyword":1,"b":2}}`, server: all, fgac: `{"tag":{"b":2}}`},
	{id: "D20", role: fls("*"), doc: `{"a.b":1,"a":{"b":2}}`, server: all, fgac: hidden},
	{id: "D21", role: fls("a"), doc: `{"a":1e2,"b":1}`, server: `{"a":1E+2}`, fgac: `{"a":1e2}`},
	{id: "D33", role: dls(`{"wildcard":{"a":"${user.name}"}}`), user: "*", doc: `{"a":"anna"}`, server: all, fgac: hidden},
	{id: "D37", role: map[string]any{"index_patterns": []string{"row-${attr.jwt.none}"}, "fls": []string{"~b"}}, more: map[string]any{"index_patterns": []string{"row-*"}, "fls": []string{}}, doc: `{"a":1,"b":2}`, server: all, fgac: "403"},
	{id: "D38", role: fls("*.pub"), doc: `{"salary":{"mary":1},"a":{"pub":1}}`, server: `{"salary":{},"a":{"pub":1}}`, fgac: `{"a":{"pub":1}}`},
	{id: "D39", role: dls(`{"bool":{"must_not":{"term":{"a":"5"}}}}`), doc: `{"a":"5.0"}`, server: all, fgac: hidden},
	{id: "D39", role: dls(`{"range":{"d":{"lte":"2021-06-30T12:00:00.000Z"}}}`), doc: `{"d":"2021-06-30T12:00:00Z"}`, server: all, fgac: hidden},
	{id: "D40", role: dls(`{"bool":{"must_not":{"match":{"t":"--"}}}}`), doc: `{"t":"x"}`, server: all, fgac: refused},
	{id: "D34", role: dls(`{"prefix":{"a":""}}`), doc: `{"a":"x"}`, server: all, fgac: refused},
}

// outcome is what became of a document.
func outcome(doc, shown string) string {
	if shown == doc {
		return all
	}
	return shown
}

// differ requires of each row that server and fgac do what it says.
func (c *cluster) differ(t *testing.T) {
	var roles, mapping []map[string]any
	name := func(i int) string { return fmt.Sprintf("row-%02d", i) }
	for i := range differences {
		roles = append(roles, map[string]any{"op": "add", "path": "/" + name(i), "value": differences[i].file(name(i))})
		mapping = append(mapping, map[string]any{"op": "add", "path": "/" + name(i), "value": map[string]any{"backend_roles": []string{name(i)}}})
	}
	c.must(t, "PATCH", "/_plugins/_security/api/roles", roles)
	c.must(t, "PATCH", "/_plugins/_security/api/rolesmapping", mapping)
	for i, r := range differences {
		t.Run(r.id, func(t *testing.T) {
			c.put(t, name(i), plainMapping, map[string][]byte{"1": []byte(r.doc)})
			if r.user == "" {
				r.user = "u"
			}
			token := c.token(r.user, r.claims, name(i))
			if got := c.onServer(t, token, name(i), r.doc); got != r.server {
				t.Errorf("server: %s, want %s", got, r.server)
			}
			opts := c.options
			opts.AllowMixed = r.mixed
			file := marshal(map[string]any{name(i): r.file(name(i))})
			parsed, err := fgac.Parse(file, marshal(map[string]any{name(i): map[string]any{"backend_roles": []string{name(i)}}}), &opts)
			if (err != nil) != (r.fgac == refused) {
				t.Fatalf("fgac reads %s: %v", file, err)
			}
			if err != nil {
				return
			}
			if got := c.inProcess(t, parsed, token, name(i), r.doc); got != r.fgac {
				t.Errorf("fgac: %s, want %s", got, r.fgac)
			}
			if r.server == r.fgac {
				t.Error("no difference")
			}
		})
	}
}

// plainMapping has strings as keywords, but for t, an object in one, and as
// subfields too.
var plainMapping = map[string]any{
	"properties":        map[string]any{"t": map[string]any{"type": "text"}, "d": map[string]any{"type": "date"}, "flat": map[string]any{"type": "flat_object"}},
	"dynamic_templates": []any{map[string]any{"texts": map[string]any{"match_mapping_type": "string", "mapping": map[string]any{"type": "keyword", "fields": map[string]any{"raw": keyword}}}}}}

// file is the role of the row.
func (r row) file(index string) map[string]any {
	entry := map[string]any{"index_patterns": []string{index}, "allowed_actions": []string{"read"}}
	maps.Copy(entry, r.role)
	entries := []any{entry}
	if r.more != nil {
		second := maps.Clone(entry)
		maps.Copy(second, r.more)
		entries = append(entries, second)
	}
	return map[string]any{"index_permissions": entries}
}

func (c *cluster) onServer(t *testing.T, token, index, doc string) string {
	t.Helper()
	got, status, _ := c.search(t, token, index, everything)
	switch {
	case status != 200:
		return fmt.Sprint(status)
	case len(got.Hits.Hits) == 0:
		return hidden
	}
	return outcome(doc, string(got.Hits.Hits[0].Source))
}

func (c *cluster) inProcess(t *testing.T, roles *fgac.Roles, token, index, doc string) string {
	t.Helper()
	access, err := roles.For(c.identity(t, token)).Access(fgac.Search, index)
	if err != nil {
		return "403"
	}
	got, ok := access.Hit("1", []byte(doc))
	if !ok {
		return hidden
	}
	return outcome(doc, string(got))
}

// A question is a request whose answers differ: what of them is compared.
type question struct {
	id     string
	role   map[string]any
	body   string
	server string // status, ids of hits and aggregations
	fgac   string // the same, or "refused"
}

var questions = []question{
	{"D15", dls(`{"exists":{"field":"s"}}`), `{"query":{"term":{"n":1}}}`, `1:2.0`, `1:1.0`},
	{"D19", fls("o"), `{"query":{"term":{"o.v":"x"}}}`, `1:1.0`, ``},
	{"D19", fls("/o\\.v/"), `{"query":{"term":{"o.v":"x"}}}`, `1:1.0`, ``},
	{"D27", mask("s", "n"), `{"aggs":{"a":{"terms":{"field":"s"}}}}`, `1:1.0 2:1.0 3:1.0 {"a":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[{"key":"2d53f9e71eea7e82a171e05f726c3d6f7c19e3e12662a5fdebcc6dc0f0cb0beb","doc_count":1},{"key":"b361cfaf581c8629cee9f8433e18d594214e52074678d46d323cd8fe2d987aea","doc_count":1},{"key":"e04febf2fb8e7ab73cadccd6b1ee5c02fba0abc6c6576c9e4e42e250310a3ef9","doc_count":1}]}}`, `1:1.0 2:1.0 3:1.0 {"a":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[]}}`},
	{"D27", mask("s", "n"), `{"aggs":{"a":{"value_count":{"field":"s"}}}}`, `1:1.0 2:1.0 3:1.0 {"a":{"value":3}}`, `1:1.0 2:1.0 3:1.0 {"a":{"value":0}}`},
	{"D27", mask("s", "n"), `{"aggs":{"a":{"cardinality":{"field":"s"}}}}`, `1:1.0 2:1.0 3:1.0 {"a":{"value":3}}`, `1:1.0 2:1.0 3:1.0 {"a":{"value":0}}`},
	{"D27", mask("s", "n"), `{"aggs":{"a":{"avg":{"field":"n"}}}}`, `500`, `1:1.0 2:1.0 3:1.0 {"a":{"value":null}}`},
	{"D27", mask("s", "n"), `{"aggs":{"a":{"terms":{"field":"n"}}}}`, `500`, `1:1.0 2:1.0 3:1.0 {"a":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[]}}`},
	{"D28", mask("s", "n"), `{"sort":"s"}`, `3:0.0 2:0.0 1:0.0`, `1:0.0 2:0.0 3:0.0`},
	{"D28", mask("s", "n"), `{"sort":"n"}`, `500`, `1:0.0 2:0.0 3:0.0`},
	{"D28", mask("s", "n"), `{"query":{"terms":{"n":[1,2]}}}`, `500`, ``},
	{"D29", mask("s", "n"), `{"query":{"exists":{"field":"s"}}}`, `1:1.0 2:1.0 3:1.0`, ``},
	{"D30", fls("~o.h"), `{"query":{"exists":{"field":"o"}}}`, `1:1.0`, ``},
	{"D30", fls("~*h"), `{"query":{"exists":{"field":"n"}}}`, `1:1.0 2:1.0`, ``},
	{"D31", fls("~s"), `{"query":{"query_string":{"query":"*:*"}}}`, `1:1.0 2:1.0 3:1.0`, refused},
	{"D32", dls(`{"term":{"n":1}}`), `{"aggs":{"a":{"terms":{"field":"s","min_doc_count":0}}}}`, `500`, refused},
	{"D32", fls("~o"), `{"aggs":{"a":{"terms":{"field":"s","min_doc_count":0}}}}`, `1:1.0 2:1.0 3:1.0 {"a":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[{"key":"a","doc_count":1},{"key":"b","doc_count":1},{"key":"c","doc_count":1}]}}`, refused},
	{"D35", mask("s"), `{"query":{"term":{"s.raw":"c"}}}`, `1:1.0`, ``},
	{"D36", fls("~flat.h"), `{"query":{"term":{"flat":"y"}}}`, `2:1.0`, ``},
	{"D41", fls("~o"), `{"query":{"query_string":{"query":"b c","default_field":"s"}}}`, ``, `1:1.0 2:1.0`},
}

// asked requires of each question that the two answer as it says.
func (c *cluster) asked(t *testing.T) {
	docs := map[string][]byte{"1": []byte(`{"s":"c","n":1,"o":{"v":"x","h":"y"}}`), "2": []byte(`{"s":"b","n":2,"o":{"h":"y"},"flat":{"h":"y"}}`), "3": []byte(`{"s":"a"}`)}
	c.put(t, "asked", plainMapping, docs)
	var roles, mapping []map[string]any
	name := func(i int) string { return fmt.Sprintf("asked-%02d", i) }
	for i, q := range questions {
		roles = append(roles, map[string]any{"op": "add", "path": "/" + name(i), "value": row{role: q.role}.file("asked")})
		mapping = append(mapping, map[string]any{"op": "add", "path": "/" + name(i), "value": map[string]any{"backend_roles": []string{name(i)}}})
	}
	c.must(t, "PATCH", "/_plugins/_security/api/roles", roles)
	c.must(t, "PATCH", "/_plugins/_security/api/rolesmapping", mapping)
	c.roles = c.rolesOf(t, c.options)
	for i, q := range questions {
		t.Run(q.id, func(t *testing.T) {
			who := c.caller(t, "u", nil, name(i))
			if got := c.answer(t, who.token, []byte(q.body)); got != q.server {
				t.Errorf("%s %s server: %s, want %s", marshal(q.role), q.body, got, q.server)
			}
			access, err := who.user.Access(fgac.Search, "asked")
			if err != nil {
				t.Fatal(err)
			}
			got := refused
			if rewritten, err := access.Rewrite([]byte(q.body)); err == nil {
				got = c.answer(t, c.admin, rewritten)
			}
			if got != q.fgac {
				t.Errorf("%s %s fgac: %s, want %s", marshal(q.role), q.body, got, q.fgac)
			}
			if q.server == q.fgac {
				t.Error("no difference")
			}
		})
	}
}

// answer is the status, where it is not 200, or scores and ids of hits, and the
// aggregations.
func (c *cluster) answer(t *testing.T, token string, body []byte) string {
	t.Helper()
	got, status, _ := c.search(t, token, "asked", body)
	if status != 200 {
		return fmt.Sprint(status)
	}
	var out []string
	for _, h := range got.Hits.Hits {
		out = append(out, fmt.Sprintf("%s:%.1f", h.ID, h.Score))
	}
	return strings.TrimSpace(strings.Join(append(out, string(got.Aggregations)), " "))
}
