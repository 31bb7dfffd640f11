package opensearch_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A world is made from a seed: roles, and documents of several indices.
type world struct {
	*rand.Rand
	roles map[string]role
	old   bool // for version 2, which merges roles, hides fields and masks inside of objects in other ways
}

// role is one entry of index_permissions.
type role struct {
	Patterns []string `json:"index_patterns"`
	DLS      string   `json:"dls"`
	FLS      []string `json:"fls"`
	Masks    []string `json:"masked_fields"`
	Actions  []string `json:"allowed_actions"`
	asks     []string // the fields that the rule for documents is about
}

func pick[T any](w *world, of ...T) T { return of[w.IntN(len(of))] }

func (w *world) chance(percent int) bool { return w.IntN(100) < percent }

func (w *world) some(of []string, least, most int) []string {
	var all []string
	for _, i := range w.Perm(len(of))[:least+w.IntN(most-least+1)] {
		all = append(all, of[i])
	}
	return all
}

var worldMapping = map[string]any{"dynamic": "strict", "properties": map[string]any{
	"n": number, "dept": keyword, "owner": keyword, "tags": keyword, "journal": keyword, "amount": number,
	"price": map[string]any{"type": "double"}, "public": map[string]any{"type": "boolean"}, "created": map[string]any{"type": "date"}, "title": words, "note": map[string]any{"type": "text"},
	"person":  map[string]any{"properties": map[string]any{"name": keyword, "email": keyword, "address": map[string]any{"properties": map[string]any{"city": keyword, "zip": keyword}}}},
	"authors": map[string]any{"properties": map[string]any{"name": keyword, "org": keyword, "rank": number}},
	"reviews": map[string]any{"type": "nested", "properties": map[string]any{"by": keyword, "stars": number}},
	"raw":     map[string]any{"type": "object", "enabled": false},
}}

var (
	names       = []string{"anna", "bob", "Carl", "anna b", "", "é😀", "a*b", "ann", "42"}
	departments = []string{"sales", "hr", "it", "Sales"}
	sentences   = []string{"quick brown fox", "The Quick fox, again", "don't panic", "version 3.14 of a_b", "brown", "", "fox-trot e.g. x:y", "naïve Straße", "日本 go", "1,000 foxes"}
	// Dates and numbers are spelled in one way: what others mean is up to the mapping
	// (D39).
	dates = []string{"2020-01-01T00:00:00Z", "2021-06-30T12:00:00Z", "2021-06-30T12:00:01Z", "2023-12-31T21:59:59Z", "2019-02-28T00:00:00Z"}
)

func (w *world) document(n int) map[string]any {
	d := map[string]any{"n": n}
	maybe := func(name string, v any) {
		switch {
		case w.chance(80):
			d[name] = v
		case w.chance(30):
			d[name] = nil
		case w.chance(30):
			d[name] = []any{}
		}
	}
	list := func(of []string) any {
		if w.chance(70) {
			return pick(w, of...)
		}
		return w.some(of, 0, 3)
	}
	maybe("dept", list(departments))
	maybe("owner", pick(w, names...))
	maybe("tags", w.some([]string{"red", "green", "blue", "dark red", "RED"}, 0, 3))
	maybe("journal", list([]string{"Nature", "Science", "Cell", "Nat", "http://a.test/b?c=<d>&e"}))
	maybe("amount", pick[any](w, -5, 0, 7, 42, 1000, 9007199254740993))
	maybe("price", pick[any](w, 0.5, 1.25, -3, 19.99, 1000000.0))
	maybe("public", w.chance(50))
	maybe("created", pick(w, dates...))
	maybe("title", list(sentences))
	maybe("note", pick(w, sentences...))
	maybe("person", map[string]any{"name": pick(w, names...), "email": "a@b.test", "address": map[string]any{"city": list([]string{"Rom", "Bern", "Oslo"}), "zip": fmt.Sprint(w.IntN(30))}})
	var authors, reviews []any
	for range w.IntN(3) {
		authors = append(authors, map[string]any{"name": pick(w, names...), "org": pick(w, "x", "y", "z"), "rank": w.IntN(4)})
		reviews = append(reviews, map[string]any{"by": pick(w, names...), "stars": w.IntN(6)})
	}
	maybe("authors", authors)
	maybe("reviews", reviews)
	maybe("raw", map[string]any{"a": pick[any](w, "text", 1.10, true, nil, []any{"x", 1, nil}), "b": map[string]any{"c": []any{map[string]any{"d": "deep", "e": 12345678901234567}, map[string]any{"e": "x"}}, "f": map[string]any{}}, "\"q\u00fc\\": "odd name"})
	return d
}

