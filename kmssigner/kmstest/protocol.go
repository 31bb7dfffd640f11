package kmstest

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
)

// Alias is the name of the alias of a [Backend] for [Backend.Handler].
const Alias = "alias/tokens"

// Handler serves the keys of b as AWS KMS does, in the AWS JSON protocol 1.1:
// DescribeKey, GetPublicKey, Sign, Verify, GenerateMac and VerifyMac, for tests of
// what speaks to KMS through a client. It refuses what AWS documents to refuse,
// with the same errors. Credentials are not looked at.
//
// The levers of b hold for it too: DescribeKey and GetPublicKey are Describe,
// GenerateMac is Sign, VerifyMac is Verify. A failure by Fail is an
// AccessDeniedException if it is [kmssigner.ErrAccessDenied]; otherwise its text is
// the code, as in errors.New("ThrottlingException").
func (b *Backend) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action, _ := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
		var in request
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err == nil {
			err = json.Unmarshal(body, &in)
		}
		if err != nil || r.Method != http.MethodPost {
			answer(w, nil, &apiError{"SerializationException"})
			return
		}
		out, err := b.act(r.Context(), action, &in)
		answer(w, out, err)
	})
}

// request has the members of all requests.
type request struct {
	KeyID            string `json:"KeyId"`
	Message          []byte
	MessageType      string
	SigningAlgorithm string
	MacAlgorithm     string
	Signature        []byte
	Mac              []byte
}

// apiError is an error of the API, by its code.
type apiError struct{ code string }

func (e *apiError) Error() string { return e.code }

func answer(w http.ResponseWriter, out map[string]any, err error) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err == nil {
		json.NewEncoder(w).Encode(out)
		return
	}
	var api *apiError
	code := err.Error()
	switch {
	case errors.As(err, &api):
		code = api.code
	case errors.Is(err, kmssigner.ErrAccessDenied):
		code = "AccessDeniedException"
	}
	status := http.StatusBadRequest
	switch code {
	case "KMSInternalException":
		status = http.StatusInternalServerError
	case "DependencyTimeoutException":
		status = http.StatusServiceUnavailable
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": "made up by kmstest"})
}

// act does one action.
func (b *Backend) act(ctx context.Context, action string, in *request) (map[string]any, error) {
	op, known := map[string]Operation{
		"DescribeKey": Describe, "GetPublicKey": Describe, "Sign": Sign, "GenerateMac": Sign, "Verify": Verify, "VerifyMac": Verify,
	}[action]
	if !known {
		return nil, &apiError{"UnknownOperationException"}
	}
	id, err := b.resolve(ctx, op, in.KeyID)
	if err != nil {
		return nil, err
	}
	k := b.key(id)
	if k == nil {
		return nil, &apiError{"NotFoundException"}
	}
	out := map[string]any{"KeyId": id}
	if action == "DescribeKey" {
		return map[string]any{"KeyMetadata": k.metadata(id)}, nil
	}
	if err := stateError(k.state); err != nil {
		return nil, err
	}
	switch action {
	case "GetPublicKey":
		return out, k.publicKey(out)
	case "Sign", "Verify":
		return out, k.asymmetric(action, in, out)
	}
	return out, k.symmetric(action, in, out)
}

// resolve counts the call, lets it hang or fail, and returns the ID of the key.
func (b *Backend) resolve(ctx context.Context, op Operation, name string) (string, error) {
	id := name
	switch {
	case name == Alias || strings.HasSuffix(name, ":"+Alias):
		id = b.aliased()
	case !strings.HasPrefix(name, "arn:"):
		id = idPrefix + name
	}
	_, _, err := b.enter(ctx, op, id)
	if errors.Is(err, kmssigner.ErrKeyUnusable) {
		err = nil // act tells which exception that is
	}
	return id, err
}

func (b *Backend) aliased() string {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	return b.store.named
}

func (b *Backend) key(id string) *memoryKey {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	if k := b.store.keys[id]; k != nil {
		copied := *k
		return &copied
	}
	return nil
}

func stateError(state string) error {
	switch state {
	case "Enabled":
		return nil
	case "Disabled":
		return &apiError{"DisabledException"}
	}
	return &apiError{"KMSInvalidStateException"}
}

// signingNames are the names that KMS has for algorithms.
var signingNames = map[jwks.Algorithm]string{
	jwks.RS256: "RSASSA_PKCS1_V1_5_SHA_256", jwks.RS384: "RSASSA_PKCS1_V1_5_SHA_384", jwks.RS512: "RSASSA_PKCS1_V1_5_SHA_512",
	jwks.PS256: "RSASSA_PSS_SHA_256", jwks.PS384: "RSASSA_PSS_SHA_384", jwks.PS512: "RSASSA_PSS_SHA_512",
	jwks.ES256: "ECDSA_SHA_256", jwks.ES384: "ECDSA_SHA_384", jwks.ES512: "ECDSA_SHA_512", jwks.EdDSA: "ED25519_SHA_512",
	jwks.HS256: "HMAC_SHA_256", jwks.HS384: "HMAC_SHA_384", jwks.HS512: "HMAC_SHA_512",
}

