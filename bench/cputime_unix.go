//go:build unix

package main

import "syscall"

// processorTime is that of the whole process in nanoseconds, the garbage collector
// included: on a machine that is shared, wall time says little.
func processorTime() int64 { return usage(syscall.RUSAGE_SELF) }

func usage(who int) int64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(who, &used); err != nil {
		panic(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}
