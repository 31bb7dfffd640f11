package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/bearer"
	"github.com/tokenacl/tokenacl/claims"
)

// api adds what the page asks for. Whatever speaks of documents goes through
// bearer and the gate, as in any service: the scope in the request's context is
// all that a handler knows of its caller.
func (o options) api(mux *http.ServeMux, a *authority, lib *library, local bool) {
	// Loopback is all users of this machine: the keys of a real issuer sign for none of them.
	signs := local && o.trust.config == ""
	guarded := bearer.Optional(a.gate, &bearer.Options{Realm: "securesearch", Body: refusal(local)})
	mux.HandleFunc("GET /api/setup", func(w http.ResponseWriter, r *http.Request) { o.setup(w, signs) })
	if signs {
		mux.HandleFunc("GET /api/token", func(w http.ResponseWriter, r *http.Request) { giveToken(w, r, a) })
	}
	mux.Handle("GET /api/search", guarded(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.answer(w, r, a, lib)
	})))
	mux.Handle("GET /api/document", guarded(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		document(w, r, lib)
	})))
}

// problem is an error for people, as the page shows it.
type problem struct {
	Title string `json:"title"`
	Text  string `json:"text"`
	Words string `json:"words,omitempty"` // what the library says
}

var problems = []struct {
	err         error
	title, text string
}{
	{tokenacl.ErrUnavailable, "Nobody can tell right now", "The keys that verify tokens are out of reach. That is neither a yes nor a no; try again."},
	{claims.ErrMalformed, "This is not a token", "A token is three parts of base64url, separated by dots. This is something else, or it was damaged on its way."},
	{claims.ErrUnknownKey, "Signed with an unknown key", "No key of this issuer may verify the token. It comes from somewhere else, or its key was withdrawn."},
	{claims.ErrSignature, "This token is forged", "The signature does not belong to what the token says. Somebody changed it, or signed it with another key."},
	{claims.ErrExpired, "This token has expired", "It was good once. Get a new one where you log in."},
	{claims.ErrNotYetValid, "This token is not yet valid", "Its time has not come. Wait, or compare the clocks of both machines."},
	{claims.ErrIssuer, "From another issuer", "The token is real, but somebody else gave it out."},
	{claims.ErrAudience, "For another application", "The token is real, but it was given out for some other service."},
	{tokenacl.ErrUnauthenticated, "This token is refused", "It does not say what this service needs."},
	{tokenacl.ErrInvalidRequest, "This request contradicts itself", "Send one token, in one place, of at most 100,000 bytes."},
}

// refusal returns the bodies of answers that bearer gives. None of it comes from
// the token: the library's errors name the field and never a value. They tell of
// the configuration, so they are for this machine only.
func refusal(local bool) func(*http.Request, int, error) (string, []byte) {
	return func(_ *http.Request, _ int, err error) (contentType string, body []byte) {
		p := problem{Title: "Refused", Text: "The credentials are not of a kind that this service takes."}
		for _, known := range problems {
			if errors.Is(err, known.err) {
				p.Title, p.Text = known.title, known.text
				break
			}
		}
		if local {
			p.Words = err.Error()
		}
		body, _ = json.Marshal(p)
		return "application/json", body
	}
}

func respond(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the caller is gone
}

type personaCard struct {
	Name   string `json:"name"`
	Groups string `json:"groups"`
}

func (o options) setup(w http.ResponseWriter, signs bool) {
	cards := []personaCard{{Name: "guest"}}
	if signs {
		cards = nil
		for _, p := range personas {
			cards = append(cards, personaCard{p.name, strings.Join(p.groups, ", ")})
		}
	}
	respond(w, http.StatusOK, map[string]any{"personas": cards, "operator": o.operator})
}

// giveToken plays the login service, for this machine only. The kinds that are
// no good are there to be refused.
func giveToken(w http.ResponseWriter, r *http.Request, a *authority) {
	name, now := r.URL.Query().Get("as"), time.Now()
	var token string
	var err error
	switch r.URL.Query().Get("kind") {
	case "":
		token, err = a.token(name, now)
	case "expired":
		token, err = a.token(name, now.Add(-24*time.Hour))
	case "early":
		token, err = a.token(name, now.Add(24*time.Hour))
	case "forged":
		token, err = a.forged(name, now)
	case "malformed":
		if token, err = a.token(name, now); err == nil {
			token = strings.ReplaceAll(token, ".", "")
		}
	default:
		err = errors.New("kind: want none, expired, early, forged or malformed")
	}
	if err != nil {
		respond(w, http.StatusBadRequest, problem{"No such token", err.Error(), ""})
		return
	}
	respond(w, http.StatusOK, map[string]string{"token": token})
}

