package s3meta

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
)

func (r *reader) find(k Kind, subject, text string) {
	r.report.findings = append(r.report.findings, Finding{Kind: k, Subject: subject, Text: text})
}

// lint looks for slips, and counts.
func (r *reader) lint(docs []document) {
	l := linter{reader: r, spelt: map[acl.Entry]spelling{}, seen: map[acl.Entry]bool{}, sorted: r.keys.documents, folded: map[string]string{}, ids: map[string]string{}}
	for _, key := range l.sorted {
		if f := fold(key); l.folded[f] == "" {
			l.folded[f] = key
		}
	}
	for _, p := range r.file.prefixes {
		l.lintPrefix(p)
	}
	l.lintDenials()
	for i := range docs {
		l.lintDocument(&docs[i])
	}
	l.lintOrphans()
}

type linter struct {
	*reader
	sorted []string               // of the documents, sorted
	folded map[string]string      // the first key that folds so
	byFold []string               // the folded keys, sorted, once they were needed
	ids    map[string]string      // the first key with a DocumentId
	spelt  map[acl.Entry]spelling // the first spelling of a folded name
	seen   map[acl.Entry]bool     // spellings
}

func (l *linter) lintPrefix(p *prefix) {
	subject := p.String()
	if i, _ := slices.BinarySearch(l.sorted, p.path); i == len(l.sorted) || !strings.HasPrefix(l.sorted[i], p.path) {
		l.find(PrefixMatchesNothing, subject, "no document's key begins so"+l.prefixTwin(p.path))
	}
	if _, isDocument := slices.BinarySearch(l.sorted, p.path); p.path != "" && !strings.HasSuffix(p.path, "/") && !isDocument {
		l.find(PrefixWithoutSlash, subject, "neither ends in a slash nor is a document"+l.beside(p.path))
	}
	l.lintList(subject, p.list)
}

// prefixTwin names a document that the prefix only just misses.
func (l *linter) prefixTwin(path string) string {
	if l.byFold == nil {
		l.byFold = slices.Sorted(maps.Keys(l.folded))
	}
	f := fold(path)
	i, _ := slices.BinarySearch(l.byFold, f)
	if i == len(l.byFold) || !strings.HasPrefix(l.byFold[i], f) {
		return ""
	}
	return fmt.Sprintf("; that of %q differs only by case or Unicode normalization", l.folded[l.byFold[i]])
}

// beside names a document that the prefix applies to and that is not in a
// folder of that name.
func (l *linter) beside(path string) string {
	for _, from := range [...]string{path, path + string('/'+1)} {
		i, _ := slices.BinarySearch(l.sorted, from)
		if i < len(l.sorted) && strings.HasPrefix(l.sorted[i], path) && !strings.HasPrefix(l.sorted[i], path+"/") {
			return fmt.Sprintf("; it applies to %q, too", l.sorted[i])
		}
	}
	return ""
}

// lintDenials looks for names that a prefix allows and that it, or a shorter
// one in force with it, denies.
func (l *linter) lintDenials() {
	var open chain
	denied := l.newDenials()
	for _, p := range l.file.prefixes {
		for open.last() != p.up {
			denied.count(open.last().list, -1)
			open = open[:len(open)-1]
		}
		denied.count(p.list, +1)
		open = append(open, p)
		l.lintAllowed(p.String(), p.list, denied)
	}
}

func (l *linter) lintDocument(d *document) {
	l.count(d)
	if first := l.folded[fold(d.key)]; first != d.key {
		l.find(Twins, d.key, fmt.Sprintf("differs from document %q only by case or Unicode normalization", first))
	}
	if d.missing {
		l.lintMissing(d)
	}
	l.lintOwn(d)
	if d.id == "" {
		return
	}
	if first, known := l.ids[d.id]; known {
		l.find(SharedDocumentID, d.key, fmt.Sprintf("its DocumentId is that of document %q, too", first))
		return
	}
	l.ids[d.id] = d.key
}

func (l *linter) count(d *document) {
	l.report.documents++
	switch {
	case d.prefix != nil:
	case d.acl == nil:
		l.report.hidden++
	case d.acl == acl.ACL(acl.Public()):
		l.report.public++
	}
}

func (l *linter) lintMissing(d *document) {
	text := "neither metadata nor a keyPrefix gives it an ACL"
	if d.emptyList {
		text = "its AccessControlList is empty, which is read as absent, and no keyPrefix applies"
	}
	if d.acl == nil {
		l.find(NoACL, d.key, text+": hidden by Options.Rules.Missing")
		return
	}
	l.find(NoACL, d.key, text+": public")
}

// lintOwn looks at the ACL that a metadata file gives.
func (l *linter) lintOwn(d *document) {
	var all acl.List
	switch own := d.own.(type) {
	case acl.List:
		l.lintList(d.key, own)
		all = own
	case acl.Hierarchy:
		for _, level := range own {
			l.lintList(d.key, level)
		}
		all = slices.Concat(own...)
	}
	denied := l.newDenials()
	denied.count(all, +1)
	l.lintAllowed(d.key, all, denied)
}

