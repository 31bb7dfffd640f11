package bearer_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/bearer"
)

// TestServer asks a real server over HTTP/1.1 and HTTP/2, and finds what the
// table of corners says for requests that a real client can send.
//
// Rules R5, G3
func TestServer(t *testing.T) {
	for _, version := range []int{1, 2} {
		t.Run(fmt.Sprintf("HTTP %d", version), func(t *testing.T) {
			gate := newGate(t)
			mux := http.NewServeMux()
			mux.Handle("/{id}", bearer.Optional(gate, &byCookie)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, r.PathValue("id"), " ", kind(bearer.Scope(r.Context())))
			})))
			server := httptest.NewUnstartedServer(mux)
			server.EnableHTTP2 = version == 2
			server.StartTLS()
			defer server.Close()
			good := mint()
			for _, tt := range []struct {
				name    string
				headers []string
				want    string
			}{
				{"guest", nil, "200 doc guest"},
				{"token", []string{"Authorization: bearer " + good}, "200 doc mary"},
				// HTTP/1.1 drops the space (RFC 9112, section 5.1), and HTTP/2 may not have it.
				{"space at the end", []string{"Authorization: Bearer " + good + " "}, map[int]string{1: "200 doc mary", 2: invalid}[version]},
				{"empty", []string{"Authorization: "}, invalid},
				{"Basic", []string{"Authorization: Basic eDp5"}, noCode},
				{"twice", []string{"Authorization: Bearer " + good, "Authorization: Bearer " + good}, invalid},
				{"200 kB", []string{"Authorization: Bearer " + strings.Repeat("A", large)}, twoWays},
				{"cookie", []string{"Cookie: session=" + good}, "200 doc mary"},
				{"cookies in two lines", []string{"Cookie: a=b", "Cookie: session=" + good}, "200 doc mary"},
				{"cookie twice", []string{"Cookie: session=" + good, "Cookie: session=" + good}, invalid},
				{"cookie and header", []string{"Authorization: Bearer " + good, "Cookie: session=" + good}, twoWays},
			} {
				for _, method := range []string{"GET", "HEAD"} {
					req, err := http.NewRequest(method, server.URL+"/doc", nil)
					if err != nil {
						t.Fatal(err)
					}
					req.Header = request(method, tt.headers...).Header
					res, err := server.Client().Do(req)
					if err != nil {
						t.Fatal(err)
					}
					body, err := io.ReadAll(res.Body)
					res.Body.Close()
					if err != nil || res.ProtoMajor != version {
						t.Fatal(res.Proto, err)
					}
					got, want := "", tt.want
					if res.StatusCode == http.StatusOK {
						got = strings.TrimSpace("200 " + string(body))
					} else {
						got = wantRefusal(t, method, res.StatusCode, res.Header, string(body))
					}
					if strings.HasPrefix(want, "200") && method == "HEAD" {
						want = "200"
					}
					if got != want {
						t.Errorf("%s, %s: %s, want %s", tt.name, method, got, want)
					}
				}
			}
		})
	}
}

// TestStreaming: server-sent events get through one by one, and a connection can
// be taken over.
func TestStreaming(t *testing.T) {
	gate := newGate(t)
	next := make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("/events", bearer.Optional(gate, nil)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := range 3 {
			fmt.Fprintln(w, i)
			w.(http.Flusher).Flush()
			<-next // the client has read it
		}
	})))
	mux.Handle("/upgrade", bearer.Optional(gate, nil)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 299 Mine\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})))
	server := httptest.NewServer(mux)
	defer server.Close()
	res, err := server.Client().Get(server.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for i := range 3 {
		if !lines.Scan() || lines.Text() != fmt.Sprint(i) {
			t.Errorf("line %q, want %d", lines.Text(), i)
		}
		next <- struct{}{}
	}
	taken, err := server.Client().Get(server.URL + "/upgrade")
	if err != nil {
		t.Fatal(err)
	}
	taken.Body.Close()
	if taken.StatusCode != 299 {
		t.Errorf("status %d", taken.StatusCode)
	}
}

// TestConcurrent: while issuers are replaced and in the end the gate is closed,
// each request has the answer of one moment.
//
// Rules R4, R5
func TestConcurrent(t *testing.T) {
	gate := newGate(t)
	require, optional := bearer.Require(gate, &byCookie), bearer.Optional(gate, nil)
	issuer, other := trusting(staticKeys(t), nil), trusting(staticKeys(t), nil)
	other.Config.JWT.Issuer = "https://other.example"
	good := mint()
	var requests sync.WaitGroup
	var saw [4]atomic.Int64 // mary, 401, 503, guest
	for range 4 {
		requests.Go(func() {
			for open := true; open; {
				got, _ := outcome(t, require, request("GET", "Cookie: session="+good))
				guest, _ := outcome(t, optional, request("GET"))
				switch got {
				case "mary":
					saw[0].Add(1)
				case invalid:
					saw[1].Add(1)
				case "503":
					saw[2].Add(1)
					open = false
				default:
					t.Errorf("outcome %s", got)
					open = false
				}
				if guest == "guest" {
					saw[3].Add(1)
				} else if guest != "503" {
					t.Errorf("outcome of a guest %s", guest)
				}
			}
		})
	}
	// Each set of issuers stays until a request has seen it.
	for i := range 40 {
		if err := gate.Replace([]tokenacl.Issuer{[]tokenacl.Issuer{other, issuer}[i%2]}); err != nil {
			t.Error(err)
		}
		at := &saw[1-i%2]
		for before := at.Load(); at.Load() == before && !t.Failed(); {
			runtime.Gosched()
		}
	}
	gate.Close()
	requests.Wait()
	if saw[2].Load() != 4 || saw[3].Load() == 0 {
		t.Errorf("%d requests after the end, %d guests", saw[2].Load(), saw[3].Load())
	}
}