// page is the answer to a search. All of it but Operator speaks of visible
// documents only, the counts included, and it has no scores: they tell of
// documents that are hidden.
type page struct {
	All      int           `json:"all"`   // of every type
	Total    int           `json:"total"` // of the type that was asked for
	Facets   []facet       `json:"facets"`
	Hits     []pageHit     `json:"hits"`
	Operator *operatorPage `json:"operator,omitempty"`
}

type facet struct {
	Type  string `json:"type"`
	Count int    `json:"count"`
}

type pageHit struct {
	ID      string `json:"id"`
	Title   []part `json:"title"`
	Folder  string `json:"folder"`
	Type    string `json:"type"`
	Snippet []part `json:"snippet"`
	Reason  string `json:"reason,omitempty"`
}

type operatorPage struct {
	Hidden []pageHit `json:"hidden"`
	Matrix matrix    `json:"matrix"`
}

const (
	mostHits  = 1000 // on one page; the page knows it, too
	mostWords = 500  // characters
)

func (o options) answer(w http.ResponseWriter, r *http.Request, a *authority, lib *library) {
	query := r.URL.Query() // not FormValue, which reads bodies
	limit, err := strconv.Atoi(query.Get("n"))
	words, wanted := query.Get("q"), query.Get("type")
	if err != nil || limit < 1 || limit > mostHits || words == "" || utf8.RuneCountInString(words) > mostWords {
		respond(w, http.StatusBadRequest, problem{"This search cannot be read", "Give 1 to 500 characters of words as q and 1 to 1000 as n.", ""})
		return
	}
	scope := bearer.Scope(r.Context())
	p := page{Facets: []facet{}, Hits: []pageHit{}}
	counts := make(map[string]int)
	var failed error
	for match := range acl.Filter(lib.index.View(scope), lib.ranked(r.Context(), words, &failed), matchID) {
		kind := lib.kind(match.ID)
		p.All++
		counts[kind]++
		if wanted != "" && kind != wanted {
			continue
		}
		if p.Total++; p.Total <= limit {
			p.Hits = append(p.Hits, lib.hit(match))
		}
	}
	p.Facets = facetsOf(counts)
	if failed == nil && o.operator {
		p.Operator, failed = lib.forOperators(r.Context(), a, scope, words, p.Hits)
	}
	if failed != nil {
		respond(w, http.StatusInternalServerError, problem{"The search failed", "Try again.", ""})
		return
	}
	respond(w, http.StatusOK, p)
}

func (lib *library) hit(match *found) pageHit {
	doc, _ := lib.docs.Get(match.ID)
	name := title(doc)
	return pageHit{
		ID: match.ID, Folder: folder(match.ID), Type: lib.kind(match.ID),
		Title:   marked(name, 0, len(name), spans(match, "title")),
		Snippet: snippet(lib.texts[match.ID], spans(match, "body")),
	}
}

// document answers alike for a document that is hidden and one that is not there.
func document(w http.ResponseWriter, r *http.Request, lib *library) {
	id := r.URL.Query().Get("id")
	if !lib.index.View(bearer.Scope(r.Context())).Allowed(id) {
		respond(w, http.StatusNotFound, problem{"No such document", "There is none of this name that you may read.", ""})
		return
	}
	doc, _ := lib.docs.Get(id)
	respond(w, http.StatusOK, map[string]string{"id": id, "title": title(doc), "text": lib.texts[id]})
}

// facetsOf sorts the counts by size, then by name.
func facetsOf(counts map[string]int) []facet {
	list := []facet{}
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		if kind != "" {
			list = append(list, facet{kind, counts[kind]})
		}
	}
	slices.SortStableFunc(list, func(a, b facet) int { return cmp.Compare(b.Count, a.Count) })
	return list
}
