package strictjson

import (
	"math"
	"strconv"
)

// The limits that a zero field of [Limits] stands for.
const (
	DefaultBytes = 1 << 20
	DefaultDepth = 16
)

// No text is larger or deeper than this, whatever the Limits say: offsets are
// kept in 32 bits, and nesting is followed by recursion.
const (
	maxBytes = math.MaxInt32
	maxDepth = 10_000
)

// Limits bound one text. A text that is exactly at a limit is accepted. A zero
// field stands for its default, a negative one admits nothing.
type Limits struct {
	Bytes int // length of the text; 0: 1 MiB; at most 2 GiB - 1
	Depth int // arrays and objects inside each other; 0: 16; at most 10,000
	Nodes int // values plus member names; 0: as many as fit into Bytes
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = DefaultBytes
	}
	if l.Depth == 0 {
		l.Depth = DefaultDepth
	}
	l.Bytes = min(l.Bytes, maxBytes)
	l.Depth = min(l.Depth, maxDepth)
	if l.Nodes == 0 {
		l.Nodes = l.Bytes // every value takes at least one byte
	}
	return l
}

// Error says why a text was refused. It holds no part of the text.
type Error struct {
	Offset int    // in bytes, of the first byte that cannot be accepted
	Reason string // such as "duplicate member name"
}

// Error returns a text such as "json: offset 17: duplicate member name".
func (e *Error) Error() string {
	return "json: offset " + strconv.Itoa(e.Offset) + ": " + e.Reason
}
