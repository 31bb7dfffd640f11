package fgac

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"strings"
)

// defaultSalt is the salt that the plugin has unless it is set. Everybody knows
// it, and so can find out which value a hash is of.
const defaultSalt = "e1ukloTsQlOgPquJ"

// legacyDefault is the name of the plugin's hash before 3.0.
const legacyDefault = "BLAKE2B_LEGACY_DEFAULT"

// hasher appends the hash of a text, in hexadecimal digits.
type hasher func(out []byte, s string) []byte

// digests are those of the JVM, by their names in upper case. Without a salt.
var digests = map[string]hasher{
	"MD5":     func(out []byte, s string) []byte { d := md5.Sum([]byte(s)); return hex.AppendEncode(out, d[:]) },
	"SHA-1":   func(out []byte, s string) []byte { d := sha1.Sum([]byte(s)); return hex.AppendEncode(out, d[:]) },
	"SHA-224": func(out []byte, s string) []byte { d := sha256.Sum224([]byte(s)); return hex.AppendEncode(out, d[:]) },
	"SHA-256": func(out []byte, s string) []byte { d := sha256.Sum256([]byte(s)); return hex.AppendEncode(out, d[:]) },
	"SHA-384": func(out []byte, s string) []byte { d := sha512.Sum384([]byte(s)); return hex.AppendEncode(out, d[:]) },
	"SHA-512": func(out []byte, s string) []byte { d := sha512.Sum512([]byte(s)); return hex.AppendEncode(out, d[:]) },
	"SHA-512/224": func(out []byte, s string) []byte {
		d := sha512.Sum512_224([]byte(s))
		return hex.AppendEncode(out, d[:])
	},
	"SHA-512/256": func(out []byte, s string) []byte {
		d := sha512.Sum512_256([]byte(s))
		return hex.AppendEncode(out, d[:])
	},
	"SHA3-224": func(out []byte, s string) []byte { d := sha3.Sum224([]byte(s)); return hex.AppendEncode(out, d[:]) },
	"SHA3-256": func(out []byte, s string) []byte { d := sha3.Sum256([]byte(s)); return hex.AppendEncode(out, d[:]) },
	"SHA3-384": func(out []byte, s string) []byte { d := sha3.Sum384([]byte(s)); return hex.AppendEncode(out, d[:]) },
	"SHA3-512": func(out []byte, s string) []byte { d := sha3.Sum512([]byte(s)); return hex.AppendEncode(out, d[:]) },
}

func digest(name string) (hasher, error) {
	if f := digests[strings.ToUpper(name)]; f != nil {
		return f, nil
	}
	return nil, errors.New("unknown algorithm; want one such as SHA-256, or /regex/::replacement")
}

// method is how a value is masked.
type method struct {
	text    string // "" for the default; methods of one text are equal
	hash    hasher
	replace []replacement // instead of hash
}

// maxMasking bounds what masks do in one document: the steps of expressions and the
// bytes that are written.
const maxMasking = 1 << 22

// apply appends the masked value as a JSON string, and takes what that costs from
// left. ok is false when it cannot be masked, or nothing is left.
func (m *method) apply(out []byte, value string, left *int) (_ []byte, ok bool) {
	start := len(out)
	if m.replace == nil {
		out = append(m.hash(append(out, '"'), value), '"')
		*left -= len(out) - start
		return out, *left >= 0
	}
	budget := min(maxSteps, *left)
	steps := budget
	for i := range m.replace {
		if value, ok = m.replace[i].apply(value, &steps); !ok {
			*left -= budget - steps
			return out, false
		}
	}
	out = appendText(out, value)
	*left -= budget - steps + len(out) - start
	return out, *left >= 0
}

// mask is one expression of masked_fields.
type mask struct {
	role, text string
	pattern    pattern
	method     *method
}

// defaultMethod is the hash for masks that name no other: salted, unless
// Options.MaskAlgorithm says otherwise.
func (o *Options) defaultMethod() (*method, error) {
	fail := func(reason string) (*method, error) { return nil, &Error{File: "options", Reason: reason} }
	legacy := strings.EqualFold(o.MaskAlgorithm, legacyDefault)
	if o.MaskAlgorithm != "" && !legacy {
		hash, err := digest(o.MaskAlgorithm)
		if err != nil {
			return fail("MaskAlgorithm: " + err.Error())
		}
		return &method{hash: hash}, nil
	}
	salt := o.Salt
	switch {
	case o.InsecureDefaultSalt && salt != "":
		return fail("Salt and InsecureDefaultSalt are both set")
	case o.InsecureDefaultSalt:
		salt = defaultSalt
	case len(salt) < saltSize:
		return fail("masked_fields need Salt, of 16 bytes or more")
	case salt[:saltSize] == defaultSalt:
		return fail("Salt is the plugin's default, which everybody knows; InsecureDefaultSalt allows that")
	}
	none, used := [saltSize]byte{}, [saltSize]byte([]byte(salt[:saltSize]))
	state := newBlake(used, none)
	if legacy {
		state = newBlake(none, used)
	}
	return &method{hash: func(out []byte, s string) []byte { d := state.sum(s); return hex.AppendEncode(out, d[:]) }}, nil
}

// parseMask reads an expression: pattern, pattern::ALGORITHM, or
// pattern::/regex/::replacement with further pairs.
func parseMask(text string, standard *method) (mask, error) {
	tokens := strings.Split(text, "::")
	p, err := compilePattern(tokens[0])
	if err != nil {
		return mask{}, err
	}
	tokens = tokens[1:]
	m := mask{text: text, pattern: p, method: &method{text: strings.Join(tokens, "::")}}
	switch {
	case len(tokens) == 0:
		m.method = standard
	case len(tokens) == 1:
		m.method.text = strings.ToUpper(tokens[0])
		m.method.hash, err = digest(tokens[0])
	case len(tokens)%2 == 1:
		err = errors.New("has a regex without a replacement")
	default:
		for i := 0; i < len(tokens) && err == nil; i += 2 {
			err = m.method.add(tokens[i], tokens[i+1])
		}
	}
	return m, err
}

func (m *method) add(regex, with string) error {
	if len(regex) < 2 || regex[0] != '/' || regex[len(regex)-1] != '/' {
		return errors.New("want /regex/ between the pattern and the replacement")
	}
	r, err := compileReplacement(regex[1:len(regex)-1], with)
	m.replace = append(m.replace, r)
	return err
}

// masking is what masks there are for an index: a list for each entry.
type masking struct {
	lists    [][]mask
	standard *method
}

// of returns how the field with this path is masked; nil when it is not. In one
// list the first that matches counts. Where lists differ, the default hash is
// what all of them can be without showing more than one of them.
func (m *masking) of(path []byte) *method {
	var found *method
	for _, list := range m.lists {
		for i := range list {
			if !matchField(&list[i].pattern, path) {
				continue
			}
			if one := list[i].method; found == nil {
				found = one
			} else if found.text != one.text {
				return m.standard
			}
			break
		}
	}
	return found
}

// matchField matches the path of a field, with and without .keyword.
func matchField(p *pattern, path []byte) bool {
	return matchPattern(p, path) || len(path) > len(keyword) && string(path[len(path)-len(keyword):]) == keyword && matchPattern(p, path[:len(path)-len(keyword)])
}
