package claims

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// credulous is a source that believes every signature.
type credulous struct{ always }

func (credulous) Verify(context.Context, *jwks.JWS) (jwks.Verified, error) {
	return jwks.Verified{Generation: 1}, nil
}

// What is counted for a token is no less than what it takes, whatever its shape.
//
// Rules T8, G4
func TestCacheCountsEnough(t *testing.T) {
	list := func(n int, element string) string {
		return "[" + strings.Repeat(element+",", n-1) + element + "]"
	}
	long := func(n, length int) string { // different names with an escape
		names := make([]string, n)
		for i := range names {
			names[i] = `"` + strings.Repeat("g", length) + fmt.Sprintf(`\n%d"`, i)
		}
		return strings.Join(names, ",")
	}
	shapes := map[string]string{
		"small":                  `"groups":["a"]`,
		"no groups":              `"scope":"a"`,
		"groups":                 `"groups":` + list(1025, `"a"`),
		"few groups":             `"groups":` + list(5, `"a"`),
		"groups with escapes":    `"groups":` + list(1025, `"\nab"`),
		"a large claim":          `"x":"` + strings.Repeat("x", 33_000) + `"`,
		"a claim of 24 KiB":      `"x":"` + strings.Repeat("x", 24_700) + `"`,
		"escapes":                `"x":` + list(4200, `"a\n"`),
		"escapes in longer text": `"x":` + list(1025, `"abcdefghabcdefgh\n"`),
		"numbers":                `"x":` + list(9000, `1`),
		"arrays":                 `"x":` + list(2000, `[[[]]]`),
		"members":                `"x":` + list(2000, `{"a":{"b":1}}`),
		"a long user":            `"name":"` + strings.Repeat("u", 60_000) + `"`,
		"a user with escapes":    `"name":"\n` + strings.Repeat("u", 60_000) + `"`,
		"names with escapes":     `"iss":"` + strings.Repeat("i", 20_000) + `\n","sub":"` + strings.Repeat("s", 20_000) + `\n","jti":"` + strings.Repeat("j", 20_000) + `\n"`,
		"groups of long names":   `"groups":[` + long(60, 1000) + `]`,
		"more of shorter names":  `"groups":[` + long(600, 100) + `]`,
	}
	for name, members := range shapes {
		user := "user"
		if strings.Contains(members, `"name"`) {
			user = "name"
		}
		v, err := NewVerifier(tokenconfig.JWT{
			UserNameAttributeField: user,
			KeyLocation:            tokenconfig.KeySecretManager,
			SecretManagerARN:       "arn:aws:secretsmanager:us-west-2:111122223333:secret:AmazonKendra-test-AbCdEf",
		}, credulous{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		const tokens = 40
		before := heap()
		for i := range tokens {
			raw := testkeys.Sign("HS256", testkeys.HMAC(32), []byte(`{"alg":"HS256"}`), fmt.Appendf(nil, `{"exp":253402300799,"user":"m%d",%s}`, i, members))
			token, err := v.Verify(t.Context(), raw)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			token.Claim("user") // it takes the most once it was asked for a claim
		}
		took := heap() - before
		entries, counted := v.cache.held()
		if entries != tokens || took < tokens*500 || took > counted || counted > 3*took {
			t.Errorf("%s: %d tokens take %d bytes each, and %d are counted", name, entries, took/tokens, counted/tokens)
		}
		runtime.KeepAlive(v)
	}
	if len(shapes) != 17 {
		t.Errorf("%d shapes", len(shapes))
	}
}

// heap returns how many bytes of the heap are in use.
func heap() int {
	runtime.GC()
	runtime.GC() // what pools held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
