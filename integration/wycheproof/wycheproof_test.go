// Package wycheproof runs the test vectors of Project Wycheproof for JSON Web
// Signatures and JSON Web Keys through the parser and the verifier of jwks.
package wycheproof

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"time"

	vectors "github.com/c2sp/wycheproof"

	"github.com/tokenacl/tokenacl/jwks"
)

type vectorFile struct {
	NumberOfTests int
	TestGroups    []group
}

// group is a key, or set of keys, and tokens for it.
type group struct {
	Comment         string
	Private, Public json.RawMessage
	Tests           []vector
}

type vector struct {
	TCID    int
	Comment string
	JWS     json.RawMessage // text, or an object in the JSON serialization; nil in tests of encryption
	Result  string
}

// token returns what is given to the parser.
func (v vector) token() string {
	var text string
	if err := json.Unmarshal(v.JWS, &text); err != nil {
		return string(v.JWS)
	}
	return text
}

// verdict is whether a token is valid.
type verdict bool

const (
	valid   verdict = true
	invalid verdict = false
)

func (v verdict) String() string {
	if v {
		return "valid"
	}
	return "invalid"
}

// exception is a test where this library does not agree with the label, and why.
type exception struct {
	want verdict
	why  string
}

const (
	wrongAlg   = "the key names another algorithm than the token's header: PS256 and PS384, or \"ES521\" and ES512"
	sameToken  = "the token is byte for byte the valid one of test 357"
	notLetter  = "the token contains \"?\", which is no letter of base64url"
	mixedKinds = "flagged ambiguous: the RFCs allow a set with public and symmetric keys. Here each key is bound to its own algorithms, so they never meet, and a secret may hold both while an issuer moves from one to the other"
)

// TestSignatures has 8 tests whose labels are wrong.
func TestSignatures(t *testing.T) {
	run(t, "json_web_signature_test.json", 401, 0, map[int]exception{
		346: {invalid, wrongAlg},
		347: {invalid, wrongAlg},
		350: {invalid, wrongAlg},
		351: {invalid, wrongAlg},
		367: {valid, sameToken},
		370: {valid, sameToken},
		372: {invalid, notLetter},
		373: {invalid, notLetter},
	})
}

func TestKeys(t *testing.T) {
	run(t, "json_web_key_test.json", 26, 0, map[int]exception{
		1: {valid, mixedKinds},
	})
}

// TestCrypto has the part about signatures; the other one is about encryption.
func TestCrypto(t *testing.T) {
	run(t, "json_web_crypto_test.json", 49, 34, map[int]exception{
		47: {valid, mixedKinds},
	})
}

// TestMixedKindsInPublic: in a set from a URL the symmetric key of a mixed set is
// not used.
func TestMixedKindsInPublic(t *testing.T) {
	tried := 0
	for _, g := range read(t, "json_web_key_test.json").TestGroups {
		for _, v := range g.Tests {
			if v.TCID == 1 {
				tried++
				if got := verify(g.Private, jwks.Public, v.token()); got != invalid {
					t.Errorf("test 1 is %s", got)
				}
			}
		}
	}
	if tried != 1 {
		t.Errorf("test 1 was run %d times", tried)
	}
}

// run compares every verdict with its label or the exception from it. It wants
// exactly that many tests of signatures, and others that are passed over.
func run(t *testing.T, name string, signatures, others int, exceptions map[int]exception) {
	file := read(t, name)
	var ran, passed, accepted int
	var used []int
	for _, g := range file.TestGroups {
		key, mode := g.Public, jwks.Public
		if key == nil {
			key, mode = g.Private, jwks.Secret
		}
		for _, v := range g.Tests {
			if v.JWS == nil {
				passed++
				continue
			}
			ran++
			want := label(t, v)
			if e, ok := exceptions[v.TCID]; ok {
				used = append(used, v.TCID)
				if e.want == want {
					t.Errorf("%d is labelled %s, and no exception", v.TCID, want)
				}
				want = e.want
			}
			got := verify(key, mode, v.token())
			if got != want {
				t.Errorf("%d (%s, %s): %s, want %s", v.TCID, g.Comment, v.Comment, got, want)
			}
			if got == valid {
				accepted++
			}
		}
	}
	if ran != signatures || passed != others || ran+passed != file.NumberOfTests {
		t.Errorf("%d tests of signatures and %d others, of %d; want %d and %d", ran, passed, file.NumberOfTests, signatures, others)
	}
	if slices.Sort(used); len(slices.Compact(used)) != len(exceptions) {
		t.Errorf("exceptions that were met: %v of %d", used, len(exceptions))
	}
	t.Logf("%d tests, %d of them valid", ran, accepted)
}

func read(t *testing.T, name string) vectorFile {
	t.Helper()
	data, err := fs.ReadFile(vectors.TestVectors, name)
	if err != nil {
		t.Fatal(err)
	}
	var file vectorFile
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

func label(t *testing.T, v vector) verdict {
	t.Helper()
	switch v.Result {
	case "valid":
		return valid
	case "invalid":
		return invalid
	}
	t.Fatalf("%d is labelled %q", v.TCID, v.Result)
	return invalid
}

// verify reads the key, or set of keys, and verifies the token with it.
func verify(key json.RawMessage, mode jwks.Mode, raw string) verdict {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(key, &members); err != nil {
		return invalid
	}
	if _, ok := members["keys"]; !ok {
		key = fmt.Appendf(nil, `{"keys":[%s]}`, key)
	}
	set, err := jwks.Parse(key, mode)
	if err != nil {
		return invalid
	}
	token, err := jwks.ParseCompact(raw)
	if err != nil {
		return invalid
	}
	_, err = set.Verify(token, time.Now())
	return verdict(err == nil)
}
