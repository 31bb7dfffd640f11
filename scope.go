package tokenacl

import (
	"context"

	"github.com/tokenacl/tokenacl/acl"
)

// answer is what a Gate decides: the scopes that all must admit, and a label.
type answer struct {
	both [2]acl.Scope
	kind string
}

func single(s acl.Scope, kind string) answer { return answer{[2]acl.Scope{s, s}, kind} }

// Scope returns what the caller of a request may see.
//
// Under USER_TOKEN a valid token decides that, and a request that says nothing is
// a guest's. A token that is not valid is an [ErrUnauthenticated], never a guest.
// A user or groups are believed from a token alone: giving them is an
// [ErrInvalidRequest], and so are attributes; [Gate.Scopes] takes both these and a
// token.
//
// Under ATTRIBUTE_FILTER the user and groups decide, or the attributes. A token,
// both of these, or nothing is an [ErrInvalidRequest]; see
// [Gate.ScopeUnauthenticated] for a request that says nothing.
//
// A token may speak of nobody, if its user claim was waived and its groups are
// empty: its scope is a guest's.
func (g *Gate) Scope(ctx context.Context, uc UserContext) (acl.Scope, error) {
	both, err := g.observed(func() (answer, error) {
		a, err := g.decide(ctx, uc)
		if a.kind == "narrowed" {
			return answer{}, invalid("both a token and attributes; Scopes returns a scope for each")
		}
		return a, err
	})
	return both[0], err
}

// Scopes is [Gate.Scope] for requests that may have a token and attributes: a
// document must be admitted by both scopes. Without attributes beside a token the
// two are equal. The attributes are matched as they are, without groups that an
// [Expander] knows.
func (g *Gate) Scopes(ctx context.Context, uc UserContext) ([2]acl.Scope, error) {
	return g.observed(func() (answer, error) { return g.decide(ctx, uc) })
}

// ScopeUnauthenticated returns the scope that Kendra gives to a request without
// any user information under ATTRIBUTE_FILTER: every document, whatever its ACL.
// Under USER_TOKEN it is an [ErrInvalidRequest]; [Gate.Scope] has guests.
func (g *Gate) ScopeUnauthenticated() (acl.Scope, error) {
	both, err := g.observed(func() (answer, error) {
		t, err := g.open()
		switch {
		case err != nil:
			return answer{}, err
		case t.mode != attributeFilter:
			return answer{}, invalid("ScopeUnauthenticated is for the policy ATTRIBUTE_FILTER; a request without a token is a guest's, from Scope")
		}
		return single(acl.Unrestricted(), "unrestricted"), nil
	})
	return both[0], err
}

func (g *Gate) decide(ctx context.Context, uc UserContext) (answer, error) {
	t, err := g.open()
	if err != nil {
		return answer{}, err
	}
	if err := uc.check(); err != nil {
		return answer{}, err
	}
	switch {
	case uc.Token != "" && uc.names():
		return answer{}, invalid("both a token and a user or groups; give one of them")
	case t.mode == attributeFilter:
		return g.byStatement(ctx, uc)
	}
	return g.byToken(ctx, t, uc)
}

// byToken is the policy USER_TOKEN.
func (g *Gate) byToken(ctx context.Context, t *trust, uc UserContext) (answer, error) {
	switch {
	case uc.names():
		return answer{}, invalid("a user or groups without a token; the policy USER_TOKEN takes them from a token")
	case uc.Token == "" && uc.Attributes.given():
		return answer{}, invalid("attributes without a token; the policy USER_TOKEN takes the user from a token")
	case uc.Token == "":
		return single(acl.Guest(), "guest"), nil
	}
	a, err := g.bySubject(ctx, t, uc.Token)
	if err == nil && uc.Attributes.given() {
		a = answer{[2]acl.Scope{a.both[0], g.attributeScope(uc.Attributes.principal())}, "narrowed"}
	}
	return a, err
}

// bySubject returns the scope of whom the token speaks of.
func (g *Gate) bySubject(ctx context.Context, t *trust, token string) (answer, error) {
	if t.mode == unsignedTokens {
		p, err := t.json.Principal(token)
		if err != nil {
			return answer{}, refused(err)
		}
		return g.byPrincipal(ctx, p)
	}
	verified, err := t.verify(ctx, token)
	switch {
	case err != nil:
		return answer{}, refused(err)
	case g.opts.Expander != nil:
		return g.byPrincipal(ctx, verified.Principal())
	case verified.Scope() == acl.Guest():
		return single(acl.Guest(), "guest"), nil
	}
	return single(verified.Scope(), "principal"), nil
}

// byStatement is the policy ATTRIBUTE_FILTER.
func (g *Gate) byStatement(ctx context.Context, uc UserContext) (answer, error) {
	switch {
	case uc.Token != "":
		return answer{}, invalid("a token; the policy ATTRIBUTE_FILTER takes none")
	case uc.names() && uc.Attributes.given():
		return answer{}, invalid("both a user or groups and attributes; give one of them")
	case uc.names():
		return g.byPrincipal(ctx, uc.principal())
	case !uc.Attributes.given():
		return answer{}, invalid("no user information; everything, for everybody, is what ScopeUnauthenticated is for")
	}
	p, err := g.expand(ctx, uc.Attributes.principal())
	if err != nil {
		return answer{}, err
	}
	return single(g.attributeScope(p), "attributes"), nil
}

func (g *Gate) byPrincipal(ctx context.Context, p acl.Principal) (answer, error) {
	p, err := g.expand(ctx, p)
	switch {
	case err != nil:
		return answer{}, err
	case p.User == "" && len(p.Groups) == 0 && len(p.DataSourceGroups) == 0 && !p.GroupsUnknown:
		return single(acl.Guest(), "guest"), nil
	}
	return single(acl.For(p), "principal"), nil
}

func (g *Gate) attributeScope(p acl.Principal) acl.Scope {
	if g.opts.AttributesSeePublic {
		return acl.For(p)
	}
	return acl.For(p).WithoutPublic()
}
