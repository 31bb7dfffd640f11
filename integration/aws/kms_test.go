package aws

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/tokenacl/tokenacl/integration/real"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/awskms"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

func kmsClient(t *testing.T, url string) *kms.Client {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return kms.NewFromConfig(cfg, func(o *kms.Options) { o.BaseEndpoint = &url })
}

// create makes a key and returns its ARN.
func create(t *testing.T, api *kms.Client, spec kmstest.Spec) string {
	t.Helper()
	usage := types.KeyUsageTypeSignVerify
	if strings.HasPrefix(string(spec), "HMAC") {
		usage = types.KeyUsageTypeGenerateVerifyMac
	}
	made, err := api.CreateKey(t.Context(), &kms.CreateKeyInput{KeySpec: types.KeySpec(spec), KeyUsage: usage})
	if err != nil {
		t.Fatal(err)
	}
	return *made.KeyMetadata.Arn
}

// point makes the alias of tests stand for a key.
func point(t *testing.T, api *kms.Client, id string) {
	t.Helper()
	_, err := api.UpdateAlias(t.Context(), &kms.UpdateAliasInput{AliasName: awssdk.String(kmstest.Alias), TargetKeyId: &id})
	var missing *types.NotFoundException
	if errors.As(err, &missing) {
		_, err = api.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: awssdk.String(kmstest.Alias), TargetKeyId: &id})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestKMSSuite runs the suite of all backends against moto. What moto lacks runs
// against the fake of kmstest, in the tests of awskms; TestKMSWire compares that.
//
// Rules M1, M2
func TestKMSSuite(t *testing.T) {
	url := moto(t)
	api := kmsClient(t, url)
	kmstest.TestBackend(t, kmstest.Subject{
		Backend: awskms.New(api, kmstest.Alias),
		Create:  func(t *testing.T, spec kmstest.Spec) string { return create(t, api, spec) },
		Point:   func(t *testing.T, id string) { point(t, api, id) },
		Lacks: map[string]string{
			"ECC_NIST_EDWARDS25519": "moto 5.2.1 makes no such key",
			"digest":                "moto 5.2.1 hashes a digest again",
			"others":                "moto 5.2.1 makes MACs by any algorithm with any HMAC key",
			"disable":               "moto 5.2.1 goes on signing with a disabled key",
			"PS256":                 "the salt of moto 5.2.1 is as long as it can be",
			"PS384":                 "the same",
			"PS512":                 "the same",
		},
	})
}

