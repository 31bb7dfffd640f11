package kmssigner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// payload returns the claims set of a token that is made now.
func (o *Options) payload(claims any, now time.Time) ([]byte, error) {
	text, err := json.Marshal(claims)
	if err != nil {
		return nil, errors.New("kmssigner: claims: encoding/json cannot write them") // its error may quote one
	}
	if replaced(text) {
		return nil, errors.New("kmssigner: claims: want valid UTF-8")
	}
	doc, err := strictjson.Parse(text, strictjson.Limits{})
	if err != nil {
		return nil, fmt.Errorf("kmssigner: claims: %w", err)
	}
	if doc.Kind() != strictjson.Object {
		return nil, fmt.Errorf("kmssigner: claims: a JSON %v, want an object", doc.Kind())
	}
	if _, ok := doc.Get("iat"); ok {
		return nil, errors.New("kmssigner: claims: iat: it is the time of the call; leave it out")
	}
	issued := now.Unix()
	end := issued + int64(o.Lifetime/time.Second)
	times := fmt.Sprintf(`{"iat":%d`, issued)
	if exp, ok := doc.Get("exp"); !ok {
		times += fmt.Sprintf(`,"exp":%d`, end)
	} else if err := checkExpiry(exp, issued, end); err != nil {
		return nil, err
	}
	rest := text[1:] // the members and "}"
	if len(rest) > 1 {
		times += ","
	}
	return append([]byte(times), rest...), nil
}

// replaced reports whether encoding/json put \ufffd in the place of octets that are
// no UTF-8. What was U+FFFD before it writes as it is.
func replaced(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if bytes.HasPrefix(text[i:], []byte(`\ufffd`)) {
			return true
		}
		i++ // the escaped character
	}
	return false
}

func checkExpiry(exp strictjson.Value, issued, end int64) error {
	literal, ok := exp.Number()
	seconds, err := strconv.ParseInt(literal, 10, 64)
	switch {
	case !ok || err != nil:
		return errors.New("kmssigner: claims: exp: want a whole number of seconds since 1970")
	case seconds <= issued:
		return errors.New("kmssigner: claims: exp: it is past")
	case seconds > end:
		return errors.New("kmssigner: claims: exp: later than Options.Lifetime allows")
	}
	return nil
}
