package tokenconfig

import (
	"errors"
	"strconv"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// Options change what [Parse] accepts. The zero value, and nil, are the
// defaults.
type Options struct {
	// KendraLimits refuses what Kendra's limits on length refuse: an Issuer of
	// more than 65 characters (the default is 2048), a ClaimRegex or a JWT's
	// attribute field of more than 100 (1000).
	KendraLimits bool
	// InsecureAllowHTTP sets [JWT.InsecureAllowHTTP].
	InsecureAllowHTTP bool
}

// Parse reads the JSON of CreateIndex, UpdateIndex or DescribeIndex, at most
// 1 MiB. Members that say nothing about trust are not looked into, all others
// are known or refused. data is not kept; opts may be nil.
//
// The error is one [*Error], or up to a hundred of them joined ([errors.Join]),
// in the order of the document, what concerns several members behind them.
//
// In the JSON of UpdateIndex, a policy that is left out means "as before" to
// Kendra; here it always means USER_TOKEN.
func Parse(data []byte, opts *Options) (*Config, error) {
	var d decoder
	if opts != nil {
		d.options = *opts
	}
	root, err := strictjson.Parse(data, strictjson.Limits{})
	if err != nil {
		d.add("", "is not strict JSON: "+jsonProblem(err), "correct it (RFC 8259, RFC 7493)")
	} else {
		d.document(root)
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return &d.config, nil
}

func jsonProblem(err error) string {
	var e *strictjson.Error
	errors.As(err, &e)
	return e.Reason + " at byte " + strconv.Itoa(e.Offset)
}
