package main

import (
	"fmt"

	"github.com/cedar-policy/cedar-go"
	"github.com/tokenacl/tokenacl/acl"
)

const cedarPolicies = `
permit (principal, action, resource) when { resource.public };
permit (principal, action, resource) when { principal in resource.allow };
forbid (principal, action, resource) when { principal in resource.deny };`

// cedarEntities has the documents and, of each view, the caller besides.
type cedarEntities struct {
	documents []cedar.Entity
	numbers   map[cedar.EntityUID]int
	who       cedar.Entity
}

func (e *cedarEntities) Get(uid cedar.EntityUID) (cedar.Entity, bool) {
	if uid == e.who.UID {
		return e.who, true
	}
	i, ok := e.numbers[uid]
	if !ok {
		return cedar.Entity{}, false
	}
	return e.documents[i], true
}

func newCedar(c *corpus) (engine, error) {
	policies, err := cedar.NewPolicySetFromBytes("acl.cedar", []byte(cedarPolicies))
	if err != nil {
		return engine{}, err
	}
	documents := make([]cedar.Entity, c.documents)
	numbers := make(map[cedar.EntityUID]int, c.documents)
	for o, a := range c.all() {
		documents[o] = cedarDocument(o, a)
		numbers[documents[o].UID] = int(o)
	}
	read := cedar.NewEntityUID("Action", "read")
	return engine{
		note: "a document is an entity with two sets",
		view: func(c caller) view {
			entities := &cedarEntities{documents, numbers, cedarCaller(c)}
			return view{allowed: func(o uint32) bool {
				decision, diagnostic := cedar.Authorize(policies, entities, cedar.Request{Principal: entities.who.UID, Action: read, Resource: documents[o].UID})
				if len(diagnostic.Errors) > 0 {
					panic(fmt.Sprintf("cedar: %v", diagnostic.Errors))
				}
				return decision == cedar.Allow
			}}
		},
	}, nil
}

func cedarName(e acl.Entry) cedar.EntityUID {
	if e.Type == acl.User {
		return cedar.NewEntityUID("User", cedar.String(e.Name))
	}
	return cedar.NewEntityUID("Group", cedar.String(e.Name))
}

func cedarDocument(o uint32, a acl.ACL) cedar.Entity {
	list, named := a.(acl.List)
	var allow, deny []cedar.Value
	for _, e := range list {
		if e.Access == acl.Deny {
			deny = append(deny, cedarName(e))
		} else {
			allow = append(allow, cedarName(e))
		}
	}
	return cedar.Entity{
		UID: cedar.NewEntityUID("Document", cedar.String(documentID(o))),
		Attributes: cedar.NewRecord(cedar.RecordMap{
			"public": cedar.Boolean(!named), "allow": cedar.NewSet(allow...), "deny": cedar.NewSet(deny...),
		}),
	}
}

func cedarCaller(c caller) cedar.Entity {
	parents := make([]cedar.EntityUID, len(c.groups))
	for i, g := range c.groups {
		parents[i] = cedarName(acl.Allow.Group(g))
	}
	return cedar.Entity{UID: cedarName(acl.Allow.User(c.user)), Parents: cedar.NewEntityUIDSet(parents...)}
}
