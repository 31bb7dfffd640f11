package claims

import (
	"errors"
	"time"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// window is when a token is good (RFC 7519, sections 4.1.4 to 4.1.6).
type window struct {
	leeway, maxLifetime time.Duration
	skipExpiry          bool
}

func newWindow(o Options) (window, error) {
	w := window{max(o.Leeway, 0), o.MaxLifetime, o.InsecureSkipExpiry}
	if o.Leeway == 0 {
		w.leeway = defaultLeeway
	}
	if w.leeway > maxLeeway {
		return w, errors.New("claims: Leeway: more than 10 minutes; want less, and clocks that agree")
	}
	switch {
	case w.maxLifetime < 0:
		return w, errors.New("claims: MaxLifetime: negative; want a duration, or 0 for no bound")
	case w.maxLifetime > 0 && w.skipExpiry:
		return w, errors.New("claims: MaxLifetime and InsecureSkipExpiry are both set; remove one")
	}
	return w, nil
}

// read reads the dates of a token into f.
func (w window) read(f *facts) error {
	for _, claim := range []struct {
		name     string
		to       *time.Time
		required bool
	}{{"exp", &f.exp, !w.skipExpiry}, {"nbf", &f.nbf, false}, {"iat", &f.iat, w.maxLifetime > 0}} {
		value, ok := f.payload.Get(claim.name)
		if !ok {
			if claim.required {
				return refuse(ErrClaim, claim.name+": missing; want a date, or see Options for what needs one")
			}
			continue
		}
		var err error
		if *claim.to, err = date(claim.name, value); err != nil {
			return err
		}
	}
	if w.maxLifetime > 0 && f.exp.Sub(f.iat) > w.maxLifetime {
		return refuse(ErrClaim, "exp: more than MaxLifetime after iat")
	}
	return nil
}

func date(name string, value strictjson.Value) (time.Time, error) {
	literal, ok := value.Number()
	if !ok {
		return time.Time{}, refuse(ErrClaim, name+": want a JSON number of seconds since 1970 (RFC 7519, section 2)")
	}
	t, ok := parseDate(literal)
	switch {
	case !ok:
		return t, refuse(ErrClaim, name+": want a date from 1970 to 9999, in seconds")
	case name == "exp" && t.Unix() == 0 && t.Nanosecond() == 0:
		return t, refuse(ErrClaim, "exp: 0; want a date, no exp has the meaning of never")
	}
	return t, nil
}

func (w window) check(f *facts, now time.Time) error {
	switch {
	case !f.exp.IsZero() && !now.Before(f.exp.Add(w.leeway)):
		return refuse(ErrExpired, "exp: the token has expired; get a new one")
	case now.Before(f.nbf.Add(-w.leeway)):
		return refuse(ErrNotYetValid, "nbf: in the future; compare the clocks, or see Options.Leeway")
	case f.iat.After(now.Add(w.leeway)):
		return refuse(ErrNotYetValid, "iat: in the future; compare the clocks, or see Options.Leeway")
	}
	return nil
}
