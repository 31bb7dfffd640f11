package main

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/awskms"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

var kmsKeys = []struct {
	spec kmstest.Spec
	alg  jwks.Algorithm
}{{kmstest.RSA2048, jwks.RS256}, {kmstest.P256, jwks.ES256}, {kmstest.Ed25519, jwks.EdDSA}, {kmstest.HMAC256, jwks.HS256}}

var kmsClaims = map[string]any{"iss": "https://tokens.example.com", "aud": "search", "user": "mary", "groups": []string{"AWS-SA", "Customer", "AWS-Sales"}}

// newKMSSigner has keys in this process, and so whatever the calls cost is left out
// but where calls go over loopback.
func newKMSSigner(b *testing.B, backend kmssigner.Backend) *kmssigner.Signer {
	b.Helper()
	signer, err := kmssigner.New(b.Context(), backend, &kmssigner.Options{RefreshInterval: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(signer.Close)
	return signer
}

// overLoopback reaches the keys through the client of AWS and the protocol of KMS.
func overLoopback(b *testing.B, backend *kmstest.Backend) kmssigner.Backend {
	b.Helper()
	server := httptest.NewServer(backend.Handler())
	b.Cleanup(server.Close)
	return awskms.New(kms.New(kms.Options{
		Region: "eu-west-1", BaseEndpoint: &server.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	}), kmstest.Alias)
}

// BenchmarkKMSMint mints a token: the backend's signature alone, then what
// kmssigner makes of it, which includes one verification with the public key.
func BenchmarkKMSMint(b *testing.B) {
	for _, key := range kmsKeys {
		backend := kmstest.New(key.spec)
		b.Run(string(key.alg)+"/signature", func(b *testing.B) {
			id, m := backend.IDs()[0], kmssigner.Message{Raw: make([]byte, 300)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := backend.Sign(b.Context(), id, key.alg, m); err != nil {
					b.Fatal(err)
				}
			}
		})
		for name, via := range map[string]kmssigner.Backend{"memory": backend, "loopback": overLoopback(b, backend)} {
			b.Run(string(key.alg)+"/"+name, func(b *testing.B) {
				signer := newKMSSigner(b, via)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := signer.Mint(b.Context(), kmsClaims); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkKMSVerify verifies a signature: with a set that never changes, with the
// keys of kmssigner, and by asking for it, in this process and over loopback.
func BenchmarkKMSVerify(b *testing.B) {
	for _, key := range kmsKeys {
		backend := kmstest.New(key.spec)
		local := newKMSSigner(b, backend)
		far := newKMSSigner(b, overLoopback(b, backend))
		token, err := local.Mint(b.Context(), kmsClaims)
		if err != nil {
			b.Fatal(err)
		}
		sources := map[string]jwks.Source{"local": local.Keys(), "remote": local.Keys().Remote(), "loopback": far.Keys().Remote()}
		if set := local.Keys().Set(); set != nil {
			sources["static"] = jwks.Static(set)
		}
		for _, name := range []string{"static", "local", "remote", "loopback"} {
			source, ok := sources[name]
			if !ok {
				continue
			}
			b.Run(string(key.alg)+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					j, err := jwks.ParseCompact(token)
					if err == nil {
						_, err = source.Verify(b.Context(), j)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