// TestKMSTokens mints with keys in moto, verifies both ways, and lets jose and
// PyJWT verify with what is published. Then the alias moves to another key.
//
// Rules M1, M2, M3
func TestKMSTokens(t *testing.T) {
	url := moto(t)
	api := kmsClient(t, url)
	var tokens []string
	var published []json.RawMessage
	for spec, alg := range map[kmstest.Spec]jwks.Algorithm{
		kmstest.RSA2048: jwks.RS256, kmstest.RSA3072: jwks.RS384, kmstest.P256: jwks.ES256, kmstest.P384: jwks.ES384, kmstest.P521: jwks.ES512, kmstest.HMAC256: jwks.HS256,
	} {
		old := create(t, api, spec)
		point(t, api, old)
		signer, err := kmssigner.New(t.Context(), awskms.New(api, kmstest.Alias), &kmssigner.Options{Algorithm: alg, MaxAge: time.Second, RefreshInterval: time.Hour, PublishAhead: 2 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		defer signer.Close()
		keys := signer.Keys()
		mint := func() string {
			token, err := signer.Mint(t.Context(), map[string]any{"user": "mary"})
			if err != nil {
				t.Fatal(err)
			}
			for name, source := range map[string]jwks.Source{"local": keys, "remote": keys.Remote()} {
				j, err := jwks.ParseCompact(token)
				if err == nil {
					_, err = source.Verify(t.Context(), j)
				}
				if err != nil || j.Algorithm() != alg {
					t.Errorf("%s, %s: %v", spec, name, err)
				}
			}
			return token
		}
		first := mint()

		point(t, api, create(t, api, spec))
		if err := keys.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		list := keys.List()
		if len(list) != 2 || list[0].BackendID != old || !list[0].Signs {
			t.Errorf("%s: %+v: want both, and the old one signing", spec, list)
		}
		// The old key cannot be used any more: the new one signs at once.
		if _, err := api.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: awssdk.String(old[strings.LastIndexByte(old, '/')+1:])}); err != nil { // moto takes no ARN here
			t.Fatal(err)
		}
		if err := keys.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		second := mint()
		j, err := jwks.ParseCompact(first)
		if err != nil {
			t.Fatal(err)
		}
		for name, source := range map[string]jwks.Source{"local": keys, "remote": keys.Remote()} {
			if _, err := source.Verify(t.Context(), j); !errors.Is(err, jwks.ErrUnknownKey) {
				t.Errorf("%s, %s, a disabled key: %v", spec, name, err)
			}
		}
		if spec == kmstest.HMAC256 {
			continue
		}
		text, err := keys.Set().MarshalPublic()
		if err != nil {
			t.Fatal(err)
		}
		var set struct{ Keys []json.RawMessage }
		if err := json.Unmarshal(text, &set); err != nil || len(set.Keys) != 1 {
			t.Fatalf("%v: %s", err, text)
		}
		published = append(published, set.Keys...)
		tokens = append(tokens, second, second[:len(second)-8]+"AAAAAAAA")
	}
	readElsewhere(t, published, tokens)
	if _, err := awskms.New(api, "alias/other").Describe(t.Context(), ""); !errors.Is(err, kmssigner.ErrKeyUnusable) || !strings.Contains(err.Error(), "no such alias") {
		t.Errorf("an unknown alias: %v", err)
	}
}

// readElsewhere gives pairs of a good and a spoilt token to jose and PyJWT.
func readElsewhere(t *testing.T, published []json.RawMessage, tokens []string) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"jwks": map[string]any{"keys": published}, "tokens": tokens})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "tokens.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, wrong := range map[string]string{"jose": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED", "PyJWT": "InvalidSignatureError"} {
		var said []string
		if name == "jose" {
			cmd := exec.Command("bash", "start.sh", "jose", dir, "verify.mjs", file)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				real.Missing(t, "no jose: "+err.Error())
			}
			if err := json.Unmarshal(out, &said); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		} else {
			script(t, &said, "verify.py", file)
		}
		if len(said) != 10 || len(tokens) != 10 {
			t.Fatalf("%s says %q of %d tokens, want 10", name, said, len(tokens))
		}
		for i, got := range said {
			if want := []string{"mary", wrong}[i%2]; got != want {
				t.Errorf("%s says %s of token %d, want %s", name, got, i, want)
			}
		}
	}
}

// TestKMSExample runs kmstokens with a key in moto, through a rotation.
func TestKMSExample(t *testing.T) {
	url := moto(t)
	api := kmsClient(t, url)
	for _, spec := range []kmstest.Spec{kmstest.P256, kmstest.HMAC256} {
		point(t, api, create(t, api, spec))
		out, err := exec.Command("go", "run", "-C", "../../examples", "./kmstokens", "-key", kmstest.Alias, "-aws-endpoint", url, "-rotate").Output()
		if err != nil || strings.Count(string(out), "verified\n") != 8 || strings.Contains(string(out), "WRONG") {
			t.Errorf("%s: %v\n%s", spec, err, out)
		}
	}
	if out, err := exec.Command("go", "run", "-C", "../../examples", "./kmstokens", "-key", "alias/other", "-aws-endpoint", url).Output(); err == nil {
		t.Errorf("an unknown alias: %s", out)
	}
}

