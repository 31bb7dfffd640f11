// Package aws tests against moto, an emulator of AWS, through the AWS SDK.
package aws

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/integration/real"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/jwks/secretsmanager"
	"github.com/tokenacl/tokenacl/tokenconfig"
	"github.com/tokenacl/tokenacl/tokentest"
)

// environment is one Python with moto and boto3, for all tests of a run.
var environment = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "moto")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("bash", "start.sh", "install", dir).CombinedOutput()
	if err != nil {
		return dir, fmt.Errorf("start.sh install: %w: %s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-1",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		os.Setenv(name, value)
	}
	flag.Parse()
	code := m.Run()
	if !testing.Short() {
		if dir, _ := environment(); dir != "" {
			os.RemoveAll(dir)
		}
	}
	os.Exit(code)
}

func python(t *testing.T) string {
	t.Helper()
	real.Wanted(t)
	dir, err := environment()
	if err != nil {
		real.Missing(t, "no moto: "+err.Error())
	}
	return dir
}

// moto starts the emulator, which ends with the test, and returns its URL.
func moto(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("bash", "start.sh", "serve", python(t))
	cmd.Stderr = os.Stderr
	_, out := real.Start(t, cmd)
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatalf("moto does not start: %v", err)
	}
	return strings.TrimSpace(line)
}

// script runs one of the scripts and decodes what it prints.
func script(t *testing.T, into any, args ...string) {
	t.Helper()
	cmd := exec.Command("bash", append([]string{"start.sh", "python", python(t)}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, into)
	}
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, out)
	}
}

func client(t *testing.T, url string) *sdk.Client {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sdk.NewFromConfig(cfg, func(o *sdk.Options) { o.BaseEndpoint = &url })
}

func fetcher(t *testing.T, url string) *secretsmanager.Fetcher {
	t.Helper()
	f, err := secretsmanager.New(t.Context(), &secretsmanager.Options{Endpoint: url})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// verifies reports whether the keys verify a token that the issuer signs with alg.
func verifies(t *testing.T, keys jwks.Source, issuer *tokentest.Issuer, alg jwks.Algorithm) error {
	t.Helper()
	j, err := jwks.ParseCompact(issuer.With(alg).Token(nil))
	if err != nil {
		t.Fatal(err)
	}
	_, err = keys.Verify(t.Context(), j)
	return err
}

// TestSecretOfBothDialects creates a secret, reads it through a Gate, rotates it by
// stages, and deletes it.
//
// Rules K2, K11, K8
func TestSecretOfBothDialects(t *testing.T) {
	url := moto(t)
	api, f := client(t, url), fetcher(t, url)
	issuer := tokentest.NewIssuer(t)
	dialects := map[string]struct {
		arn string // of tokentest
		alg jwks.Algorithm
	}{"shared": {tokentest.SharedSecretARN, jwks.HS256}, "public": {tokentest.PublicKeysARN, jwks.RS256}}
	for name, first := range dialects {
		second := dialects[map[string]string{"shared": "public", "public": "shared"}[name]]
		for _, binary := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, binary %t", name, binary), func(t *testing.T) {
				valueOf := func(arn string) (text *string, bytes []byte) {
					value, err := issuer.Secrets().FetchSecret(t.Context(), arn)
					if err != nil {
						t.Fatal(err)
					}
					if binary {
						return nil, value
					}
					return awssdk.String(string(value)), nil
				}
				text, bytes := valueOf(first.arn)
				made, err := api.CreateSecret(t.Context(), &sdk.CreateSecretInput{Name: awssdk.String("demo-" + name + fmt.Sprint(binary)), SecretString: text, SecretBinary: bytes})
				if err != nil {
					t.Fatal(err)
				}
				arn := *made.ARN
				open := func(grace time.Duration) *jwks.SecretSource {
					keys, err := jwks.NewSecret(f, arn, &jwks.SecretOptions{PreviousGrace: grace})
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { keys.Close() })
					return keys
				}
				keys := open(0)
				if err := verifies(t, keys, issuer, first.alg); err != nil {
					t.Errorf("the first key: %v", err)
				}
				if err := verifies(t, keys, issuer, second.alg); !errors.Is(err, jwks.ErrUnknownKey) {
					t.Errorf("a key that is not there yet: %v", err)
				}

				// A new value: the old one becomes AWSPREVIOUS.
				text, bytes = valueOf(second.arn)
				if _, err := api.PutSecretValue(t.Context(), &sdk.PutSecretValueInput{SecretId: &arn, SecretString: text, SecretBinary: bytes}); err != nil {
					t.Fatal(err)
				}
				strict, graceful := open(0), open(time.Hour)
				for _, row := range []struct {
					what string
					keys jwks.Source
					alg  jwks.Algorithm
					good bool
				}{
					{"new key, no grace", strict, second.alg, true}, {"old key, no grace", strict, first.alg, false},
					{"new key, grace", graceful, second.alg, true}, {"old key, grace", graceful, first.alg, true},
				} {
					if err := verifies(t, row.keys, issuer, row.alg); (err == nil) != row.good {
						t.Errorf("%s: %v", row.what, err)
					}
				}

				if _, err := api.DeleteSecret(t.Context(), &sdk.DeleteSecretInput{SecretId: &arn, ForceDeleteWithoutRecovery: awssdk.Bool(true)}); err != nil {
					t.Fatal(err)
				}
				if err := verifies(t, open(0), issuer, second.alg); !errors.Is(err, jwks.ErrUnavailable) || !strings.Contains(err.Error(), "no such secret") {
					t.Errorf("a deleted secret: %v", err)
				}
				if err := verifies(t, strict, issuer, second.alg); err != nil {
					t.Errorf("keys in force before the deletion: %v", err)
				}
			})
		}
	}
}

