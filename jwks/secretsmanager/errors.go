package secretsmanager

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/smithy-go"
)

// fixes say what to do about an error code of the API (Secrets Manager API
// reference, Errors and Common Errors).
var fixes = map[string]string{
	"AccessDeniedException":       "access denied: allow the role secretsmanager:GetSecretValue on this secret, and kms:Decrypt on its key if that is not aws/secretsmanager",
	"DecryptionFailure":           "KMS did not decrypt the secret: enable its key, and allow the role kms:Decrypt on it",
	"ResourceNotFoundException":   "no such secret: compare name and account, and the region, which is that of the ARN; a new secret needs a value",
	"InvalidRequestException":     "the secret cannot be read in its state: if it is scheduled for deletion, restore it",
	"InvalidParameterException":   "the ARN or the label is not accepted: compare the ARN",
	"ThrottlingException":         "throttled, after retries: fetch less often (RefreshInterval), or share one source in a process",
	"ExpiredTokenException":       "the credentials have expired: renew them",
	"UnrecognizedClientException": "the credentials are not known: compare access key, session token and partition",
	"InvalidClientTokenId":        "the credentials are not known: compare access key, session token and partition",
	"InvalidSignatureException":   "the credentials are wrong, or the clock of this machine is",
	"InternalServiceError":        "Secrets Manager has a fault: try again later",
	"ServiceUnavailableException": "Secrets Manager has a fault: try again later",
}

// explain adds to an error of the SDK what to do about it. The SDK's text has
// names of roles and resources, never a value.
func explain(err error, region string) error {
	var api smithy.APIError
	fix := "no answer: check the network, the endpoint and the credentials"
	switch {
	case errors.As(err, &api):
		fix = fixes[api.ErrorCode()]
		if fix == "" {
			fix = "refused"
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		fix = "no answer in time"
	}
	return fmt.Errorf("secretsmanager: in %s: %s: %w", region, fix, err)
}
