package main

import (
	"fmt"
	"slices"
	"time"
)

// person is what a service wants from a token.
type person struct {
	user   string
	groups []string
}

// verifier is a library's way from a token to a person: the key found by its kid
// among three, signature, exp, nbf, iss and aud checked, user and groups read.
type verifier struct {
	name   string
	kind   kind
	note   string
	verify func(raw string) (person, error)
	// quick is what is timed; nil is verify.
	quick func(raw string) error
}

func (v verifier) contender(raw string) contender {
	run := v.quick
	if run == nil {
		run = func(raw string) error { _, err := v.verify(raw); return err }
	}
	return contender{name: v.name, kind: v.kind, note: v.note, run: func(n int) {
		for range n {
			if err := run(raw); err != nil {
				panic(v.name + ": " + err.Error())
			}
		}
	}}
}

// verifiers are those that know the algorithm of a key ring.
func verifiers(r keyRing) ([]verifier, error) {
	var all []verifier
	for _, m := range []func(keyRing) (verifier, error){
		newClaimsVerifier, newGolangJWT, newGoJOSE, newJWX2, newJWX3, newOIDC,
	} {
		v, err := m(r)
		if err != nil {
			return nil, err
		}
		if v.verify != nil {
			all = append(all, v)
		}
	}
	return all, nil
}

// sample is a token, and whether it is to be accepted.
type sample struct {
	name, raw string
	good      bool
}

// samples are a good token and one for each thing that a verifier has to check.
func samples(r keyRing, now time.Time) ([]sample, error) {
	c := newClaims(now)
	other, err := newKey(r.alg)
	if err != nil {
		return nil, err
	}
	all := []sample{}
	for _, s := range []struct {
		name   string
		key    any
		claims claimSet
	}{
		{"good", r.keys[inForce], c},
		{"signed with another key", other, c},
		{"signed with the key of another kid", r.keys[inForce+1], c},
		{"expired", r.keys[inForce], c.with("exp", now.Add(-time.Hour).Unix())},
		{"not yet valid", r.keys[inForce], c.with("nbf", now.Add(time.Hour).Unix())},
		{"of another issuer", r.keys[inForce], c.with("iss", issuer+"/other")},
		{"for another audience", r.keys[inForce], c.with("aud", "reports")},
	} {
		raw, err := r.signWith(s.key, s.claims)
		if err != nil {
			return nil, err
		}
		all = append(all, sample{s.name, raw, s.name == "good"})
	}
	return all, nil
}

// agreeOnTokens requires that all verifiers accept and refuse the same, and read
// the same. One that has no kid cannot refuse the key of another kid.
func agreeOnTokens(all []verifier, samples []sample, c claimSet) error {
	accepted := 0
	for _, s := range samples {
		if s.good {
			accepted++
		}
		for _, v := range all {
			if v.note == noKeyID && s.name == "signed with the key of another kid" {
				continue
			}
			who, err := v.verify(s.raw)
			switch {
			case (err == nil) != s.good:
				return fmt.Errorf("%s disagrees: a token that is %s is accepted: %t (%v)", v.name, s.name, err == nil, err)
			case s.good && (who.user != c["user"] || !sameNames(who.groups, c["groups"].([]string))):
				return fmt.Errorf("%s disagrees: it reads another user or other groups", v.name)
			}
		}
	}
	if accepted == 0 || accepted == len(samples) {
		return fmt.Errorf("%d of %d tokens are good, which proves nothing", accepted, len(samples))
	}
	return nil
}

// sameNames compares without regard to order, which some keep and some do not.
func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

const noKeyID = "tries all keys, has no kid"