// algorithm returns the one of that name, which the key can do.
func (k *memoryKey) algorithm(name string) (jwks.Algorithm, error) {
	for alg, known := range signingNames {
		if known != name {
			continue
		}
		if !k.spec.can(alg) {
			return "", &apiError{"InvalidKeyUsageException"}
		}
		return alg, nil
	}
	return "", &apiError{"ValidationException"}
}

func (k *memoryKey) algorithmNames() []string {
	var names []string
	for _, alg := range k.spec.Algorithms() {
		names = append(names, signingNames[alg])
	}
	return names
}

func (k *memoryKey) usage() (usage, algorithms string) {
	if k.signer == nil {
		return "GENERATE_VERIFY_MAC", "MacAlgorithms"
	}
	return "SIGN_VERIFY", "SigningAlgorithms"
}

func (k *memoryKey) metadata(id string) map[string]any {
	usage, algorithms := k.usage()
	return map[string]any{
		"AWSAccountId": "111122223333", "Arn": id, "KeyId": strings.TrimPrefix(id, idPrefix), "Enabled": k.state == "Enabled", "KeyState": k.state,
		"KeyUsage": usage, "KeySpec": k.spec, "CustomerMasterKeySpec": k.spec, "KeyManager": "CUSTOMER", "Origin": "AWS_KMS", "MultiRegion": false,
		algorithms: k.algorithmNames(),
	}
}

func (k *memoryKey) publicKey(out map[string]any) error {
	if k.signer == nil {
		return &apiError{"UnsupportedOperationException"}
	}
	der, err := x509.MarshalPKIXPublicKey(k.signer.Public())
	if err != nil {
		return err
	}
	out["PublicKey"], out["KeySpec"], out["CustomerMasterKeySpec"], out["KeyUsage"], out["SigningAlgorithms"] = der, k.spec, k.spec, "SIGN_VERIFY", k.algorithmNames()
	return nil
}

// message returns what the request is about.
func (in *request) message() (kmssigner.Message, error) {
	switch in.MessageType {
	case "", "RAW":
		if len(in.Message) > 0 {
			return kmssigner.Message{Raw: in.Message}, nil
		}
	case "DIGEST":
		return kmssigner.Message{Digest: in.Message}, nil
	}
	return kmssigner.Message{}, &apiError{"ValidationException"}
}

func (k *memoryKey) asymmetric(action string, in *request, out map[string]any) error {
	alg, err := k.algorithm(in.SigningAlgorithm)
	if err != nil {
		return err
	}
	if k.signer == nil {
		return &apiError{"InvalidKeyUsageException"}
	}
	m, err := in.message()
	if err != nil || k.check(alg, m) != nil {
		return &apiError{"ValidationException"}
	}
	out["SigningAlgorithm"] = in.SigningAlgorithm
	if action == "Sign" {
		out["Signature"], err = k.signDER(alg, m)
		return err
	}
	if !k.verifiesDER(alg, m, in.Signature) {
		return &apiError{"KMSInvalidSignatureException"}
	}
	out["SignatureValid"] = true
	return nil
}

func (k *memoryKey) symmetric(action string, in *request, out map[string]any) error {
	alg, err := k.algorithm(in.MacAlgorithm)
	if err != nil {
		return err
	}
	if k.signer != nil {
		return &apiError{"InvalidKeyUsageException"}
	}
	m := kmssigner.Message{Raw: in.Message}
	if len(m.Raw) == 0 || k.check(alg, m) != nil {
		return &apiError{"ValidationException"}
	}
	out["MacAlgorithm"] = in.MacAlgorithm
	if action == "GenerateMac" {
		out["Mac"] = k.mac(alg, m)
		return nil
	}
	if !k.verifies(alg, m, in.Mac) {
		return &apiError{"KMSInvalidMacException"}
	}
	out["MacValid"] = true
	return nil
}

// signDER signs as KMS does: of ECDSA, a DER structure (RFC 3279 section 2.2.3).
func (k *memoryKey) signDER(alg jwks.Algorithm, m kmssigner.Message) ([]byte, error) {
	sig, err := k.sign(alg, m)
	if _, ok := k.signer.(*ecdsa.PrivateKey); !ok || err != nil {
		return sig, err
	}
	half := len(sig) / 2
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:half]), new(big.Int).SetBytes(sig[half:])})
}

func (k *memoryKey) verifiesDER(alg jwks.Algorithm, m kmssigner.Message, sig []byte) bool {
	if key, ok := k.signer.(*ecdsa.PrivateKey); ok {
		return ecdsa.VerifyASN1(&key.PublicKey, digest(alg, m), sig)
	}
	return k.verifies(alg, m, sig)
}
