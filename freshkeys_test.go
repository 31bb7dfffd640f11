package tokenacl_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/jwks"
)

// TestRetryAfterOfKeys: when keys cannot be had, the error of a gate says when
// to try again.
//
// Rules K7, G1
func TestRetryAfterOfKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys, err := jwks.NewRemote("https://issuer.test/", &jwks.RemoteOptions{InsecureTransport: make(askedURL, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer keys.Close()
		issuer := trusting(t, issuerA)
		issuer.Keys = keys
		_, err = newGate(t, nil, issuer).Scope(t.Context(), tokenacl.UserContext{Token: markedToken()})
		var later interface{ RetryAfter() time.Duration }
		if !errors.Is(err, tokenacl.ErrUnavailable) || !errors.As(err, &later) || later.RetryAfter() < time.Second || later.RetryAfter() > 5*time.Second {
			t.Errorf("%v", err)
		}
	})
}
