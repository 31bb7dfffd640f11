package bearer_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/bearer"
	"pgregory.net/rapid"
)

var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "get", "SEARCH"}

var (
	byDefault = bearer.Options{}
	byCookie  = bearer.Options{Cookie: "session"}
	byHeader  = bearer.Options{Header: "x-token"}
	byBoth    = bearer.Options{Header: "X-Token", Cookie: "session"}
)

const (
	noCode  = "401"
	invalid = "401 invalid_token"
	twoWays = "400 invalid_request"
	large   = 200_000 // bytes
)

// corner is what a request sends, and what comes of it under Require. Under
// Optional only "none" has another outcome.
type corner struct {
	name    string
	opts    bearer.Options
	headers []string
	want    string
}

// none is the outcome of a request without credentials.
const none = "none"

func corners() []corner {
	good := mint()
	auth := func(value string) []string { return []string{"Authorization: " + value} }
	return []corner{
		{"absent", byDefault, nil, none},
		{"good", byDefault, auth("Bearer " + good), "mary"},
		{"lower-case scheme", byDefault, auth("bearer " + good), "mary"},
		{"upper-case scheme", byDefault, auth("BEARER " + good), "mary"},
		{"two spaces", byDefault, auth("Bearer  " + good), "mary"}, // 1*SP
		{"empty", byDefault, auth(""), invalid},
		{"scheme alone", byDefault, auth("Bearer"), invalid},
		{"scheme and space", byDefault, auth("Bearer "), invalid},
		{"scheme and spaces", byDefault, auth("Bearer   "), invalid},
		{"tab", byDefault, auth("Bearer\t" + good), invalid},
		{"space and tab", byDefault, auth("Bearer \t" + good), invalid},
		{"no-break space", byDefault, auth("Bearer\u00a0" + good), invalid},
		{"leading space", byDefault, auth(" Bearer " + good), invalid},
		{"trailing space", byDefault, auth("Bearer " + good + " "), invalid},
		{"newline", byDefault, auth("Bearer " + good + "\n"), invalid},
		{"NUL", byDefault, auth("Bearer " + good + "\x00"), invalid},
		{"two tokens", byDefault, auth("Bearer " + good + " " + good), invalid},
		{"comma-joined", byDefault, auth("Bearer " + good + ", Bearer " + good), invalid},
		{"comma-joined with Basic", byDefault, auth("Bearer " + good + ", Basic eDp5"), invalid},
		{"quoted", byDefault, auth(`Bearer "` + good + `"`), invalid},
		{"parameter", byDefault, auth("Bearer token=" + good), invalid},
		{"colon", byDefault, auth("Bearer: " + good), invalid},
		{"twice", byDefault, append(auth("Bearer "+good), auth("Bearer "+good)...), invalid},
		{"good and empty", byDefault, append(auth("Bearer "+good), auth("")...), invalid},
		{"Basic and good", byDefault, append(auth("Basic eDp5"), auth("Bearer "+good)...), invalid},
		{"Basic", byDefault, auth("Basic eDp5"), noCode},
		{"Basic alone", byDefault, auth("Basic"), noCode},
		{"token alone", byDefault, auth(good), noCode}, // the grammar makes it a scheme
		{"other scheme", byDefault, auth("Bearerx " + good), noCode},
		{"Latin letters", byDefault, auth("Bearer gr\u00fcn"), invalid},
		{"look-alike scheme", byDefault, auth("B\u0435arer " + good), noCode},
		{"no UTF-8", byDefault, auth("Bearer " + good + "\xff"), invalid},
		{"begins with no letter", byDefault, auth("\xffBearer " + good), invalid},
		{"padding", byDefault, auth("Bearer " + good + "="), invalid},
		{"padding alone", byDefault, auth("Bearer =="), invalid},
		{"padding inside", byDefault, auth("Bearer a=b"), invalid},
		{"no JWS", byDefault, auth("Bearer abc"), invalid},
		{"200 kB", byDefault, auth("Bearer " + strings.Repeat("A", large)), twoWays},
		{"200 kB of spaces", byDefault, auth("Bearer " + strings.Repeat(" ", large)), invalid},
		{"200 kB, malformed", byDefault, auth("Bearer " + strings.Repeat("\u00fc", large)), invalid},
		{"200 kB, two tokens", byDefault, auth("Bearer " + strings.Repeat("A", large) + " A"), invalid},
		{"200 kB, slash for a space", byDefault, auth("Bearer/" + strings.Repeat("A", large)), invalid},
		{"a cookie nobody asked for", byDefault, []string{"Cookie: session=" + good}, none},
		{"a header nobody asked for", byDefault, []string{"X-Token: " + good}, none},
		{"Proxy-Authorization", byDefault, []string{"Proxy-Authorization: Bearer " + good}, none},

		{"cookie", byCookie, []string{"Cookie: session=" + good}, "mary"},
		{"cookie among others", byCookie, []string{"Cookie: a=b; session=" + good + ";c=d"}, "mary"},
		{"cookie in a second line", byCookie, []string{"Cookie: a=b", "Cookie: session=" + good}, "mary"},
		{"cookie after bad ones", byCookie, []string{"Cookie: a=\x01; ;;=; \"; session=" + good}, "mary"},
		{"cookie after 5000", byCookie, []string{"Cookie: " + strings.Repeat("a=b; ", 5000) + "session=" + good}, "mary"},
		{"bad cookie after 5000", byCookie, []string{"Cookie: " + strings.Repeat("a=b; ", 5000) + "session="}, invalid},
		{"cookie option, header", byCookie, auth("Bearer " + good), "mary"},
		{"cookie option, nothing", byCookie, nil, none},
		{"other cookies", byCookie, []string{"Cookie: a=b; Session=" + good + "; session2=" + good + "; x=session=" + good}, none},
		{"empty Cookie header", byCookie, []string{"Cookie: "}, none},
		{"spaces between cookies", byCookie, []string{"Cookie: a=b;\t session=" + good + " \t; c=d"}, "mary"},
		{"space before the equals sign", byCookie, []string{"Cookie: session =" + good}, "mary"},
		{"space after the equals sign", byCookie, []string{"Cookie: session= " + good}, invalid},
		{"empty cookie", byCookie, []string{"Cookie: session="}, invalid},
		{"cookie of white space", byCookie, []string{"Cookie: session= \t"}, invalid},
		{"cookie without value", byCookie, []string{"Cookie: session"}, invalid},
		{"quoted cookie", byCookie, []string{`Cookie: session="` + good + `"`}, invalid},
		{"empty quoted cookie", byCookie, []string{`Cookie: session=""`}, invalid},
		{"cookie that net/http skips", byCookie, []string{"Cookie: session=a\x01b"}, invalid},
		{"cookie with a backslash", byCookie, []string{`Cookie: session=a\b`}, invalid},
		{"cookie with Bearer", byCookie, []string{"Cookie: session=Bearer " + good}, invalid},
		{"cookie twice", byCookie, []string{"Cookie: session=" + good + "; session=" + good}, invalid},
		{"cookie twice, one empty", byCookie, []string{"Cookie: session=; session=" + good}, invalid},
		{"cookie twice, one without value", byCookie, []string{"Cookie: session=" + good + "; session"}, invalid},
		{"cookie twice, in two lines", byCookie, []string{"Cookie: session=" + good, "Cookie: session=" + good}, invalid},
		{"200 kB of cookie", byCookie, []string{"Cookie: session=" + strings.Repeat("A", large)}, twoWays},
		{"cookie and header", byCookie, append(auth("Bearer "+good), "Cookie: session="+good), twoWays},
		{"cookie and bad header", byCookie, append(auth("Bearer"), "Cookie: session="+good), twoWays},
		{"cookie and empty header", byCookie, append(auth(""), "Cookie: session="+good), twoWays},
		{"cookie and Basic", byCookie, append(auth("Basic eDp5"), "Cookie: session="+good), twoWays},
		{"empty cookie and header", byCookie, append(auth("Bearer "+good), "Cookie: session="), twoWays},

		{"own header", byHeader, []string{"X-Token: " + good}, "mary"},
		{"own header, absent", byHeader, nil, none},
		{"own header, empty", byHeader, []string{"X-Token: "}, invalid},
		{"own header with Bearer", byHeader, []string{"X-Token: Bearer " + good}, invalid},
		{"own header, trailing space", byHeader, []string{"X-Token: " + good + " "}, invalid},
		{"own header, comma", byHeader, []string{"X-Token: " + good + "," + good}, invalid},
		{"own header, non-ASCII", byHeader, []string{"X-Token: \u00fc"}, invalid},
		{"own header, twice", byHeader, []string{"X-Token: " + good, "X-Token: " + good}, invalid},
		{"own header, 200 kB", byHeader, []string{"X-Token: " + strings.Repeat("A", large)}, twoWays},
		{"own header, token in Authorization", byHeader, auth("Bearer " + good), twoWays},
		{"own header, bearer in Authorization", byHeader, auth("bearer"), twoWays},
		{"own header, tab in Authorization", byHeader, auth("\tBEARER\t" + good), twoWays},
		{"own header, tokens in both", byHeader, append(auth("Bearer "+good), "X-Token: "+good), twoWays},
		{"own header, signature", byHeader, append(auth("AWS4-HMAC-SHA256 Credential=x"), "X-Token: "+good), "mary"},
		{"own header, signature alone", byHeader, auth("AWS4-HMAC-SHA256 Credential=x"), none},
		{"own header, empty Authorization", byHeader, append(auth(""), "X-Token: "+good), "mary"},
		{"own header, second is Bearer", byHeader, append(auth("Basic eDp5"), "Authorization: Bearer x"), twoWays},
		{"own header, Bearer joined by a proxy", byHeader, auth("Basic eDp5, Bearer x"), twoWays},
		{"own header, Bearer joined to a signature", byHeader, append(auth("AWS4-HMAC-SHA256 Credential=x,bearer"), "X-Token: "+good), twoWays},
		{"own header and cookie", byBoth, []string{"X-Token: " + good, "Cookie: session=" + good}, twoWays},
		{"own header, cookie", byBoth, []string{"Cookie: session=" + good}, "mary"},
		{"cookie, token in Authorization", byBoth, append(auth("Bearer "+good), "Cookie: session="+good), twoWays},
		{"cookie, signature", byBoth, append(auth("AWS4-HMAC-SHA256 Credential=x"), "Cookie: session="+good), "mary"},
	}
}

