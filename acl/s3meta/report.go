package s3meta

import (
	"fmt"
	"slices"
	"strconv"
)

// Report tells what hides documents, and what looks like a slip. It is
// immutable and safe for concurrent use. Its texts are for operators: they show
// keys and the names in ACLs.
type Report struct {
	defects                   []Defect
	findings                  []Finding
	documents, public, hidden int
}

// Defect is something that could not be read or understood. It hides what
// depends on it.
type Defect struct {
	File   string // key of the file or directory, or the field of Options
	Path   string // JSON pointer (RFC 6901) into the file; "" is the whole
	Reason string // what was wanted; no value of the file is shown
}

func (d Defect) Error() string {
	s := "s3meta: " + d.Reason
	if d.Path != "" {
		s = "s3meta: " + strconv.Quote(d.Path) + ": " + d.Reason
	}
	if d.File != "" {
		return "s3meta: " + strconv.Quote(d.File) + s[len("s3meta"):]
	}
	return s
}

// Finding is something that works as written and may not be what was meant.
type Finding struct {
	Kind    Kind
	Subject string // key of the document or metadata file, or the keyPrefix
	Text    string
}

func (f Finding) String() string {
	return string(f.Kind) + ": " + strconv.Quote(f.Subject) + ": " + f.Text
}

// Kind is the kind of a [Finding].
type Kind string

const (
	NoACL                Kind = "no ACL"                 // a document that nothing protects, or that strict mode hides
	OrphanMetadata       Kind = "orphan metadata"        // a metadata file that applies to no document
	PrefixMatchesNothing Kind = "prefix matches nothing" // no document's key begins with the keyPrefix
	PrefixRepeated       Kind = "prefix repeated"        // the keyPrefix of several entries
	PrefixWithoutSlash   Kind = "prefix without slash"   // a keyPrefix that neither ends in a slash nor is a document
	PrefixOfOtherBucket  Kind = "prefix of other bucket" // a keyPrefix that is not about Options.Bucket
	DenyOnly             Kind = "deny only"              // a list without ALLOW
	AllowedAndDenied     Kind = "allowed and denied"     // a name that one ACL both admits and refuses
	NeverMatches         Kind = "never matches"          // an ALLOW for a USER with a DataSourceId
	Twins                Kind = "twins"                  // names, or keys, that differ only by case or Unicode normalization
	SharedDocumentID     Kind = "shared DocumentId"      // the DocumentId of several documents
)

// Err returns nil if nothing was defective, and otherwise an error that wraps
// every [Defect].
func (r *Report) Err() error {
	if len(r.defects) == 0 {
		return nil
	}
	return defects(r.defects)
}

// Defects returns what hides documents, in the order it was found.
func (r *Report) Defects() []Defect { return slices.Clone(r.defects) }

// Lint returns what looks like a slip: first about the ACL configuration file,
// then about documents in the order of their keys, then about metadata files
// without a document.
func (r *Report) Lint() []Finding { return slices.Clone(r.findings) }

// String counts.
func (r *Report) String() string {
	return fmt.Sprintf("documents: %d, public: %d, hidden: %d; defects: %d, findings: %d",
		r.documents, r.public, r.hidden, len(r.defects), len(r.findings))
}

// defects is the error of a Report.
type defects []Defect

// Error shows the first one.
func (d defects) Error() string {
	if len(d) == 1 {
		return d[0].Error()
	}
	return fmt.Sprintf("%s (and %d more)", d[0], len(d)-1)
}

func (d defects) Unwrap() []error {
	errs := make([]error, len(d))
	for i := range d {
		errs[i] = d[i]
	}
	return errs
}
