package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/fgac"
)

//go:embed web
var web embed.FS

// handler is the API and, for this machine alone, the page. The page shows what
// everybody sees and what is hidden from them, so nobody else gets it.
func (s *service) handler(local bool) http.Handler {
	mux := http.NewServeMux()
	s.api(mux)
	if !local || s.pool == nil {
		return mux
	}
	files, _ := fs.Sub(web, "web")
	for _, name := range []string{"{$}", "app.js", "app.css", "icon.svg"} {
		mux.Handle("GET /"+name, http.FileServerFS(files))
	}
	mux.HandleFunc("GET /token", s.handleToken)
	mux.HandleFunc("GET /compare", s.handleCompare)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !localHost(r.Host) {
			// A name that was made to point here: some other site asks.
			http.Error(w, "this page answers to 127.0.0.1, [::1] and localhost", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
			"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		mux.ServeHTTP(w, r)
	})
}

// localHost reports whether the Host header names this machine.
func localHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}

// handleToken plays the login of the pool.
func (s *service) handleToken(w http.ResponseWriter, r *http.Request) {
	token, err := s.pool.token(r.Context(), r.URL.Query().Get("as"))
	if err != nil {
		err = badRequest(err.Error())
	}
	w.Header().Set("Cache-Control", "no-store")
	respond(w, http.StatusOK, map[string]string{"id_token": token}, err)
}

// comparison is one request as everybody of the pool makes it.
type comparison struct {
	Documents []row    `json:"documents"` // that somebody finds
	People    []column `json:"people"`
}

type row struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type column struct {
	Name         string          `json:"name"`
	Group        string          `json:"group"`
	Status       int             `json:"status"`
	Denial       string          `json:"denial,omitempty"`
	Roles        []string        `json:"roles"` // and why
	Total        int             `json:"total"`
	Cells        map[string]cell `json:"cells"` // by document
	Aggregations map[string]any  `json:"aggregations,omitempty"`
}

// cell is what becomes of a document: found, found and left out by from and size,
// hidden by a rule, or visible and not found by this query.
type cell struct {
	State  string  `json:"state"` // found, beyond, hidden, missed
	Why    string  `json:"why"`
	Fields []field `json:"fields,omitempty"`
}

type field struct {
	Path  string `json:"path"`
	State string `json:"state"` // shown, masked, hidden
	Why   string `json:"why"`
	Value string `json:"value"`
}

func (s *service) handleCompare(w http.ResponseWriter, r *http.Request) {
	parameters := r.URL.Query()
	found, err := s.compare(r.Context(), parameters.Get("index"), parameters.Get("query"))
	w.Header().Set("Cache-Control", "no-store")
	respond(w, http.StatusOK, found, err)
}

func (s *service) compare(ctx context.Context, index, query string) (*comparison, error) {
	docs, err := s.store.documents(index)
	if err != nil {
		return nil, err
	}
	c := &comparison{Documents: []row{}}
	found := map[string]bool{}
	for _, who := range people {
		one, err := s.column(ctx, who, index, query, docs)
		if err != nil {
			return nil, err
		}
		for id, cell := range one.Cells {
			found[id] = found[id] || cell.State == "found"
		}
		c.People = append(c.People, one)
	}
	for _, d := range docs {
		if found[d.id] {
			c.Documents = append(c.Documents, row{d.id, texts(decode(d.source), "title")})
			continue
		}
		for i := range c.People {
			delete(c.People[i].Cells, d.id)
		}
	}
	return c, nil
}

// column searches as one user does, with a token, and then asks for the reasons.
func (s *service) column(ctx context.Context, who person, index, query string, docs []document) (column, error) {
	c := column{Name: who.name, Group: who.group, Roles: []string{}, Cells: map[string]cell{}}
	token, err := s.pool.token(ctx, who.name)
	if err != nil {
		return c, err
	}
	scope, err := s.gate.Scope(ctx, tokenacl.UserContext{Token: token})
	if err != nil {
		return c, err
	}
	answer, err := s.search(scope, index, query, mostDocuments)
	if denied := (*fgac.Denied)(nil); errors.As(err, &denied) {
		c.Status, c.Denial = http.StatusForbidden, string(denied.Body())
		return c, nil
	}
	if err != nil {
		return c, err
	}
	c.Status, c.Total, c.Aggregations = http.StatusOK, answer.Hits.Total.Value, answer.Aggregations
	user, err := s.user(scope)
	if err != nil {
		return c, err
	}
	access, err := user.Access(fgac.Search, index)
	if err != nil {
		return c, err
	}
	hits := map[string]hit{}
	for _, h := range answer.Hits.Hits {
		hits[h.ID] = h
	}
	for _, d := range docs {
		why := access.Explain(d.id, d.source)
		c.Roles = why.Roles
		c.Cells[d.id] = newCell(why, hits[d.id], answer.found[d.id])
	}
	return c, nil
}

func newCell(why fgac.Explanation, h hit, found bool) cell {
	by := strings.Join(why.By, "; ")
	switch {
	case !why.Visible:
		return cell{State: "hidden", Why: by}
	case h.ID == "" && found:
		return cell{State: "beyond", Why: "the query finds it, and its from and size leave it out"}
	case h.ID == "":
		return cell{State: "missed", Why: "visible, and the query does not find it: to a query, hidden and masked fields do not exist"}
	}
	c := cell{State: "found", Why: by}
	for _, f := range why.Fields {
		state := "shown"
		switch {
		case strings.HasPrefix(f.State, "hidden"):
			state = "hidden"
		case strings.Contains(f.State, "masked"):
			state = "masked"
		}
		c.Fields = append(c.Fields, field{f.Path, state, f.State, texts(h.fields, f.Path)})
	}
	return c
}

// texts joins the values of a field.
func texts(doc any, path string) string {
	var all []string
	for _, v := range valuesAt(doc, path) {
		all = append(all, fmt.Sprint(v))
	}
	return strings.Join(all, ", ")
}