// TestCredentials has every corner, by every method: OPTIONS is not exempt, and
// only a request without credentials is a guest's.
//
// Rules R5, G1, G3, G4
func TestCredentials(t *testing.T) {
	gate := newGate(t)
	seen, outcomes := map[string]bool{}, map[string]int{}
	for _, c := range corners() {
		if seen[c.name] {
			t.Errorf("%s stands twice", c.name)
		}
		seen[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			require, optional := bearer.Require(gate, &c.opts), bearer.Optional(gate, &c.opts)
			wantRequire, wantOptional := c.want, c.want
			if c.want == none {
				wantRequire, wantOptional = noCode, "guest"
			}
			for _, method := range methods {
				for _, tt := range []struct {
					name       string
					middleware func(http.Handler) http.Handler
					want       string
				}{{"Require", require, wantRequire}, {"Optional", optional, wantOptional}} {
					got, _ := outcome(t, tt.middleware, request(method, c.headers...))
					if outcomes[got]++; got != tt.want {
						t.Errorf("%s, %s: %s, want %s", tt.name, method, got, tt.want)
					}
					if naive := oracle(request(method, c.headers...).Header, c.opts, tt.name == "Optional"); naive != tt.want {
						t.Errorf("%s, %s: the oracle says %s, want %s", tt.name, method, naive, tt.want)
					}
				}
			}
		})
	}
	for _, o := range []string{"mary", "guest", noCode, invalid, twoWays} {
		if outcomes[o] < len(methods) {
			t.Errorf("outcome %s comes %d times", o, outcomes[o])
		}
	}
}

