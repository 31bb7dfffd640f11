package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
)

// unfiltered is an OpenSearch that finds the first chunks whoever asks.
type unfiltered struct {
	requests []string
	mapping  json.RawMessage
	hits     []object
	fail     string // the request that it refuses
}

func (u *unfiltered) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, path, _ := strings.Cut(r.URL.Path[1:], "/")
	u.requests = append(u.requests, r.Method+" "+path)
	if u.requests[len(u.requests)-1] == u.fail {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error": {"type": "bad_exception", "reason": "the name mary is in what was sent"}}`)
		return
	}
	answer := object{}
	switch r.Method + " " + path {
	case "PUT _mapping":
		u.mapping, _ = io.ReadAll(r.Body)
	case "GET _mapping":
		answer["index"] = object{"mappings": u.mapping}
	case "POST _bulk":
		for lines := json.NewDecoder(r.Body); ; {
			var action, source object
			if lines.Decode(&action) != nil || lines.Decode(&source) != nil {
				break
			}
			u.hits = append(u.hits, object{"_id": source["id"], "_score": 1, "_source": object{opensearch.Field: source[opensearch.Field]}})
		}
	case "POST _search":
		answer["hits"] = object{"hits": u.hits[:5]}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// An engine that lost its filter ends with 1 and prints nothing that it found,
// and so does one that refuses anything. What the run has made is dropped.
//
// Rules P1, P5, G1
func TestBrokenFilter(t *testing.T) {
	for fail, want := range map[string]string{
		"": "LEAK: the engine found ", "PUT ": "opensearch-knn", "PUT _mapping": "bad_exception", "GET _mapping": "bad_exception",
		"POST _bulk": "bad_exception", "POST _search": "bad_exception", "DELETE ": "is left there",
	} {
		for _, args := range [][]string{nil, {"-as", "guest", "-q", "token"}} {
			u := &unfiltered{fail: fail}
			server := httptest.NewServer(u)
			code, out, stderr := ask(t, append(args, "-opensearch", server.URL)...)
			server.Close()
			if code != 1 || out != "" || !strings.Contains(stderr, want) || strings.Contains(stderr, "mary") {
				t.Errorf("%q fails, %v: exit %d, %s, %s", fail, args, code, out, stderr)
			}
			if dropped := u.requests[len(u.requests)-1] == "DELETE "; dropped != (fail != "PUT ") {
				t.Errorf("%q fails: requests %q", fail, u.requests)
			}
			if n := len(u.requests); (fail == "" || fail == "DELETE ") && (n != 6 || len(u.hits) < 200) {
				t.Errorf("%q fails: requests %q, %d chunks", fail, u.requests, len(u.hits))
			}
		}
	}
}

// An index that the user named is kept.
func TestName(t *testing.T) {
	u := &unfiltered{}
	server := httptest.NewServer(u)
	defer server.Close()
	if code, _, stderr := ask(t, "-name", "mine", "-opensearch", server.URL); code != 1 || !strings.Contains(stderr, "LEAK") || u.requests[len(u.requests)-1] != "POST _search" {
		t.Errorf("exit %d, %s, requests %q", code, stderr, u.requests)
	}
	u = &unfiltered{fail: "PUT "}
	server.Config.Handler = u
	if code, _, _ := ask(t, "-name", "mine", "-opensearch", server.URL); code != 1 || len(u.requests) != 1 {
		t.Errorf("requests to an index that is there: %q", u.requests)
	}
}
