// Command bench compares, side by side in one run, what a request costs with
// tokenacl and with what a user could pick instead:
//
//	go run -C bench .          everything, at a million documents; an hour or less
//	go run -C bench . -short   peers that are slow to build hold fewer documents
//
// It makes the inputs, requires that all engines agree on them (exit status 1
// otherwise), measures, prints tables in Markdown and writes RESULTS.md; the whole
// run writes the charts in docs too. The last line says how many goals are met.
//
// The benchmarks of what has no row there are run by go test:
//
//	go test -C bench -run '^$' -bench . -count 10 ./... > now.txt
package main
