package secretsmanager

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/tokenacl/tokenacl/jwks"
)

// Options are where a [Fetcher] asks. The zero value and nil are AWS itself.
type Options struct {
	// Endpoint replaces that of AWS, for a VPC endpoint or an emulator: an https
	// URL, or http on this machine. "" is the SDK's choice, which also heeds
	// AWS_ENDPOINT_URL.
	Endpoint string
}

var _ jwks.StagedSecretFetcher = (*Fetcher)(nil)

// Fetcher reads secrets. Make one with [New]; the zero value, and nil, fetch
// nothing. It is safe for concurrent use. It retries as the SDK does: three
// attempts, with pauses, within the caller's context.
type Fetcher struct {
	client *secretsmanager.Client
}

// New returns a Fetcher with the configuration that the SDK finds. It asks nobody
// for credentials yet. opts may be nil. An error is about the options, or about
// files of the SDK.
func New(ctx context.Context, opts *Options) (*Fetcher, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if err := checkEndpoint(o.Endpoint); err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("secretsmanager: configuration of the AWS SDK: %w", err)
	}
	return &Fetcher{secretsmanager.NewFromConfig(cfg, func(c *secretsmanager.Options) {
		if o.Endpoint != "" {
			c.BaseEndpoint = aws.String(o.Endpoint)
		}
	})}, nil
}

func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && local(u.Hostname())) {
		return nil
	}
	return errors.New("secretsmanager: Endpoint: want an https URL, or http on this machine: secrets come from there")
}

func local(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// FetchSecret returns the value of the version AWSCURRENT.
func (f *Fetcher) FetchSecret(ctx context.Context, arn string) ([]byte, error) {
	value, _, err := f.FetchSecretStage(ctx, arn, "AWSCURRENT")
	return value, err
}

// FetchSecretStage returns the value of the version with that staging label, and
// when it was created. For labels other than AWSCURRENT, nil without an error is
// that no version has it.
//
// Errors name the permission or the resource to mend, and wrap those of the SDK.
func (f *Fetcher) FetchSecretStage(ctx context.Context, arn, stage string) ([]byte, time.Time, error) {
	if f == nil || f.client == nil {
		return nil, time.Time{}, errors.New("secretsmanager: a Fetcher that New did not make")
	}
	region, err := regionOf(arn)
	if err != nil {
		return nil, time.Time{}, err
	}
	out, err := f.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn, VersionStage: &stage},
		func(o *secretsmanager.Options) { o.Region = region })
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing) && stage != "AWSCURRENT":
		return nil, time.Time{}, nil
	case err != nil:
		return nil, time.Time{}, explain(err, region)
	}
	return read(out, arn, stage)
}

// read takes the value out of an answer to the question that was asked.
func read(out *secretsmanager.GetSecretValueOutput, arn, stage string) ([]byte, time.Time, error) {
	value := out.SecretBinary
	if out.SecretString != nil {
		value = []byte(*out.SecretString)
	}
	var problem string
	switch {
	case !sameSecret(aws.ToString(out.ARN), arn):
		problem = "the answer is about another secret"
	case !hasStage(out.VersionStages, stage):
		problem = "the answer is about a version without the label " + stage
	case out.CreatedDate == nil:
		problem = "the answer does not say when the version was created"
	case len(value) == 0:
		problem = "the version has no value; put one"
	default:
		return value, *out.CreatedDate, nil
	}
	return nil, time.Time{}, errors.New("secretsmanager: " + problem)
}

// sameSecret reports whether got is the ARN that was asked for, which may lack
// the hyphen and six characters that AWS adds to a name.
func sameSecret(got, asked string) bool {
	suffix, ok := strings.CutPrefix(got, asked)
	return ok && (suffix == "" || len(suffix) == 7 && suffix[0] == '-')
}

func hasStage(stages []string, stage string) bool {
	for _, s := range stages {
		if s == stage {
			return true
		}
	}
	return false
}

// regionOf returns the region in the ARN of a secret:
// arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME.
func regionOf(arn string) (string, error) {
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) != 7 || parts[0] != "arn" || parts[2] != "secretsmanager" || parts[5] != "secret" || parts[6] == "" || !validRegion(parts[3]) {
		return "", errors.New("secretsmanager: ARN: want arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME")
	}
	return parts[3], nil
}

// validRegion keeps what is no region out of the name of a host.
func validRegion(region string) bool {
	for _, c := range []byte(region) {
		if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return region != ""
}
