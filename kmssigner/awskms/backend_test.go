package awskms_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/awskms"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

// client asks what h serves. Its attempts have no pauses.
func client(t testing.TB, h http.Handler, attempts int) *kms.Client {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return kms.New(kms.Options{
		Region: "eu-west-1", BaseEndpoint: &server.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = attempts, 1 }),
	})
}

// TestSuite runs the suite of all backends, through the client of AWS, against
// what behaves as AWS documents.
//
// Rules M1, M2
func TestSuite(t *testing.T) {
	fake := kmstest.New(kmstest.P256)
	kmstest.TestBackend(t, kmstest.Subject{
		Backend: awskms.New(client(t, fake.Handler(), 1), kmstest.Alias),
		Create:  func(_ *testing.T, spec kmstest.Spec) string { return fake.Create(spec) },
		Point:   func(_ *testing.T, id string) { fake.Point(id) },
		Disable: func(_ *testing.T, id string) { fake.Disable(id) },
	})
}

// TestNames has the names that KMS understands: an alias, its ARN, an ID, an ARN.
func TestNames(t *testing.T) {
	fake := kmstest.New(kmstest.P256)
	c := client(t, fake.Handler(), 1)
	arn := fake.IDs()[0]
	for _, name := range []string{kmstest.Alias, "arn:aws:kms:eu-west-1:111122223333:" + kmstest.Alias, arn, arn[strings.LastIndexByte(arn, '/')+1:]} {
		if key, err := awskms.New(c, name).Describe(t.Context(), ""); err != nil || key.ID != arn {
			t.Errorf("%s: %v, %v", name, key.ID, err)
		}
	}
	_, err := awskms.New(c, "alias/other").Describe(t.Context(), "")
	if !errors.Is(err, kmssigner.ErrKeyUnusable) || !strings.Contains(err.Error(), "no such alias or key") {
		t.Errorf("an unknown alias: %v", err)
	}
	var none *awskms.Backend
	for name, b := range map[string]*awskms.Backend{"nil": none, "zero": {}, "no client": awskms.New(nil, "alias/x"), "no name": awskms.New(c, "")} {
		_, err := b.Describe(t.Context(), "")
		_, err2 := b.Sign(t.Context(), arn, jwks.ES256, message)
		err3 := b.Verify(t.Context(), arn, jwks.ES256, message, make([]byte, 64))
		if err == nil || err2 == nil || err3 == nil {
			t.Errorf("%s: %v, %v, %v", name, err, err2, err3)
		}
	}
	b := awskms.New(c, kmstest.Alias)
	if _, err := b.Sign(t.Context(), "", jwks.ES256, message); err == nil {
		t.Error("signs with no ID")
	}
	if err := b.Verify(t.Context(), "", jwks.ES256, message, make([]byte, 64)); err == nil {
		t.Error("verifies with no ID")
	}
}

var message = kmssigner.Message{Raw: []byte("zq7 message")}