// aRule makes a query, and names the fields that it is about.
func (w *world) aRule(depth int, fields []string) (query map[string]any, asks []string) {
	field := pick(w, fields...)
	one := func(kind string, value any) (map[string]any, []string) {
		return map[string]any{kind: map[string]any{field: value}}, []string{field}
	}
	if depth > 0 && w.chance(35) {
		clauses := map[string]any{}
		for _, name := range w.some([]string{"must", "filter", "must_not", "should"}, 1, 3) {
			var list []any
			for range 1 + w.IntN(2) {
				q, of := w.aRule(depth-1, fields)
				list, asks = append(list, q), append(asks, of...)
			}
			clauses[name] = list
			if len(list) == 1 && w.chance(50) {
				clauses[name] = list[0]
			}
		}
		if clauses["should"] != nil && w.chance(50) {
			clauses["minimum_should_match"] = 1
		}
		return map[string]any{"bool": clauses}, asks
	}
	if w.chance(5) {
		return map[string]any{pick(w, "match_all", "match_none"): map[string]any{}}, nil
	}
	if w.chance(15) {
		return map[string]any{"exists": map[string]any{"field": field}}, []string{field}
	}
	if w.chance(5) {
		return map[string]any{"ids": map[string]any{"values": []string{fmt.Sprint(w.IntN(40)), fmt.Sprint(w.IntN(40)), "x"}}}, nil
	}
	switch field {
	case "n", "amount", "authors.rank":
		v := pick[any](w, 0, 7, 42, 1000, -5, 3, 9007199254740993)
		if w.chance(50) {
			return one("range", map[string]any{pick(w, "gt", "gte"): w.IntN(20) - 6, pick(w, "lt", "lte"): w.IntN(500)})
		}
		if w.chance(50) {
			return one("terms", []any{v, w.IntN(10)})
		}
		return one("term", pick[any](w, v, map[string]any{"value": v}))
	case "price":
		if w.chance(50) {
			return one("range", map[string]any{pick(w, "gt", "gte", "lt", "lte"): pick[any](w, 1.25, 0.5, 10, -3)})
		}
		return one("term", pick[any](w, 1.25, 19.99, 0.5, -3, -3.0))
	case "public":
		return one("term", w.chance(50))
	case "created":
		return one("range", map[string]any{pick(w, "gt", "gte"): pick(w, "2019-01-01T00:00:00Z", "2021-06-30T12:00:00Z", "2021-06-30T12:00:00Z"), pick(w, "lt", "lte"): pick(w, "2023-12-31T22:00:00Z", "2023-12-31T21:59:59Z", "2021-07-01T00:00:00Z")})
	case "title", "note":
		text := pick(w, append([]string{"fox", "QUICK", "don't", "3.14", "brown quick", "Straße", "本", "x", "a_b fox", "e.g", "x:y", "1,000", "panic don"}, sentences[:5]...)...)
		if w.chance(30) {
			return one("match_phrase", text)
		}
		return one("match", pick[any](w, text, map[string]any{"query": text, "operator": pick(w, "and", "or", "AND")}))
	}
	word := pick(w, append(append(slices.Clone(names), departments...), "red", "Nature", "x", "y", "Rom", "7", "quick brown fox", "brown")...)
	switch w.IntN(6) {
	case 0:
		return one("prefix", pick[any](w, "a", "S", "ann", "N", "qu", map[string]any{"value": "r"}))
	case 1:
		return one("wildcard", pick[any](w, "a*", "*n*", "?ob", "S?l*", `a\*b`, map[string]any{"value": "*"}))
	case 2, 3:
		return one("terms", []any{word, pick(w, departments...), pick(w, names...)})
	}
	return one("term", pick[any](w, word, map[string]any{"value": word}))
}

