package bearer

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
)

// Options say where tokens come from and how refusals look. The zero value is
// the strict one, nil is the zero value.
type Options struct {
	// Realm names what is protected, in the WWW-Authenticate header (RFC 9110,
	// section 11.5): printable ASCII, quoted by this package. "" is "api".
	Realm string
	// Header is a header that has the token alone, without "Bearer", such as the
	// one that a gateway adds; it is read in place of Authorization. A Bearer
	// token in Authorization is then in the wrong place and refused with 400; other
	// schemes there, which gateways sign requests with, are ignored. "" reads
	// Authorization.
	Header string
	// Cookie is the name of a cookie that is read besides the header. A request
	// has the token in one of them: both are a 400. An empty cookie, or one that
	// is there twice, is refused. "" reads no cookie.
	//
	// Browsers send cookies with requests that other sites cause (CSRF). Put
	// [http.CrossOriginProtection] around handlers that change anything, and set
	// the cookie with SameSite=Lax or Strict, Secure, HttpOnly, and a name that
	// begins with "__Host-", so that neighbouring hosts cannot set it.
	Cookie string
	// Permit is asked last, about a request that is otherwise let through, and
	// false refuses it: with 403, or with 401 when the caller is a guest. The
	// request's context has the scope. nil permits everyone.
	Permit func(r *http.Request, scope acl.Scope) bool
	// SkipPreflight lets CORS preflight requests through without a token and with
	// the zero [Scope]: those of method OPTIONS with the headers Origin and
	// Access-Control-Request-Method. false treats OPTIONS as any other method.
	SkipPreflight bool
	// Body returns the body of a refusal, and its Content-Type, "" being plain
	// text. It cannot change the status, which it is told, nor the other headers,
	// and is called for HEAD as well, where the body is dropped. err is never nil:
	// the gate's error, or one of this package with one of the gate's classes
	// except for a 403. Branch on it with [errors.Is]; its text is for logs,
	// since it tells of the configuration. The request's context has the zero
	// Scope. nil writes one fixed sentence.
	Body func(r *http.Request, status int, err error) (contentType string, body []byte)
}

// complete fills in defaults, or names the option that is wrong.
func (o *Options) complete() error {
	if o.Realm == "" {
		o.Realm = "api"
	}
	if strings.ContainsFunc(o.Realm, func(r rune) bool { return r < ' ' || r > '~' }) {
		return errors.New("bearer: Options.Realm: want printable ASCII")
	}
	if o.Header == "" {
		o.Header = authorization
	} else if o.Header = http.CanonicalHeaderKey(o.Header); !isToken(o.Header) || isReserved(o.Header) {
		return errors.New("bearer: Options.Header: want the name of a header that has a token alone; leave it empty to read Authorization")
	}
	if o.Cookie != "" && !isToken(o.Cookie) {
		return errors.New("bearer: Options.Cookie: want the name of a cookie: ASCII letters, digits, and !#$%&'*+-.^_`|~")
	}
	return nil
}

// isReserved reports whether the header has another syntax, or is none that a
// handler sees.
func isReserved(name string) bool {
	return name == authorization || name == "Cookie" || name == "Host"
}
