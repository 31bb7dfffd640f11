// Ragfilter finds what to put before a language model: the chunks of documents
// that are nearest to a question, among those that whoever asks may read. A
// chunk inherits the access control list of its document, and the search itself
// is filtered: nothing hidden is ranked, counted or cut off a result afterwards.
//
//	go run ./ragfilter                      20 questions by five personas, compared with the decisions
//	go run ./ragfilter -as mary -q token    the best chunks for one of them
//	go run ./ragfilter -as eve:AWS-SA -q token    or for anybody, in groups of your choice
//
// Documents are those of securesearch. Vectors are made of hashed n-grams: no
// model, no download, the same on every machine, and good enough to show who
// finds what; see embed.
//
// The search is in process, unless an engine is named:
//
//	go run ./ragfilter -postgres URL      PostgreSQL with pgvector
//	go run ./ragfilter -opensearch URL    OpenSearch with its plugin for vectors
//
// There it makes a table or an index of its own and drops it in the end. With
// -name it makes one of that name, which must not exist, and keeps it. To another
// machine a URL begins with https, or has ?sslmode=verify-full: without, pgx may
// speak in the clear. A password may come from PGPASSWORD or ~/.pgpass; in a URL,
// users of this machine can read it.
//
// It exits with 1 on any error, and when an engine finds other chunks than the
// decisions of package acl say, or in another order.
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tokenacl/tokenacl/acl"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends it at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

type options struct {
	as, query            string
	limit                int
	postgres, opensearch string
	name                 string
}

// names are good for a table and for an index.
var names = regexp.MustCompile(`^[a-z][a-z0-9_]{0,50}$`)

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("ragfilter", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.as, "as", "", "ask as `PERSONA`: guest, patricia, james, john, mary, or NAME:GROUP,GROUP")
	f.StringVar(&o.query, "q", "", "the `QUESTION`")
	f.IntVar(&o.limit, "n", 5, "chunks at most")
	f.StringVar(&o.postgres, "postgres", "", "search in PostgreSQL with pgvector, at `URL`: postgres://USER@HOST/DATABASE")
	f.StringVar(&o.opensearch, "opensearch", "", "search in OpenSearch, at `URL`: http://HOST:9200")
	f.StringVar(&o.name, "name", "", "make the table or index `NAME`, and keep it")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, errors.New("no arguments wanted behind the flags; -q takes the question")
	case (o.as == "") != (o.query == ""):
		return o, errors.New("-as and -q go together: who asks, and what")
	case o.limit < 1 || o.limit > 10_000:
		return o, errors.New("-n is out of range, want 1 to 10,000")
	case o.as != "" && o.postgres != "" && o.opensearch != "":
		return o, errors.New("-as asks one engine; want -postgres or -opensearch")
	case o.name != "" && !names.MatchString(o.name):
		return o, errors.New("-name is no name for both engines; want a letter, then letters, digits and _, all small, 51 at most")
	case o.name != "" && o.postgres == "" && o.opensearch == "":
		return o, errors.New("-name goes with -postgres or -opensearch; in process there is no table")
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
		err = o.withEngines(ctx, func(engines []engine) error { return o.do(ctx, out, engines) })
	}
	if err = cmp.Or(err, out.Flush()); err != nil {
		fmt.Fprintln(stderr, "ragfilter:", err)
		return 1
	}
	return 0
}

// withEngines calls do with the engines that are asked for, and cleans up behind
// it, after an interrupt too.
func (o options) withEngines(ctx context.Context, do func([]engine) error) (err error) {
	var engines []engine
	name := cmp.Or(o.name, ownName())
	clean := func(e interface {
		close(ctx context.Context, keep bool) error
	}) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if closed := e.close(ctx, o.name != ""); closed != nil {
			err = errors.Join(err, fmt.Errorf("%s is left there: %w", name, closed))
		}
	}
	if o.postgres != "" {
		d, err := openPostgres(o.postgres, name)
		if err != nil {
			return err
		}
		defer clean(d)
		engines = append(engines, d)
	}
	if o.opensearch != "" {
		c, err := openOpenSearch(o.opensearch, name)
		if err != nil {
			return err
		}
		defer clean(c)
		engines = append(engines, c)
	}
	if len(engines) == 0 {
		engines = append(engines, new(memory))
	}
	return do(engines)
}

func (o options) do(ctx context.Context, out *bufio.Writer, engines []engine) error {
	lib, err := open()
	if err != nil {
		return err
	}
	for _, e := range engines {
		if err := e.store(ctx, lib.rules, lib.chunks); err != nil {
			return fmt.Errorf("%s: %w", e.name(), err)
		}
	}
	if o.as == "" {
		return lib.compare(ctx, out, engines, o.limit)
	}
	scope, err := scopeOf(o.as)
	if err != nil {
		return err
	}
	hits, err := engines[0].nearest(ctx, scope, embed(o.query), o.limit)
	if err != nil {
		return fmt.Errorf("%s: %w", engines[0].name(), err)
	}
	return lib.print(out, hits)
}

// persona is somebody of the scenario.
type persona struct{ name, group string }

var personas = []persona{{name: "guest"}, {"patricia", "Customer"}, {"james", "AWS-Sales"}, {"john", "AWS-Marketing"}, {"mary", "AWS-SA"}}

// scopeOf is what a service has from its Gate, which reads it from a token; see
// securesearch. Here it is taken on trust.
func scopeOf(name string) (acl.Scope, error) {
	if i := slices.IndexFunc(personas, func(p persona) bool { return p.name == name }); i >= 0 {
		if personas[i].group == "" {
			return acl.Guest(), nil
		}
		return acl.For(acl.Principal{User: name, Groups: []string{personas[i].group}}), nil
	}
	name, groups, described := strings.Cut(name, ":")
	if !described || name == "" {
		return acl.Scope{}, errors.New("unknown persona; want guest, patricia, james, john, mary or NAME:GROUP,GROUP")
	}
	p := acl.Principal{User: name}
	if groups != "" {
		p.Groups = strings.Split(groups, ",")
	}
	return acl.For(p), nil
}

// print writes the chunks as a prompt would have them: each with its source.
func (lib *library) print(out io.Writer, hits []hit) error {
	if len(hits) == 0 {
		_, err := fmt.Fprintln(out, "no chunk found")
		return err
	}
	for i, h := range hits {
		c := lib.byID[h.id]
		if _, err := fmt.Fprintf(out, "%d  %.3f  %s (%s)\n   %s\n", i+1, h.score, c.title, c.id, c.text); err != nil {
			return err
		}
	}
	return nil
}
