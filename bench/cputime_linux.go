package main

import "syscall"

// threadTime is that of the calling thread in nanoseconds.
func threadTime() int64 { return usage(syscall.RUSAGE_THREAD) }
