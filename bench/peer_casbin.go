package main

import (
	"fmt"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/tokenacl/tokenacl/acl"
)

// casbinModel asks a function of ours for one object. A policy for each entry would
// be scanned from end to end for each decision, which is no use for so many.
const casbinModel = `
[request_definition]
r = sub, obj
[policy_definition]
p = sub
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = visible(r.sub, r.obj)
`

func newCasbin(c *corpus) (engine, error) {
	all := c.goLists()
	m, err := model.NewModelFromString(casbinModel)
	if err != nil {
		return engine{}, err
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return engine{}, err
	}
	type subject struct {
		user   string
		groups map[string]bool
	}
	e.AddFunction("visible", func(args ...any) (any, error) {
		who := args[0].(*subject)
		return mapVisible(args[1].(acl.ACL), who.user, who.groups), nil
	})
	if _, err := e.AddPolicy("anybody"); err != nil {
		return engine{}, err
	}
	return engine{
		note: "a function in the matcher, over lists kept beside it",
		view: func(c caller) view {
			who := &subject{c.user, make(map[string]bool, len(c.groups))}
			for _, g := range c.groups {
				who.groups[g] = true
			}
			return view{allowed: func(o uint32) bool {
				ok, err := e.Enforce(who, all.of(o))
				if err != nil {
					panic(fmt.Sprintf("casbin: %v", err))
				}
				return ok
			}}
		},
	}, nil
}
