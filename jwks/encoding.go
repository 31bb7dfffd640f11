package jwks

import (
	"encoding/base64"
	"strings"
)

var (
	rawURL = base64.RawURLEncoding.Strict()
	padURL = base64.URLEncoding.Strict()
	rawStd = base64.RawStdEncoding.Strict()
	padStd = base64.StdEncoding.Strict()
)

// decodeStrict reads canonical base64url without padding, RFC 7515 section 2.
func decodeStrict(s string) ([]byte, bool) { return decodeWith(rawURL, s) }

// decodePadded reads canonical base64url, padded or not.
func decodePadded(s string) ([]byte, bool) {
	if strings.HasSuffix(s, "=") {
		return decodeWith(padURL, s)
	}
	return decodeWith(rawURL, s)
}

// decodeLoose reads canonical base64 of either alphabet, padded or not, as
// issuers publish it.
func decodeLoose(s string) ([]byte, bool) {
	if !strings.ContainsAny(s, "+/") {
		return decodePadded(s)
	}
	if strings.HasSuffix(s, "=") {
		return decodeWith(padStd, s)
	}
	return decodeWith(rawStd, s)
}

// decodeWith refuses the line breaks that encoding/base64 passes over.
func decodeWith(enc *base64.Encoding, s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := enc.DecodeString(s)
	return b, err == nil
}
