package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/tokenacl/tokenacl/fgac"
)

// perOp runs f as often as b wants and reports the processor time that one run
// takes, that of the garbage collector included: on a machine that is shared, wall
// time says little.
func perOp(b *testing.B, f func()) {
	b.Helper()
	b.ReportAllocs()
	start := processorTime()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(processorTime()-start)/float64(b.N), "cpu-ns/op")
}

// article is a document of 2 KB and 40 fields; n tells it from others.
func article(n int) []byte {
	var text strings.Builder
	fmt.Fprintf(&text, `{"pmid":%d,"title":"Molecular biology of the cell, part %d","journal":"Journal %d","abstract":"%s"`,
		30_000_000+n, n, n%7, strings.Repeat("Signals between β-cells \u2014 and others. ", 25))
	fmt.Fprintf(&text, `,"authors":[{"name":"Ada L.","orcid":"0000-0001"},{"name":"Bo M.","orcid":"0000-0002"}],"year":%d,"open":%t,"score":%d.50`,
		2000+n%25, n%2 == 0, n%10)
	for i := range 16 {
		fmt.Fprintf(&text, `,"keyword_%02d":"term %d of %d"`, i, i, n)
	}
	for i := range 12 {
		fmt.Fprintf(&text, `,"count_%02d":%d`, i, n*i)
	}
	status := []string{"retracted", "published", "reviewed"}[n%3]
	return []byte(text.String() + `,"group":"RG_345","country":"DE","doi":null,"status":"` + status + `"}`)
}

// restriction is what both fgac and its peers do: five fields are shown, one of
// them masked, of the documents since 2010 that are open, and published or reviewed.
const restriction = `{"reader": {"index_permissions": [{"index_patterns": ["pubmed"], "allowed_actions": ["read"],
	"fls": ["title", "journal", "abstract", "year", "keyword_03"], "masked_fields": ["journal%s"], "dls": %q}]}}`

const fiveClauses = `{"bool": {"must": [{"range": {"year": {"gte": 2010}}}, {"term": {"open": true}}, {"exists": {"field": "abstract"}}],
	"should": [{"term": {"status": "published"}}, {"term": {"status": "reviewed"}}], "minimum_should_match": 1}}`

var shownFields = []string{"title", "journal", "abstract", "year", "keyword_03"}

// mary is a reader. method is that of the mask, dls what rule there is for documents.
func mary(b testing.TB, method, dls string) *fgac.Access {
	b.Helper()
	roles, err := fgac.Parse(fmt.Appendf(nil, restriction, method, dls), []byte(`{"reader": {"users": ["mary"]}}`), &fgac.Options{Salt: "sixteen or more!"})
	if err != nil {
		b.Fatal(err)
	}
	access, err := roles.For(identity(b)).Access(fgac.Search, "pubmed")
	if err != nil {
		b.Fatal(err)
	}
	return access
}

func identity(b testing.TB) fgac.Identity {
	b.Helper()
	claims := map[string]any{"sub": "mary", "groups": []any{"pubmed_limited_group", "staff", "all"}, "dept": "biology", "email_verified": true}
	id, err := fgac.FromClaims(maps.All(claims), fgac.Keys{Roles: "groups"})
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// codec is how a service without fgac would read and write documents.
type codec struct {
	name   string
	decode func([]byte, *map[string]any) error
	encode func(map[string]any) ([]byte, error)
}

var codecs = []codec{
	{"encoding-json", func(in []byte, m *map[string]any) error { return json.Unmarshal(in, m) }, func(m map[string]any) ([]byte, error) { return json.Marshal(m) }},
	{"json-v2", func(in []byte, m *map[string]any) error { return jsonv2.Unmarshal(in, m) }, func(m map[string]any) ([]byte, error) { return jsonv2.Marshal(m) }},
}

// show is the restriction by hand, over maps. A nil result is a hidden document. Its mask is
// SHA-256, which costs it less than BLAKE2b would.
func (c codec) show(source []byte, dls bool) ([]byte, error) {
	var all map[string]any
	if err := c.decode(source, &all); err != nil {
		return nil, err
	}
	if dls && !admitted(all) {
		return nil, nil
	}
	shown := make(map[string]any, len(shownFields))
	for _, name := range shownFields {
		value, ok := all[name]
		if text, isText := value.(string); isText && name == "journal" {
			sum := sha256.Sum256([]byte(text))
			value = hex.EncodeToString(sum[:])
		}
		if ok {
			shown[name] = value
		}
	}
	return c.encode(shown)
}

func admitted(all map[string]any) bool {
	year, _ := all["year"].(float64)
	return year >= 2010 && all["open"] == true && all["abstract"] != nil && (all["status"] == "published" || all["status"] == "reviewed")
}

// TestFGACAgrees requires that fgac and its peers show the same, before anything
// is timed.
func TestFGACAgrees(t *testing.T) {
	source := article(1)
	var fields map[string]any
	if err := json.Unmarshal(source, &fields); err != nil || len(fields) != 40 || len(source) < 1900 || len(source) > 2200 {
		t.Fatalf("%v: %d fields, %d bytes; want 40 and 2 KB", err, len(fields), len(source))
	}
	plain, ruled := mary(t, "::SHA-256", ""), mary(t, "::SHA-256", fiveClauses)
	hidden := 0
	for n := range 150 {
		for _, c := range codecs {
			for dls, access := range map[bool]*fgac.Access{false: plain, true: ruled} {
				got, ok := access.Document(article(n))
				want, err := c.show(article(n), dls)
				if err != nil || ok != (want != nil) || ok && !equalJSON(t, got, want) {
					t.Fatalf("%s, document %d, rule %v: %s (%v), want %s (%v)", c.name, n, dls, got, ok, want, err)
				}
				if !ok {
					hidden++
				}
			}
		}
	}
	if want := len(codecs) * 120; hidden != want {
		t.Errorf("%d hidden, want %d", hidden, want)
	}
	if got, _ := mary(t, "", "").Document(source); bytes.Contains(got, []byte("Journal")) || !bytes.Contains(got, []byte("journal")) {
		t.Errorf("%s is not masked", got)
	}
}

func equalJSON(t testing.TB, a, b []byte) bool {
	t.Helper()
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		t.Fatalf("no JSON: %s, %s", a, b)
	}
	return reflect.DeepEqual(x, y)
}

