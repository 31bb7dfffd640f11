package secretsmanager_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/jwks/secretsmanager"
	"github.com/tokenacl/tokenacl/tokentest"
)

const (
	arn  = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:AmazonKendra-demo-AbCdEf"
	mark = "zq7" // is in every value, and must be in no error
)

// store is the part of Secrets Manager that a Fetcher asks, as the AWS JSON
// protocol 1.1 has it on the wire; integration/aws compares it with others.
type store struct {
	t      *testing.T
	mu     sync.Mutex
	answer func(w http.ResponseWriter, stage string)
	asked  []string
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	var in struct{ SecretId, VersionStage string }
	if err == nil {
		err = json.Unmarshal(body, &in)
	}
	region := strings.Split(r.Header.Get("Authorization"), "/")
	if err != nil || r.Method != http.MethodPost || r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" ||
		r.Header.Get("Content-Type") != "application/x-amz-json-1.1" || len(region) < 4 || region[3] != "secretsmanager" {
		s.t.Errorf("%s %s, target %q, type %q, %v", r.Method, r.URL, r.Header.Get("X-Amz-Target"), r.Header.Get("Content-Type"), err)
	}
	s.asked = append(s.asked, fmt.Sprint(in.SecretId == arn, " ", in.VersionStage, " ", region[2]))
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	s.answer(w, in.VersionStage)
}

func value(member, content string, stages ...string) string {
	out, err := json.Marshal(map[string]any{
		"ARN": arn, "Name": "AmazonKendra-demo", "VersionId": "v1", "VersionStages": stages, "CreatedDate": 1767225600.5, member: content,
	})
	if err != nil {
		panic(err)
	}
	return string(out)
}

func fails(status int, code, text string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":%q,"message":%q}`, code, text)
	}
}

// newFetcher returns a Fetcher that asks a store, with credentials of its own.
func newFetcher(t *testing.T, answer func(w http.ResponseWriter, stage string)) (*secretsmanager.Fetcher, *store) {
	t.Helper()
	dir := t.TempDir()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "",
		"AWS_CONFIG_FILE": filepath.Join(dir, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "credentials"),
	} {
		t.Setenv(name, value)
	}
	s := &store{t: t, answer: answer}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	f, err := secretsmanager.New(t.Context(), &secretsmanager.Options{Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return f, s
}

func always(text string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) { io.WriteString(w, text) }
}

// TestFetch reads strings, binaries and stages.
//
// Rule K11
func TestFetch(t *testing.T) {
	created := time.Date(2026, 1, 1, 0, 0, 0, 500_000_000, time.UTC)
	for _, tt := range []struct {
		name, stage, answer, want string
	}{
		{"string", "AWSCURRENT", value("SecretString", "zq7 text", "AWSCURRENT"), "zq7 text"},
		{"binary", "AWSCURRENT", value("SecretBinary", base64.StdEncoding.EncodeToString([]byte("zq7\x00\xff")), "AWSCURRENT"), "zq7\x00\xff"},
		{"previous", "AWSPREVIOUS", value("SecretString", "zq7 old", "AWSPREVIOUS"), "zq7 old"},
		{"several labels", "AWSPREVIOUS", value("SecretString", "zq7 old", "x", "AWSPREVIOUS"), "zq7 old"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, s := newFetcher(t, always(tt.answer))
			got, at, err := f.FetchSecretStage(t.Context(), arn, tt.stage)
			if err != nil || string(got) != tt.want || !at.Equal(created) {
				t.Errorf("%q of %v, %v; want %q of %v", got, at, err, tt.want, created)
			}
			if want := "true " + tt.stage + " eu-west-1"; len(s.asked) != 1 || s.asked[0] != want {
				t.Errorf("asked %q, want %q: the region is that of the ARN", s.asked, want)
			}
		})
	}
	f, s := newFetcher(t, always(value("SecretString", "zq7 text", "AWSCURRENT")))
	if got, err := f.FetchSecret(t.Context(), arn); err != nil || string(got) != "zq7 text" || s.asked[0] != "true AWSCURRENT eu-west-1" {
		t.Errorf("FetchSecret: %q, %v, asked %q", got, err, s.asked)
	}
}

