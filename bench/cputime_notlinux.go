//go:build !linux

package main

// threadTime is that of the whole process where the system tells no other.
func threadTime() int64 { return processorTime() }
