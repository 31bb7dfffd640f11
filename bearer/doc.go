// Package bearer is net/http middleware: a bearer token comes in, the scope of
// its bearer is in the request's context, and what is refused gets the answer
// of RFC 6750.
//
//	search := bearer.Require(gate, nil)(handler)
//	scope := bearer.Scope(r.Context()) // in handler
//
// Start with [Require], or with [Optional] where guests may see public documents.
// The zero [Options] read the header Authorization and nothing else.
//
// # Answers
//
// A handler runs for a request that has exactly one token, well formed, where it
// is expected, and accepted by the gate; under Optional also for one that has no
// credentials at all. Every other request is answered here. Whoever sends
// credentials expects them to count, so bad ones never make a guest:
//
//	401                     no credentials, or a scheme other than Bearer
//	401 invalid_token       credentials that are malformed, empty or repeated;
//	                        a token that the gate refuses
//	400 invalid_request     credentials in two places or the wrong one; a token
//	                        longer than the gate reads
//	403 insufficient_scope  refused by Options.Permit
//	503 with Retry-After    nobody can tell now; the token may be good
//
// 401, 400 and 403 have a WWW-Authenticate header. Its error_description is one
// of a few fixed sentences: no answer tells of tokens, claims, names, or why a
// document is hidden. Retry-After is the number of seconds until keys may be
// fetched again, where the error tells (see [tokenacl.ErrUnavailable]), and 5
// elsewhere.
//
// # Caches
//
// Refusals are Cache-Control: no-store. What a handler answers is "private"
// unless the handler says otherwise, and varies by the header and the cookie that
// tokens come in: a stored answer must not reach another caller. A handler adds
// to Vary rather than sets it. It makes an answer public only when the answer is
// the same for everybody. net/http's own error answers, such as the 404 of a
// [http.FileServer], take Cache-Control away again and leave Vary.
//
// # What to avoid
//
// Tokens in the query or in a form (RFC 6750, sections 2.2 and 2.3) are not looked
// for: URLs get into logs. Under Optional such a request is a guest's. The token
// stays in the header that the handler gets; do not log it. A middleware for CORS
// belongs around this one, so that browsers can read refusals as well.
//
// Everything here is safe for concurrent use. The http.ResponseWriter goes to the
// handler as it came, with all its methods.
package bearer
