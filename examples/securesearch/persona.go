package main

import (
	"cmp"
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/groups"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/jwks/secretsmanager"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// lifetime of a minted token.
const lifetime = 15 * time.Minute

// persona is somebody of the scenario.
type persona struct {
	name   string
	groups []string
}

var personas = []persona{
	{name: "guest"},
	{"patricia", []string{"Customer"}},
	{"james", []string{"AWS-Sales"}},
	{"john", []string{"AWS-Marketing"}},
	{"mary", []string{"AWS-SA"}},
}

// find returns the persona of that name, or the one that NAME:GROUP,GROUP
// describes.
func find(name string) (persona, error) {
	if i := slices.IndexFunc(personas, func(p persona) bool { return p.name == name }); i >= 0 {
		return personas[i], nil
	}
	name, groups, described := strings.Cut(name, ":")
	if !described || name == "" {
		return persona{}, errors.New("unknown persona; want guest, patricia, james, john, mary or NAME:GROUP,GROUP")
	}
	p := persona{name: name, groups: []string{}}
	if groups != "" {
		p.groups = strings.Split(groups, ",")
	}
	return p, nil
}

// trust is whose tokens count: a built-in configuration or files.
type trust struct {
	builtin        string // sharedSecret, which "" is too, or publicKey
	config, secret string
	keysURL        string // instead of secret: keys at a URL,
	issuer         string // or of this issuer, found by discovery
	allowHTTP      bool   // for these two
	secretARN      string // or in AWS Secrets Manager,
	awsEndpoint    string // which is here; "" is AWS
	groups         string // file of group memberships; "" is none
	unsigned       bool
}

// sources counts the places that keys should come from.
func (t trust) sources() int {
	n := 0
	for _, place := range []string{t.secret, t.keysURL, t.issuer, t.secretARN} {
		if place != "" {
			n++
		}
	}
	return n
}

const (
	sharedSecret = "shared-secret"
	publicKey    = "public-key"
)

// authority plays both parts of the scenario: it verifies tokens, and it signs
// them as the login service would.
type authority struct {
	gate   *tokenacl.Gate
	config *tokenconfig.Config
	secret []byte // in Kendra's format; nil when keys are fetched
	close  func() error
}

// secretFile stands in for AWS Secrets Manager.
type secretFile []byte

func (s secretFile) FetchSecret(context.Context, string) ([]byte, error) { return s, nil }

func (t trust) open(ctx context.Context) (*authority, error) {
	config, secret, err := t.read()
	if err != nil {
		return nil, err
	}
	a := &authority{secret: secret, close: func() error { return nil }}
	if a.config, err = tokenconfig.Parse(config, &tokenconfig.Options{InsecureAllowHTTP: t.allowHTTP}); err != nil {
		return nil, fmt.Errorf("token configuration: %w", err)
	}
	issuer := tokenacl.Issuer{Config: a.config}
	if issuer.Keys, err = t.keys(ctx, a); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	options := tokenacl.Options{InsecureTrustUnsignedJSON: t.unsigned}
	if options.Expander, err = t.directory(); err != nil {
		return nil, fmt.Errorf("-groups: %w", err)
	}
	a.gate, err = tokenacl.NewGate([]tokenacl.Issuer{issuer}, &options)
	return a, err
}

// keys returns where the keys come from, nil for tokens that nobody signs.
func (t trust) keys(ctx context.Context, a *authority) (jwks.Source, error) {
	remote := &jwks.RemoteOptions{InsecureAllowHTTP: t.allowHTTP}
	switch {
	case t.keysURL != "":
		keys, err := jwks.NewRemote(t.keysURL, remote)
		if err != nil {
			return nil, err
		}
		a.close = keys.Close
		return keys, nil
	case t.issuer != "":
		keys, err := jwks.NewDiscovered(t.issuer, remote)
		if err != nil {
			return nil, err
		}
		a.close = keys.Close
		return keys, nil
	case a.config.SecretARN() != "" || t.secretARN != "":
		var secrets jwks.SecretFetcher = secretFile(a.secret)
		arn := a.config.SecretARN()
		if t.secretARN != "" {
			var err error
			if secrets, err = secretsmanager.New(ctx, &secretsmanager.Options{Endpoint: t.awsEndpoint}); err != nil {
				return nil, err
			}
			arn = t.secretARN
		}
		keys, err := jwks.NewSecret(secrets, arn, nil)
		if err != nil {
			return nil, err
		}
		a.close = keys.Close
		return keys, nil
	case a.config.KeysURL() != "":
		set, err := jwks.Parse(a.secret, jwks.Public)
		return jwks.Static(set), err
	}
	return nil, nil
}

// Close ends what keeps keys fresh.
func (a *authority) Close() error {
	a.gate.Close()
	return a.close()
}

// directory returns the groups that add to those of a token, nil without -groups.
func (t trust) directory() (tokenacl.Expander, error) {
	if t.groups == "" {
		return nil, nil
	}
	file, err := os.Open(t.groups)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	directory := groups.New(acl.Rules{}) // those of the index
	return directory, directory.Load(file)
}

func (t trust) read() (config, secret []byte, err error) {
	if t.config == "" {
		name := sharedSecret
		if t.builtin != "" {
			name = t.builtin
		}
		if config, err = builtin.ReadFile("config/" + name + ".index.json"); err != nil {
			return nil, nil, err
		}
		secret, err = builtin.ReadFile("config/" + name + ".json")
		return config, secret, err
	}
	if config, err = os.ReadFile(t.config); err != nil {
		return nil, nil, fmt.Errorf("-config: %w", err)
	}
	if t.secret != "" {
		if secret, err = os.ReadFile(t.secret); err != nil {
			return nil, nil, fmt.Errorf("-secret: %w", err)
		}
	}
	return config, secret, nil
}

// token returns a freshly signed token for a persona, "" for the guest.
func (a *authority) token(name string, now time.Time) (string, error) {
	p, err := find(name)
	if err != nil || p.groups == nil {
		return "", err
	}
	c := a.config.JWT
	if c == nil {
		return "", errors.New("the configuration has no JWT to sign; pass -token")
	}
	claims := map[string]any{
		or(c.UserNameAttributeField, tokenconfig.DefaultUserField): p.name,
		or(c.GroupAttributeField, tokenconfig.DefaultGroupField):   p.groups,
		"sub": p.name, "iat": now.Unix(), "exp": now.Add(lifetime).Unix(),
	}
	if c.Issuer != "" {
		claims["iss"] = c.Issuer
	}
	if c.ClaimRegex != "" {
		audience, literal := regexp.MustCompile(c.ClaimRegex).LiteralPrefix()
		if !literal {
			return "", errors.New("ClaimRegex is no plain text, so the audience to sign is unknown; pass -token")
		}
		claims["aud"] = audience
	}
	return a.sign(claims)
}

// signs reports whether a has a key to sign tokens of personas with.
func (a *authority) signs() bool {
	_, err := a.token("patricia", time.Now())
	return err == nil
}

// forged returns somebody else's token with the claims of a persona.
func (a *authority) forged(name string, now time.Time) (string, error) {
	other := "patricia"
	if name == other {
		other = "james"
	}
	good, err := a.token(other, now)
	if err != nil {
		return "", err
	}
	wanted, err := a.token(name, now)
	if err != nil || wanted == "" {
		return "", cmp.Or(err, errors.New("a guest has no token to forge"))
	}
	parts := strings.Split(good, ".")
	parts[1] = strings.Split(wanted, ".")[1]
	return strings.Join(parts, "."), nil
}

// sign makes a compact JWS (RFC 7515, section 3.1) with the first key of the
// secret: HS256 with a shared one, RS256 with the key that belongs to the
// built-in public one.
func (a *authority) sign(claims map[string]any) (string, error) {
	var file struct {
		Keys []struct{ Kid, Alg, K string }
	}
	if err := json.Unmarshal(a.secret, &file); err != nil || len(file.Keys) == 0 {
		return "", errors.New("the secret has no key to sign with; pass -token")
	}
	key := file.Keys[0]
	header, err := json.Marshal(map[string]string{"alg": key.Alg, "kid": key.Kid, "typ": "JWT"})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature, err := signature(key.Kid, key.Alg, key.K, text)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

func signature(kid, alg, secret, text string) ([]byte, error) {
	switch {
	case alg == "HS256":
		key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(secret, "="))
		if err != nil {
			return nil, errors.New("the secret's k is not base64url")
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(text))
		return mac.Sum(nil), nil
	case kid == "rsatest" && alg == "RS256":
		key, err := testingKey()
		if err != nil {
			return nil, err
		}
		digest := sha256.Sum256([]byte(text))
		return rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	}
	return nil, errors.New("no private key for the secret's first key; pass -token")
}

// testingKey reads the private half of config/public-key.json. It is public and
// protects nothing, so its file does not look like a private key.
func testingKey() (*rsa.PrivateKey, error) {
	data, err := builtin.ReadFile("config/rsa-testing-key.pem")
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "TESTING KEY" {
		return nil, errors.New("config/rsa-testing-key.pem holds no testing key")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("config/rsa-testing-key.pem is no RSA key")
	}
	return private, nil
}

func or(name, fallback string) string {
	if name == "" {
		return fallback
	}
	return name
}