// TestErrors: each says what to mend, is the error of kmssigner that it should be,
// and shows nothing of the server's text.
//
// Rules G1, G3
func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		code string
		is   error // nil for neither
		says string
	}{
		{"AccessDenied", kmssigner.ErrAccessDenied, "allow the role this action on the key"},
		{"AccessDeniedException", kmssigner.ErrAccessDenied, "allow the role this action on the key"},
		{"DisabledException", kmssigner.ErrKeyUnusable, "kms:EnableKey"},
		{"KMSInvalidStateException", kmssigner.ErrKeyUnusable, "kms:CancelKeyDeletion"},
		{"NotFoundException", kmssigner.ErrKeyUnusable, "no such alias or key"},
		{"InvalidKeyUsageException", kmssigner.ErrKeyUnusable, "SIGN_VERIFY"},
		{"UnsupportedOperationException", kmssigner.ErrKeyUnusable, "SIGN_VERIFY"},
		{"InvalidAliasNameException", kmssigner.ErrKeyUnusable, "alias/NAME"},
		{"InvalidArnException", kmssigner.ErrKeyUnusable, "no ARN"},
		{"KeyUnavailableException", nil, "try again"},
		{"ThrottlingException", nil, "throttled, after retries"},
		{"KMSInternalException", nil, "try again later"},
		{"DependencyTimeoutException", nil, "try again later"},
		{"ExpiredTokenException", nil, "renew them"},
		{"UnrecognizedClientException", nil, "compare access key"},
		{"InvalidSignatureException", nil, "clock"},
		{"ValidationException", nil, "does not accept the request"},
		{"SomethingNewException", nil, "refused (SomethingNewException)"},
		{"<zq7 not a code>", nil, "(unknown code)"},
	} {
		for _, alg := range []jwks.Algorithm{jwks.ES256, jwks.HS256} {
			fake := kmstest.New(map[jwks.Algorithm]kmstest.Spec{jwks.ES256: kmstest.P256, jwks.HS256: kmstest.HMAC256}[alg])
			b := awskms.New(client(t, fake.Handler(), 2), kmstest.Alias)
			key, err := b.Describe(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			for _, op := range []kmstest.Operation{kmstest.Describe, kmstest.Sign, kmstest.Verify} {
				fake.Fail(op, errors.New(tt.code))
			}
			actions := map[string]error{}
			_, actions["kms:DescribeKey"] = b.Describe(t.Context(), "")
			sign, verify := "kms:Sign", "kms:Verify"
			if alg == jwks.HS256 {
				sign, verify = "kms:GenerateMac", "kms:VerifyMac"
			}
			_, actions[sign] = b.Sign(t.Context(), key.ID, alg, message)
			actions[verify] = b.Verify(t.Context(), key.ID, alg, message, make([]byte, 64))
			for action, err := range actions {
				if err == nil || !strings.Contains(err.Error(), action) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%s, %s: %v", tt.code, action, err)
					continue
				}
				for _, known := range []error{kmssigner.ErrAccessDenied, kmssigner.ErrKeyUnusable, jwks.ErrSignature} {
					if errors.Is(err, known) != (known == tt.is) {
						t.Errorf("%s, %s: is %v: %t", tt.code, action, known, known != tt.is)
					}
				}
				var api smithy.APIError
				if !errors.As(err, &api) || strings.Contains(err.Error(), "made up") || strings.Contains(err.Error(), "zq7") {
					t.Errorf("%s, %s: %v", tt.code, action, err)
				}
			}
		}
	}
}

// TestRetries: the client tries again what is worth it, and the error says how
// often.
func TestRetries(t *testing.T) {
	fake := kmstest.New(kmstest.P256)
	b := awskms.New(client(t, fake.Handler(), 3), kmstest.Alias)
	for code, want := range map[string]int{"ThrottlingException": 3, "KMSInternalException": 3, "AccessDeniedException": 1} {
		before := fake.Calls().Sign
		fake.Fail(kmstest.Sign, errors.New(code))
		_, err := b.Sign(t.Context(), fake.IDs()[0], jwks.ES256, message)
		if got := fake.Calls().Sign - before; err == nil || got != want || strings.Contains(err.Error(), "after 3 attempts") != (want == 3) {
			t.Errorf("%s: %d attempts, want %d; %v", code, got, want, err)
		}
	}
	fake.Fail(kmstest.Sign, nil)
	fake.Hang(kmstest.Sign, true)
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for fake.Calls().Sign == 0 {
			runtime.Gosched()
		}
		cancel(nil)
	}()
	if _, err := b.Sign(ctx, fake.IDs()[0], jwks.ES256, message); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("%v", err)
	}
	for status, tt := range map[int]struct {
		body, says string
		is         error
	}{
		403: {"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", "(HTTP status 403)", kmssigner.ErrAccessDenied},
		404: {"<html>zq7</html>", "compare the endpoint (HTTP status 404)", nil},
		200: {"<html>zq7</html>", "compare the endpoint (HTTP status 200)", nil},
	} {
		odd := client(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); io.WriteString(w, tt.body) }), 1)
		_, err := awskms.New(odd, "alias/x").Describe(t.Context(), "")
		if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "zq7") || errors.Is(err, kmssigner.ErrAccessDenied) != (tt.is != nil) || errors.Is(err, kmssigner.ErrKeyUnusable) {
			t.Errorf("HTTP status %d: %v", status, err)
		}
	}
	gone := client(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }), 1)
	if _, err := awskms.New(gone, "alias/x").Describe(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "no answer: check the network") {
		t.Errorf("%v", err)
	}
}

// canned answers each action with a text, in which ARN stands for one.
func canned(t *testing.T, answers map[string]string) *awskms.Backend {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
		text, ok := answers[action]
		if !ok {
			t.Errorf("asked for %s", action)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		io.WriteString(w, strings.ReplaceAll(text, "ARN", arn))
	})
	return awskms.New(client(t, h, 1), "alias/x")
}

const arn = "arn:aws:kms:eu-west-1:111122223333:key/1"

