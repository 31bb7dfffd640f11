// Package kmssigner signs JSON Web Tokens with keys that cannot be exported, and
// verifies them.
package kmssigner
