// Kmstokens signs JSON Web Tokens with a key that cannot be exported, and shows
// each step of their life: minted, verified with the public key and by the key
// store, tampered with, signed by a new key after a rotation, revoked.
//
//	go run ./kmstokens                                 with keys in memory, offline
//	go run ./kmstokens -key alias/tokens               with a key of AWS KMS, which the SDK's usual configuration finds
//	go run ./kmstokens -key alias/tokens -rotate       and make a new key there, and point the alias at it
//	go run ./kmstokens -key alias/tokens -aws-endpoint URL    with an emulator
//
// A rotation takes ten minutes by default, since caches have to learn of the new
// key; here it takes some seconds. The old key is only forgotten here, and stays
// what it is in AWS.
//
// It exits with 1 when a step answers other than it should.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// store is a key store, and how to rotate in it.
type store struct {
	backend kmssigner.Backend
	rotate  func(ctx context.Context) error // nil: not to be rotated
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("kmstokens", flag.ContinueOnError)
	f.SetOutput(stderr)
	spec := f.String("spec", "ECC_NIST_P256", "key `SPEC` of the key in memory, as AWS names it")
	name := f.String("key", "", "`NAME` of a key in AWS KMS: an alias or an ARN; instead of a key in memory")
	endpoint := f.String("aws-endpoint", "", "`URL` of KMS, such as an emulator's, with -key")
	rotate := f.Bool("rotate", false, "with -key: create a key of the same spec, and point the alias at it for good")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 1
	}
	memoryOnly := false
	f.Visit(func(given *flag.Flag) { memoryOnly = memoryOnly || given.Name == "spec" })
	var s store
	var err error
	switch {
	case f.NArg() > 0:
		err = errors.New("no arguments wanted behind the flags")
	case *name != "" && memoryOnly:
		err = errors.New("-spec is of the key in memory; it does not go with -key")
	case *name == "" && (*endpoint != "" || *rotate):
		err = errors.New("-aws-endpoint and -rotate go with -key")
	case *name == "":
		s, err = inMemory(*spec)
	default:
		s, err = inKMS(ctx, *name, *endpoint, *rotate)
	}
	if err == nil {
		err = show(ctx, s, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "kmstokens:", err)
		return 1
	}
	return 0
}

// quick makes a rotation take seconds.
var quick = kmssigner.Options{MaxAge: time.Second, RefreshInterval: time.Second, Timeout: time.Second, MaxStale: time.Hour}

// show goes through the steps, and ends with the first that answers wrongly.
func show(ctx context.Context, s store, out io.Writer) error {
	signer, err := kmssigner.New(ctx, s.backend, &quick)
	if err != nil {
		return err
	}
	defer signer.Close()
	keys := signer.Keys()
	steps := &steps{ctx: ctx, out: out, keys: keys}

	steps.title("Mint")
	token, err := signer.Mint(ctx, map[string]any{"iss": "https://tokens.example.com", "aud": "search", "user": "mary", "groups": []string{"AWS-SA", "Customer"}})
	if err != nil {
		return err
	}
	steps.print(token)

	steps.title("Verify")
	steps.verify("the token", token, nil)
	steps.verify("one with another user", tampered(token), jwks.ErrSignature)
	steps.verify("one with a kid that is an ARN of somebody", withKid(token), jwks.ErrUnknownKey)

	if s.rotate == nil {
		steps.title("Rotate: left out; -rotate makes a new key and points the alias at it")
	} else if err := steps.rotate(signer, s, token); err != nil {
		return err
	}

	steps.title("Publish")
	if set := keys.Set(); set != nil {
		text, err := set.MarshalPublic()
		if err != nil {
			return err
		}
		steps.json(text)
	} else {
		fmt.Fprintln(out, "  nothing: an HMAC key has no public half")
	}
	return steps.err
}

// steps prints them, and keeps the first wrong answer.
type steps struct {
	ctx  context.Context
	out  io.Writer
	keys *kmssigner.Keys
	err  error
}

func (s *steps) title(text string) { fmt.Fprintf(s.out, "\n%s\n", text) }

// print shows what a token says.
func (s *steps) print(token string) {
	parts := strings.Split(token, ".")
	for i, name := range []string{"header", "claims"} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			s.wrong(err)
		}
		fmt.Fprintf(s.out, "  %s %s\n", name, text)
	}
	fmt.Fprintf(s.out, "  %d bytes\n", len(token))
}

func (s *steps) json(text []byte) {
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(text, &set); err != nil {
		s.wrong(err)
	}
	for _, key := range set.Keys {
		fmt.Fprintf(s.out, "  %s\n", key)
	}
}

// verify holds both verifiers to the answer that is wanted.
func (s *steps) verify(what, token string, want error) {
	for _, by := range []struct {
		name   string
		source jwks.Source
	}{{"the public key", s.keys}, {"the key store", s.keys.Remote()}} {
		j, err := jwks.ParseCompact(token)
		if err == nil {
			_, err = by.source.Verify(s.ctx, j)
		}
		answer := "verified"
		if err != nil {
			answer = err.Error()
		}
		if !errors.Is(err, want) {
			answer += "   WRONG"
			s.wrong(fmt.Errorf("%s, by %s: %v, want %v", what, by.name, err, want))
		}
		fmt.Fprintf(s.out, "  %-45s by %-15s %s\n", what+",", by.name+":", answer)
	}
}

func (s *steps) wrong(err error) {
	if s.err == nil {
		s.err = err
	}
}

// rotate points the alias at a new key, and follows what happens.
func (s *steps) rotate(signer *kmssigner.Signer, store store, oldToken string) error {
	s.title("Rotate: the alias is pointed at a new key")
	old := signing(s.keys)
	if err := store.rotate(s.ctx); err != nil {
		return err
	}
	if err := s.keys.Refresh(s.ctx); err != nil {
		return err
	}
	for _, info := range s.keys.List() {
		fmt.Fprintf(s.out, "  kid %s signs now: %-5t verifies: true\n", info.KeyID, info.Signs)
	}
	if signing(s.keys) != old || len(s.keys.List()) != 2 {
		s.wrong(errors.New("want both keys published, and the old one signing"))
	}
	fmt.Fprintln(s.out, "  until no cache is without the new key ...")
	var token string
	for signing(s.keys) == old {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
	token, err := signer.Mint(s.ctx, map[string]any{"user": "mary"})
	if err != nil {
		return err
	}
	s.print(token)
	s.verify("the new token", token, nil)
	s.verify("the old token", oldToken, nil)

	s.title("Revoke the old key")
	s.keys.Retire(old)
	s.verify("the new token", token, nil)
	s.verify("the old token", oldToken, jwks.ErrUnknownKey)
	return nil
}

// signing returns the kid of the key that signs.
func signing(keys *kmssigner.Keys) string {
	for _, info := range keys.List() {
		if info.Signs {
			return info.KeyID
		}
	}
	return ""
}

func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// tampered says that the token is somebody else's.
func tampered(token string) string {
	parts := strings.Split(token, ".")
	parts[1] = encoded(`{"user":"eve","exp":4102444800}`)
	return strings.Join(parts, ".")
}

// withKid names a key of another account.
func withKid(token string) string {
	j, err := jwks.ParseCompact(token)
	if err != nil {
		return token
	}
	parts := strings.Split(token, ".")
	parts[0] = encoded(fmt.Sprintf(`{"alg":%q,"kid":"arn:aws:kms:eu-west-1:999999999999:key/eve"}`, j.Algorithm()))
	return strings.Join(parts, ".")
}