// TestDescribeRefuses has keys that sign no tokens, and answers that contradict
// themselves.
//
// Rules M1, G1
func TestDescribeRefuses(t *testing.T) {
	meta := func(changes ...string) string {
		m := map[string]any{"Arn": arn, "KeyId": "1", "KeyState": "Enabled", "KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256", "SigningAlgorithms": []string{"ECDSA_SHA_256"}}
		for i := 0; i < len(changes); i += 2 {
			m[changes[i]] = changes[i+1]
		}
		text, err := json.Marshal(map[string]any{"KeyMetadata": m})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	public := func(spec kmstest.Spec, changes ...string) string {
		fake := kmstest.New(spec)
		out, err := client(t, fake.Handler(), 1).GetPublicKey(t.Context(), &kms.GetPublicKeyInput{KeyId: aws.String(kmstest.Alias)})
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]any{"KeyId": arn, "KeySpec": "ECC_NIST_P256", "PublicKey": out.PublicKey}
		for i := 0; i < len(changes); i += 2 {
			m[changes[i]] = changes[i+1]
		}
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	good := public(kmstest.P256)
	for name, tt := range map[string]struct {
		meta, public string
		unusable     bool
		says         string // "" for a key
	}{
		"good":                {meta(), good, false, ""},
		"a bare ID, no spec":  {meta(), public(kmstest.P256, "KeyId", "1", "KeySpec", ""), false, ""},
		"another Region":      {meta("KeyState", "Updating"), good, false, ""},
		"disabled":            {meta("KeyState", "Disabled"), "", true, "its state is Disabled, want Enabled; kms:EnableKey"},
		"deleted":             {meta("KeyState", "PendingDeletion"), "", true, "kms:CancelKeyDeletion"},
		"not imported":        {meta("KeyState", "PendingImport"), "", true, "import its material"},
		"no state":            {meta("KeyState", ""), "", true, "its state is , want Enabled; wait, or point"},
		"for encryption":      {meta("KeyUsage", "ENCRYPT_DECRYPT", "KeySpec", "RSA_2048"), "", true, "its usage is ENCRYPT_DECRYPT, want SIGN_VERIFY"},
		"for agreement":       {meta("KeyUsage", "KEY_AGREEMENT"), "", true, "its usage is KEY_AGREEMENT"},
		"symmetric":           {meta("KeyUsage", "ENCRYPT_DECRYPT", "KeySpec", "SYMMETRIC_DEFAULT"), "", true, "its spec is SYMMETRIC_DEFAULT"},
		"secp256k1":           {meta("KeySpec", "ECC_SECG_P256K1"), "", true, "its spec is ECC_SECG_P256K1"},
		"SM2":                 {meta("KeySpec", "SM2"), "", true, "its spec is SM2"},
		"ML-DSA":              {meta("KeySpec", "ML_DSA_44"), "", true, "its spec is ML_DSA_44"},
		"HMAC_224":            {meta("KeySpec", "HMAC_224", "KeyUsage", "GENERATE_VERIFY_MAC"), "", true, "its spec is HMAC_224"},
		"HMAC for signatures": {meta("KeySpec", "HMAC_256"), "", true, "want GENERATE_VERIFY_MAC"},
		"fewer algorithms":    {meta("KeySpec", "RSA_2048"), "", true, "does not offer all algorithms"},
		"MACs as signatures":  {meta("KeySpec", "HMAC_256", "KeyUsage", "GENERATE_VERIFY_MAC"), "", true, "does not offer all algorithms"},
		"no ARN":              {meta("Arn", "1"), "", false, "no ARN of a key"},
		"no metadata":         {`{}`, "", false, "no ARN of a key"},
		"another key":         {meta(), public(kmstest.P256, "KeyId", arn+"2"), false, "about another key"},
		"no key ID":           {meta(), public(kmstest.P256, "KeyId", ""), false, "about another key"},
		"another spec":        {meta(), public(kmstest.P256, "KeySpec", "ECC_NIST_P384"), false, "about another key"},
		"another curve":       {meta(), public(kmstest.P384), false, "no public key of spec ECC_NIST_P256"},
		"another type":        {meta(), public(kmstest.Ed25519), false, "no public key of spec ECC_NIST_P256"},
		"no public key":       {meta(), public(kmstest.P256, "PublicKey", ""), false, "no public key of spec ECC_NIST_P256"},
		"nonsense":            {meta(), public(kmstest.P256, "PublicKey", "AAAA"), false, "no public key of spec ECC_NIST_P256"},
	} {
		answers := map[string]string{"DescribeKey": tt.meta}
		if tt.public != "" {
			answers["GetPublicKey"] = tt.public
		}
		key, err := canned(t, answers).Describe(t.Context(), "")
		if tt.says == "" {
			if err != nil || key.ID != arn || key.Public == nil {
				t.Errorf("%s: %v, %v", name, key.ID, err)
			}
			continue
		}
		if err == nil || key.ID != "" || key.Public != nil || !strings.Contains(err.Error(), tt.says) || errors.Is(err, kmssigner.ErrKeyUnusable) != tt.unusable {
			t.Errorf("%s: %+v, %v", name, key, err)
		}
	}
}

// TestAnotherKeyIsDescribed: an ARN names one key for ever.
//
// Rule M1
func TestAnotherKeyIsDescribed(t *testing.T) {
	b := canned(t, map[string]string{"DescribeKey": `{"KeyMetadata":{"Arn":"ARN2","KeyId":"12","KeyState":"Enabled","KeyUsage":"GENERATE_VERIFY_MAC","KeySpec":"HMAC_256","MacAlgorithms":["HMAC_SHA_256"]}}`})
	if key, err := b.Describe(t.Context(), arn); err == nil || key.ID != "" || !strings.Contains(err.Error(), "another key") {
		t.Errorf("%v, %v", key.ID, err)
	}
	if key, err := b.Describe(t.Context(), ""); err != nil || key.ID != arn+"2" {
		t.Errorf("%v, %v", key.ID, err)
	}
}

// TestAnswersRefused has answers that are about something else than was asked.
//
// Rules M2, G1
func TestAnswersRefused(t *testing.T) {
	const es, hs, mac = `"SigningAlgorithm":"ECDSA_SHA_256"`, `"MacAlgorithm":"HMAC_SHA_256"`, `"Mac":"AAAA"`
	for name, tt := range map[string]struct {
		action, text string
		alg          jwks.Algorithm
		says         string
	}{
		"sign: another key":       {"Sign", `{"KeyId":"ARN2",` + es + `,"Signature":"MAYCAQECAQE="}`, jwks.ES256, "another key or algorithm"},
		"sign: no key":            {"Sign", `{` + es + `,"Signature":"MAYCAQECAQE="}`, jwks.ES256, "another key or algorithm"},
		"sign: another algorithm": {"Sign", `{"KeyId":"ARN","SigningAlgorithm":"ECDSA_SHA_384","Signature":"MAYCAQECAQE="}`, jwks.ES256, "another key or algorithm"},
		"sign: empty":             {"Sign", `{"KeyId":"ARN",` + es + `}`, jwks.ES256, "no signature by ECDSA"},
		"sign: not DER":           {"Sign", `{"KeyId":"ARN",` + es + `,"Signature":"AAAA"}`, jwks.ES256, "no signature by ECDSA"},
		"sign: more after it":     {"Sign", `{"KeyId":"ARN",` + es + `,"Signature":"MAYCAQECAQEA"}`, jwks.ES256, "no signature by ECDSA"},
		"sign: a third member":    {"Sign", `{"KeyId":"ARN",` + es + `,"Signature":"MAkCAQECAQECAQE="}`, jwks.ES256, "no signature by ECDSA"},
		"sign: r is zero":         {"Sign", `{"KeyId":"ARN",` + es + `,"Signature":"MAYCAQACAQE="}`, jwks.ES256, "no signature by ECDSA"},
		"sign: s is negative":     {"Sign", `{"KeyId":"ARN",` + es + `,"Signature":"MAYCAQECAf8="}`, jwks.ES256, "no signature by ECDSA"},
		"sign: too long":          {"Sign", `{"KeyId":"ARN",` + es + `,"Signature":"MCcCIgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAQE="}`, jwks.ES256, "no signature by ECDSA"},
		"MAC: another key":        {"GenerateMac", `{"KeyId":"ARN2",` + hs + `,` + mac + `}`, jwks.HS256, "another key or algorithm"},
		"MAC: another algorithm":  {"GenerateMac", `{"KeyId":"ARN","MacAlgorithm":"HMAC_SHA_512",` + mac + `}`, jwks.HS256, "another key or algorithm"},
	} {
		sig, err := canned(t, map[string]string{tt.action: tt.text}).Sign(t.Context(), arn, tt.alg, message)
		if sig != nil || err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, %v", name, sig, err)
		}
	}
	for name, tt := range map[string]struct {
		action, text string
		alg          jwks.Algorithm
		want         string // "" for a good signature
	}{
		"verify: good":              {"Verify", `{"KeyId":"ARN",` + es + `,"SignatureValid":true}`, jwks.ES256, ""},
		"verify: false":             {"Verify", `{"KeyId":"ARN",` + es + `,"SignatureValid":false}`, jwks.ES256, jwks.ErrSignature.Error()},
		"verify: nothing":           {"Verify", `{"KeyId":"ARN",` + es + `}`, jwks.ES256, jwks.ErrSignature.Error()},
		"verify: another key":       {"Verify", `{"KeyId":"ARN2",` + es + `,"SignatureValid":true}`, jwks.ES256, "another key or algorithm"},
		"verify: another algorithm": {"Verify", `{"KeyId":"ARN","SigningAlgorithm":"ECDSA_SHA_384","SignatureValid":true}`, jwks.ES256, "another key or algorithm"},
		"verify: empty":             {"Verify", `{}`, jwks.ES256, "another key or algorithm"},
		"MAC: good":                 {"VerifyMac", `{"KeyId":"ARN",` + hs + `,"MacValid":true}`, jwks.HS256, ""},
		"MAC: false":                {"VerifyMac", `{"KeyId":"ARN",` + hs + `,"MacValid":false}`, jwks.HS256, jwks.ErrSignature.Error()},
		"MAC: another key":          {"VerifyMac", `{"KeyId":"ARN2",` + hs + `,"MacValid":true}`, jwks.HS256, "another key or algorithm"},
		"MAC: another algorithm":    {"VerifyMac", `{"KeyId":"ARN","MacAlgorithm":"HMAC_SHA_512","MacValid":true}`, jwks.HS256, "another key or algorithm"},
	} {
		err := canned(t, map[string]string{tt.action: tt.text}).Verify(t.Context(), arn, tt.alg, message, make([]byte, 64))
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoCall: what KMS can only refuse is not sent.
//
// Rule M2
func TestNoCall(t *testing.T) {
	b := canned(t, nil)
	long := make([]byte, kmssigner.MaxRaw+1)
	for name, m := range map[string]kmssigner.Message{"empty": {}, "both": {Raw: long[:1], Digest: long[:32]}, "long": {Raw: long}} {
		if _, err := b.Sign(t.Context(), arn, jwks.ES256, m); err == nil {
			t.Errorf("%s: signed", name)
		}
		if err := b.Verify(t.Context(), arn, jwks.ES256, m, long[:64]); err == nil {
			t.Errorf("%s: verified", name)
		}
	}
	for name, tt := range map[string]struct {
		alg jwks.Algorithm
		m   kmssigner.Message
		sig []byte
	}{
		"short r and s": {jwks.ES256, message, long[:63]}, "long r and s": {jwks.ES256, message, long[:65]}, "none": {jwks.RS256, message, nil}, "too long": {jwks.RS256, message, make([]byte, 6145)},
	} {
		if err := b.Verify(t.Context(), arn, tt.alg, tt.m, tt.sig); !errors.Is(err, jwks.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	digest := kmssigner.Message{Digest: long[:32]}
	for name, err := range map[string]error{
		"MAC of a digest":            errorOf(b.Sign(t.Context(), arn, jwks.HS256, digest)),
		"verify the MAC of a digest": b.Verify(t.Context(), arn, jwks.HS256, digest, long[:32]),
		"none":                       errorOf(b.Sign(t.Context(), arn, "none", message)),
		"verify by none":             b.Verify(t.Context(), arn, "none", message, long[:32]),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func errorOf[T any](_ T, err error) error { return err }

// FuzzFromASN1 gives any octets as a signature by ECDSA. Whatever comes of it has
// the length of r and s.
func FuzzFromASN1(f *testing.F) {
	for _, seed := range []string{"", "\x30\x06\x02\x01\x01\x02\x01\x01", "\x30\x06\x02\x01\x00\x02\x01\x01", "\x30\x26\x02\x21\x00\xff", "\x30\x80"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		text, err := json.Marshal(map[string]any{"KeyId": arn, "SigningAlgorithm": "ECDSA_SHA_256", "Signature": der})
		if err != nil {
			t.Fatal(err)
		}
		sig, err := canned(t, map[string]string{"Sign": string(text)}).Sign(t.Context(), arn, jwks.ES256, message)
		if (err == nil) != (len(sig) == 64) || err != nil && sig != nil {
			t.Errorf("%d octets, %v", len(sig), err)
		}
	})
}

func Example() {
	fake := kmstest.New(kmstest.P256) // stands for AWS here
	server := httptest.NewServer(fake.Handler())
	defer server.Close()
	client := kms.New(kms.Options{Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: aws.AnonymousCredentials{}})

	ctx := context.Background()
	signer, err := kmssigner.New(ctx, awskms.New(client, "alias/tokens"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer signer.Close()
	token, err := signer.Mint(ctx, map[string]any{"user": "mary"})
	if err != nil {
		fmt.Println(err)
		return
	}
	j, _ := jwks.ParseCompact(token)
	fmt.Println(j.Algorithm(), j.Type())
	// Output: ES256 JWT
}
