package base64url_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/internal/base64url"
)

var standard = base64.RawURLEncoding.Strict()

// check holds the readers to encoding/base64, which passes over line breaks.
func check(t *testing.T, s string) (valid bool) {
	t.Helper()
	want, err := standard.DecodeString(s)
	valid = err == nil && !strings.ContainsAny(s, "\r\n")
	if got := base64url.Valid(s); got != valid {
		t.Fatalf("Valid(%q) = %t, want %t", s, got, valid)
	}
	got, ok := base64url.Decode(s)
	room := make([]byte, base64url.DecodedLen(len(s))+base64url.Slack)
	into, intoOK := base64url.DecodeInto(room, s)
	switch {
	case ok != valid || intoOK != valid:
		t.Fatalf("Decode and DecodeInto of %q: %t and %t, want %t", s, ok, intoOK, valid)
	case valid && (got != string(want) || string(into) != got):
		t.Fatalf("Decode and DecodeInto of %q: %q and %q, want %q", s, got, into, want)
	case !valid && got != "":
		t.Fatalf("Decode(%q) = %q beside false", s, got)
	}
	if _, ok := base64url.DecodeInto(room[1:], s); ok {
		t.Fatalf("DecodeInto of %q took too little room", s)
	}
	return valid
}

// Rule T1: each byte at each place, around the lengths at which reading changes
// its step.
func TestEachByte(t *testing.T) {
	accepted, refused := 0, 0
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 18, 19, 31, 32, 33, 34, 35} {
		for at := range n {
			for c := range 256 {
				s := []byte(strings.Repeat("A", n))
				s[at] = byte(c)
				if check(t, string(s)) {
					accepted++
				} else {
					refused++
				}
			}
		}
	}
	if accepted != 14_192 || refused != 61_328 {
		t.Errorf("%d accepted, %d refused", accepted, refused)
	}
}

// Rule T1: texts of several chunks, with a fault in any of them.
func TestLong(t *testing.T) {
	for _, n := range []int{1020, 1023, 1024, 1025, 1026, 1027, 1028, 2048, 2051, 100_000} {
		octets := make([]byte, n*6/8)
		for i := range octets {
			octets[i] = byte(i * i >> 3)
		}
		s := standard.EncodeToString(octets)
		if !check(t, s) {
			t.Errorf("%d letters are refused", n)
		}
		for _, at := range []int{0, 1000, 1019, len(s) / 2, len(s) - 1} {
			for _, c := range "=\n+/.\x00\x80" {
				if check(t, s[:at]+string(byte(c))+s[at+1:]) {
					t.Errorf("%q at %d of %d is accepted", c, at, len(s))
				}
			}
		}
	}
}

func TestAllocations(t *testing.T) {
	s := strings.Repeat("abcd", 1000)
	room := make([]byte, 4096)
	if n := testing.AllocsPerRun(20, func() { base64url.Decode(s) }); n != 1 {
		t.Errorf("Decode: %v allocations, want 1", n)
	}
	if n := testing.AllocsPerRun(20, func() {
		base64url.Valid(s)
		base64url.DecodeInto(room, s)
	}); n != 0 {
		t.Errorf("Valid and DecodeInto: %v allocations, want none", n)
	}
}

// FuzzStandard compares with encoding/base64.
//
// Rules T1, G4
func FuzzStandard(f *testing.F) {
	for _, s := range []string{"", "A", "AA", "AB", "AAA", "AAB", "AAAA", "AAAAA", "_-_-", "AA==", "AA\n", "+/+/", strings.Repeat("Zm9v", 400)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { check(t, s) })
}
