package opensearch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/fgac"
)

// A request is the body of a search, and what it asks about which fields.
type request struct {
	body map[string]any
	asks []ask
}

type ask struct{ kind, field string } // kind is query, exists, words, sort or aggs

// asked are the queries of a rule.
func asked(q map[string]any) (all []ask) {
	for kind, body := range q {
		switch body := body.(type) {
		case map[string]any:
			switch kind {
			case "exists":
				all = append(all, ask{"exists", body["field"].(string)})
			case "bool":
				for _, clause := range body {
					switch clause := clause.(type) {
					case []any:
						for _, q := range clause {
							all = append(all, asked(q.(map[string]any))...)
						}
					case map[string]any:
						all = append(all, asked(clause)...)
					}
				}
			case "ids", "match_all", "match_none":
			default:
				for field := range body {
					all = append(all, ask{"query", field})
				}
			}
		}
	}
	return all
}

var numbers, keywords = []string{"n", "amount", "price", "authors.rank"}, []string{"dept", "owner", "tags", "journal", "person.name", "person.address.city", "authors.org", "title.keyword"}

func (w *world) request() request {
	r := request{body: map[string]any{"size": 1000}}
	searchable := append(slices.Clone(ruled), others...)
	if w.chance(60) {
		q, _ := w.aRule(2, searchable)
		r.body["query"], r.asks = q, asked(q)
	} else if w.chance(60) {
		field, second := pick(w, "title", "note", "dept", "journal", "person.name"), pick(w, "note", "owner", "tags", "authors.org")
		text := pick(w, "quick", "fox anna", `"brown fox"`, "F:sales", `F:"Nature" OR anna`, "NOT F:x AND red", "bob AND NOT fox", "F:red green")
		r.body["query"] = map[string]any{"query_string": map[string]any{"query": strings.ReplaceAll(text, "F", field), "default_field": second}}
		r.asks = append(r.asks, ask{"query", field}, ask{"query", second})
		if text == "fox anna" {
			r.asks = append(r.asks, ask{"words", second})
		}
	}
	if w.chance(30) {
		field := pick(w, append(slices.Clone(numbers), append(keywords, "created", "public", "reviews.by")...)...)
		r.body["sort"] = []any{map[string]any{field: pick[any](w, "asc", "desc", map[string]any{"order": "desc", "missing": "_first"})}, map[string]any{"n": "asc"}}
		r.asks = append(r.asks, ask{"sort", field})
	}
	if w.chance(60) {
		r.body[pick(w, "aggs", "aggregations")] = w.aggregations(1, &r)
	}
	return r
}

func (w *world) aggregations(depth int, r *request) map[string]any {
	all := map[string]any{}
	for i := range 1 + w.IntN(2) {
		kind := pick(w, "terms", "terms", "avg", "sum", "min", "max", "value_count", "cardinality", "histogram", "date_histogram")
		field, more := pick(w, numbers...), map[string]any{}
		switch kind {
		case "terms":
			field = pick(w, append(slices.Clone(numbers), append(keywords, "public")...)...)
			more = pick(w, more, map[string]any{"size": 3}, map[string]any{"order": map[string]any{"_key": "desc"}, "size": 50})
		case "value_count", "cardinality":
			field = pick(w, append(slices.Clone(numbers), append(keywords, "created")...)...)
		case "histogram":
			field, more = pick(w, "n", "price"), map[string]any{"interval": 100000, "min_doc_count": 1}
		case "date_histogram":
			field, more = "created", map[string]any{"calendar_interval": "year"}
		}
		body := map[string]any{"field": field}
		for k, v := range more {
			body[k] = v
		}
		a := map[string]any{kind: body}
		r.asks = append(r.asks, ask{"aggs", field})
		if depth > 0 && w.chance(40) && (kind == "terms" || strings.HasSuffix(kind, "histogram")) {
			a["aggs"] = w.aggregations(depth-1, r)
		}
		all[fmt.Sprintf("a%d", i)] = a
	}
	return all
}

