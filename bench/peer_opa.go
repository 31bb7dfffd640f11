package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/tokenacl/tokenacl/acl"
)

const opaModule = `package acl

document := data.documents[input.document]

default visible := false

visible if {
	allowed
	not denied
}

allowed if document.public

allowed if {
	some name in document.allow
	input.names[name]
}

denied if {
	some name in document.deny
	input.names[name]
}`

func newOPA(c *corpus) (engine, error) {
	documents := ast.NewObject()
	for o, a := range c.all() {
		documents.Insert(ast.StringTerm(strconv.Itoa(int(o))), opaDocument(a))
	}
	store := inmem.NewFromASTObject(ast.NewObject(ast.Item(ast.StringTerm("documents"), ast.NewTerm(documents))))
	ctx := context.Background()
	query, err := rego.New(rego.Query("data.acl.visible"), rego.Module("acl.rego", opaModule), rego.Store(store)).PrepareForEval(ctx)
	if err != nil {
		return engine{}, err
	}
	return engine{
		note: "prepared query, data as parsed terms, parsed input",
		view: func(c caller) view {
			names := opaNames(c)
			return view{allowed: func(o uint32) bool {
				input := ast.NewObject(
					ast.Item(ast.StringTerm("document"), ast.StringTerm(strconv.Itoa(int(o)))),
					ast.Item(ast.StringTerm("names"), names))
				result, err := query.Eval(ctx, rego.EvalParsedInput(input))
				if err != nil || len(result) != 1 {
					panic(fmt.Sprintf("opa: %d results, %v", len(result), err))
				}
				return result.Allowed()
			}}
		},
	}, nil
}

func opaName(e acl.Entry) *ast.Term {
	if e.Type == acl.User {
		return ast.StringTerm("u:" + e.Name)
	}
	return ast.StringTerm("g:" + e.Name)
}

func opaDocument(a acl.ACL) *ast.Term {
	list, named := a.(acl.List)
	var allow, deny []*ast.Term
	for _, e := range list {
		if e.Access == acl.Deny {
			deny = append(deny, opaName(e))
		} else {
			allow = append(allow, opaName(e))
		}
	}
	return ast.ObjectTerm(
		ast.Item(ast.StringTerm("public"), ast.BooleanTerm(!named)),
		ast.Item(ast.StringTerm("allow"), ast.ArrayTerm(allow...)),
		ast.Item(ast.StringTerm("deny"), ast.ArrayTerm(deny...)))
}

func opaNames(c caller) *ast.Term {
	names := ast.NewObject(ast.Item(opaName(acl.Allow.User(c.user)), ast.BooleanTerm(true)))
	for _, g := range c.groups {
		names.Insert(opaName(acl.Allow.Group(g)), ast.BooleanTerm(true))
	}
	return ast.NewTerm(names)
}
