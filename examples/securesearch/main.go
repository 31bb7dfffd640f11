// Securesearch searches a small library of documents as different people and
// shows that each finds only what they may read. It is the scenario of Amazon
// Kendra's token-based access control, in one process and offline:
//
//	go run ./securesearch                          what each of five personas finds, then a page to try it
//	go run ./securesearch -operator                with the reasons, and what is hidden
//	go run ./securesearch -table                   what each of five personas finds, and no page
//	go run ./securesearch -as mary -q search       search as one of them
//	go run ./securesearch -as eve:AWS-SA,Customer  or as anybody, in groups of your choice
//	go run ./securesearch -mint mary               print a token
//	go run ./securesearch -token TOKEN -q rotation search with a token; - reads it from standard input
//	go run ./securesearch -explain Data/white-papers/NAME.md -as james
//	go run ./securesearch -lint                    what looks wrong with the access control lists
//
// With -groups it adds the groups that a directory knows, as Kendra's principal
// store does:
//
//	go run ./securesearch -groups groups.json -as eve: -q search
//
// With -data it reads any documents in the layout of Kendra's S3 connector, with
// -config and -secret any token configuration of a Kendra index:
//
//	go run ./securesearch -data DIR -meta Meta/ -acl acl.json -bucket NAME \
//		-config create-index.json -secret secret.json -token TOKEN
//
// Instead of -secret, the keys may come from where they really live, and stay
// fresh: -jwks-url URL, -issuer ISSUER for OpenID discovery, or -secret-arn ARN
// in AWS Secrets Manager (-aws-endpoint URL for an emulator).
//
// It exits with 0, with 2 when a token is refused, and with 1 for any other error.
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
	"strings"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

type options struct {
	as, token, query, mint, explain string
	addr                            string
	limit                           int
	json, operator, lint, rsa       bool
	table, page                     bool // the scenario's table; the page
	source                          source
	trust                           trust
}

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("securesearch", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.as, "as", "", "search as `PERSONA`: guest, patricia, james, john, mary, or NAME:GROUP,GROUP")
	f.StringVar(&o.token, "token", "", "search with this `TOKEN`; - reads it from standard input")
	f.StringVar(&o.query, "q", "search", "the words to search for; * matches every document")
	f.IntVar(&o.limit, "n", 10, "hits at most")
	f.BoolVar(&o.json, "json", false, "print one JSON object for each hit")
	f.BoolVar(&o.operator, "operator", false, "add the reason why each hit is visible, and on the page what is hidden and why")
	f.StringVar(&o.mint, "mint", "", "print a token for `PERSONA`")
	f.StringVar(&o.explain, "explain", "", "tell why the document with key `DOC` is visible or not")
	f.BoolVar(&o.table, "table", false, "print what each persona finds, without serving the page")
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "serve the page at `HOST:PORT`")
	f.BoolVar(&o.lint, "lint", false, "report defects and doubtful access control lists")
	f.BoolVar(&o.rsa, "rsa", false, "use the configuration with an RSA public key instead of a shared secret")
	f.StringVar(&o.source.dir, "data", "", "read documents from `DIR` instead of the built-in ones")
	f.StringVar(&o.source.metadata, "meta", "", "key `PREFIX` of the metadata files, with -data")
	f.StringVar(&o.source.aclFile, "acl", "", "`FILE` under -data that holds the ACL configuration")
	f.StringVar(&o.source.bucket, "bucket", "", "bucket `NAME` that the ACL configuration speaks of")
	f.StringVar(&o.trust.config, "config", "", "create-index JSON `FILE` with the token configuration")
	f.StringVar(&o.trust.secret, "secret", "", "`FILE` with the keys, as Kendra's secret holds them")
	f.StringVar(&o.trust.keysURL, "jwks-url", "", "fetch the keys from this `URL` and keep them fresh, instead of -secret")
	f.StringVar(&o.trust.issuer, "issuer", "", "find the keys of this `ISSUER` by OpenID discovery, instead of -secret")
	f.StringVar(&o.trust.secretARN, "secret-arn", "", "fetch the secret with this `ARN` from AWS Secrets Manager, instead of -secret")
	f.StringVar(&o.trust.awsEndpoint, "aws-endpoint", "", "`URL` of Secrets Manager, such as an emulator's, with -secret-arn")
	f.BoolVar(&o.trust.allowHTTP, "insecure-allow-http", false, "allow http in -jwks-url, -issuer and the configuration")
	f.StringVar(&o.trust.groups, "groups", "", "`FILE` of group memberships (a JSON array of Kendra's PutPrincipalMapping requests) that add to a token's groups")
	f.BoolVar(&o.trust.unsigned, "insecure-trust-unsigned-json", false, "accept the unsigned JSON token of a -config that asks for it")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	empty, addr := "", false
	o.page = !o.table
	f.Visit(func(given *flag.Flag) {
		if given.Value.String() == "" && empty == "" {
			empty = given.Name
		}
		switch given.Name {
		case "addr":
			addr = true
		case "as", "token", "q", "n", "json", "mint", "explain", "lint":
			o.page = false // a question for the command line
		}
	})
	switch {
	case empty != "":
		return o, fmt.Errorf("-%s is empty; give it a value or leave it out", empty)
	case f.NArg() > 0:
		return o, errors.New("no arguments wanted behind the flags; -q takes the words to search for")
	case addr && !o.page:
		return o, errors.New("-addr is where the page is served; it does not go with a question for the command line")
	case o.table && (o.as != "" || o.token != "" || o.mint != "" || o.explain != "" || o.lint || o.json):
		return o, errors.New("-table is what all personas find; it does not go with -as, -token, -mint, -explain, -lint and -json")
	case o.as != "" && o.token != "":
		return o, errors.New("-as and -token are both given; use one")
	case o.limit < 1:
		return o, errors.New("-n is too small, want 1 or more")
	case o.trust.sources() > 1:
		return o, errors.New("-secret, -jwks-url, -issuer and -secret-arn each say where the keys are; use one")
	case (o.trust.config == "") != (o.trust.sources() == 0) && !o.trust.unsigned:
		return o, errors.New("-config goes with one of -secret, -jwks-url, -issuer and -secret-arn: what to trust, and the keys for it")
	case o.trust.awsEndpoint != "" && o.trust.secretARN == "":
		return o, errors.New("-aws-endpoint goes with -secret-arn")
	case o.source.dir == "" && (o.source.metadata != "" || o.source.aclFile != "" || o.source.bucket != ""):
		return o, errors.New("-meta, -acl and -bucket go with -data")
	case o.rsa && o.trust.config != "":
		return o, errors.New("-rsa chooses a built-in configuration; it does not go with -config")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	out := bufio.NewWriter(stdout)
	if err == nil {
		err = o.do(ctx, stdin, out)
	}
	if errors.Is(err, tokenacl.ErrUnauthenticated) {
		fmt.Fprintln(stderr, "securesearch: token refused:", err)
		return 2 // what was printed until then stays unsaid
	}
	err = cmp.Or(err, out.Flush())
	if err != nil {
		fmt.Fprintln(stderr, "securesearch:", err)
		return 1
	}
	return 0
}

