// Package pushdown_test has a real OpenSearch decide who sees what, and compares.
package pushdown_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
	server "github.com/tokenacl/tokenacl/integration/opensearch"
	"github.com/tokenacl/tokenacl/integration/real"
)

// versions are those of the last two major versions.
var versions = []string{server.Versions[0], server.Versions[len(server.Versions)-1]}

// engine is an index of a real server.
type engine struct {
	t       testing.TB
	server  *server.Server
	index   string
	rules   acl.Rules
	version string
	lookup  string // the index of principals, if clauses are to use it
	hits    int    // that Verify kept
	dropped int
}

// do fails the test unless the answer has the status.
func (e *engine) do(method, path string, body any, status int) []byte {
	e.t.Helper()
	got, answer := e.server.Do(e.t, method, path, "", body)
	if got != status {
		e.t.Fatalf("%s %s: %d %.2000s", method, path, got, answer)
	}
	return answer
}

// create makes the index anew, with fields beside the ACL's.
func (e *engine) create(r acl.Rules, properties string) {
	e.t.Helper()
	e.rules = r
	e.server.Do(e.t, "DELETE", "/"+e.index, "", nil)
	e.do("PUT", "/"+e.index, []byte(`{"settings": {"number_of_shards": 2, "number_of_replicas": 0}, "mappings": {"dynamic": "strict", "properties": {`+properties+`}}}`), 200)
	e.do("PUT", "/"+e.index+"/_mapping", opensearch.Mapping(r), 200)
	if err := opensearch.CheckMapping(e.do("GET", "/"+e.index+"/_mapping", nil, 200), r); err != nil {
		e.t.Fatal(err)
	}
}

// bulk adds documents, a thousand in a request.
func (e *engine) bulk(n int, document func(i int) (id string, source any)) error {
	var b bytes.Buffer
	for i := range n {
		id, source := document(i)
		text, err := json.Marshal(source)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, `{"index": {"_id": %q}}`+"\n%s\n", id, text)
		if i%1000 < 999 && i < n-1 {
			continue
		}
		if answer := e.do("POST", "/"+e.index+"/_bulk", b.Bytes(), 200); !bytes.Contains(answer, []byte(`"errors":false`)) {
			return fmt.Errorf("bulk: %.2000s", answer)
		}
		b.Reset()
	}
	e.do("POST", "/"+e.index+"/_refresh", nil, 200)
	return nil
}

func (e *engine) Store(r acl.Rules, docs []acltest.Document) error {
	e.create(r, `"title": {"type": "text"}`)
	return e.bulk(len(docs), func(i int) (string, any) {
		fields, err := opensearch.Fields(docs[i].ACL, r)
		if (err != nil) != (r.Validate(docs[i].ACL) != nil) {
			e.t.Errorf("%s: %v", docs[i].ID, err)
		}
		source := map[string]any{"title": "a document", opensearch.Field: fields}
		if i%2 == 0 && fields.Allow == nil {
			delete(source, opensearch.Field) // as documents that were there before
		}
		return docs[i].ID, source
	})
}

// hit is a document that was found.
type hit struct {
	ID     string                     `json:"_id"`
	Source map[string]json.RawMessage `json:"_source"`
}

// clause is the filter, and what it needs.
func (e *engine) clause(s acl.Scope) (opensearch.Clause, error) {
	if e.lookup != "" {
		id, document, err := opensearch.LookupDocument(s, e.rules)
		if err != nil {
			return opensearch.Clause{}, err
		}
		if id != "" {
			if status, answer := e.server.Do(e.t, "PUT", "/"+e.lookup+"/_doc/"+id, "", document); status > 201 {
				return opensearch.Clause{}, fmt.Errorf("principals: %d %.500s", status, answer)
			}
		}
	}
	return opensearch.Filter(s, e.rules, opensearch.Options{Verify: true, Lookup: e.lookup})
}

// search is a search that a caller sent.
func (e *engine) search(s acl.Scope, user string) ([]hit, error) {
	clause, err := e.clause(s)
	if err != nil {
		return nil, err
	}
	body, err := opensearch.Body(clause, []byte(user))
	if err != nil {
		return nil, err
	}
	var found struct {
		Shards struct{ Failed int } `json:"_shards"`
		Hits   struct{ Hits []hit }
	}
	answer := e.do("POST", "/"+e.index+"/_search", body, 200)
	if err := json.Unmarshal(answer, &found); err != nil || found.Shards.Failed > 0 {
		return nil, fmt.Errorf("%w, %d shards failed: %.2000s", err, found.Shards.Failed, answer)
	}
	return found.Hits.Hits, nil
}

func (e *engine) Search(s acl.Scope) (ids []string, err error) {
	found, err := e.search(s, `{"query": {"match": {"title": "document"}}, "size": 10000, "_source": false}`)
	if err != nil {
		return nil, err
	}
	kept, dropped, err := opensearch.Verify(s, e.rules, found, func(h hit) []byte { return h.Source[opensearch.Field] })
	for _, h := range found {
		ids = append(ids, h.ID)
	}
	if _, everything := s.Principal(); everything || s.String() == acl.Guest().String() {
		e.hits, e.dropped = e.hits+len(kept), e.dropped+dropped
	}
	return ids, err
}

// part is one of the tests below, with an index of its own.
func (e *engine) part(t *testing.T, name string, test func(*testing.T, *engine)) {
	t.Run(name, func(t *testing.T) {
		test(t, &engine{t: t, server: e.server, version: e.version, index: strings.ToLower(name)})
	})
}