var (
	// ruled are the fields that most rules for documents are about, others the rest.
	ruled   = []string{"n", "dept", "owner", "tags", "amount", "price", "public", "created", "title", "title.keyword", "note", "authors.rank"}
	others  = []string{"journal", "person", "person.name", "person.email", "person.address", "person.address.city", "authors.name", "authors.org", "reviews", "reviews.by", "raw", "raw.a", "raw.b.c.d"}
	wild    = []string{"person.*", "p*", "*name", "person.address.*", "raw.b*", "reviews.*", "/person\\.(name|email)/", "*.by", "j?urnal", "raw.b.c.?", "authors.*", "journal.keyword", "nothing", "raw.\"q*"}
	masks   = []string{"", "", "", "::SHA-256", "::MD5", "::/[aeiou]/::*", "::/^(.)(.*)$/::$2$1", `::/\w+/::X::/^/::>`}
	shadows = []string{"*", "alpha-*", "alpha-1", "beta", "alpha-2", "a*", "/(alpha|beta)(-[12])?/", "alpha-?", "other"}
)

// role makes one that mostly hides other fields than its rule is about: the
// plugin does not see those (D14).
func (w *world) role() role {
	r := role{Patterns: w.some(shadows, 1, 2), FLS: []string{}, Masks: []string{}, Actions: []string{pick(w, "read", "read", "read", "read", "read", "read", "search", "search", "indices:data/read/search*", "get", "write", "looking", "*")}}
	pool := others
	if w.chance(10) {
		pool = append(slices.Clone(others), ruled...)
	}
	if w.chance(60) {
		var q map[string]any
		fields := ruled
		if w.chance(10) {
			fields = append(slices.Clone(ruled), others[:8]...)
		}
		q, r.asks = w.aRule(2, fields)
		r.DLS = string(marshal(q))
	}
	if w.old {
		if w.chance(40) {
			r.Masks = append(r.Masks, "journal"+masks[w.IntN(3)])
		}
		return r
	}
	switch {
	case w.chance(35):
		for _, f := range w.some(append(slices.Clone(pool), wild...), 1, 4) {
			r.FLS = append(r.FLS, "~"+f)
		}
	case w.chance(35):
		r.FLS = append(w.some(append(slices.Clone(pool), wild...), 1, 5), ruled...)
	}
	if w.chance(40) {
		for _, f := range w.some(append(slices.Clone(pool), wild...), 1, 3) {
			r.Masks = append(r.Masks, f+pick(w, masks...))
		}
	}
	return r
}

var worldIndices = []string{"alpha-1", "alpha-2", "beta"}

const documents = 40 // in each of them

// newWorld makes the roles, gives them to the server by its REST API, and has
// fgac read what that API then returns.
func (c *cluster) newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{rand.New(rand.NewPCG(seed, 1)), map[string]role{}, c.old()}
	var roles, mapping []map[string]any
	for i := range 120 {
		name := fmt.Sprintf("random_%03d", i)
		r := w.role()
		w.roles[name] = r
		roles = append(roles, map[string]any{"op": "add", "path": "/" + name, "value": map[string]any{"cluster_permissions": []string{}, "index_permissions": []any{r}}})
		mapping = append(mapping, map[string]any{"op": "add", "path": "/" + name, "value": map[string]any{"backend_roles": []string{name}}})
	}
	c.must(t, "PATCH", "/_plugins/_security/api/roles", roles)
	c.must(t, "PATCH", "/_plugins/_security/api/rolesmapping", mapping)
	c.roles = c.rolesOf(t, c.options)
	for _, index := range worldIndices {
		docs := map[string][]byte{}
		for i := range documents {
			docs[fmt.Sprint(i)] = marshal(w.document(i))
		}
		c.put(t, index, worldMapping, docs)
	}
	return w
}

// tally counts what came of comparisons.
type tally map[string]int

// are requires numbers: of a seed they are the same on each machine.
func (c tally) are(t *testing.T, want tally) {
	t.Helper()
	for what, n := range want {
		if c[what] != n {
			t.Errorf("%s: %d, want %d", what, c[what], n)
		}
	}
}

