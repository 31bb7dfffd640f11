// Researchsearch searches the literature and the clinical trials of a research
// institution. What a user finds, and what of it they may read, is decided by the
// roles of OpenSearch's security plugin, in this process and offline:
//
//	go run ./researchsearch                      four scenarios, one after the other
//	go run ./researchsearch -listen 127.0.0.1:8082    the service, and a page with all users side by side
//	go run ./researchsearch -as PubMedLimitedUser -index pubmed -q '{"match_all":{}}' -json
//
// The service answers GET and POST /search?index=…&query=… with a token in the
// header Authorization or id_token, and PUT /{index}/_doc/{id} for those who may
// write. On a loopback address, GET /token?as=PubMedLimitedUser plays the login.
// RESEARCHSEARCH_SALT is the secret that masks are made with; without it, they
// are others with each start.
//
// With -jwt it trusts a real user pool, as Amazon OpenSearch Service is told of
// one (JWTOptions), and then it has neither users nor a page of its own:
//
//	go run ./researchsearch -listen :8082 -jwt options.json -issuer URL -audience CLIENT
//
// It exits with 0, with 1 when roles deny what was asked for, whose body is then
// printed, and with 2 for any other error.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/fgac"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

type options struct {
	as, index, query, listen string
	json                     bool
	trust                    trust
}

func parseFlags(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("researchsearch", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.as, "as", "", "search as this `USER` of the built-in pool")
	f.StringVar(&o.index, "index", "pubmed", "`INDEX` to search: pubmed or clinical-trials")
	f.StringVar(&o.query, "q", `{"match_all":{}}`, "`QUERY` in OpenSearch's DSL, or the whole body of a request")
	f.BoolVar(&o.json, "json", false, "print one JSON object for each hit, not the whole answer")
	f.StringVar(&o.listen, "listen", "", "serve at `ADDRESS`, such as 127.0.0.1:8082")
	f.StringVar(&o.trust.file, "jwt", "", "trust the tokens that this `FILE` describes: JWTOptions of Amazon OpenSearch Service, or the plugin's")
	f.StringVar(&o.trust.issuer, "issuer", "", "with -jwt: the `URL` that iss has to be")
	f.StringVar(&o.trust.audience, "audience", "", "with -jwt: a regular `EXPRESSION` for aud, such as the client id")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	searches := false
	f.Visit(func(given *flag.Flag) {
		searches = searches || slices.Contains([]string{"as", "index", "q", "json"}, given.Name)
	})
	switch other := o.trust; {
	case f.NArg() > 0:
		return o, errors.New("no arguments wanted behind the flags")
	case searches && o.as == "":
		return o, errors.New("want -as USER to search")
	case o.trust.file == "" && other != trust{}:
		return o, errors.New("-issuer and -audience go with -jwt")
	case o.trust.file != "" && o.listen == "":
		return o, errors.New("-jwt goes with -listen: the tokens are not ours to make")
	case o.as != "" && o.listen != "":
		return o, errors.New("-as or -listen, not both")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	out := bufio.NewWriter(stdout)
	if err == nil {
		err = o.do(ctx, out)
	}
	denied := (*fgac.Denied)(nil)
	if errors.As(err, &denied) {
		fmt.Fprintf(out, "%s\n", denied.Body())
		err = nil
	}
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "researchsearch:", err)
		return 2
	case denied != nil:
		return 1
	}
	return 0
}

func (o options) do(ctx context.Context, out *bufio.Writer) error {
	s, err := open(ctx, o.trust)
	if err != nil {
		return err
	}
	switch {
	case o.listen != "":
		return s.serve(ctx, o.listen, out)
	case o.as == "":
		return s.walk(ctx, out)
	}
	answer, err := s.searchAs(ctx, o.as, o.index, o.query)
	if err != nil {
		return err
	}
	if !o.json {
		return printJSON(out, answer)
	}
	for _, h := range answer.Hits.Hits {
		if err := printJSON(out, h); err != nil {
			return err
		}
	}
	return nil
}

func printJSON(out io.Writer, v any) error {
	body, err := toJSON(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", body)
	return err
}

// open puts the parts together: tokens, roles, documents.
func open(ctx context.Context, t trust) (*service, error) {
	s := &service{}
	var err error
	if t.file == "" {
		if s.pool, err = newPool(ctx); err != nil {
			return nil, err
		}
	}
	if s.gate, err = t.gate(s.pool); err != nil {
		return nil, err
	}
	salt := os.Getenv("RESEARCHSEARCH_SALT")
	if salt == "" {
		salt = rand.Text()
	}
	if s.roles, err = openRoles(salt); err != nil {
		return nil, err
	}
	s.store, err = openStore()
	return s, err
}

// searchAs takes the way of a request: a token, the gate, the roles.
func (s *service) searchAs(ctx context.Context, name, index, query string) (*response, error) {
	token, err := s.pool.token(ctx, name)
	if err != nil {
		return nil, err
	}
	scope, err := s.gate.Scope(ctx, tokenacl.UserContext{Token: token})
	if err != nil {
		return nil, err
	}
	return s.search(scope, index, query, mostDocuments)
}

// scenarios are those of the institution.
var scenarios = []struct{ title, as, index, query string }{
	{"An administrator of PubMed reads everything in it", "PubMedAdminUser", "pubmed", `{"query":{"match_all":{}}}`},
	{"and nothing of the trials", "PubMedAdminUser", "clinical-trials", `{"query":{"match_all":{}}}`},
	{"Limited users read three fields, one of them masked", "PubMedLimitedUser", "pubmed", `{"query":{"match":{"title":"molecular biology"}}}`},
	{"and what is hidden cannot be searched for", "PubMedLimitedUser", "pubmed", `{"query":{"match":{"research_group":"RG_345"}}}`},
}

// walk prints the scenarios, with the first hit of each.
func (s *service) walk(ctx context.Context, out io.Writer) error {
	for i, one := range scenarios {
		fmt.Fprintf(out, "%d. %s\n   %s, %s, %s\n", i+1, one.title, one.as, one.index, one.query)
		answer, err := s.searchAs(ctx, one.as, one.index, one.query)
		if denied := (*fgac.Denied)(nil); errors.As(err, &denied) {
			fmt.Fprintf(out, "   403 %s\n\n", denied.Body())
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "   200, %d hits\n", answer.Hits.Total.Value)
		for _, h := range answer.Hits.Hits[:min(1, len(answer.Hits.Hits))] {
			fmt.Fprintf(out, "   %s %s\n", h.ID, h.Source)
		}
		fmt.Fprintln(out)
	}
	return nil
}
