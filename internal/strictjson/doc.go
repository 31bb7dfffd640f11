// Package strictjson reads one JSON text into an immutable [Value], and refuses
// every text that two readers could understand differently.
//
// A text is accepted when it follows RFC 8259 and these rules of I-JSON
// (RFC 7493, sections 2.1 and 2.3): it is valid UTF-8, no \u escape leaves a
// lone surrogate, and no object has two members of one name, compared after
// unescaping. A byte order mark, anything but white space behind the value, and
// a text beyond the [Limits] are refused too. Names are never folded: "Iss" is
// not "iss". Numbers keep their literal; their magnitude is not checked.
//
// Reading is one pass over the text, with work and memory in proportion to its
// length, whatever its shape. The strings of a Value are parts of one copy of
// the text, which stays in memory as long as any of them does.
//
// Errors say where and why and never quote the text, which may be a secret.
package strictjson
