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
func (w window) read(f *facts, r *registered) (err error) {
	if f.exp, err = date("exp", r.exp, !w.skipExpiry); err != nil {
		return err
	}
	if f.nbf, err = date("nbf", r.nbf, false); err != nil {
		return err
	}
	if f.iat, err = date("iat", r.iat, w.maxLifetime > 0); err != nil {
		return err
	}
	if w.maxLifetime > 0 && f.exp.Sub(f.iat) > w.maxLifetime {
		return refuse(ErrClaim, "exp: more than MaxLifetime after iat")
	}
	w.widen(f)
	return nil
}

// widen adds the leeway to the dates of f once, not each time that it is asked for:
// 40 of the 250 ns of a token that is remembered.
func (w window) widen(f *facts) {
	f.from = f.nbf.Add(-w.leeway)
	if f.iat.After(f.nbf) {
		f.from = f.iat.Add(-w.leeway)
	}
	if !f.exp.IsZero() {
		f.until = f.exp.Add(w.leeway)
	}
}

// date returns the zero time for a date that is absent and may be.
func date(name string, value strictjson.Value, required bool) (time.Time, error) {
	switch {
	case absent(value) && required:
		return time.Time{}, refuse(ErrClaim, name+": missing; want a date, or see Options for what needs one")
	case absent(value):
		return time.Time{}, nil
	}
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
	case !f.until.IsZero() && !now.Before(f.until):
		return refuse(ErrExpired, "exp: the token has expired; get a new one")
	case !now.Before(f.from):
		return nil
	case now.Before(f.nbf.Add(-w.leeway)):
		return refuse(ErrNotYetValid, "nbf: in the future; compare the clocks, or see Options.Leeway")
	}
	return refuse(ErrNotYetValid, "iat: in the future; compare the clocks, or see Options.Leeway")
}
