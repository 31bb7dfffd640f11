// Package tokentest is for the tests of applications that embed tokenacl: it
// mints tokens, good ones and broken ones, and has everything that verifies them.
//
// Start with [NewIssuer]. [Issuer.Token] mints a token and [Issuer.Gate] is a gate
// that accepts it; [Issuer.Broken] gives a token of every kind that the gate
// refuses, for a table test. [Issuer.Scope] is for tests that need a caller and no
// token. An application that fetches its keys gets them from [Issuer.Server],
// from [Issuer.Handler] or from [Issuer.Secrets].
//
// The keys are fixed and published with this source code: anybody can sign with
// them, so they are worth nothing, and whatever trusts them trusts everybody.
// Import this package in files named _test.go only. An [Issuer] needs a
// [testing.TB], so that no other code makes one by accident.
//
// Misuse fails the test at the line that calls, so that no method of an Issuer
// returns an error. Make an Issuer in the test or subtest that uses it: like every
// helper that takes a testing.TB, it may fail that test only from its own
// goroutine. Apart from that everything here is safe for concurrent use.
//
// Time is [time.Now], and nothing here starts a goroutine or uses the network
// unless [Issuer.Server] is called. So it works in a bubble of testing/synctest,
// where tokens expire as fast as the test likes.
package tokentest
