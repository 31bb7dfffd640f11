package kmstest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

// subject is one for a backend in front of b.
func subject(front kmssigner.Backend, b *kmstest.Backend) kmstest.Subject {
	return kmstest.Subject{
		Backend: front,
		Create:  func(_ *testing.T, spec kmstest.Spec) string { return b.Create(spec) },
		Point:   func(_ *testing.T, id string) { b.Point(id) },
		Disable: func(_ *testing.T, id string) { b.Disable(id) },
	}
}

// TestMemory: the backend of this package passes.
//
// Rules M1, M2
func TestMemory(t *testing.T) {
	b := kmstest.New(kmstest.P256)
	kmstest.TestBackend(t, subject(b, b))
}

// broken are backends that the suite has to find out.
var broken = map[string]struct {
	make func(b *kmstest.Backend) kmstest.Subject
	says string // the line that names what is wrong
}{
	"DER signature": {func(b *kmstest.Backend) kmstest.Subject { return subject(&der{b}, b) }, "not that of JWS by ES256"},
	"wrong salt":    {func(b *kmstest.Backend) kmstest.Subject { return subject(&salted{b}, b) }, "not that of JWS by PS256"},
	"wrong alg":     {func(b *kmstest.Backend) kmstest.Subject { return subject(&mixed{b}, b) }, "not that of JWS by RS512"},
	"ignored context": {func(b *kmstest.Backend) kmstest.Subject {
		return subject(&deaf{b}, b)
	}, "Sign ignores its context"},
	"stale alias": {func(b *kmstest.Backend) kmstest.Subject { return subject(&stale{Backend: b}, b) }, "the name stands for"},
	"always yes":  {func(b *kmstest.Backend) kmstest.Subject { return subject(&gullible{b}, b) }, "want jwks.ErrSignature"},
	"never disabled": {func(b *kmstest.Backend) kmstest.Subject {
		s := subject(b, b)
		s.Disable = func(*testing.T, string) {}
		return s
	}, "of a disabled key"},
	"signs by alias":          {func(b *kmstest.Backend) kmstest.Subject { return subject(&careless{b}, b) }, "not a signature of that key"},
	"no ID":                   {func(b *kmstest.Backend) kmstest.Subject { return subject(&lax{b}, b) }, "no ID: Sign"},
	"keeps descriptions":      {func(b *kmstest.Backend) kmstest.Subject { return subject(&keeping{Backend: b}, b) }, "Describe of a disabled key"},
	"shares its list":         {func(b *kmstest.Backend) kmstest.Subject { return subject(&sharing{Backend: b}, b) }, "want a slice of its own"},
	"writes to the signature": {func(b *kmstest.Backend) kmstest.Subject { return subject(&scribbling{b}, b) }, "the signature was written to"},
	"one buffer":              {func(b *kmstest.Backend) kmstest.Subject { return subject(&buffering{Backend: b}, b) }, "the signature was written to"},
	"nothing left":            {func(b *kmstest.Backend) kmstest.Subject { s := subject(b, b); s.Lacks = lacksAll(); return s }, "no algorithm of any key was tested"},
	"unknown lack": {func(b *kmstest.Backend) kmstest.Subject {
		s := subject(b, b)
		s.Lacks = map[string]string{"PS1": "slow"}
		return s
	}, "is nothing that may be left out"},
	"lack, no reason": {func(b *kmstest.Backend) kmstest.Subject {
		s := subject(b, b)
		s.Lacks = map[string]string{"limit": ""}
		return s
	}, "has no reason"},
	"no lever, no why": {func(b *kmstest.Backend) kmstest.Subject { s := subject(b, b); s.Disable = nil; return s }, "either Disable or why"},
}

func lacksAll() map[string]string {
	all := map[string]string{}
	for _, spec := range kmstest.Specs() {
		all[string(spec)] = "a test"
	}
	return all
}

const brokenOne = "TOKENACL_TEST_BROKEN_BACKEND"

