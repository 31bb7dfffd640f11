// Package bench compares, side by side in one run, what a request costs with
// tokenacl and with what a user could pick instead:
//
//	go test -C bench -run '^$' -bench . -count 10 ./... > now.txt
package bench