// proof is that of a server.
func proof(version, feature string) real.Proof {
	return real.Proof{Engine: "OpenSearch", Version: version, How: "its server, from Maven Central", Feature: feature}
}

// A real OpenSearch decides as acl does, understands what is sent to it, and
// shows nothing that is hidden.
//
// Rules P1, P3, P5, A6, G1
func TestOpenSearch(t *testing.T) {
	for i, version := range versions {
		t.Run(version, func(t *testing.T) {
			e := &engine{server: server.Start(t, server.Config{Version: version}), version: version}
			e.part(t, "Rules", rules)
			e.part(t, "Accepted", accepted)
			if i > 0 {
				return // the rest takes long, and differs less between versions
			}
			e.part(t, "Kit", kit)
			e.part(t, "Lookup", lookup)
			e.part(t, "ManyTerms", manyTerms)
			e.part(t, "Escapes", escapes)
			e.part(t, "FailsClosed", failsClosed)
		})
	}
}

// kit compares under the zero rules, and has Verify agree with each hit.
func kit(t *testing.T, e *engine) {
	report := acltest.Run(t, e, acltest.Options{Documents: 5000, Callers: 200, RuleSets: []acl.Rules{}})
	t.Logf("%d hits verified", e.hits)
	if report.Decisions < 1_000_000 || report.Allowed < 100_000 || e.hits < 100_000 || e.dropped != 0 {
		t.Errorf("%v, %d hits verified, %d dropped", report, e.hits, e.dropped)
	}
	real.Proven(t, proof(e.version, "filter, Verify").Report(report))
}

// rules has each rule in one set at least; package terms is tried with them all.
func rules(t *testing.T, e *engine) {
	report := acltest.Run(t, e, acltest.Options{Documents: 1, Callers: 1, Seed: 1,
		RuleSets: []acl.Rules{{DenyOnlyEveryone: true}, {AnyLevel: true, Fold: true}, {DenyOnlyEveryone: true, MissingGroupsMeanNone: true}}})
	if report.RuleSets != 4 || report.Decisions < 500_000 || e.dropped != 0 {
		t.Errorf("%v, %d dropped", report, e.dropped)
	}
	real.Proven(t, proof(e.version, "filter, each rule").Report(report))
}

// principals makes the index that clauses look callers up in.
func (e *engine) principals() {
	e.lookup = "principals-of-" + e.index
	e.do("PUT", "/"+e.lookup, []byte(`{"settings": {"number_of_replicas": 0}, "mappings": {"enabled": false}}`), 200)
}

func lookup(t *testing.T, e *engine) {
	e.principals()
	report := acltest.Run(t, e, acltest.Options{Documents: 1, Callers: 1, Seed: 2, RuleSets: []acl.Rules{}})
	if report.Decisions < 850*160 || e.dropped != 0 {
		t.Errorf("%v, %d dropped", report, e.dropped)
	}
	real.Proven(t, proof(e.version, "callers by lookup").Report(report))
}

// manyTerms is a caller of more terms than one query takes: exact by lookup, and
// an error without. The server's limit is where ours is.
func manyTerms(t *testing.T, e *engine) {
	e.principals()
	groups := make([]string, 150_000)
	for i := range groups {
		groups[i] = fmt.Sprintf("group%06d", i)
	}
	docs := []acltest.Document{
		{ID: "first", ACL: acl.List{acl.Allow.Group(groups[0])}},
		{ID: "last", ACL: acl.List{acl.Allow.Group(groups[len(groups)-1])}},
		{ID: "middle", ACL: acl.Hierarchy{{acl.Allow.Group(groups[70_000])}, {acl.Allow.Group(groups[140_000]), acl.Allow.Group("x")}}},
		{ID: "denied", ACL: acl.List{acl.Allow.Group(groups[0]), acl.Deny.Group(groups[100_000])}},
		{ID: "level", ACL: acl.Hierarchy{{acl.Allow.Group(groups[0])}, {acl.Allow.Group("x")}}},
		{ID: "other", ACL: acl.List{acl.Allow.Group("x")}},
	}
	if err := e.Store(acl.Rules{}, docs); err != nil {
		t.Fatal(err)
	}
	s := acl.For(acl.Principal{Groups: groups})
	found, err := e.Search(s)
	want := 0
	for _, d := range docs {
		if acl.Decide(s, d.ACL, acl.Rules{}).Allowed {
			want++
			if !strings.Contains(strings.Join(found, " "), d.ID) {
				t.Errorf("%s is missing", d.ID)
			}
		}
	}
	if err != nil || len(found) != want || want != 3 {
		t.Errorf("found %v, %v, want %d", found, err, want)
	}

	e.lookup = ""
	if _, err := e.Search(s); !errors.Is(err, opensearch.ErrLimit) {
		t.Errorf("error %v, want ErrLimit", err)
	}
	// Everyone is one more term.
	if _, err := e.Search(acl.For(acl.Principal{Groups: groups[:opensearch.MaxTerms-1]})); err != nil {
		t.Error(err)
	}
	if _, err := e.Search(acl.For(acl.Principal{Groups: groups[:opensearch.MaxTerms]})); !errors.Is(err, opensearch.ErrLimit) {
		t.Errorf("error %v, want ErrLimit", err)
	}
	one := strings.Repeat(`"x",`, opensearch.MaxTerms) + `"x"`
	if status, _ := e.server.Do(t, "POST", "/"+e.index+"/_search", "", []byte(`{"query": {"terms": {"title": [`+one+`]}}}`)); status != 400 {
		t.Errorf("the server takes one term more: %d", status)
	}
}
