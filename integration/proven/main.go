// Proven makes the table in the README of what the tests of engines have proven:
// of the lines that real.Proven tells, and of what not-here.txt leaves out.
//
//	go run -C integration ./proven FILE            fails when the README has another table
//	go run -C integration ./proven -update FILE    writes it there; read the difference
//
// FILE is output of tests; .ci/run keeps the lines in .ci/artifacts/proven.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/integration/real"
)

// engines are those that have to be there, one row each at least.
var engines = []string{"Bleve", "OpenSearch", "PostgreSQL", "Qdrant", "SQLite"}

const (
	readme, leftOut = "../README.md", "not-here.txt"
	begin, end      = "<!-- proven: made by integration/proven -->\n", "<!-- /proven -->\n"
)

func main() {
	log.SetFlags(0)
	update := flag.Bool("update", false, "write the table to the README")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("proven: want one FILE, such as ../.ci/artifacts/proven")
	}
	if err := run(flag.Arg(0), *update); err != nil {
		log.Fatal("proven: ", err)
	}
}

func run(file string, update bool) error {
	var texts [3]string
	for i, name := range []string{file, leftOut, readme} {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		texts[i] = string(text)
	}
	made, err := table(texts[0], texts[1])
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(texts[2], begin)
	has, after, closed := strings.Cut(rest, end)
	switch {
	case !ok || !closed:
		return errors.New("README.md has no place for the table")
	case made == has:
		fmt.Print(made)
		return nil
	case update:
		return os.WriteFile(readme, []byte(before+begin+made+end+after), 0o644)
	}
	return fmt.Errorf("README.md has another table than what the tests have proven, which is\n%sgo run -C integration ./proven -update %s writes it", made, file)
}

var (
	lines = regexp.MustCompile(`(?m)PROVEN (\{.*\})$`)
	items = regexp.MustCompile(`(?m)^- ([^:\n]+): `) // of not-here.txt
)

func table(output, leftOut string) (string, error) {
	if strings.Contains(output, "--- FAIL: ") {
		return "", errors.New("a test has failed, and its rows are not there")
	}
	var proofs []real.Proof
	missing := slices.Clone(engines)
	for _, line := range lines.FindAllStringSubmatch(output, -1) {
		var p real.Proof
		if err := json.Unmarshal([]byte(line[1]), &p); err != nil {
			return "", err
		}
		if p.Engine == "" || p.Version == "" || p.How == "" || p.Feature == "" || p.Documents == 0 || p.Callers == 0 || p.Decisions+p.Answers == 0 || p.Differences != 0 {
			return "", fmt.Errorf("this proves nothing: %s", line[1])
		}
		proofs = append(proofs, p)
		missing = slices.DeleteFunc(missing, func(e string) bool { return e == p.Engine })
	}
	left := items.FindAllStringSubmatch(leftOut, -1)
	if len(missing) > 0 || len(left) != strings.Count("\n"+leftOut, "\n- ") || len(left) == 0 {
		return "", fmt.Errorf("nothing was proven of %v; %d items are left out", missing, len(left))
	}
	slices.SortFunc(proofs, func(a, b real.Proof) int {
		return cmp.Or(cmp.Compare(a.Engine, b.Engine), cmp.Compare(a.Version, b.Version), cmp.Compare(b.Decisions, a.Decisions), cmp.Compare(a.Feature, b.Feature))
	})
	var b strings.Builder
	b.WriteString("| engine | feature | how proven | documents | callers | compared | differences |\n| --- | --- | --- | --: | --: | --: | --: |\n")
	for _, p := range slices.Compact(proofs) {
		compared := thousands(p.Decisions) + " decisions"
		if p.Decisions == 0 {
			compared = thousands(p.Answers) + " answers"
		}
		fmt.Fprintf(&b, "| %s %s | %s | %s | %s | %s | %s | %d |\n", p.Engine, p.Version, p.Feature, p.How, thousands(p.Documents), thousands(p.Callers), compared, p.Differences)
	}
	for _, item := range left {
		fmt.Fprintf(&b, "| %s | | [not run](integration/not-here.txt) | | | | |\n", item[1])
	}
	return b.String(), nil
}

func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