// expected names the rows of docs/opensearch.md of which one may make the answers
// differ.
func (r request) expected(include, exclude, mask []string) []string {
	var rows []string
	for _, a := range r.asks {
		if masked(a.field, mask) != "" {
			switch a.kind {
			case "aggs":
				rows = append(rows, "D27")
			case "exists":
				rows = append(rows, "D29")
			}
			if a.kind == "sort" || !slices.Contains(append(slices.Clone(keywords), "title", "note"), a.field) {
				rows = append(rows, "D28")
			}
		}
		for i := strings.LastIndexByte(a.field, '.'); i > 0; i = strings.LastIndexByte(a.field[:i], '.') {
			if masked(a.field[:i], mask) != "" {
				rows = append(rows, "D35")
			}
		}
		if a.kind == "words" && slices.Contains(keywords, a.field) {
			rows = append(rows, "D41")
		}
		// What may be inside of a field, as far as its name tells.
		below := func(p string) bool {
			p, _, _ = strings.Cut(p, "::")
			return strings.HasPrefix(p, "/") || slices.ContainsFunc([]string{"by", "name", "email", "city", "address.city", "a", "b", "b.c.d", "x", "\"q"}, func(rest string) bool { return globbed(p, a.field+"."+rest) })
		}
		if a.kind == "exists" && slices.ContainsFunc(slices.Concat(include, exclude, mask), below) {
			rows = append(rows, "D30")
		}
		name := strings.TrimSuffix(a.field, ".keyword")
		itself := func(p string) bool {
			return globbed(strings.TrimSuffix(p, ".keyword"), name) && !(p[0] == '/' && strings.Contains(name, "."))
		}
		if len(exclude) == 0 && len(include) > 0 && shown(a.field, include, nil) && !slices.ContainsFunc(include, itself) {
			rows = append(rows, "D19")
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// requests compares the answers to random requests.
func (c *cluster) requests(t *testing.T, w *world, who caller, names []string, index string, count tally) {
	t.Helper()
	access, err := who.user.Access(fgac.Search, index)
	if err != nil {
		t.Fatal(err)
	}
	include, exclude, mask, _ := w.rules(names, index)
	for range 2 {
		r := w.request()
		rows := r.expected(include, exclude, mask)
		differences := c.answers(t, who, index, access, r)
		switch {
		case len(rows) == 0 && len(differences) > 0:
			t.Errorf("%s on %s asks %s\n%s", who.name, index, marshal(r.body), strings.Join(differences, "\n"))
		case len(rows) == 0:
			count["requests"]++
		case len(differences) > 0:
			for _, row := range rows {
				count["asked about "+row]++
			}
		}
	}
}

// answers compares what the plugin answers to a request with what an engine
// without roles answers to the one that fgac makes of it.
func (c *cluster) answers(t *testing.T, who caller, index string, access *fgac.Access, r request) (differences []string) {
	t.Helper()
	body := marshal(r.body)
	rewritten, err := access.Rewrite(body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	want, wantStatus, wantAnswer := c.search(t, c.admin, index, rewritten)
	got, status, answer := c.search(t, who.token, index, body)
	if status != wantStatus {
		return []string{fmt.Sprintf("server %d %.300s\nfgac %d %.300s", status, answer, wantStatus, wantAnswer)}
	}
	_, sorted := r.body["sort"]
	if server, fgac := order(got, sorted), order(want, sorted); server != fgac {
		differences = append(differences, fmt.Sprintf("hits %s\nfgac %s", server, fgac))
	}
	if got.Hits.Total != want.Hits.Total {
		differences = append(differences, fmt.Sprintf("total %v, fgac %v", got.Hits.Total, want.Hits.Total))
	}
	if string(got.Aggregations) != string(want.Aggregations) {
		differences = append(differences, fmt.Sprintf("aggregations %s\nfgac         %s", got.Aggregations, want.Aggregations))
	}
	return differences
}

// order lists the hits, sorted by id where no order was asked for.
func order(f found, asked bool) string {
	var ids []string
	for _, h := range f.Hits.Hits {
		ids = append(ids, h.ID)
	}
	if !asked {
		slices.Sort(ids)
	}
	return strings.Join(ids, " ")
}

// documents compares getting documents one by one and together, and counting.
func (c *cluster) documents(t *testing.T, who caller, index string, seen int) (checked int) {
	t.Helper()
	status, answer := c.Do(t, "GET", "/"+index+"/_count", who.token, nil)
	var count struct{ Count int }
	if err := json.Unmarshal(answer, &count); err != nil || status != 200 || count.Count != seen {
		t.Errorf("%s counts %d %s in %s, want %d", who.name, status, answer, index, seen)
	}
	access, err := who.user.Access(fgac.Get, index)
	for _, id := range []string{"3", "17", "31", "none"} {
		checked++
		status, answer := c.Do(t, "GET", "/"+index+"/_doc/"+id, who.token, nil)
		if denied := (*fgac.Denied)(nil); errors.As(err, &denied) {
			if status != 403 || string(answer) != string(denied.Body()) {
				t.Errorf("%s gets %s of %s: %d %s, want %s", who.name, id, index, status, answer, denied.Body())
			}
			continue
		}
		var got struct {
			Found  bool
			Source json.RawMessage `json:"_source"`
		}
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Fatal(err)
		}
		shown, ok := access.Hit(id, c.indices[index][id])
		if ok != got.Found || ok != (status == 200) || !ok && status != 404 {
			t.Errorf("%s gets %s of %s: %d %s, fgac %v", who.name, id, index, status, answer, ok)
		}
		if ok && c.canonical(t, got.Source) != c.canonical(t, shown) && !emptied(t, string(got.Source), string(shown)) {
			t.Errorf("%s gets %s of %s: %s, fgac %s", who.name, id, index, got.Source, shown)
		}
	}
	return checked
}
