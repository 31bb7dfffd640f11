package awskms

import (
	"bytes"
	"context"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
)

// content returns what to send of a message.
func content(m kmssigner.Message) ([]byte, types.MessageType, error) {
	switch {
	case (len(m.Raw) == 0) == (len(m.Digest) == 0):
		return nil, "", errors.New("awskms: Message: want either Raw or Digest")
	case len(m.Digest) > 0:
		return m.Digest, types.MessageTypeDigest, nil
	case len(m.Raw) > kmssigner.MaxRaw:
		return nil, "", fmt.Errorf("awskms: Message: Raw: %d bytes, and KMS takes at most %d", len(m.Raw), kmssigner.MaxRaw)
	}
	return m.Raw, types.MessageTypeRaw, nil
}

// Sign signs by kms:Sign or, with an HMAC algorithm, by kms:GenerateMac.
func (b *Backend) Sign(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message) ([]byte, error) {
	if err := b.check(id); err != nil {
		return nil, err
	}
	message, kind, err := content(m)
	if err != nil {
		return nil, err
	}
	if mac, ok := macs[alg]; ok {
		return b.mac(ctx, id, mac, message, kind)
	}
	how, ok := signing[alg]
	if !ok {
		return nil, errAlgorithm
	}
	out, err := b.client.Sign(ctx, &kms.SignInput{KeyId: &id, SigningAlgorithm: how.alg, Message: message, MessageType: kind})
	switch {
	case err != nil:
		return nil, explain(err, "kms:Sign")
	case !sameKey(aws.ToString(out.KeyId), id) || out.SigningAlgorithm != how.alg:
		return nil, errors.New("awskms: kms:Sign: the answer is about another key or algorithm")
	case how.size > 0:
		return fromASN1(out.Signature, how.size)
	}
	return out.Signature, nil
}

var (
	errAlgorithm = errors.New("awskms: not an algorithm that KMS signs tokens by")
	errMACDigest = errors.New("awskms: Message: Digest: HMAC takes none")
)

func (b *Backend) mac(ctx context.Context, id string, mac types.MacAlgorithmSpec, message []byte, kind types.MessageType) ([]byte, error) {
	if kind != types.MessageTypeRaw {
		return nil, errMACDigest
	}
	out, err := b.client.GenerateMac(ctx, &kms.GenerateMacInput{KeyId: &id, MacAlgorithm: mac, Message: message})
	switch {
	case err != nil:
		return nil, explain(err, "kms:GenerateMac")
	case !sameKey(aws.ToString(out.KeyId), id) || out.MacAlgorithm != mac:
		return nil, errors.New("awskms: kms:GenerateMac: the answer is about another key or algorithm")
	}
	return out.Mac, nil
}

// Verify verifies by kms:Verify or, with an HMAC algorithm, by kms:VerifyMac.
func (b *Backend) Verify(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message, signature []byte) error {
	if err := b.check(id); err != nil {
		return err
	}
	message, kind, err := content(m)
	if err != nil {
		return err
	}
	if len(signature) == 0 || len(signature) > maxSignature {
		return jwks.ErrSignature
	}
	if mac, ok := macs[alg]; ok {
		return b.verifyMAC(ctx, id, mac, message, kind, signature)
	}
	how, ok := signing[alg]
	if !ok {
		return errAlgorithm
	}
	if how.size > 0 {
		if len(signature) != 2*how.size {
			return jwks.ErrSignature
		}
		signature = toASN1(signature)
	}
	out, err := b.client.Verify(ctx, &kms.VerifyInput{KeyId: &id, SigningAlgorithm: how.alg, Message: message, MessageType: kind, Signature: signature})
	var wrong *types.KMSInvalidSignatureException
	switch {
	case errors.As(err, &wrong):
		return jwks.ErrSignature
	case err != nil:
		return explain(err, "kms:Verify")
	case !sameKey(aws.ToString(out.KeyId), id) || out.SigningAlgorithm != how.alg:
		return errors.New("awskms: kms:Verify: the answer is about another key or algorithm")
	case !out.SignatureValid: // AWS says so by the exception, emulators so
		return jwks.ErrSignature
	}
	return nil
}

// maxSignature is how long a signature may be for kms:Verify.
const maxSignature = 6144

func (b *Backend) verifyMAC(ctx context.Context, id string, mac types.MacAlgorithmSpec, message []byte, kind types.MessageType, signature []byte) error {
	if kind != types.MessageTypeRaw {
		return errMACDigest
	}
	out, err := b.client.VerifyMac(ctx, &kms.VerifyMacInput{KeyId: &id, MacAlgorithm: mac, Message: message, Mac: signature})
	var wrong *types.KMSInvalidMacException
	switch {
	case errors.As(err, &wrong):
		return jwks.ErrSignature
	case err != nil:
		return explain(err, "kms:VerifyMac")
	case !sameKey(aws.ToString(out.KeyId), id) || out.MacAlgorithm != mac:
		return errors.New("awskms: kms:VerifyMac: the answer is about another key or algorithm")
	case !out.MacValid:
		return jwks.ErrSignature
	}
	return nil
}

// ecdsaSignature is Ecdsa-Sig-Value, RFC 3279 section 2.2.3.
type ecdsaSignature struct{ R, S *big.Int }

// fromASN1 writes r and s one after the other, size octets each.
func fromASN1(der []byte, size int) ([]byte, error) {
	var sig ecdsaSignature
	_, err := asn1.Unmarshal(der, &sig)
	if err == nil { // which passes over what follows, in the sequence and behind it
		var again []byte
		if again, err = asn1.Marshal(sig); err == nil && !bytes.Equal(again, der) {
			err = errors.New("more than r and s")
		}
	}
	if err != nil || sig.R.Sign() <= 0 || sig.S.Sign() <= 0 || sig.R.BitLen() > 8*size || sig.S.BitLen() > 8*size {
		return nil, errors.New("awskms: kms:Sign: the answer is no signature by ECDSA")
	}
	out := make([]byte, 2*size)
	sig.R.FillBytes(out[:size])
	sig.S.FillBytes(out[size:])
	return out, nil
}

func toASN1(signature []byte) []byte {
	half := len(signature) / 2
	der, _ := asn1.Marshal(ecdsaSignature{new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])}) // two integers always have an encoding
	return der
}
