package claims

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/internal/strictjson"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// Options are what Kendra's configuration does not say. The zero value is
// strict, nil is the zero value. Claims are named as fields of a configuration
// are: "token_use", or a JSON pointer such as "/act/sub".
type Options struct {
	// Leeway is by how much the clocks of issuer and verifier may differ. 0 is
	// 30 seconds, a negative one none; more than 10 minutes is an error.
	Leeway time.Duration
	// MaxLifetime bounds exp - iat; a token then needs both. 0 is no bound.
	MaxLifetime time.Duration
	// RequiredClaims are claims that must be a string, equal to the value here,
	// such as "token_use": "id" of Amazon Cognito.
	RequiredClaims map[string]string
	// Types are further values of the header's typ (RFC 8725, section 3.11),
	// besides an absent one, JWT and at+jwt. Case and a leading "application/"
	// do not matter.
	Types []string
	// AudienceClaim is the claim that ClaimRegex is matched against, instead of
	// aud: Cognito's access tokens have client_id.
	AudienceClaim string

	// InsecureSkipIssuer accepts keys from a URL without Issuer: a token for any
	// issuer with these keys is accepted.
	InsecureSkipIssuer bool
	// InsecureSkipAudience accepts keys from a URL without ClaimRegex: a token
	// that was issued for another application is accepted.
	InsecureSkipAudience bool
	// InsecureSkipExpiry accepts tokens without exp: they are good forever. An
	// exp that is there is checked all the same.
	InsecureSkipExpiry bool
	// SkipUser accepts tokens without the user claim, of machines for instance:
	// the principal then has no user name. A user claim that is there must be
	// right all the same.
	SkipUser bool

	// CacheBytes bounds the memory for tokens that were accepted, so that they
	// need not be verified again as long as nothing has changed; there is at most
	// one for each KiB. 0 is 16 MiB, a negative number is no cache; less than
	// 64 KiB is an error.
	CacheBytes int

	// Revoked, if set, is called last, with a token that is otherwise accepted,
	// each time one is verified, from the cache too. A non-nil error refuses it: as ErrUnavailable
	// when it wraps that or an error of a context, as ErrRevoked otherwise. The error's text becomes part
	// of ours, so it should not quote claims.
	Revoked func(*Token) error
}

const (
	defaultLeeway = 30 * time.Second
	maxLeeway     = 10 * time.Minute
)

// Verifier verifies the tokens of one configuration. Its zero value, and nil,
// refuse every token. It is safe for concurrent use.
type Verifier struct {
	keys     jwks.Source
	types    []string // lower case
	issuer   string   // "": any
	audience audience
	required []requirement
	window   window
	mapping  mapping
	cache    *cache // nil for none
	revoked  func(*Token) error
	warnings []string
}

// NewVerifier returns a Verifier for tokens as cfg declares them, verified with
// keys. Empty fields of cfg are absent ones.
//
// When cfg takes its keys from a URL, or keys is a [jwks.Remote], Issuer and
// ClaimRegex are required unless waived in opts. With keys from a secret both may
// be missing, as in Kendra's examples; [Verifier.Warnings] then lists them. A
// Remote that was discovered for an issuer serves no configuration of another.
//
// opts may be nil, and is copied. Errors name the field and the fix.
func NewVerifier(cfg tokenconfig.JWT, keys jwks.Source, opts *Options) (*Verifier, error) {
	if keys == nil {
		return nil, errors.New("claims: keys is nil, want a jwks.Source such as jwks.Static")
	}
	if err := (&tokenconfig.Config{JWT: &cfg}).Validate(); err != nil {
		return nil, fmt.Errorf("claims: configuration: %w", err)
	}
	var o Options
	if opts != nil {
		o = *opts
	}
	if err := checkSkips(cfg, keys, o); err != nil {
		return nil, err
	}
	v := &Verifier{keys: keys, issuer: cfg.Issuer, revoked: o.Revoked, warnings: warnings(cfg, o)}
	var err error
	if v.types, err = types(o.Types); err != nil {
		return nil, err
	}
	if v.window, err = newWindow(o); err != nil {
		return nil, err
	}
	if v.audience, err = newAudience(cfg.ClaimRegex, o.AudienceClaim); err != nil {
		return nil, err
	}
	if v.required, err = requirements(o.RequiredClaims); err != nil {
		return nil, err
	}
	if v.mapping, err = newMapping(cfg.UserNameAttributeField, cfg.GroupAttributeField, o.SkipUser); err != nil {
		return nil, err
	}
	if v.cache, err = newCache(o.CacheBytes); err != nil {
		return nil, err
	}
	return v, nil
}