var (
	authorizationForm = regexp.MustCompile(`\A[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)\z`)
	tokenForm         = regexp.MustCompile(`\A[A-Za-z0-9._~+/-]+=*\z`)
	anyBearer         = regexp.MustCompile("\\A[ \t]*[Bb][Ee][Aa][Rr][Ee][Rr](?:[^A-Za-z0-9!#$%&'*+.^_`|~-]|\\z)")
	joinedBearer      = regexp.MustCompile("(?:\\A|,)[ \t]*[Bb][Ee][Aa][Rr][Ee][Rr](?:[^A-Za-z0-9!#$%&'*+.^_`|~-]|\\z)")
	anyScheme         = regexp.MustCompile("\\A[A-Za-z0-9!#$%&'*+.^_`|~-]")
)

// oracle is the rule, read naively, for tokens of which only mint() is good.
func oracle(h http.Header, o bearer.Options, guests bool) string {
	field, form := h["X-Token"], tokenForm
	if o.Header == "" {
		field, form = h["Authorization"], authorizationForm
	}
	var cookie []string
	for _, pair := range strings.Split(strings.Join(h["Cookie"], ";"), ";") {
		name, value, _ := strings.Cut(pair, "=")
		if o.Cookie != "" && strings.Trim(name, " \t") == o.Cookie {
			cookie = append(cookie, strings.TrimRight(value, " \t"))
		}
	}
	if o.Header != "" {
		for _, v := range h["Authorization"] {
			if joinedBearer.MatchString(v) {
				return twoWays
			}
		}
	}
	if len(field) == 0 {
		field, form = cookie, tokenForm
	} else if len(cookie) > 0 {
		return twoWays
	}
	switch {
	case len(field) == 0 && guests:
		return "guest"
	case len(field) == 0:
		return noCode
	case len(field) > 1:
		return invalid
	case form.MatchString(field[0]):
		token := field[0][strings.LastIndex(field[0], " ")+1:]
		if len(token) > 100_000 {
			return twoWays
		}
		if token == mint() {
			return "mary"
		}
		return invalid
	case form == authorizationForm && anyScheme.MatchString(field[0]) && !anyBearer.MatchString(field[0]):
		return noCode
	}
	return invalid
}

