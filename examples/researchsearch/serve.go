package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/tokenacl/tokenacl/bearer"
	"github.com/tokenacl/tokenacl/fgac"
)

// problem is an error as OpenSearch words it, for the caller.
type problem struct {
	status       int
	kind, reason string
}

func (p *problem) Error() string { return p.reason }

func badRequest(reason string) error {
	return &problem{http.StatusBadRequest, "parsing_exception", reason}
}

// answerTo returns the status and the body of an error.
func answerTo(err error) (int, []byte) {
	var denied *fgac.Denied
	var refused *fgac.Error
	var p *problem
	switch {
	case errors.As(err, &denied):
		return http.StatusForbidden, denied.Body()
	case errors.As(err, &p):
	case errors.As(err, &refused):
		p = &problem{http.StatusBadRequest, "parsing_exception", refused.Error()}
	default:
		p = &problem{http.StatusInternalServerError, "exception", "internal error"}
	}
	cause := map[string]string{"type": p.kind, "reason": p.reason}
	body, _ := toJSON(map[string]any{"status": p.status, "error": map[string]any{
		"root_cause": []any{cause}, "type": p.kind, "reason": p.reason,
	}})
	return p.status, body
}

// toJSON leaves < and > as they are.
func toJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func respond(w http.ResponseWriter, status int, answer any, err error) {
	var body []byte
	if err == nil {
		body, err = toJSON(answer)
	}
	if err != nil {
		status, body = answerTo(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// either takes a token from Authorization, or by itself from the header id_token,
// where an API Gateway has it. Two that are not the same are refused.
func (s *service) either(next http.HandlerFunc) http.Handler {
	options := bearer.Options{Realm: "OpenSearch Security", Body: func(_ *http.Request, status int, _ error) (string, []byte) {
		if status == http.StatusUnauthorized {
			return "", nil // fgac.Challenge goes without a body
		}
		_, body := answerTo(&problem{status, "security_exception", http.StatusText(status)})
		return "application/json", body
	}}
	authorization := bearer.Require(s.gate, &options)(next)
	options.Header = "id_token"
	idToken := bearer.Require(s.gate, &options)(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		token := r.Header["Id_token"]
		if len(token) == 0 {
			authorization.ServeHTTP(w, r)
			return
		}
		if slices.Equal(r.Header["Authorization"], []string{"Bearer " + token[0]}) {
			r.Header.Del("Authorization") // the same again
		}
		idToken.ServeHTTP(w, r)
	})
}

const mostBytes = 1 << 20 // of a query, or of a document

func (s *service) api(mux *http.ServeMux) {
	mux.Handle("GET /search", s.either(s.handleSearch))
	mux.Handle("POST /search", s.either(s.handleSearch))
	mux.Handle("PUT /{index}/_doc/{id}", s.either(s.handleIndex))
	if s.pool != nil {
		mux.Handle("GET /.well-known/jwks.json", s.pool.signer.Keys().Handler())
	}
}

func (s *service) handleSearch(w http.ResponseWriter, r *http.Request) {
	parameters := r.URL.Query() // not FormValue, which reads bodies
	index, query := parameters.Get("index"), parameters.Get("query")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBytes))
	switch {
	case err != nil:
		err = badRequest("the body cannot be read, or is too large")
	case query == "":
		query = string(body)
	case len(body) > 0:
		err = badRequest("want the query in the URL or in the body, not in both")
	}
	var found *response
	if err == nil {
		found, err = s.search(bearer.Scope(r.Context()), index, query, 10)
	}
	respond(w, http.StatusOK, found, err)
}

func (s *service) handleIndex(w http.ResponseWriter, r *http.Request) {
	index, id := r.PathValue("index"), r.PathValue("id")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBytes))
	if err != nil {
		err = badRequest("the body cannot be read, or is too large")
	}
	status, result, created := http.StatusOK, "updated", false
	if err == nil {
		created, err = s.index(bearer.Scope(r.Context()), index, document{id, body})
	}
	if created {
		status, result = http.StatusCreated, "created"
	}
	respond(w, status, map[string]string{"_index": index, "_id": id, "result": result}, err)
}

// serve answers until ctx ends, or somebody presses ctrl-C.
func (s *service) serve(ctx context.Context, addr string, out *bufio.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("-listen: %w", err)
	}
	defer listener.Close()
	tcp, ok := listener.Addr().(*net.TCPAddr)
	local := ok && tcp.IP.IsLoopback()
	server := &http.Server{
		Handler: s.handler(local), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
	fmt.Fprintf(out, "http://%s (ctrl-C ends it)\n", listener.Addr())
	if !local || s.pool == nil {
		fmt.Fprintln(out, "There is no page, and no login: others may reach this address, or the tokens are not ours to make.")
	}
	if err := out.Flush(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return server.Close()
	}
	return nil
}