// TestErrors: each says what to mend, and none shows a value.
//
// Rules G1, G3
func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(http.ResponseWriter, string)
		want   string
	}{
		{"denied", fails(400, "AccessDeniedException", "User: arn:aws:sts::1:assumed-role/r is not authorized"), "secretsmanager:GetSecretValue"},
		{"key denied", fails(400, "AccessDeniedException", "Access to KMS is not allowed"), "kms:Decrypt"},
		{"KMS", fails(400, "DecryptionFailure", ""), "kms:Decrypt"},
		{"missing, or another region", fails(400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret."), "in eu-west-1: no such secret"},
		{"deleted", fails(400, "InvalidRequestException", "marked for deletion"), "restore"},
		{"parameter", fails(400, "InvalidParameterException", ""), "compare the ARN"},
		{"throttled", fails(400, "ThrottlingException", "Rate exceeded"), "RefreshInterval"},
		{"expired credentials", fails(403, "ExpiredTokenException", ""), "have expired"},
		{"unknown credentials", fails(403, "UnrecognizedClientException", ""), "not known"},
		{"wrong credentials", fails(403, "InvalidSignatureException", ""), "clock"},
		{"fault", fails(500, "InternalServiceError", ""), "try again later"},
		{"other", fails(418, "TeapotException", ""), "refused"},
		{"no protocol", always("<html>"), "no answer"},
		{"another secret", always(strings.Replace(value("SecretString", mark, "AWSCURRENT"), "AbCdEf", "Others", 1)), "another secret"},
		{"another version", always(value("SecretString", mark, "AWSPREVIOUS")), "AWSCURRENT"},
		{"no label", always(value("SecretString", mark)), "AWSCURRENT"},
		{"no date", always(fmt.Sprintf(`{"ARN":%q,"VersionStages":["AWSCURRENT"],"SecretString":"zq7"}`, arn)), "created"},
		{"no value", always(value("Other", mark, "AWSCURRENT")), "no value"},
		{"empty value", always(value("SecretString", "", "AWSCURRENT")), "no value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := newFetcher(t, tt.answer)
			got, err := f.FetchSecret(t.Context(), arn)
			if got != nil || err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), mark) {
				t.Errorf("%q, %v; want an error with %q", got, err, tt.want)
			}
		})
	}
	f, _ := newFetcher(t, fails(400, "ResourceNotFoundException", ""))
	var missing *types.ResourceNotFoundException
	if _, err := f.FetchSecret(t.Context(), arn); !errors.As(err, &missing) {
		t.Errorf("%v hides the error of the SDK", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.FetchSecret(ctx, arn); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "in time") {
		t.Errorf("after cancelling: %v", err)
	}
	for name, none := range map[string]*secretsmanager.Fetcher{"nil": nil, "zero": {}} {
		if got, err := none.FetchSecret(t.Context(), arn); got != nil || err == nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestNoPreviousVersion is normal; a denial is not "none".
//
// Rules K11, G1
func TestNoPreviousVersion(t *testing.T) {
	f, _ := newFetcher(t, fails(400, "ResourceNotFoundException", "can't find the specified secret value for staging label: AWSPREVIOUS"))
	if got, at, err := f.FetchSecretStage(t.Context(), arn, "AWSPREVIOUS"); got != nil || !at.IsZero() || err != nil {
		t.Errorf("%q, %v, %v; want nothing", got, at, err)
	}
	f, _ = newFetcher(t, fails(400, "AccessDeniedException", ""))
	if _, _, err := f.FetchSecretStage(t.Context(), arn, "AWSPREVIOUS"); err == nil {
		t.Error("a denial is taken for no version")
	}
}

func TestThrottlingIsRetried(t *testing.T) {
	_, s := newFetcher(t, nil)
	t.Setenv("AWS_MAX_ATTEMPTS", "2")
	server := httptest.NewServer(s)
	defer server.Close()
	f, err := secretsmanager.New(t.Context(), &secretsmanager.Options{Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	s.answer = func(w http.ResponseWriter, stage string) {
		s.answer = always(value("SecretString", "zq7", "AWSCURRENT"))
		fails(400, "ThrottlingException", "Rate exceeded")(w, stage)
	}
	if _, err := f.FetchSecret(t.Context(), arn); err != nil || len(s.asked) != 2 {
		t.Errorf("%d attempts, %v", len(s.asked), err)
	}
}

func TestARN(t *testing.T) {
	f, s := newFetcher(t, always(value("SecretString", "zq7", "AWSCURRENT")))
	for _, bad := range []string{
		"", "demo", "arn:aws:secretsmanager:eu-west-1:1:secret", "arn:aws:secretsmanager:eu-west-1:1:secret:",
		"arn:aws:kms:eu-west-1:1:secret:x", "arn:aws:secretsmanager::1:secret:x", "arn:aws:secretsmanager:evil.example/:1:secret:x",
		"arn:aws:secretsmanager:EU:1:secret:x", "x:aws:secretsmanager:eu-west-1:1:secret:x", "arn:aws:secretsmanager:eu-west-1:1:parameter:x",
	} {
		if _, err := f.FetchSecret(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "ARN: want") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if len(s.asked) > 0 {
		t.Errorf("asked %q", s.asked)
	}
	// The six characters that AWS adds may be left out.
	if _, err := f.FetchSecret(t.Context(), strings.TrimSuffix(arn, "-AbCdEf")); err != nil {
		t.Errorf("without the suffix: %v", err)
	}
	if _, err := f.FetchSecret(t.Context(), strings.TrimSuffix(arn, "o-AbCdEf")); err == nil {
		t.Error("the secret of a longer name is accepted")
	}
}

func TestEndpoint(t *testing.T) {
	for endpoint, good := range map[string]bool{
		"": true, "https://vpce.example": true, "http://127.0.0.1:5000": true, "http://localhost": true, "http://[::1]:1": true,
		"http://vpce.example": false, "http://127.0.0.1.example": false, "ftp://x": false, "vpce.example": false, "https://": false, "://": false,
	} {
		if _, err := secretsmanager.New(t.Context(), &secretsmanager.Options{Endpoint: endpoint}); (err == nil) != good {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	if _, err := secretsmanager.New(t.Context(), nil); err != nil {
		t.Error(err)
	}
	t.Setenv("AWS_PROFILE", "no-such-profile")
	if _, err := secretsmanager.New(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "configuration of the AWS SDK") {
		t.Errorf("a profile that is not there: %v", err)
	}
}

// TestSource: the keys of both dialects reach a source, with the grace of stages.
//
// Rules K2, K11
func TestSource(t *testing.T) {
	issuer := tokentest.NewIssuer(t)
	current, err := issuer.Secrets().FetchSecret(t.Context(), tokentest.SharedSecretARN)
	if err != nil {
		t.Fatal(err)
	}
	previous, err := issuer.Secrets().FetchSecret(t.Context(), tokentest.PublicKeysARN)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := newFetcher(t, func(w http.ResponseWriter, stage string) {
		content := current
		if stage == "AWSPREVIOUS" {
			content = previous
		}
		text := value("SecretString", string(content), stage)
		io.WriteString(w, strings.Replace(text, "1767225600.5", fmt.Sprint(time.Now().Unix()), 1))
	})
	for _, grace := range []time.Duration{0, time.Hour} {
		keys, err := jwks.NewSecret(f, arn, &jwks.SecretOptions{PreviousGrace: grace})
		if err != nil {
			t.Fatal(err)
		}
		defer keys.Close()
		for alg, want := range map[jwks.Algorithm]bool{jwks.HS256: true, jwks.RS256: grace > 0} {
			token, err := jwks.ParseCompact(issuer.With(alg).Token(nil))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := keys.Verify(t.Context(), token); (err == nil) != want {
				t.Errorf("grace %v, %s: %v, want accepted: %t", grace, alg, err, want)
			}
		}
	}
}
