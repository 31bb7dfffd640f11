// Package kmstest has a [kmssigner.Backend] in memory, for tests of what signs
// tokens, and [TestBackend], the suite that every Backend has to pass.
package kmstest
