package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
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
	late     bool   // it finds what it finds in time
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
		answer["hits"], answer["timed_out"] = object{"hits": u.hits[:5]}, u.late
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

// What the server may have made when the user interrupts is dropped. No request
// goes to where a server sends it, or to where a part of a URL does, and no answer
// is read without end.
//
// Rules P1, G4
func TestServer(t *testing.T) {
	for name, tt := range map[string]struct {
		want   string
		answer func(w http.ResponseWriter, r *http.Request, interrupt func())
	}{
		"interrupt": {"context canceled", func(_ http.ResponseWriter, r *http.Request, interrupt func()) { interrupt(); <-r.Context().Done() }},
		"redirect": {"307", func(w http.ResponseWriter, r *http.Request, _ func()) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}},
		"no end": {"too large", func(w http.ResponseWriter, _ *http.Request, _ func()) {
			for block := make([]byte, 1<<20); ; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}},
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		var requests []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests = append(requests, r.Method)
			if r.Method == "PUT" {
				_, _ = io.Copy(io.Discard, r.Body)
				tt.answer(w, r, interrupt)
			}
		}))
		var out, stderr strings.Builder
		code := run(ctx, []string{"-opensearch", server.URL}, &out, &stderr)
		for _, part := range []string{"/all?x", "/all?", "/all#x"} {
			if code, _, stderr := ask(t, "-opensearch", server.URL+part); code != 1 || !strings.Contains(stderr, "without ?") {
				t.Errorf("%s: exit %d, %s", part, code, stderr)
			}
		}
		server.Close()
		interrupt()
		want := []string{"PUT"}
		if name == "interrupt" {
			want = append(want, "DELETE")
		}
		if code != 1 || out.String() != "" || !strings.Contains(stderr.String(), tt.want) || !slices.Equal(requests, want) {
			t.Errorf("%s: exit %d, %s, %s, requests %q", name, code, out.String(), stderr.String(), requests)
		}
	}
}

// A part of the hits is no answer.
//
// Rule G1
func TestTimedOut(t *testing.T) {
	server := httptest.NewServer(&unfiltered{late: true})
	defer server.Close()
	if code, out, stderr := ask(t, "-as", "guest", "-q", "token", "-opensearch", server.URL); code != 1 || out != "" || !strings.Contains(stderr, "did not answer") {
		t.Errorf("exit %d, %s, %s", code, out, stderr)
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