// lintList looks at one list by itself.
func (l *linter) lintList(subject string, list acl.List) {
	allows := false
	for _, e := range list {
		if e.Access == acl.Allow {
			allows = true
			if e.Type == acl.User && e.DataSourceID != "" {
				l.find(NeverMatches, subject, e.String()+" matches nobody: users have no data source")
			}
		}
		l.lintName(subject, e)
	}
	if len(list) > 0 && !allows {
		reading := "admits nobody"
		if l.Rules.DenyOnlyEveryone {
			reading = "admits everybody whom it does not deny"
		}
		l.find(DenyOnly, subject, "a list with DENY entries only "+reading)
	}
}

// spelling is a name as it was seen first.
type spelling struct{ name, subject string }

// lintName looks for names of users, or of groups, that are nearly equal.
// Where names are folded they are equal.
func (l *linter) lintName(subject string, e acl.Entry) {
	if l.Rules.Fold {
		return
	}
	exact := acl.Entry{Name: e.Name, Type: e.Type}
	if l.seen[exact] {
		return
	}
	l.seen[exact] = true
	folded := acl.Entry{Name: fold(e.Name), Type: e.Type}
	first, known := l.spelt[folded]
	if !known {
		l.spelt[folded] = spelling{e.Name, subject}
		return
	}
	l.find(Twins, subject, fmt.Sprintf("%s %q differs from %q of %q only by case or Unicode normalization", e.Type, e.Name, first.name, first.subject))
}

// lintAllowed looks for ALLOW entries that DENY entries undo.
func (l *linter) lintAllowed(subject string, list acl.List, denied denials) {
	done := map[acl.Entry]bool{}
	for _, e := range list {
		if e.Access != acl.Allow || done[e] || !denied.undo(e) {
			continue
		}
		done[e] = true
		l.find(AllowedAndDenied, subject, fmt.Sprintf("%s %q is allowed, and is or may be denied: DENY wins", e.Type, e.Name))
	}
}

// denials counts DENY entries, each also as one of any data source.
type denials struct {
	rules acl.Rules
	n     map[acl.Entry]int
}

// anySource is no data source id.
const anySource = "*"

func (l *linter) newDenials() denials { return denials{rules: l.Rules, n: map[acl.Entry]int{}} }

func (d denials) key(e acl.Entry, source string) acl.Entry {
	if d.rules.Fold {
		e.Name = fold(e.Name)
	}
	return acl.Entry{Name: e.Name, Type: e.Type, DataSourceID: source}
}

func (d denials) count(list acl.List, by int) {
	for _, e := range list {
		if e.Access == acl.Deny {
			d.n[d.key(e, e.DataSourceID)] += by
			d.n[d.key(e, anySource)] += by
		}
	}
}

// undo reports whether somebody whom e allows is denied for the same name.
func (d denials) undo(e acl.Entry) bool {
	if e.Type == acl.User || e.DataSourceID == "" {
		return d.n[d.key(e, anySource)] > 0
	}
	return d.n[d.key(e, e.DataSourceID)] > 0 || d.n[d.key(e, "")] > 0
}

// lintOrphans looks for metadata files that apply to no document.
func (l *linter) lintOrphans() {
	orphans := map[string]string{} // by key, what is wrong
	for _, key := range l.keys.strays {
		orphans[key] = "not named as the metadata file of a document is: ignored" + l.elsewhere(key)
	}
	for key := range l.keys.metadata {
		document := strings.TrimSuffix(strings.TrimPrefix(key, l.Metadata), suffix)
		_, known := slices.BinarySearch(l.sorted, document)
		if known || l.keys.unknownAt(document) || !strings.HasPrefix(document, l.Data) {
			continue
		}
		orphans[key] = fmt.Sprintf("there is no document %q", document)
		if twin, ok := l.folded[fold(document)]; ok {
			orphans[key] += fmt.Sprintf("; %q differs only by case or Unicode normalization", twin)
		}
		orphans[key] += l.elsewhere(key)
	}
	for _, key := range slices.Sorted(maps.Keys(orphans)) {
		l.find(OrphanMetadata, key, orphans[key])
	}
}

// elsewhere names the document that a metadata file would have with another
// Options.Metadata.
func (l *linter) elsewhere(key string) string {
	document, ok := strings.CutSuffix(key, suffix)
	for root := 0; ok; {
		if _, known := slices.BinarySearch(l.sorted, document[root:]); known {
			return fmt.Sprintf("; with Options.Metadata %q it is that of %q", document[:root], document[root:])
		}
		slash := strings.IndexByte(document[root:], '/')
		root += slash + 1
		ok = slash >= 0
	}
	return ""
}