// checkSkips requires what keys from a URL need, and refuses to skip a check
// that the configuration asks for.
func checkSkips(cfg tokenconfig.JWT, keys jwks.Source, o Options) error {
	remote, _ := keys.(*jwks.Remote)
	fromURL := cfg.KeyLocation == tokenconfig.KeyURL || remote != nil
	switch {
	case cfg.Issuer != "" && remote.Issuer() != "" && cfg.Issuer != remote.Issuer():
		return errors.New("claims: Issuer is not the one that the keys were discovered for; they are compared byte for byte, a slash at the end counts")
	case fromURL && cfg.Issuer == "" && !o.InsecureSkipIssuer:
		return errors.New("claims: Issuer: keys from a URL need it, since they may sign for other issuers; set it or InsecureSkipIssuer")
	case fromURL && cfg.ClaimRegex == "" && !o.InsecureSkipAudience:
		return errors.New("claims: ClaimRegex: keys from a URL need it, since they may sign for other applications; set it or InsecureSkipAudience")
	case cfg.Issuer != "" && o.InsecureSkipIssuer:
		return errors.New("claims: Issuer and InsecureSkipIssuer are both set; remove one")
	case cfg.ClaimRegex != "" && o.InsecureSkipAudience:
		return errors.New("claims: ClaimRegex and InsecureSkipAudience are both set; remove one")
	}
	return nil
}

func warnings(cfg tokenconfig.JWT, o Options) []string {
	var list []string
	warn := func(inForce bool, text string) {
		if inForce {
			list = append(list, text)
		}
	}
	warn(cfg.InsecureAllowHTTP, "InsecureAllowHTTP: keys may come over a connection that others can change")
	warn(o.InsecureSkipIssuer, "InsecureSkipIssuer: tokens of every issuer that has these keys are accepted")
	warn(o.InsecureSkipAudience, "InsecureSkipAudience: tokens issued for other applications are accepted")
	warn(o.InsecureSkipExpiry, "InsecureSkipExpiry: tokens without exp are accepted and never expire")
	warn(o.SkipUser, "SkipUser: tokens without the user claim are accepted")
	warn(cfg.Issuer == "" && !o.InsecureSkipIssuer, "Issuer is not set: tokens of every issuer that has these keys are accepted")
	warn(cfg.ClaimRegex == "" && !o.InsecureSkipAudience, "ClaimRegex is not set: tokens issued for other applications are accepted")
	return list
}

// Issuer returns the issuer whose tokens v accepts, "" when any.
func (v *Verifier) Issuer() string {
	if v == nil {
		return ""
	}
	return v.issuer
}

// Warnings returns the checks that v leaves out, sorted, each with a reason:
// what the options waive, and what the configuration does not ask for. If the
// keys have a method of this name and type, its results are among them.
func (v *Verifier) Warnings() []string {
	if v == nil {
		return nil
	}
	list := slices.Clone(v.warnings)
	if keys, ok := v.keys.(interface{ Warnings() []string }); ok {
		list = append(list, keys.Warnings()...)
	}
	slices.Sort(list)
	return list
}

// Verify returns the token raw, a compact JWS, if it is to be believed now. An
// error is a refusal; the Token is then nil. ctx is for keys that have to be
// fetched.
func (v *Verifier) Verify(ctx context.Context, raw string) (*Token, error) {
	if t, err := v.Cached(raw); t != nil || err != nil {
		return t, err
	}
	j, err := jwks.ParseCompact(raw)
	if err != nil {
		return nil, err
	}
	return v.VerifyJWS(ctx, j)
}

// VerifyJWS is [Verifier.Verify] for a token that is parsed already and not
// looked for in the cache: see [Verifier.Cached].
func (v *Verifier) VerifyJWS(ctx context.Context, j *jwks.JWS) (*Token, error) {
	t, err := v.prove(ctx, j)
	if err != nil {
		return nil, err
	}
	if err := v.admit(t, time.Now()); err != nil {
		return nil, err
	}
	v.remember(j.Compact(), t)
	return t, nil
}

// prove checks what stays true of a token as time passes.
func (v *Verifier) prove(ctx context.Context, j *jwks.JWS) (*Token, error) {
	switch {
	case v == nil || v.keys == nil:
		return nil, refuse(ErrUnavailable, "a Verifier without keys; make one with NewVerifier")
	case j == nil:
		return nil, refuse(ErrMalformed, "no token; use jwks.ParseCompact")
	case !acceptsType(v.types, j.Type()):
		return nil, refuse(ErrMalformed, "header: typ is of another kind of token; Options.Types can allow it")
	}
	key, err := v.keys.Verify(ctx, j)
	if err != nil {
		return nil, fromSource(err)
	}
	payload, err := readPayload(j.InsecurePayload(), strictjson.Borrow) // verified now
	if err != nil {
		return nil, err
	}
	defer payload.Return()
	t, f := newToken()
	f.claims.text, f.key = j.InsecurePayload(), key
	r := registeredOf(payload)
	if err := v.window.read(f, &r); err != nil {
		return nil, err
	}
	if err := v.readNames(f, &r); err != nil {
		return nil, err
	}
	if err := v.audience.check(payload); err != nil {
		return nil, err
	}
	if err := v.checkRequired(payload); err != nil {
		return nil, err
	}
	var room [usualGroups]string
	p, err := v.mapping.principal(payload, &r, room[:0])
	if err != nil {
		return nil, err
	}
	f.scope = scopeOf(p)
	f.size = payload.Size() + strictjson.Allocated(len(p.User)) + strictjson.Allocated(len(p.Groups)*int(unsafe.Sizeof("")))
	return t, nil
}