// BenchmarkFGACDocument shows five fields of 40, one masked.
func BenchmarkFGACDocument(b *testing.B) {
	source := article(1)
	for name, access := range map[string]*fgac.Access{"fgac": mary(b, "", ""), "fgac-sha256": mary(b, "::SHA-256", "")} {
		b.Run(name, func(b *testing.B) {
			perOp(b, func() {
				if _, ok := access.Document(source); !ok {
					b.Fatal("hidden")
				}
			})
		})
	}
	for _, c := range codecs {
		b.Run(c.name, func(b *testing.B) {
			perOp(b, func() {
				if _, err := c.show(source, false); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// BenchmarkFGACRule hides a document: by a rule that looks at nothing, and by the
// last of five clauses. The difference is what the five take.
func BenchmarkFGACRule(b *testing.B) {
	source := article(12)
	for _, rule := range []struct{ name, dls string }{{"none", `{"match_none": {}}`}, {"five-clauses", fiveClauses}} {
		access := mary(b, "", rule.dls)
		b.Run(rule.name, func(b *testing.B) {
			perOp(b, func() {
				if _, ok := access.Document(source); ok {
					b.Fatal("shown")
				}
			})
		})
	}
}

// BenchmarkFGACPage shows a page of 10,000 hits under a rule for documents, of
// which it hides four in five.
func BenchmarkFGACPage(b *testing.B) {
	page := make([][]byte, 10_000)
	for n := range page {
		page[n] = article(n)
	}
	access := mary(b, "", fiveClauses)
	b.Run("fgac", func(b *testing.B) {
		perOp(b, func() {
			wantShown(b, func(source []byte) bool { _, ok := access.Document(source); return ok }, page)
		})
	})
	for _, c := range codecs {
		b.Run(c.name, func(b *testing.B) {
			perOp(b, func() {
				wantShown(b, func(source []byte) bool { out, err := c.show(source, true); return err == nil && out != nil }, page)
			})
		})
	}
}

func wantShown(b *testing.B, show func([]byte) bool, page [][]byte) {
	shown := 0
	for _, source := range page {
		if show(source) {
			shown++
		}
	}
	if shown != 1999 {
		b.Fatalf("%d of the page are shown, want 1999", shown)
	}
}

// BenchmarkFGACPermission checks a permission among 1,000 roles, each with a
// pattern of its own and mary's.
func BenchmarkFGACPermission(b *testing.B) {
	roles, mapping := map[string]any{}, map[string]any{}
	for i := range 1000 {
		name := fmt.Sprintf("role-%d", i)
		roles[name] = map[string]any{"index_permissions": []any{map[string]any{"index_patterns": []string{fmt.Sprintf("logs-%d-*", i)}, "allowed_actions": []string{"read"}}}}
		mapping[name] = map[string]any{"users": []string{"m*"}}
	}
	parsed, err := fgac.Parse(toJSON(b, roles), toJSON(b, mapping), nil)
	if err != nil {
		b.Fatal(err)
	}
	id := identity(b)
	user := parsed.For(id)
	check := func(b *testing.B, u *fgac.User, index string, want bool) {
		if _, err := u.Access(fgac.Search, index); (err == nil) != want {
			b.Fatalf("%s: %v", index, err)
		}
	}
	b.Run("allowed", func(b *testing.B) { perOp(b, func() { check(b, user, "logs-999-a", true) }) })
	b.Run("denied", func(b *testing.B) { perOp(b, func() { check(b, user, "metrics", false) }) })
	b.Run("prepare", func(b *testing.B) { perOp(b, func() { parsed.For(id) }) })
	b.Run("prepare-and-first", func(b *testing.B) { perOp(b, func() { check(b, parsed.For(id), "logs-999-a", true) }) })
}

func toJSON(b *testing.B, v any) []byte {
	b.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		b.Fatal(err)
	}
	return text
}
