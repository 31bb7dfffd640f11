package awskms

import (
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
)

var _ kmssigner.Backend = (*Backend)(nil)

// Backend is a [kmssigner.Backend]. Make one with [New]; the zero value, and nil,
// do nothing but fail. It is safe for concurrent use. It retries as its client
// does: three attempts, with pauses, unless that was configured otherwise.
type Backend struct {
	client *kms.Client
	name   string
}

// New returns a Backend of the key that name stands for: an alias, as in
// alias/tokens or by its ARN, which can be pointed at another key to rotate; or
// the ID or ARN of one key. It makes no call: a name that stands for no key is an
// error of Describe. The client has region, credentials and endpoint.
func New(client *kms.Client, name string) *Backend { return &Backend{client, name} }

// check returns an error when b cannot be asked.
func (b *Backend) check(id string) error {
	switch {
	case b == nil || b.client == nil:
		return errors.New("awskms: no client: New makes a Backend of one")
	case b.name == "":
		return errors.New("awskms: no name: want an alias, such as alias/tokens, or the ARN of a key")
	case id == "":
		return errors.New("awskms: want the ID of a key")
	}
	return nil
}

// Describe returns the key with this ARN, or, if id is "", the one that the name
// stands for now: kms:DescribeKey and, but for HMAC, kms:GetPublicKey.
func (b *Backend) Describe(ctx context.Context, id string) (kmssigner.Key, error) {
	asked := id
	if b != nil && id == "" {
		asked = b.name
	}
	if err := b.check(asked); err != nil {
		return kmssigner.Key{}, err
	}
	out, err := b.client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &asked})
	if err != nil {
		return kmssigner.Key{}, explain(err, "kms:DescribeKey")
	}
	meta := out.KeyMetadata
	if meta == nil || !strings.HasPrefix(aws.ToString(meta.Arn), "arn:") {
		return kmssigner.Key{}, errors.New("awskms: kms:DescribeKey: the answer has no ARN of a key")
	}
	if id != "" && strings.HasPrefix(id, "arn:") && *meta.Arn != id {
		return kmssigner.Key{}, errors.New("awskms: kms:DescribeKey: the answer is about another key, or the ID is an alias")
	}
	if err := usable(meta); err != nil {
		return kmssigner.Key{}, err
	}
	spec := specs[meta.KeySpec]
	key := kmssigner.Key{ID: *meta.Arn, Algorithms: slices.Clone(spec.algs)}
	if spec.is == nil {
		return key, nil
	}
	key.Public, err = b.public(ctx, key.ID, meta.KeySpec)
	if err != nil {
		return kmssigner.Key{}, err
	}
	return key, nil
}

// usable returns an error when tokens cannot be signed with the key.
func usable(meta *types.KeyMetadata) error {
	spec, known := specs[meta.KeySpec]
	switch {
	case !known:
		return unusable("its spec is %s, which signs no tokens; want one for RSA, ECC_NIST or HMAC_256 and longer", meta.KeySpec)
	case meta.KeyUsage != spec.usage:
		return unusable("its usage is %s, want %s; make another key", meta.KeyUsage, spec.usage)
	case meta.KeyState != types.KeyStateEnabled && meta.KeyState != types.KeyStateUpdating: // its primary Region changes, and it works on
		return unusable("its state is %s, want Enabled; %s", meta.KeyState, cmp.Or(cures[meta.KeyState], "wait, or point the alias at another key"))
	case !offers(meta, spec.algs):
		return unusable("KMS does not offer all algorithms that a key of spec %s has", meta.KeySpec)
	}
	return nil
}

// offers reports whether KMS lists all these algorithms for the key. AWS always
// has a list; where an emulator has none, the spec says it.
func offers(meta *types.KeyMetadata, algs []jwks.Algorithm) bool {
	if len(meta.SigningAlgorithms)+len(meta.MacAlgorithms) == 0 {
		return true
	}
	for _, alg := range algs {
		if !slices.Contains(meta.SigningAlgorithms, signing[alg].alg) && !slices.Contains(meta.MacAlgorithms, macs[alg]) {
			return false
		}
	}
	return true
}

// cures say what to do about a state of a key.
var cures = map[types.KeyState]string{
	types.KeyStateDisabled:        "kms:EnableKey enables it",
	types.KeyStatePendingDeletion: "kms:CancelKeyDeletion and kms:EnableKey bring it back",
	types.KeyStatePendingImport:   "import its material",
	types.KeyStateUnavailable:     "connect its custom key store",
}

func unusable(format string, args ...any) error {
	return fmt.Errorf("awskms: %w: %s", kmssigner.ErrKeyUnusable, fmt.Sprintf(format, args...))
}

// public asks for the public key, and holds it to what is known of the key.
func (b *Backend) public(ctx context.Context, arn string, spec types.KeySpec) (crypto.PublicKey, error) {
	out, err := b.client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &arn})
	if err != nil {
		return nil, explain(err, "kms:GetPublicKey")
	}
	if !sameKey(aws.ToString(out.KeyId), arn) || out.KeySpec != "" && out.KeySpec != spec {
		return nil, errors.New("awskms: kms:GetPublicKey: the answer is about another key")
	}
	public, err := x509.ParsePKIXPublicKey(out.PublicKey)
	if err != nil || !specs[spec].is(public) {
		return nil, fmt.Errorf("awskms: kms:GetPublicKey: the answer is no public key of spec %s", spec)
	}
	return public, nil
}

// sameKey reports whether an answer is about the key with this ARN. AWS gives the
// ARN; emulators give what follows its last slash.
func sameKey(got, arn string) bool {
	return got == arn || got != "" && got == arn[strings.LastIndexByte(arn, '/')+1:]
}
