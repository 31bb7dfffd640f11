package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strconv"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2"
	blevesearch "github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/s3meta"
	"github.com/tokenacl/tokenacl/examples/securesearch/corpus"
)

//go:embed config
var builtin embed.FS

// source is where documents, metadata and access control lists come from.
type source struct {
	dir, metadata, aclFile, bucket string
}

// library is a full-text index that knows nothing of access control, and the
// ACL index that filters what it finds.
type library struct {
	docs   *s3meta.Documents
	report *s3meta.Report
	index  *acl.Index
	text   bleve.Index
	texts  map[string]string // what is searched, by key; documents that are no text have none
}

func (s source) open() (*library, error) {
	files, options := fs.FS(nil), s3meta.Options{Metadata: s.metadata, ACLFile: s.aclFile, Bucket: s.bucket}
	var err error
	if s.dir == "" {
		files, options = corpus.Files, corpus.Layout
	} else {
		files = os.DirFS(s.dir)
		_, err = fs.Stat(files, ".")
	}
	if err != nil {
		return nil, fmt.Errorf("-data: %w", err)
	}
	lib := new(library)
	lib.docs, lib.report = s3meta.Read(files, options)
	lib.index = acl.NewIndex(options.Rules)
	if err := lib.index.PutAll(lib.docs.ACLs()); err != nil {
		return nil, err
	}
	return lib, lib.fullText(files)
}

// fullText indexes the title and, where it is text, the content of every
// document, hidden ones included: the engine finds, the ACL index filters.
func (lib *library) fullText(files fs.FS) (err error) {
	if lib.text, err = bleve.NewMemOnly(bleve.NewIndexMapping()); err != nil {
		return err
	}
	lib.texts = make(map[string]string)
	batch := lib.text.NewBatch()
	for key, doc := range lib.docs.All() {
		body, err := fs.ReadFile(files, key)
		if err != nil {
			return err
		}
		fields := map[string]any{"title": title(doc)}
		if utf8.Valid(body) {
			lib.texts[key] = string(body)
			if path.Ext(key) == ".md" {
				lib.texts[key] = plain(string(body), title(doc))
			}
			fields["body"] = lib.texts[key]
		}
		if err := batch.Index(key, fields); err != nil {
			return err
		}
	}
	return lib.text.Batch(batch)
}

func title(doc s3meta.Document) string {
	if doc.Title != "" {
		return doc.Title
	}
	return path.Base(doc.Key)
}

// kind is a document's attribute DocumentType, "" where it has none.
func (lib *library) kind(key string) string {
	doc, _ := lib.docs.Get(key)
	kind, _ := doc.Attributes["DocumentType"].(string)
	return kind
}

// hit is one line of a result.
type hit struct {
	ID     string  `json:"id"`
	Title  string  `json:"title"`
	Folder string  `json:"folder"`
	Score  float64 `json:"score"`
	Reason string  `json:"reason,omitempty"`
}

// search returns the best limit hits among the documents that scope may see.
func (lib *library) search(ctx context.Context, scope acl.Scope, words string, limit int) ([]hit, error) {
	var failed error
	var hits []hit
	for _, m := range acl.Page(lib.index.View(scope), lib.ranked(ctx, words, &failed), matchID, limit) {
		doc, _ := lib.docs.Get(m.ID)
		hits = append(hits, hit{
			ID: m.ID, Title: title(doc), Folder: folder(m.ID), Score: m.Score,
			Reason: lib.index.Explain(scope, m.ID).String(),
		})
	}
	return hits, failed
}

// found is a document that the full-text index has found.
type found = blevesearch.DocumentMatch

func matchID(m *found) string { return m.ID }

func folder(key string) string { return path.Base(path.Dir(key)) }

// ranked yields what the full-text index finds, best first, a page of its at a
// time and only as far as somebody reads. It sets *failed if it ends early.
func (lib *library) ranked(ctx context.Context, words string, failed *error) iter.Seq[*found] {
	const size = 100
	return func(yield func(*found) bool) {
		var after []string
		for {
			request := bleve.NewSearchRequestOptions(match(words), size, 0, false)
			request.SortBy([]string{"-_score", "_id"})
			request.IncludeLocations = true
			request.SearchAfter = after // a growing offset would sort everything for each page
			result, err := lib.text.SearchInContext(ctx, request)
			if err != nil {
				*failed = err
				return
			}
			for _, m := range result.Hits {
				if !yield(m) {
					return
				}
			}
			if len(result.Hits) < size {
				return
			}
			last := result.Hits[size-1]
			after = []string{strconv.FormatFloat(last.Score, 'g', -1, 64), last.ID}
		}
	}
}

func match(words string) query.Query {
	if words == "*" {
		return bleve.NewMatchAllQuery()
	}
	inTitle, inBody := bleve.NewMatchQuery(words), bleve.NewMatchQuery(words)
	inTitle.SetField("title")
	inTitle.SetBoost(2)
	inBody.SetField("body")
	return bleve.NewDisjunctionQuery(inTitle, inBody)
}

// lint prints what hides documents and what only looks wrong. Defects are an
// error, so that a script sees them.
func (lib *library) lint(out io.Writer) error {
	fmt.Fprintf(out, "%d documents\n", lib.docs.Len())
	for _, defect := range lib.report.Defects() {
		fmt.Fprintln(out, "defect:", defect)
	}
	for _, finding := range lib.report.Lint() {
		fmt.Fprintln(out, "lint:", finding)
	}
	return lib.report.Err()
}