func (o options) do(ctx context.Context, stdin io.Reader, out *bufio.Writer) error {
	if o.rsa {
		o.trust.builtin = publicKey
	}
	authority, err := o.trust.open(ctx)
	if err != nil {
		return err
	}
	defer authority.Close()
	if o.mint != "" {
		token, err := authority.token(o.mint, time.Now())
		switch {
		case err != nil:
			return err
		case token == "":
			return errors.New("-mint: a guest has no token")
		}
		_, err = fmt.Fprintln(out, token)
		return err
	}
	lib, err := o.source.open()
	if err != nil {
		return err
	}
	switch {
	case o.lint:
		return lib.lint(out)
	case o.page:
		if authority.signs() {
			if err := scenario(ctx, out, authority, lib, o.query); err != nil {
				return err
			}
		}
		return o.serve(ctx, authority, lib, out)
	case o.table, o.as == "" && o.token == "" && o.explain == "" && o.trust.config == "":
		return scenario(ctx, out, authority, lib, o.query)
	}
	scope, err := o.scope(ctx, authority, stdin)
	if err != nil {
		return err
	}
	if o.explain != "" {
		_, err := fmt.Fprintf(out, "%s: %v\n", o.explain, lib.index.Explain(scope, o.explain))
		return err
	}
	hits, err := lib.search(ctx, scope, o.query, o.limit)
	if err != nil {
		return err
	}
	if !o.operator {
		for i := range hits {
			hits[i].Reason = ""
		}
	}
	if o.json {
		return printJSON(out, hits)
	}
	return printTable(out, hits)
}

// scope takes the way of a real service: whoever asks brings a token, and the
// gate says what it may see. A guest brings none.
func (o options) scope(ctx context.Context, a *authority, stdin io.Reader) (acl.Scope, error) {
	token := o.token
	var err error
	switch {
	case o.as != "":
		token, err = a.token(o.as, time.Now())
	case token == "-":
		token, err = readToken(stdin)
	}
	if err != nil {
		return acl.Scope{}, err
	}
	return a.gate.Scope(ctx, tokenacl.UserContext{Token: token})
}

// readToken reads one line. No token at all is not a guest: whoever pipes a
// token in, and loses it on the way, must hear of it.
func readToken(r io.Reader) (string, error) {
	const most = 200_000 // more than any gate accepts
	data, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		return "", fmt.Errorf("-token -: %w", err)
	}
	token := strings.TrimRight(string(data), "\r\n")
	if token == "" {
		return "", errors.New("-token -: standard input is empty, want a token")
	}
	return token, nil
}
