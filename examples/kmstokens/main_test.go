package main

import (
	"context"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

// TestInMemory goes through all steps with each kind of key.
func TestInMemory(t *testing.T) {
	for _, spec := range []kmstest.Spec{kmstest.P256, kmstest.RSA2048, kmstest.Ed25519, kmstest.HMAC256} {
		synctest.Test(t, func(t *testing.T) {
			var out, errs strings.Builder
			if code := run(t.Context(), []string{"-spec", string(spec)}, &out, &errs); code != 0 || errs.String() != "" {
				t.Errorf("%s: exit %d: %s", spec, code, errs.String())
			}
			for what, want := range map[string]int{"verified\n": 8, "wrong signature\n": 2, "jwks: no key for this token": 4, "WRONG": 0, `"kty"`: map[bool]int{false: 1, true: 0}[spec == kmstest.HMAC256]} {
				if got := strings.Count(out.String(), what); got != want {
					t.Errorf("%s: %q %d times, want %d:\n%s", spec, what, got, want, out.String())
				}
			}
		})
	}
}

// TestInKMS asks what speaks as KMS does, without the new key that a rotation
// would cost.
func TestInKMS(t *testing.T) {
	backend := kmstest.New(kmstest.P384)
	server := httptest.NewServer(backend.Handler())
	defer server.Close()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	var out, errs strings.Builder
	code := run(t.Context(), []string{"-key", kmstest.Alias, "-aws-endpoint", server.URL}, &out, &errs)
	if code != 0 || strings.Count(out.String(), "verified\n") != 2 || !strings.Contains(out.String(), "Rotate: left out") || strings.Contains(out.String(), "WRONG") {
		t.Errorf("exit %d: %s\n%s", code, errs.String(), out.String())
	}
	errs.Reset()
	if code := run(t.Context(), []string{"-key", "alias/other", "-aws-endpoint", server.URL}, &out, &errs); code != 1 || !strings.Contains(errs.String(), "no such alias") {
		t.Errorf("exit %d: %s", code, errs.String())
	}
}

// gullible verifies everything.
type gullible struct{ *kmstest.Backend }

func (gullible) Verify(context.Context, string, jwks.Algorithm, kmssigner.Message, []byte) error {
	return nil
}

// TestWrong: an answer that is wrong is said so, and ends with exit 1.
func TestWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := kmstest.New(kmstest.HMAC256)
		var out strings.Builder
		err := show(t.Context(), store{backend: gullible{backend}}, &out)
		if err == nil || !strings.Contains(err.Error(), "one with another user") || strings.Count(out.String(), "WRONG") != 2 {
			t.Errorf("%v\n%s", err, out.String())
		}
	})
	for name, args := range map[string][]string{
		"arguments": {"x"}, "no such flag": {"-x"}, "no such spec": {"-spec", "RSA_1024"}, "endpoint alone": {"-aws-endpoint", "http://127.0.0.1:1"},
		"rotate alone": {"-rotate"}, "rotate no alias": {"-key", "1234", "-rotate"}, "spec of AWS": {"-key", "alias/x", "-spec", "RSA_2048"},
	} {
		var out, errs strings.Builder
		if code := run(t.Context(), args, &out, &errs); code != 1 || errs.Len() == 0 || out.Len() != 0 {
			t.Errorf("%s: exit %d: %s", name, code, errs.String())
		}
	}
}