// TestBroken feeds the suite broken backends: it goes red, and says why. It runs
// itself again for that, since a test that fails inside another fails that too; once
// for all, since RSA keys take long to make.
//
// Rules M1, M2
func TestBroken(t *testing.T) {
	if os.Getenv(brokenOne) != "" {
		for name, tt := range broken {
			t.Run(name, func(t *testing.T) {
				s := tt.make(kmstest.New(kmstest.P256))
				if s.Lacks == nil {
					s.Lacks = map[string]string{"RSA_3072": "takes long", "RSA_4096": "takes long"}
				}
				kmstest.TestBackend(t, s)
			})
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestBroken$", "-test.count=1")
	cmd.Env = append(os.Environ(), brokenOne+"=all")
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
		t.Fatalf("want red: %v\n%s", err, out)
	}
	// What a backend's own test says stands below its line.
	said := map[string]string{}
	for _, part := range strings.Split(string(out), "\n    --- FAIL: TestBroken/")[1:] {
		name, _, _ := strings.Cut(part, " (")
		said[name] = part
	}
	for name, tt := range broken {
		if part := said[strings.ReplaceAll(name, " ", "_")]; !strings.Contains(part, tt.says) {
			t.Errorf("%s: want red and %q:\n%s", name, tt.says, part)
		}
	}
	if len(broken) != 17 || len(said) != len(broken) {
		t.Errorf("%d broken backends, want 17", len(broken))
	}
}

// TestExplains: what is left out is said.
func TestExplains(t *testing.T) {
	if os.Getenv(brokenOne) != "" {
		b := kmstest.New(kmstest.P256)
		s := subject(b, b)
		s.Disable, s.Lacks = nil, map[string]string{"RSA_4096": "too slow", "RSA_3072": "too slow", "disable": "no lever", "digest": "a bug", "limit": "another"}
		kmstest.TestBackend(t, s)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestExplains$", "-test.v")
	cmd.Env = append(os.Environ(), brokenOne+"=none")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"left out: RSA_4096: too slow", "left out: disable: no lever", "left out: digest: a bug", "left out: limit: another", "--- PASS: TestExplains/RSA_2048/PS512"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("missing %q", want)
		}
	}
	for _, not := range []string{"TestExplains/RSA_4096", "TestExplains/disable"} {
		if strings.Contains(string(out), not) {
			t.Errorf("ran although left out: %q", not)
		}
	}
}

// TestLevers: the backend does what a test tells it to, and counts.
func TestLevers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := kmstest.New(kmstest.Ed25519)
		first, err := b.Describe(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		ctx, m := t.Context(), kmssigner.Message{Raw: []byte("m")}
		sign := func(id string) error { _, err := b.Sign(ctx, id, jwks.EdDSA, m); return err }
		other := b.Create(kmstest.Ed25519)
		throttled := errors.New("throttled")
		b.FailKey(first.ID, kmstest.Sign, throttled)
		if err := sign(first.ID); !errors.Is(err, throttled) {
			t.Errorf("%v", err)
		}
		if err := sign(other); err != nil {
			t.Errorf("the other key: %v", err)
		}
		b.FailKey(first.ID, kmstest.Sign, nil)
		b.Fail(kmstest.Sign, throttled)
		if err := sign(other); !errors.Is(err, throttled) {
			t.Errorf("%v", err)
		}
		b.Fail(kmstest.Sign, nil)

		b.Hang(kmstest.Sign, true)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Minute)
		defer cancel()
		began := time.Now()
		if err := sign(other); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		b.Hang(kmstest.Sign, false)
		ctx = t.Context()

		b.ScheduleDeletion(other)
		if err := sign(other); !errors.Is(err, kmssigner.ErrKeyUnusable) || !strings.Contains(err.Error(), "PendingDeletion") {
			t.Errorf("%v", err)
		}
		b.Enable(other)
		if err := sign(other); err != nil {
			t.Error(err)
		}
		b.Point("")
		if _, err := b.Describe(ctx, ""); !errors.Is(err, kmssigner.ErrKeyUnusable) {
			t.Errorf("an alias of nothing: %v", err)
		}
		b.Disable("no such key")
		if got, want := b.Calls(), (kmstest.Calls{Describe: 2, Sign: 6}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		if got := strings.Join(b.Asked(), " "); got != " "+first.ID+" "+other || len(b.IDs()) != 2 {
			t.Errorf("asked for %q of %v", got, b.IDs())
		}
		if got := fmt.Sprintf("%v %+v %#v %x", b, b, b, b); strings.Contains(got, "(0x") || !strings.Contains(got, "kmstest.Backend(2 keys)") {
			t.Error(got)
		}
	})
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, "want a Spec out of Specs()") {
			t.Errorf("%s", got)
		}
	}()
	kmstest.New("RSA_1024")
}