// usualGroups are as many as have room on the stack, until the Scope has a copy. That
// spares an allocation, of 160 bytes for ten: 7 % of the time.
const usualGroups = 32

func scopeOf(p acl.Principal) acl.Scope {
	if p.User == "" && len(p.Groups) == 0 && !p.GroupsUnknown {
		return acl.Guest()
	}
	return acl.For(p)
}

// admit checks what is true of a token now. It is cheap, and holds for no other
// moment.
func (v *Verifier) admit(t *Token, now time.Time) error {
	if err := v.window.check(*t.facts, now); err != nil {
		return err
	}
	if v.revoked == nil {
		return nil
	}
	err := v.revoked(t)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrUnavailable):
		return fmt.Errorf("claims: Revoked: %w", err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: Revoked: %w", ErrUnavailable, err) // it could not tell
	}
	return fmt.Errorf("%w: %w", ErrRevoked, err)
}

// readNames reads the registered claims that are strings.
func (v *Verifier) readNames(f *facts, r *registered) (err error) {
	if f.issuer, err = stringClaim("iss", r.iss, ErrIssuer); err != nil {
		return err
	}
	if f.subject, err = stringClaim("sub", r.sub, ErrClaim); err != nil {
		return err
	}
	if f.id, err = stringClaim("jti", r.jti, ErrClaim); err != nil {
		return err
	}
	if v.issuer != "" && f.issuer != v.issuer {
		return refuse(ErrIssuer, "iss: missing or not equal to Issuer; they are compared byte for byte, a slash at the end counts")
	}
	return nil
}

// stringClaim returns "" for a claim that is absent.
func stringClaim(name string, value strictjson.Value, kind error) (string, error) {
	s, ok := value.Str()
	if !ok && !absent(value) {
		return "", refuse(kind, name+": want a string (RFC 7519, section 4.1)")
	}
	return s, nil
}

// requirement is one of Options.RequiredClaims.
type requirement struct {
	claim field
	value string
}

func requirements(want map[string]string) ([]requirement, error) {
	var list []requirement
	for _, name := range slices.Sorted(maps.Keys(want)) {
		f, err := newField("RequiredClaims", name)
		if err != nil {
			return nil, err
		}
		list = append(list, requirement{f, want[name]})
	}
	return list, nil
}

func (v *Verifier) checkRequired(payload strictjson.Value) error {
	for _, r := range v.required {
		value, _ := r.claim.in(payload)
		if s, ok := value.Str(); !ok || s != r.value {
			return refuse(ErrClaim, r.claim.name+": missing or not the string that RequiredClaims has")
		}
	}
	return nil
}

// types returns the values of typ that are accepted besides an absent one.
func types(further []string) ([]string, error) {
	list := []string{"JWT", "at+jwt"}
	for _, t := range further {
		t = shortType(t)
		if t == "" || strings.ContainsFunc(t, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, errors.New("claims: Types: want media types such as \"dpop+id_token\"; an absent typ is accepted anyway")
		}
		list = append(list, t)
	}
	return list, nil
}

func acceptsType(types []string, typ string) bool {
	typ = shortType(typ)
	return typ == "" || slices.ContainsFunc(types, func(t string) bool { return sameASCII(t, typ) })
}

// shortType returns typ without a leading "application/" (RFC 7515, section
// 4.1.9).
func shortType(typ string) string {
	const prefix = "application/"
	if len(typ) > len(prefix) && sameASCII(typ[:len(prefix)], prefix) {
		return typ[len(prefix):]
	}
	return typ
}

// sameASCII compares without regard to case, one of a and b being ASCII. The
// length tells a letter from a longer one that folds to it, such as the Kelvin
// sign to k.
func sameASCII(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// String says that v is a Verifier.
func (v Verifier) String() string { return "claims.Verifier" }

// Format writes [Verifier.String] for every verb.
func (v Verifier) Format(f fmt.State, _ rune) { io.WriteString(f, v.String()) }

// LogValue is [Verifier.String].
func (v Verifier) LogValue() slog.Value { return slog.StringValue(v.String()) }
