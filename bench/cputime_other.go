//go:build !unix

package main

import "time"

var started = time.Now()

// processorTime is wall time where the system tells no other.
func processorTime() int64 { return int64(time.Since(started)) }
