package claims_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/jwks"
)

// typical is a token of some 600 bytes with 8 groups.
func typical() string {
	groups := make([]string, 8)
	for i := range groups {
		groups[i] = fmt.Sprintf(`"group-of-people-%d"`, i)
	}
	return sign(payload("exp=253402300799", "groups=["+strings.Join(groups, ",")+"]", `email="mary@example.com"`, `email_verified=true`,
		`token_use="id"`, `auth_time=946684800`, `scope="openid profile email"`))
}

// BenchmarkVerify is a whole verification without the signature.
func BenchmarkVerify(b *testing.B) {
	v, err := claims.NewVerifier(config(), &source{verified: jwks.Verified{KeyID: "shared"}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	raw := typical()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(context.Background(), raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyHS256 is one with a signature.
func BenchmarkVerifyHS256(b *testing.B) {
	v := verifier(b, config(), nil)
	raw := typical()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(context.Background(), raw); err != nil {
			b.Fatal(err)
		}
	}
}
