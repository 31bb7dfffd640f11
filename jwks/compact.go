package jwks

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/tokenacl/tokenacl/internal/base64url"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

const maxToken = 100_000 // bytes of a token

// JWS is a compact JSON Web Signature (RFC 7515 sections 3.1 and 7.1) that was
// parsed strictly. Nothing of it is verified; see [Set.Verify] and [Source]. It
// is immutable. The zero value and nil are no token: their accessors return zero
// values, and no key verifies them.
type JWS struct {
	t **token // formatting by reflection follows one pointer, for some verbs
}

// token is what a JWS was parsed into.
type token struct {
	*header
	raw     string
	payload string // decoded, which is how it is checked
	end     int    // the dot between payload and signature
}

// header is what counts of a JOSE header. It is never written once it was read.
type header struct {
	alg *spec
	kid string // "" when it has none
	typ string // "" when it has none
}

// ParseCompact reads a token: at most 100,000 bytes; exactly three parts, each in
// canonical base64url without padding, the signature not empty; a header that is
// a JSON object without duplicate members and at most 16 levels deep; alg one of
// this package's; kid, if present, a string of 1 to 512 bytes; typ, if present, a
// string that is not empty. It refuses encrypted tokens, the JSON serialization,
// and the members crit, b64, enc and zip, whatever their value. Keys and addresses
// in the header (jwk, jku, x5u, x5c) are ignored, and so are members it does not
// know. The payload may be anything.
//
// The error is [ErrMalformed].
func ParseCompact(raw string) (*JWS, error) {
	if len(raw) > maxToken {
		return nil, malformed(fmt.Sprintf("longer than %d bytes", maxToken))
	}
	dot, end, err := split(raw)
	if err != nil {
		return nil, err
	}
	h := seen.get(raw[:dot])
	known := h != nil
	if !known && !base64url.Valid(raw[:dot]) {
		return nil, notCanonical("header")
	}
	payload, ok := base64url.Decode(raw[dot+1 : end])
	switch {
	case !ok:
		return nil, notCanonical("payload")
	case !base64url.Valid(raw[end+1:]):
		return nil, notCanonical("signature")
	}
	if !known {
		if h, err = parseHeader(raw[:dot]); err != nil {
			return nil, err
		}
		seen.add(raw[:dot], h)
	}
	both := &struct { // one allocation
		j JWS
		p *token
		t token
	}{t: token{h, raw, payload, end}}
	both.p, both.j.t = &both.t, &both.p
	return &both.j, nil
}

func notCanonical(part string) error {
	return malformed(part + ": want canonical base64url without padding")
}

// split finds the two dots.
func split(raw string) (dot, end int, err error) {
	if strings.HasPrefix(raw, "{") {
		return 0, 0, malformed("want the compact serialization, not JSON")
	}
	switch dots := strings.Count(raw, "."); dots {
	case 2:
	case 4:
		return 0, 0, malformed("encrypted (JWE); want a signed token of three parts")
	default:
		return 0, 0, malformed(fmt.Sprintf("%d parts; want three", dots+1))
	}
	dot = strings.IndexByte(raw, '.')
	end = dot + 1 + strings.IndexByte(raw[dot+1:], '.') // from the front: LastIndexByte goes byte by byte
	if end == len(raw)-1 {
		return 0, 0, malformed("no signature")
	}
	return dot, end, nil
}

// parseHeader reads the first part of a token. It depends on nothing else.
func parseHeader(part string) (*header, error) {
	text, _ := base64url.Decode(part) // it is valid
	doc, err := strictjson.Borrow(text, strictjson.Limits{Depth: maxDepth})
	if err != nil {
		return nil, malformed("header: " + err.Error())
	}
	defer doc.Return()
	if doc.Kind() != strictjson.Object {
		return nil, malformed("header: want a JSON object")
	}
	h := new(header)
	for name, v := range doc.Members() {
		if reason := h.set(name, v); reason != "" {
			return nil, malformed("header: " + name + ": " + reason)
		}
	}
	if h.alg == nil {
		return nil, malformed("header: alg: missing")
	}
	return h, nil
}

// set takes one member and returns what is wrong with it; the name of a member
// with a fault is one of those here.
func (h *header) set(name string, v strictjson.Value) (reason string) {
	s, _ := v.Str() // "" is wrong wherever text is wanted
	switch name {
	case "alg":
		if h.alg = lookup(s); h.alg == nil {
			return "not a signature algorithm of this package"
		}
	case "kid":
		if s == "" || len(s) > maxKeyID {
			return fmt.Sprintf("want a string of 1 to %d bytes", maxKeyID)
		}
		h.kid = s
	case "typ":
		if s == "" {
			return "want a string, not empty"
		}
		h.typ = s
	case "crit", "b64", "enc", "zip":
		return "extensions and encryption are not supported"
	}
	return ""
}

func (t *token) signingInput() string { return t.raw[:t.end] }

func (t *token) signature() []byte {
	b, _ := base64url.DecodeInto(make([]byte, base64url.DecodedLen(len(t.raw)-t.end-1)+base64url.Slack), t.raw[t.end+1:])
	return b
}

// parsed returns nil for a JWS that was not parsed.
func (j *JWS) parsed() *token {
	if j == nil || j.t == nil {
		return nil
	}
	return *j.t
}

// Algorithm returns alg of the header.
func (j *JWS) Algorithm() Algorithm {
	if t := j.parsed(); t != nil {
		return t.alg.name
	}
	return ""
}

// KeyID returns kid of the header, false when it has none.
func (j *JWS) KeyID() (kid string, ok bool) {
	if t := j.parsed(); t != nil {
		return t.kid, t.kid != ""
	}
	return "", false
}

// Type returns typ of the header as it is written, "" when it has none.
func (j *JWS) Type() string {
	if t := j.parsed(); t != nil {
		return t.typ
	}
	return ""
}

// Compact returns the token as it was received.
func (j *JWS) Compact() string {
	if t := j.parsed(); t != nil {
		return t.raw
	}
	return ""
}

// SigningInput returns what is signed: header, dot and payload, as received.
// Since the encoding is canonical, equal inputs are equal contents; signatures
// of one input differ.
func (j *JWS) SigningInput() string {
	if t := j.parsed(); t != nil {
		return t.signingInput()
	}
	return ""
}

// Signature returns the octets of the signature, a copy.
func (j *JWS) Signature() []byte {
	if t := j.parsed(); t != nil {
		return t.signature()
	}
	return nil
}

// InsecurePayload returns the octets of the payload. They are what the sender
// claims: verify j before believing any of it.
func (j *JWS) InsecurePayload() string {
	if t := j.parsed(); t != nil {
		return t.payload
	}
	return ""
}

// String tells the algorithm, and nothing else of the token.
func (j JWS) String() string {
	if t := j.parsed(); t != nil {
		return "jwks.JWS(" + string(t.alg.name) + ")"
	}
	return "jwks.JWS(none)"
}

// Format writes [JWS.String] for every verb.
func (j JWS) Format(f fmt.State, _ rune) { io.WriteString(f, j.String()) }

// LogValue is [JWS.String].
func (j JWS) LogValue() slog.Value { return slog.StringValue(j.String()) }

// MarshalText is [JWS.String]: JSON and the like get no token.
func (j JWS) MarshalText() ([]byte, error) { return []byte(j.String()), nil }