// random compares callers with random roles, index by index.
func (c *cluster) random(t *testing.T) {
	w := c.newWorld(t, 20260101)
	most := 4
	if w.old {
		most = 1
	}
	count := tally{}
	for i := range 270 {
		names := w.some(slices.Sorted(maps.Keys(w.roles)), 1, most)
		who := c.caller(t, pick(w, names...), nil, names...)
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
			switch seen {
			case -1:
				count["403"]++
			case 0:
				count["compared"]++
				count["none"]++
			case documents:
				count["compared"]++
				count["all"]++
			default:
				count["compared"]++
				count["some"]++
			}
			if seen >= 0 && i%3 == 0 {
				count["documents"] += c.documents(t, who, index, seen)
			}
			if seen > 0 && !w.old {
				c.requests(t, w, who, names, index, count)
			}
		}
		if t.Failed() {
			for _, name := range names {
				t.Logf("%s: %s", name, marshal(w.roles[name]))
			}
			break
		}
	}
	t.Logf("%s: %v", c.version, count)
	want := tally{"compared": 542, "403": 181, "none": 87, "all": 173, "some": 282, "documents": 652, "left out by D14": 50, "left out by D24": 37, "differ by D17, D38": 23, "requests": 750,
		"asked about D19": 6, "asked about D27": 10, "asked about D28": 15, "asked about D29": 4, "asked about D30": 10, "asked about D35": 4, "asked about D41": 4}
	if w.old {
		want = tally{"compared": 489, "403": 321, "none": 89, "all": 215, "some": 185, "documents": 632}
	}
	count.are(t, want)
}

// rules are those of some roles for an index.
func (w *world) rules(names []string, index string) (include, exclude, mask, asks []string) {
	for _, name := range names {
		r := w.roles[name]
		if !slices.ContainsFunc(r.Patterns, func(p string) bool { return globbed(p, index) }) {
			continue
		}
		asks = append(asks, r.asks...)
		for _, f := range r.FLS {
			if f[0] == '~' {
				exclude = append(exclude, f[1:])
			} else {
				include = append(include, f)
			}
		}
		mask = append(mask, r.Masks...)
	}
	return include, exclude, mask, asks
}

// difference names the row of docs/opensearch.md that makes a set of roles behave
// differently on an index, or is "".
func (w *world) difference(names []string, index string) string {
	include, exclude, mask, asks := w.rules(names, index)
	for _, field := range asks {
		if !shown(field, include, exclude) || masked(field, mask) != "" {
			return "D14"
		}
	}
	for _, field := range append(slices.Clone(others), ruled...) {
		if masked(field, mask) == "several" {
			return "D24"
		}
	}
	return ""
}

// shown is whether a query sees a field.
func shown(field string, include, exclude []string) bool {
	field = strings.TrimSuffix(field, ".keyword")
	matches := func(patterns []string) bool {
		for path := field; ; {
			if slices.ContainsFunc(patterns, func(p string) bool { return globbed(strings.TrimSuffix(p, ".keyword"), path) }) {
				return true
			}
			i := strings.LastIndexByte(path, '.')
			if i < 0 {
				return false
			}
			path = path[:i]
		}
	}
	if len(exclude) > 0 {
		return !matches(exclude)
	}
	return len(include) == 0 || matches(include)
}

// masked is what masks a field, "" for nothing.
func masked(field string, masks []string) string {
	field = strings.TrimSuffix(field, ".keyword")
	found := map[string]bool{}
	for _, m := range masks {
		pattern, how, _ := strings.Cut(m, "::")
		if globbed(strings.TrimSuffix(pattern, ".keyword"), field) {
			found[how] = true
		}
	}
	switch len(found) {
	case 0:
		return ""
	case 1:
		return "one"
	}
	return "several"
}

func globbed(pattern, name string) bool {
	expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	if strings.HasPrefix(pattern, "/") {
		expression = strings.Trim(pattern, "/")
	}
	return regexp.MustCompile(`\A(?s:` + expression + `)\z`).MatchString(name)
}
