package kmstest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

// act sends one request as a client of AWS does.
func act(t *testing.T, b *kmstest.Backend, action string, in map[string]any) (int, map[string]any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(string(body)))
	r.Header.Set("X-Amz-Target", "TrentService."+action)
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	out := map[string]any{}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Header().Get("Content-Type") != "application/x-amz-json-1.1" {
		t.Fatalf("%s: %v: %s", action, err, w.Body)
	}
	return w.Code, out
}

// TestHandler has what AWS documents to refuse, and what it accepts; tests of
// integration/aws show the same answers to another client of AWS.
//
// Rule M2
func TestHandler(t *testing.T) {
	ec, mac := kmstest.New(kmstest.P256), kmstest.New(kmstest.HMAC256)
	const es, hs = "ECDSA_SHA_256", "HMAC_SHA_256"
	long := make([]byte, kmssigner.MaxRaw+1)
	ran := map[string]int{}
	for name, tt := range map[string]struct {
		b      *kmstest.Backend
		action string
		in     map[string]any
		code   string // "" for an answer
	}{
		"describe":             {ec, "DescribeKey", map[string]any{"KeyId": kmstest.Alias}, ""},
		"describe an ARN":      {ec, "DescribeKey", map[string]any{"KeyId": ec.IDs()[0]}, ""},
		"describe nothing":     {ec, "DescribeKey", map[string]any{}, "NotFoundException"},
		"describe another":     {ec, "DescribeKey", map[string]any{"KeyId": "alias/other"}, "NotFoundException"},
		"public key":           {ec, "GetPublicKey", map[string]any{"KeyId": kmstest.Alias}, ""},
		"public key of a MAC":  {mac, "GetPublicKey", map[string]any{"KeyId": kmstest.Alias}, "UnsupportedOperationException"},
		"sign":                 {ec, "Sign", map[string]any{"SigningAlgorithm": es, "Message": long[:10]}, ""},
		"sign, RAW":            {ec, "Sign", map[string]any{"SigningAlgorithm": es, "Message": long[1:], "MessageType": "RAW"}, ""},
		"sign, DIGEST":         {ec, "Sign", map[string]any{"SigningAlgorithm": es, "Message": long[:32], "MessageType": "DIGEST"}, ""},
		"sign, other type":     {ec, "Sign", map[string]any{"SigningAlgorithm": es, "Message": long[:32], "MessageType": "X"}, "ValidationException"},
		"sign, empty":          {ec, "Sign", map[string]any{"SigningAlgorithm": es}, "ValidationException"},
		"sign, too long":       {ec, "Sign", map[string]any{"SigningAlgorithm": es, "Message": long}, "ValidationException"},
		"sign, short digest":   {ec, "Sign", map[string]any{"SigningAlgorithm": es, "Message": long[:31], "MessageType": "DIGEST"}, "ValidationException"},
		"sign, other alg":      {ec, "Sign", map[string]any{"SigningAlgorithm": "ECDSA_SHA_384", "Message": long[:10]}, "InvalidKeyUsageException"},
		"sign, no alg":         {ec, "Sign", map[string]any{"Message": long[:10]}, "ValidationException"},
		"sign by a MAC":        {mac, "Sign", map[string]any{"SigningAlgorithm": hs, "Message": long[:10]}, "InvalidKeyUsageException"},
		"verify, wrong":        {ec, "Verify", map[string]any{"SigningAlgorithm": es, "Message": long[:10], "Signature": long[:70]}, "KMSInvalidSignatureException"},
		"MAC":                  {mac, "GenerateMac", map[string]any{"MacAlgorithm": hs, "Message": long[1:]}, ""},
		"MAC, empty":           {mac, "GenerateMac", map[string]any{"MacAlgorithm": hs}, "ValidationException"},
		"MAC, too long":        {mac, "GenerateMac", map[string]any{"MacAlgorithm": hs, "Message": long}, "ValidationException"},
		"MAC, other alg":       {mac, "GenerateMac", map[string]any{"MacAlgorithm": "HMAC_SHA_512", "Message": long[:10]}, "InvalidKeyUsageException"},
		"MAC by a signing key": {ec, "GenerateMac", map[string]any{"MacAlgorithm": es, "Message": long[:10]}, "InvalidKeyUsageException"},
		"verify MAC, wrong":    {mac, "VerifyMac", map[string]any{"MacAlgorithm": hs, "Message": long[:10], "Mac": long[:32]}, "KMSInvalidMacException"},
		"unknown action":       {ec, "Encrypt", map[string]any{}, "UnknownOperationException"},
	} {
		if _, ok := tt.in["KeyId"]; !ok && !strings.HasPrefix(tt.action, "Describe") {
			tt.in["KeyId"] = kmstest.Alias
		}
		status, out := act(t, tt.b, tt.action, tt.in)
		code, _ := out["__type"].(string)
		if code != tt.code || (status == 200) != (tt.code == "") {
			t.Errorf("%s: %d %v, want %q", name, status, out, tt.code)
		}
		ran[tt.code]++
	}
	if ran[""] != 7 || ran["ValidationException"] != 7 {
		t.Errorf("%v", ran)
	}
}

