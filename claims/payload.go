package claims

import (
	"sync/atomic"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

const (
	maxBytes = 100_000
	maxDepth = 16
)

// readPayload reads a payload with one of strictjson's ways to do so.
func readPayload(text string, with func(string, strictjson.Limits) (strictjson.Value, error)) (strictjson.Value, error) {
	v, err := with(text, strictjson.Limits{Bytes: maxBytes, Depth: maxDepth})
	switch {
	case err != nil:
		return v, refuse(ErrMalformed, "payload: "+err.Error())
	case v.Kind() != strictjson.Object:
		v.Return()
		return strictjson.Value{}, refuse(ErrMalformed, "payload: want a JSON object")
	}
	return v, nil
}

// claimSet is what a verified token says: its text, which is read again for who asks
// for claims. Most want the scope alone, and what has been read of a token is a third
// of the memory that it takes.
type claimSet struct {
	text string
	read atomic.Pointer[strictjson.Value] // nil until somebody asks
}

func (c *claimSet) value() strictjson.Value {
	if v := c.read.Load(); v != nil {
		return *v
	}
	v, err := readPayload(c.text, strictjson.Parse[string])
	if err == nil { // else it is that of no token
		c.read.Store(&v)
	}
	return v
}

// registered are the claims that every token is asked for by names of their own;
// those that are absent are Invalid. One pass over the members finds all: to get each
// by its name took 0.2 µs longer.
type registered struct {
	exp, nbf, iat, iss, sub, jti strictjson.Value // RFC 7519, section 4.1
	elsewhere, hasGroups         strictjson.Value // see mapping.checkOverage
}

func registeredOf(payload strictjson.Value) (r registered) {
	for name, value := range payload.Members() {
		switch name {
		case "exp":
			r.exp = value
		case "nbf":
			r.nbf = value
		case "iat":
			r.iat = value
		case "iss":
			r.iss = value
		case "sub":
			r.sub = value
		case "jti":
			r.jti = value
		case "_claim_names":
			r.elsewhere = value
		case "hasgroups":
			r.hasGroups = value
		}
	}
	return r
}

func absent(claim strictjson.Value) bool { return claim.Kind() == strictjson.Invalid }