// TestExample runs securesearch with a secret in moto.
func TestExample(t *testing.T) {
	url := moto(t)
	issuer := tokentest.NewIssuer(t).With(jwks.HS256)
	value, err := issuer.Secrets().FetchSecret(t.Context(), tokentest.SharedSecretARN)
	if err != nil {
		t.Fatal(err)
	}
	made, err := client(t, url).CreateSecret(t.Context(), &sdk.CreateSecretInput{Name: awssdk.String("example"), SecretString: awssdk.String(string(value))})
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "config.json")
	text := fmt.Sprintf(`{"UserTokenConfigurations":[{"JwtTokenTypeConfiguration":{"KeyLocation":"SECRET_MANAGER","SecretManagerArn":%q,"Issuer":%q}}]}`, *made.ARN, tokentest.IssuerURL)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	who := tokentest.Persona("mary", "AWS-SA")
	for name, row := range map[string]struct {
		token string
		code  int
	}{"good": {issuer.Token(who), 0}, "tampered": {issuer.Tampered(who), 2}} {
		out, err := exec.Command("go", "run", "-C", "../../examples", "./securesearch", "-config", config, "-secret-arn", *made.ARN, "-aws-endpoint", url,
			"-token", row.token, "-q", "search", "-n", "100", "-json").Output()
		var exit *exec.ExitError
		if row.code == 0 && (err != nil || strings.Count(string(out), "white-papers") == 0) {
			t.Errorf("%s: %v, %s", name, err, out)
		}
		if row.code != 0 && (!errors.As(err, &exit) || len(out) > 0) {
			t.Errorf("%s: %v, %s, want a refusal", name, err, out)
		}
	}
}

