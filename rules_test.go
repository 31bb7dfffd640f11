package tokenacl_test

import (
	"fmt"
	"go/doc"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	ruleLine = regexp.MustCompile(`(?m)^- \*\*([A-Z][0-9]+)\*\* \S`)
	// citation is a line of a doc comment, as in "Rules T1, T2: why".
	citation = regexp.MustCompile(`^Rules? ([A-Z][0-9]+(?:, [A-Z][0-9]+)*)(?::.*)?$`)
	// citing is a line that means to be one.
	citing = regexp.MustCompile(`^Rules? [A-Z][0-9]`)
)

// cite is one rule named by the doc comment of one test.
type cite struct{ rule, test string }

// TestRules requires that every rule of docs/rules.md is cited by a test, and
// that every cited rule exists.
func TestRules(t *testing.T) {
	page, err := os.ReadFile("docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	var cites []cite
	var problems []string
	for _, f := range testFiles(t) {
		c, p := citations(f)
		cites, problems = append(cites, c...), append(problems, p...)
	}
	rules := rulesOf(string(page))
	t.Logf("%d rules, %d citations", len(rules), len(cites))
	for _, p := range append(problems, checkRules(rules, cites)...) {
		t.Error(p)
	}
}

func rulesOf(page string) []string {
	var rules []string
	for _, m := range ruleLine.FindAllStringSubmatch(page, -1) {
		rules = append(rules, m[1])
	}
	return rules
}

// citations returns what the tests of f cite, and a problem for each line that
// looks like a citation and is none.
func citations(f testFile) (cites []cite, problems []string) {
	for _, fn := range f.testFuncs("Test", "Fuzz", "Example") {
		where := f.name + ": " + fn.Name.Name
		for line := range strings.Lines(fn.Doc.Text()) {
			line = strings.TrimSpace(line)
			m := citation.FindStringSubmatch(line)
			switch {
			case m != nil && !runs(f, fn.Name.Name):
				problems = append(problems, where+" has no Output comment and does not run; it proves no rule")
			case m != nil:
				for rule := range strings.SplitSeq(m[1], ", ") {
					cites = append(cites, cite{rule, where})
				}
			case citing.MatchString(line):
				problems = append(problems, fmt.Sprintf("%s: %q is no citation; write the rules, comma-separated, then end the line or go on after a colon", where, line))
			}
		}
	}
	return cites, problems
}

// runs reports whether "go test" runs the function: an example without Output
// is only compiled.
func runs(f testFile, name string) bool {
	for _, e := range doc.Examples(f.ast) {
		if "Example"+e.Name == name {
			return e.Output != "" || e.EmptyOutput
		}
	}
	return true
}

func checkRules(rules []string, cites []cite) []string {
	var problems []string
	if len(rules) == 0 {
		problems = append(problems, "docs/rules.md has no rule; want lines such as: - **K5** text")
	}
	seen := map[string]bool{}
	for _, rule := range rules {
		if seen[rule] {
			problems = append(problems, rule+" stands twice in docs/rules.md")
		}
		seen[rule] = true
		if !slices.ContainsFunc(cites, func(c cite) bool { return c.rule == rule }) {
			problems = append(problems, rule+" is cited by no test")
		}
	}
	for _, c := range cites {
		if !seen[c.rule] {
			problems = append(problems, fmt.Sprintf("%s cites %s, which docs/rules.md does not have", c.test, c.rule))
		}
	}
	return problems
}

// TestRulesCanFail runs the check on samples that break it.
func TestRulesCanFail(t *testing.T) {
	const page = "# Rules\n\n- **A1** first\n- **A2** second\n  - **A9** not a rule: indented\n"
	const source = `package p

// TestOne tests.
//
// Rule A1: the first
func TestOne() {}

// Rules A2, A3
func FuzzTwo() {}

// Rule A2 and A1
func Example_three() {
	// Output:
}

// Rule A1
func Example_four() {}

// Rule A4
func Testimony() {}

// Rule A5
func helper() {}

// Rule of thumb
func TestProse() {}
`
	cites, problems := citations(parse(t, "p_test.go", source))
	wantCites := []cite{{"A1", "p_test.go: TestOne"}, {"A2", "p_test.go: FuzzTwo"}, {"A3", "p_test.go: FuzzTwo"}}
	if diff := cmp.Diff(wantCites, cites, cmp.AllowUnexported(cite{})); diff != "" {
		t.Errorf("citations (-want +got):\n%s", diff)
	}
	if len(problems) != 2 || !strings.Contains(problems[0], `"Rule A2 and A1" is no citation`) || !strings.Contains(problems[1], "Example_four has no Output") {
		t.Errorf("problems = %q, want those of Example_three and Example_four", problems)
	}

	for _, tt := range []struct {
		name  string
		rules []string
		cites []cite
		want  []string
	}{
		{"all well", rulesOf(page), wantCites[:2], nil},
		{"no rules", nil, nil, []string{"docs/rules.md has no rule; want lines such as: - **K5** text"}},
		{"not cited", rulesOf(page), wantCites[:1], []string{"A2 is cited by no test"}},
		{"twice", append(rulesOf(page), "A1"), wantCites[:2], []string{"A1 stands twice in docs/rules.md"}},
		{"unknown", rulesOf(page), wantCites, []string{"p_test.go: FuzzTwo cites A3, which docs/rules.md does not have"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, checkRules(tt.rules, tt.cites)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
