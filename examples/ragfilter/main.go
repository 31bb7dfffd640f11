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
// It exits with 1 on any error, and when an engine finds other chunks than the
// decisions of package acl say.
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
	"slices"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

type options struct {
	as, query string
	limit     int
}

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("ragfilter", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.as, "as", "", "ask as `PERSONA`: guest, patricia, james, john, mary, or NAME:GROUP,GROUP")
	f.StringVar(&o.query, "q", "", "the `QUESTION`")
	f.IntVar(&o.limit, "n", 5, "chunks at most")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, errors.New("no arguments wanted behind the flags; -q takes the question")
	case (o.as == "") != (o.query == ""):
		return o, errors.New("-as and -q go together: who asks, and what")
	case o.limit < 1:
		return o, errors.New("-n is too small, want 1 or more")
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
		err = o.do(ctx, out, []engine{new(memory)})
	}
	if err = cmp.Or(err, out.Flush()); err != nil {
		fmt.Fprintln(stderr, "ragfilter:", err)
		return 1
	}
	return 0
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
