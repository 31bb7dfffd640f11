// Package tokenconfig reads declared trust as Amazon Kendra's API spells it:
// where the keys are that verify a token, which claims are the user and the
// groups, which issuer and audience are accepted, and which policy applies.
//
// Start with [Parse], which takes the JSON of CreateIndex, UpdateIndex or
// DescribeIndex
// (https://docs.aws.amazon.com/kendra/latest/APIReference/API_CreateIndex.html),
// whole, as it stands in a file or in the answer of the AWS CLI. Nothing is
// guessed: a member that the API does not have, a null, an empty string, and a
// configuration that Kendra would refuse or read in two ways are errors, each
// with its place and its fix. A [Config] may also be built in Go; whoever uses
// one calls [Config.Validate].
//
// Three things differ from Kendra. USER_TOKEN is the policy when none is
// declared: nobody gets everything because a line is missing. Names and
// expressions may be longer than Kendra admits, unless [Options] ask for its
// limits. And the keys' URL is https.
//
// The package does no I/O: keys are fetched by package jwks, tokens verified by
// package claims.
package tokenconfig
