package fgac

import (
	"regexp"
	"strings"
	"time"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// TokenSettings say whose tokens are trusted and what is read from them. They are
// plain data, for tokenconfig.JWT, claims.Options, jwks and [FromClaims].
type TokenSettings struct {
	// PublicKeys are PEM, for jwks.ParsePEM with AnyKeyID, since their tokens may
	// have a kid that the file does not tell; each may verify a token. None with
	// JWKSURL.
	PublicKeys []string
	JWKSURL    string // https, for jwks.NewRemote; "" with PublicKeys
	Issuer     string // that iss has to be; "": none is required
	// ClaimRegex matches the audiences that are required, one of which has to be in
	// aud, as tokenconfig.JWT.ClaimRegex does; "": none is required.
	ClaimRegex string
	Leeway     time.Duration // of exp and nbf; 30 s unless the file says otherwise
	Keys       Keys          // of the claims with the name and the roles
}

// ParseTokenSettings reads what Amazon OpenSearch Service has as JWTOptions
// (Enabled, PublicKey, JwksUrl, SubjectKey, RolesKey), or what the plugin has as
// config of an http_authenticator of type jwt (signing_key, jwks_uri, subject_key,
// roles_key, required_audience, required_issuer, jwt_clock_skew_tolerance_seconds),
// JSON or YAML.
//
// It refuses, with an [*Error], unknown members, keys that are not PEM (an HMAC
// key is a secret: jwks.NewSecret), tokens in URLs, other headers than
// Authorization, and both kinds of keys at once, of which the plugin ignores one.
func ParseTokenSettings(data []byte) (TokenSettings, error) {
	s := TokenSettings{Leeway: 30 * time.Second}
	top, err := read("settings", data)
	if err != nil {
		return TokenSettings{}, err
	}
	if err := top.object(s.members()); err != nil {
		return TokenSettings{}, err
	}
	for aws, plugin := range sameSetting {
		_, one := top.Get(aws)
		if v, both := top.Get(plugin); one && both {
			return TokenSettings{}, top.member(plugin, v).fail("is " + aws + " as well; keep one of the two")
		}
	}
	switch {
	case len(s.PublicKeys) > 0 && s.JWKSURL != "":
		err = top.fail("has both keys and a URL of keys; keep one of them")
	case len(s.PublicKeys) == 0 && s.JWKSURL == "":
		err = top.fail("has neither keys nor a URL of keys")
	}
	if err != nil {
		return TokenSettings{}, err
	}
	return s, nil
}

// sameSetting has the plugin's names of settings that Amazon's service has.
var sameSetting = map[string]string{"PublicKey": "signing_key", "JwksUrl": "jwks_uri", "SubjectKey": "subject_key", "RolesKey": "roles_key"}

func (s *TokenSettings) members() map[string]func(place) error {
	known := map[string]func(place) error{
		"Enabled": func(p place) error {
			if on, ok := p.Bool(); !ok || !on {
				return p.fail("want true: tokens are not accepted otherwise")
			}
			return nil
		},
		"PublicKey":  s.keys,
		"JwksUrl":    s.url,
		"SubjectKey": claimKey(&s.Keys.Subject),
		"RolesKey":   claimKey(&s.Keys.Roles),

		"signing_key":                      s.keys,
		"jwks_uri":                         s.url,
		"subject_key":                      claimKey(&s.Keys.Subject),
		"roles_key":                        claimKey(&s.Keys.Roles),
		"required_issuer":                  filled(&s.Issuer),
		"required_audience":                s.audience,
		"jwt_clock_skew_tolerance_seconds": s.skew,
		"jwt_header": func(p place) error {
			if name, _ := p.Str(); !strings.EqualFold(name, "Authorization") {
				return p.fail("only Authorization is supported here; a service reads other headers with bearer.Options")
			}
			return nil
		},
	}
	for _, name := range []string{"jwks_request_timeout_ms", "jwks_queued_thread_timeout_ms", "refresh_rate_limit_time_window_ms",
		"refresh_rate_limit_count", "cache_jwks_endpoint", "max_jwks_keys", "max_jwks_response_size_bytes"} {
		known[name] = func(place) error { return nil } // jwks has bounds of its own
	}
	return known
}

// filled reads a string that is not empty: an empty one is a mistake, not absence.
func filled(to *string) func(place) error {
	return func(p place) error {
		if err := text(to)(p); err != nil {
			return err
		}
		if *to == "" {
			return p.fail("is empty; leave it out")
		}
		return nil
	}
}

// commaList reads a list as the plugin does: an array, or one string with commas.
func commaList(p place) ([]string, error) {
	var all []string
	if s, ok := p.Str(); ok {
		all = strings.Split(s, ",")
	} else if p.Kind() != strictjson.Array {
		return nil, p.fail("want a string or an array of strings, not " + p.Kind().String())
	} else if err := texts(&all)(p); err != nil {
		return nil, err
	}
	for i := range all {
		if all[i] = strings.TrimSpace(all[i]); all[i] == "" {
			return nil, p.fail("has an empty string in it")
		}
	}
	if len(all) == 0 {
		return nil, p.fail("is empty; leave it out")
	}
	return all, nil
}

func (s *TokenSettings) keys(p place) error {
	all, err := commaList(p)
	if err != nil {
		return err
	}
	for _, key := range all {
		if !strings.HasPrefix(key, "-----BEGIN PUBLIC KEY-----") {
			return p.fail("want PEM with the header BEGIN PUBLIC KEY; an HMAC key is a secret, see jwks.NewSecret")
		}
	}
	s.PublicKeys = append(s.PublicKeys, all...)
	return nil
}

func (s *TokenSettings) url(p place) error {
	if err := filled(&s.JWKSURL)(p); err != nil {
		return err
	}
	if !strings.HasPrefix(s.JWKSURL, "https://") {
		return p.fail("want a URL with https")
	}
	return nil
}

func (s *TokenSettings) audience(p place) error {
	all, err := commaList(p)
	for i := range all {
		all[i] = regexp.QuoteMeta(all[i])
	}
	s.ClaimRegex = strings.Join(all, "|")
	return err
}

func (s *TokenSettings) skew(p place) error {
	literal, ok := p.Number()
	if !ok || digits(literal) != len(literal) || len(literal) > 3 || literal > "600" && len(literal) == 3 {
		return p.fail("want whole seconds from 0 to 600")
	}
	s.Leeway = time.Duration(smallInt(p.Value)) * time.Second
	return nil
}

// claimKey reads the name of a claim, or the names on the way to a nested one,
// which become a JSON pointer (RFC 6901). As in the plugin, commas separate and
// dots do not.
func claimKey(to *string) func(place) error {
	return func(p place) error {
		path, err := commaList(p)
		if err != nil {
			return err
		}
		if len(path) == 1 && !strings.HasPrefix(path[0], "/") {
			*to = path[0]
			return nil
		}
		*to = ""
		for _, name := range path {
			*to += "/" + escapePointer.Replace(name)
		}
		return nil
	}
}