// TestKMSWire lets boto3 ask the fake of kmstest: it must understand each answer as
// what AWS documents for it, by the exception that its model of KMS has.
//
// Rule M2
func TestKMSWire(t *testing.T) {
	python(t)
	ec, mac := kmstest.New(kmstest.P256), kmstest.New(kmstest.HMAC256)
	const es, hs = "ECDSA_SHA_256", "HMAC_SHA_256"
	type call struct {
		Action string `json:"action"`
		Key    string `json:"key"`
		Alg    string `json:"alg,omitempty"`
		Size   int    `json:"size,omitempty"`
		Type   string `json:"type,omitempty"`
		Spoil  bool   `json:"spoil,omitempty"`
	}
	alias := kmstest.Alias
	ran := 0
	for _, group := range []struct {
		backend *kmstest.Backend
		lever   func()
		calls   []call
		want    []string
	}{
		{ec, func() {}, []call{
			{"describe", alias, "", 0, "", false}, {"public", alias, "", 0, "", false}, {"describe", "alias/other", "", 0, "", false},
			{"sign", alias, es, 4096, "RAW", false}, {"sign", alias, es, 32, "DIGEST", false}, {"sign", alias, es, 4097, "RAW", false},
			{"sign", alias, es, 31, "DIGEST", false}, {"sign", alias, es, 10, "RAW", true}, {"sign", alias, "ECDSA_SHA_384", 10, "RAW", false},
			{"mac", alias, hs, 10, "", false},
		}, []string{
			"Enabled", "ECC_NIST_P256", "400 NotFoundException NotFoundException",
			"True", "True", "400 ValidationException ClientError",
			"400 ValidationException ClientError", "400 KMSInvalidSignatureException KMSInvalidSignatureException", "400 InvalidKeyUsageException InvalidKeyUsageException",
			"400 InvalidKeyUsageException InvalidKeyUsageException",
		}},
		{mac, func() {}, []call{
			{"mac", alias, hs, 4096, "", false}, {"mac", alias, hs, 10, "", true}, {"mac", alias, hs, 4097, "", false}, {"public", alias, "", 0, "", false}, {"sign", alias, es, 10, "RAW", false},
		}, []string{
			"True", "400 KMSInvalidMacException KMSInvalidMacException", "400 ValidationException ClientError", "400 UnsupportedOperationException UnsupportedOperationException", "400 InvalidKeyUsageException InvalidKeyUsageException",
		}},
		{ec, func() { ec.Disable(ec.IDs()[0]) }, []call{{"describe", alias, "", 0, "", false}, {"sign", alias, es, 10, "RAW", false}, {"public", alias, "", 0, "", false}},
			[]string{"Disabled", "400 DisabledException DisabledException", "400 DisabledException DisabledException"}},
		{mac, func() { mac.ScheduleDeletion(mac.IDs()[0]) }, []call{{"describe", alias, "", 0, "", false}, {"mac", alias, hs, 10, "", false}},
			[]string{"PendingDeletion", "400 KMSInvalidStateException KMSInvalidStateException"}},
		{ec, func() { ec.Enable(ec.IDs()[0]); ec.Fail(kmstest.Sign, kmssigner.ErrAccessDenied) }, []call{{"sign", alias, es, 10, "RAW", false}}, []string{"400 AccessDeniedException ClientError"}},
		{ec, func() { ec.Fail(kmstest.Sign, errors.New("ThrottlingException")) }, []call{{"sign", alias, es, 10, "RAW", false}}, []string{"400 ThrottlingException ClientError"}},
		{ec, func() { ec.Fail(kmstest.Sign, errors.New("KMSInternalException")) }, []call{{"sign", alias, es, 10, "RAW", false}}, []string{"500 KMSInternalException KMSInternalException"}},
	} {
		group.lever()
		server := httptest.NewServer(group.backend.Handler())
		calls, err := json.Marshal(group.calls)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		script(t, &said, "kmswire.py", server.URL, string(calls))
		server.Close()
		if len(said) != len(group.want) {
			t.Errorf("%d answers, want %d", len(said), len(group.want))
			continue
		}
		for i, want := range group.want {
			ran++
			if said[i] != want {
				t.Errorf("%s: boto3 says %s, want %s", fmt.Sprintf("%+v", group.calls[i]), said[i], want)
			}
		}
	}
	if ran != 23 {
		t.Errorf("%d rows, want 23", ran)
	}
}