// TestCredentialsAgree compares with the oracle what random pieces make.
//
// Rule R5
func TestCredentialsAgree(t *testing.T) {
	gate := newGate(t)
	options := []bearer.Options{byDefault, byCookie, byHeader, byBoth}
	pieces := []string{
		"Bearer ", "bearer", "BEARER  ", "Basic ", mint(), mint(), mint(), mint("app", "other"), "abc", " ", "\t", ",", ";", "=", "session=",
		"session", "; session=", "a=b; ", "", "\"", "\u00fc", "\xff", "\x00", "Bearer", "AWS4-HMAC-SHA256 ", "-._~+/", ":",
	}
	value := func(usual ...string) *rapid.Generator[string] {
		return rapid.OneOf(
			rapid.SampledFrom(usual),
			rapid.Map(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 5), func(p []string) string { return strings.Join(p, "") }),
		)
	}
	generators := map[string]*rapid.Generator[[]string]{
		"Authorization": rapid.SliceOfN(value("Bearer "+mint(), "Basic abc"), 0, 2),
		"X-Token":       rapid.SliceOfN(value(mint()), 0, 2),
		"Cookie":        rapid.SliceOfN(value("session="+mint(), "a=b; session="+mint()+"; c", "a"), 0, 2),
	}
	outcomes := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		r := request(rapid.SampledFrom(methods).Draw(rt, "method"))
		for _, name := range []string{"Authorization", "X-Token", "Cookie"} {
			if !rapid.Bool().Draw(rt, "has "+name) {
				continue
			}
			if values := generators[name].Draw(rt, name); len(values) > 0 {
				r.Header[name] = values
			}
		}
		o := rapid.SampledFrom(options).Draw(rt, "options")
		guests := rapid.Bool().Draw(rt, "guests")
		middleware := bearer.Require(gate, &o)
		if guests {
			middleware = bearer.Optional(gate, &o)
		}
		want := oracle(r.Header, o, guests)
		outcomes[want]++
		if got, _ := outcome(t, middleware, r); got != want {
			rt.Errorf("%s, want %s, of %q", got, want, r.Header)
		}
	})
	t.Log(outcomes)
	if len(outcomes) != 5 {
		t.Errorf("outcomes %v, want five kinds", outcomes)
	}
}

// FuzzAuthorization: under Require a handler runs only with one header that is the
// scheme, spaces and the good token, verbatim; under Optional also without any
// header. With a header it never runs for a guest.
//
// Rules R5, G4
func FuzzAuthorization(f *testing.F) {
	for _, c := range corners() {
		var sent []string
		for _, line := range c.headers {
			if value, ok := strings.CutPrefix(line, "Authorization: "); ok && len(value) < 10_000 {
				sent = append(sent, value)
			}
		}
		switch len(sent) {
		case 0:
			f.Add("", "", 0)
		case 1:
			f.Add(sent[0], "", 1)
		default:
			f.Add(sent[0], sent[1], 2)
		}
	}
	gate := newGate(f)
	require, optional := bearer.Require(gate, nil), bearer.Optional(gate, nil)
	f.Fuzz(func(t *testing.T, first, second string, n int) {
		sent := []string{first, second}[:max(0, min(n, 2))]
		r := request("GET")
		if len(sent) > 0 {
			r.Header["Authorization"] = sent
		}
		spaced, isGood := strings.CutSuffix(first, " "+mint())
		isGood = isGood && len(sent) == 1 && strings.EqualFold(strings.TrimRight(spaced, " "), "bearer")
		wantRequire, wantOptional := "", ""
		switch {
		case isGood:
			wantRequire, wantOptional = "mary", "mary"
		case len(sent) == 0:
			wantOptional = "guest"
		}
		for _, tt := range []struct {
			name, want string
			middleware func(http.Handler) http.Handler
		}{{"Require", wantRequire, require}, {"Optional", wantOptional, optional}} {
			got, _ := outcome(t, tt.middleware, r)
			if refused := strings.HasPrefix(got, "4"); refused != (tt.want == "") || !refused && got != tt.want {
				t.Errorf("%s: %s, want %q, of %q", tt.name, got, tt.want, sent)
			}
		}
	})
}
