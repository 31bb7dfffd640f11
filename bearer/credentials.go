package bearer

import (
	"net/http"
	"strings"
)

const authorization = "Authorization"

// cookieHeader returns the header that a cookie comes in.
func cookieHeader(cookie string) string {
	if cookie == "" {
		return ""
	}
	return "Cookie"
}

// token returns the one token that the header has, "" without an error when there
// are no credentials in any place that o names.
func (o *Options) token(h http.Header) (string, error) {
	fields, cookies := h[o.Header], cookies(h, o.Cookie)
	switch {
	case o.Header != authorization && hasBearer(h[authorization]):
		return "", errMisplaced
	case len(fields) > 0 && len(cookies) > 0:
		return "", errTwoPlaces // RFC 6750, section 2: "MUST NOT use more than one method"
	case len(fields)+len(cookies) == 0:
		return "", nil
	case len(fields)+len(cookies) > 1:
		return "", errMalformed
	case len(fields) == 0:
		return tokenAlone(cookies[0])
	case o.Header != authorization:
		return tokenAlone(fields[0])
	}
	return bearerToken(fields[0])
}

// bearerToken reads credentials = "Bearer" 1*SP b64token (RFC 6750, section 2.1),
// the scheme without regard to case (RFC 9110, section 11.1).
func bearerToken(credentials string) (string, error) {
	switch scheme, rest := cutScheme(credentials); {
	case strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(rest, " "):
		return tokenAlone(strings.TrimLeft(rest, " "))
	case scheme == "", strings.EqualFold(scheme, "Bearer"):
		return "", errMalformed
	}
	return "", errScheme
}

// tokenAlone reads b64token (RFC 6750, section 2.1), which is never empty.
func tokenAlone(s string) (string, error) {
	core := strings.TrimRight(s, "=")
	if core == "" || strings.ContainsFunc(core, func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("-._~+/", r) }) {
		return "", errMalformed
	}
	return s, nil
}

// hasBearer reports whether one of the fields means to be of the Bearer scheme,
// well formed or not. Proxies join fields by commas (RFC 9110, section 5.3).
func hasBearer(fields []string) bool {
	for _, field := range fields {
		for part := range strings.SplitSeq(field, ",") {
			if scheme, _ := cutScheme(strings.TrimLeft(part, " \t")); strings.EqualFold(scheme, "Bearer") {
				return true
			}
		}
	}
	return false
}

// cookies returns the values of all cookies of that name. Those of
// [http.Request.CookiesNamed] would lack the ones with invalid values, and be
// none at all beyond some number of cookies: a guest's.
func cookies(h http.Header, name string) []string {
	if name == "" {
		return nil
	}
	var values []string
	for _, line := range h["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			n, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
			if strings.TrimRight(n, " \t") == name {
				values = append(values, value)
			}
		}
	}
	return values
}

// cutScheme returns the longest token (RFC 9110, section 5.6.2) that s begins
// with, and what follows.
func cutScheme(s string) (scheme, rest string) {
	end := strings.IndexFunc(s, isSeparator)
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

func isToken(s string) bool { return s != "" && !strings.ContainsFunc(s, isSeparator) }

// isSeparator reports whether r ends a token.
func isSeparator(r rune) bool {
	return !isAlphanumeric(r) && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

func isAlphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
