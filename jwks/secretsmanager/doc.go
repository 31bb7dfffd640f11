// Package secretsmanager fetches secrets from AWS Secrets Manager for
// jwks.NewSecret, which keeps them fresh.
//
// Start with [New], and give the [Fetcher] to jwks.NewSecret together with the
// ARN that a token configuration names. The region is that of the ARN, the
// credentials are those that the AWS SDK finds (its default chain: environment,
// shared files, the role of a container or instance).
//
// # Permissions
//
// The least policy for the role. The second statement is for secrets under a
// key of one's own; aws/secretsmanager needs none.
//
//	{"Version": "2012-10-17", "Statement": [
//	  {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
//	   "Resource": "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-??????"},
//	  {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:REGION:ACCOUNT:key/ID",
//	   "Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.REGION.amazonaws.com"}}}]}
//
// # Why not AWS's own cache
//
// github.com/aws/aws-secretsmanager-caching-go/v2 (v2.2.0) refreshes when
// somebody asks after its time to live, and everybody who asks then waits for it
// under one lock; an idle process keeps an old value as long as nobody asks. When
// a refresh fails it serves the value that it has, however old. It does not tell
// when a version was created, which a grace for AWSPREVIOUS counts from, and needs
// the permission secretsmanager:DescribeSecret as well. jwks.NewSecret refreshes
// in the background and stops at a maximal age, so a cache below it would only
// make revocation late.
package secretsmanager