// TestHandlerVerifies goes there and back, and then to the states of a key.
func TestHandlerVerifies(t *testing.T) {
	for spec, alg := range map[kmstest.Spec]string{kmstest.P256: "ECDSA_SHA_256", kmstest.RSA2048: "RSASSA_PSS_SHA_256", kmstest.HMAC256: "HMAC_SHA_256"} {
		b := kmstest.New(spec)
		name, sign, verify, result, valid := "SigningAlgorithm", "Sign", "Verify", "Signature", "SignatureValid"
		if spec == kmstest.HMAC256 {
			name, sign, verify, result, valid = "MacAlgorithm", "GenerateMac", "VerifyMac", "Mac", "MacValid"
		}
		in := map[string]any{"KeyId": kmstest.Alias, name: alg, "Message": []byte("m")}
		_, out := act(t, b, sign, in)
		in[result] = out[result]
		if status, out := act(t, b, verify, in); status != 200 || out[valid] != true || out["KeyId"] != b.IDs()[0] || out[name] != alg {
			t.Errorf("%s: %d %v", spec, status, out)
		}
		for state, code := range map[string]string{"Disabled": "DisabledException", "PendingDeletion": "KMSInvalidStateException"} {
			b.Disable(b.IDs()[0])
			if state == "PendingDeletion" {
				b.ScheduleDeletion(b.IDs()[0])
			}
			if _, out := act(t, b, sign, in); out["__type"] != code {
				t.Errorf("%s, %s: %v", spec, state, out)
			}
			_, out := act(t, b, "DescribeKey", in)
			if meta, _ := out["KeyMetadata"].(map[string]any); meta["KeyState"] != state || meta["Enabled"] != false {
				t.Errorf("%s, %s: %v", spec, state, out)
			}
		}
	}
}

// TestHandlerFails: the levers reach the wire.
func TestHandlerFails(t *testing.T) {
	b := kmstest.New(kmstest.P256)
	in := map[string]any{"KeyId": kmstest.Alias, "SigningAlgorithm": "ECDSA_SHA_256", "Message": []byte("m")}
	for err, want := range map[error]string{
		fmt.Errorf("%w: no", kmssigner.ErrAccessDenied): "400 AccessDeniedException",
		errors.New("ThrottlingException"):               "400 ThrottlingException",
		errors.New("KMSInternalException"):              "500 KMSInternalException",
		errors.New("DependencyTimeoutException"):        "503 DependencyTimeoutException",
	} {
		b.Fail(kmstest.Sign, err)
		status, out := act(t, b, "Sign", in)
		if got := fmt.Sprint(status, " ", out["__type"]); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	b.Fail(kmstest.Sign, nil)
	if status, out := act(t, b, "Sign", in); status != 200 {
		t.Errorf("%d %v", status, out)
	}
	for name, r := range map[string]*http.Request{
		"GET": httptest.NewRequest("GET", "/", strings.NewReader("{}")), "no JSON": httptest.NewRequest("POST", "/", strings.NewReader("{")),
	} {
		w := httptest.NewRecorder()
		b.Handler().ServeHTTP(w, r)
		if w.Code != 400 || !strings.Contains(w.Body.String(), "SerializationException") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}
