package s3meta

import (
	"strings"

	"github.com/tokenacl/tokenacl/acl"
)

// fold maps what differs only by case or Unicode normalization to one form.
var fold = acl.Rules{Fold: true}.FoldName

// longestName bounds a member name that is shown or compared.
const longestName = 64

// nearest returns the known member that name most likely is a slip of, "" if
// it is like none: at most two letters differ, whatever their case.
func nearest(name string, known []string) string {
	best, meant := 3, ""
	if len(name) > longestName {
		return meant
	}
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < best {
			best, meant = d, k
		}
	}
	return meant
}

// distance counts the bytes to insert, delete or replace that turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// pointer is the reference token of a member (RFC 6901), "" for a name too long
// to be shown: the path then ends at the object.
func pointer(name string) string {
	if len(name) > longestName {
		return ""
	}
	return "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
