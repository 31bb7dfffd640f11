package main

import (
	"fmt"
	"strings"
	"testing"
)

// line is what a test of an engine tells.
func line(engine string) string {
	return fmt.Sprintf(`    x_test.go:1: PROVEN {"Engine":%q,"Version":"1","How":"itself","Feature":"filter","Documents":5000,"Callers":20,"Decisions":1234567}`+"\n", engine)
}

const left = "Not run:\n- A server: there is none:\n  really.\n- Another: no.\n"

func TestTable(t *testing.T) {
	var output string
	for _, e := range engines {
		output = line(e) + output + line(e) // told twice, and in another order
	}
	got, err := table(output, left)
	if err != nil || strings.Count(got, "\n") != 2+len(engines)+2 ||
		!strings.Contains(got, "\n| Bleve 1 | filter | itself | 5,000 | 20 | 1,234,567 decisions | 0 |\n| OpenSearch 1 |") ||
		!strings.HasSuffix(got, "\n| A server | | [not run](integration/not-here.txt) | | | | |\n| Another | | [not run](integration/not-here.txt) | | | | |\n") {
		t.Errorf("%v\n%s", err, got)
	}
	for name, tt := range map[string][2]string{
		"an engine is missing": {strings.ReplaceAll(output, `"SQLite"`, `"SQL"`), left}, "nothing": {"", left},
		"broken": {strings.Replace(output, `"1"`, `1`, 1), left}, "a difference": {strings.Replace(output, `}`, `,"Differences":1}`, 1), left},
		"no documents": {strings.Replace(output, `5000`, `0`, 1), left}, "nothing compared": {strings.Replace(output, `1234567`, `0`, 1), left},
		"an item without a name": {output, left + "- Third.\n"}, "no item": {output, "Not run:\n"},
		"a failure": {output + "    --- FAIL: TestX/y (0.1s)\n", left},
	} {
		if got, err := table(tt[0], tt[1]); err == nil || got != "" {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}