// TestCognito verifies tokens of a user pool: groups in cognito:groups, a client id
// instead of an audience in access tokens.
//
// Rules T4, T6, K7
func TestCognito(t *testing.T) {
	url := moto(t)
	var pool struct{ Pool, Client, ID, Access string }
	script(t, &pool, "cognito.py", url)
	issuer := "https://cognito-idp.eu-west-1.amazonaws.com/" + pool.Pool
	keys, err := jwks.NewRemote(url+"/"+pool.Pool+"/.well-known/jwks.json", &jwks.RemoteOptions{InsecureAllowHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	gate := func(user string, opts claims.Options) *tokenacl.Gate {
		config := &tokenconfig.Config{JWT: &tokenconfig.JWT{
			KeyLocation: tokenconfig.KeyURL, URL: issuer + "/.well-known/jwks.json", Issuer: issuer, ClaimRegex: pool.Client,
			UserNameAttributeField: user, GroupAttributeField: "cognito:groups",
		}}
		g, err := tokenacl.NewGate([]tokenacl.Issuer{{Config: config, Keys: keys, Options: &opts}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	use := func(value string) map[string]string { return map[string]string{"token_use": value} }
	id := gate("cognito:username", claims.Options{RequiredClaims: use("id")})
	access := gate("username", claims.Options{RequiredClaims: use("access"), AudienceClaim: "client_id"})
	for _, row := range []struct {
		name, token string
		gate        *tokenacl.Gate
		good        bool
	}{
		{"ID token", pool.ID, id, true}, {"access token", pool.Access, access, true},
		{"access token as ID token", pool.Access, id, false}, {"ID token as access token", pool.ID, access, false},
		{"tampered", pool.ID[:len(pool.ID)-8] + "AAAAAAAA", id, false},
	} {
		scope, err := row.gate.Scope(t.Context(), tokenacl.UserContext{Token: row.token})
		if !row.good {
			if !errors.Is(err, tokenacl.ErrUnauthenticated) {
				t.Errorf("%s: %v, want a refusal", row.name, err)
			}
			continue
		}
		for list, want := range map[string]bool{"AWS-SA": true, "Customer": true, "AWS-Sales": false} {
			if err != nil || acl.Decide(scope, acl.List{acl.Allow.Group(list)}, acl.Rules{}).Allowed != want {
				t.Errorf("%s: group %s: want %t, %v", row.name, list, want, err)
			}
		}
		if !acl.Decide(scope, acl.List{acl.Allow.User("mary")}, acl.Rules{}).Allowed {
			t.Errorf("%s: not mary's", row.name)
		}
	}
}

// TestWire gives the answers that the fake of jwks/secretsmanager's tests gives, to
// that package and to boto3. Both must understand them alike: then the fake
// speaks as AWS does, in denials and throttling too, which moto lacks.
func TestWire(t *testing.T) {
	python(t)
	const arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:demo-AbCdEf"
	body := func(member, value, stage string) string {
		return fmt.Sprintf(`{"ARN":%q,"Name":"demo","VersionId":"v1","VersionStages":[%q],"CreatedDate":1767225600.5,%q:%q}`, arn, stage, member, value)
	}
	failure := func(code string) string { return fmt.Sprintf(`{"__type":%q,"message":"made up"}`, code) }
	rows := []struct {
		name   string
		status int
		body   string
		code   string
	}{
		{"text", 200, body("SecretString", "a value", "AWSCURRENT"), ""},
		{"binary", 200, body("SecretBinary", base64.StdEncoding.EncodeToString([]byte("\x00\xffvalue")), "AWSCURRENT"), ""},
		{"denied", 400, failure("AccessDeniedException"), "AccessDeniedException"},
		{"KMS", 400, failure("DecryptionFailure"), "DecryptionFailure"},
		{"missing", 400, failure("ResourceNotFoundException"), "ResourceNotFoundException"},
		{"deleted", 400, failure("InvalidRequestException"), "InvalidRequestException"},
		{"throttled", 400, failure("ThrottlingException"), "ThrottlingException"},
		{"fault", 500, failure("InternalServiceError"), "InternalServiceError"},
		{"expired", 403, failure("ExpiredTokenException"), "ExpiredTokenException"},
	}
	ran := 0
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				w.WriteHeader(row.status)
				io.WriteString(w, row.body)
			}))
			defer server.Close()
			var other struct {
				Text, Binary, ARN, Code string
				Stages                  []string
				Created                 float64
				Status                  int
			}
			script(t, &other, "wire.py", server.URL, arn, "AWSCURRENT")
			value, created, err := fetcher(t, server.URL).FetchSecretStage(context.Background(), arn, "AWSCURRENT")
			var api smithy.APIError
			switch {
			case row.code != "":
				if !errors.As(err, &api) || api.ErrorCode() != row.code || other.Code != row.code || other.Status != row.status {
					t.Errorf("%v here and %+v there, want %s of both", err, other, row.code)
				}
			case err != nil || string(value) != other.Text+unhex(t, other.Binary) || other.ARN != arn || float64(created.UnixMilli())/1000 != other.Created:
				t.Errorf("%q of %v, %v here and %+v there", value, created, err, other)
			}
			ran++
		})
	}
	if ran != len(rows) {
		t.Errorf("%d rows ran, want %d", ran, len(rows))
	}
}

func unhex(t *testing.T, text string) string {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
