package awskms

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/tokenacl/tokenacl/kmssigner"
)

// fixes say what to do about an error code of KMS (AWS KMS API Reference, Common
// Errors and the errors of each action), and which error of kmssigner it is.
var fixes = map[string]struct {
	is  error // nil for none
	fix string
}{
	"AccessDeniedException":         {kmssigner.ErrAccessDenied, "allow the role this action on the key, by IAM policy and key policy"},
	"AccessDenied":                  {kmssigner.ErrAccessDenied, "allow the role this action on the key, by IAM policy and key policy"}, // as other services spell it
	"DisabledException":             {kmssigner.ErrKeyUnusable, "the key is disabled; kms:EnableKey enables it"},
	"KMSInvalidStateException":      {kmssigner.ErrKeyUnusable, "the state of the key does not allow it: if it waits for its deletion, kms:CancelKeyDeletion and kms:EnableKey bring it back"},
	"NotFoundException":             {kmssigner.ErrKeyUnusable, "no such alias or key: compare its name, and the account and region of the client"},
	"InvalidKeyUsageException":      {kmssigner.ErrKeyUnusable, "the key is for another use or algorithm: want SIGN_VERIFY, or GENERATE_VERIFY_MAC for HMAC"},
	"UnsupportedOperationException": {kmssigner.ErrKeyUnusable, "the key cannot do this: want SIGN_VERIFY, or GENERATE_VERIFY_MAC for HMAC"},
	"InvalidArnException":           {kmssigner.ErrKeyUnusable, "the name is no ARN of a key or an alias"},
	"InvalidAliasNameException":     {kmssigner.ErrKeyUnusable, "the name is none of an alias: want alias/NAME"},
	"KeyUnavailableException":       {nil, "the key is out of reach for now; try again"},
	"ThrottlingException":           {nil, "throttled, after retries: ask for a higher quota of requests, or sign and verify less"},
	"DependencyTimeoutException":    {nil, "KMS has a fault: try again later"},
	"KMSInternalException":          {nil, "KMS has a fault: try again later"},
	"ExpiredTokenException":         {nil, "the credentials have expired: renew them"},
	"UnrecognizedClientException":   {nil, "the credentials are not known: compare access key, session token and partition"},
	"InvalidSignatureException":     {nil, "the credentials are wrong, or the clock of this machine is"},
	"ValidationException":           {nil, "KMS does not accept the request"},
}

// fault is an error of one action. It wraps that of the SDK, for errors.As, and
// shows nothing of its text: who knows what an endpoint writes into it.
type fault struct {
	text string
	errs []error
}

func (f *fault) Error() string   { return f.text }
func (f *fault) Unwrap() []error { return f.errs }

// explain says what to do about an error of the SDK.
func explain(err error, action string) error {
	var api smithy.APIError
	var response *awshttp.ResponseError
	var attempts *retry.MaxAttemptsError
	f := &fault{text: "awskms: " + action, errs: []error{err}}
	status := 0
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	switch {
	case errors.As(err, &api) && (fixes[api.ErrorCode()].fix != "" || status != http.StatusForbidden):
		f.add(api.ErrorCode())
		f.text += " (" + code(api.ErrorCode()) + ")"
	case status == http.StatusForbidden: // without a code of KMS: a gateway says so, or an emulator
		f.add("AccessDeniedException")
		f.text += " (HTTP status 403)"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		f.text += ": no answer in time"
	case status != 0:
		f.text += fmt.Sprintf(": an answer that is not one of KMS: compare the endpoint (HTTP status %d)", status)
	default:
		f.text += ": no answer: check the network, the endpoint and the credentials"
	}
	if errors.As(err, &attempts) {
		f.text += fmt.Sprintf(", after %d attempts", attempts.Attempt)
	}
	return f
}

// add says what an error code means.
func (f *fault) add(code string) {
	known, ok := fixes[code]
	if known.is != nil {
		f.errs = append(f.errs, known.is)
		f.text += ": " + known.is.Error()
	}
	if !ok {
		known.fix = "refused"
	}
	f.text += ": " + known.fix
}

// code returns an error code as it is, if it looks like one.
func code(s string) string {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') || len(s) > 64 {
			return "unknown code"
		}
	}
	return s
}
