package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
)

func printJSON(out io.Writer, hits []hit) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, h := range hits {
		if err := enc.Encode(h); err != nil {
			return err
		}
	}
	return nil
}

func printTable(out io.Writer, hits []hit) error {
	if len(hits) == 0 {
		_, err := fmt.Fprintln(out, "no document found")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i, h := range hits {
		row := fmt.Sprintf("%d\t%.3f\t%s\t%s\t%s", i+1, h.Score, h.Folder, h.Title, h.ID)
		if h.Reason != "" {
			row += "\t" + h.Reason
		}
		fmt.Fprintln(w, row)
	}
	return w.Flush()
}

// scenario prints what every persona finds in every folder, then shows that a
// token which was tampered with, or has expired, finds nothing.
func scenario(ctx context.Context, out io.Writer, a *authority, lib *library, words string) error {
	folders := lib.folders()
	fmt.Fprintf(out, "Hits for %q, by persona and folder\n\n", words)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "persona\tgroup\t%s\n", strings.Join(folders, "\t"))
	for _, p := range personas {
		token, err := a.token(p.name, time.Now())
		if err != nil {
			return err
		}
		scope, err := a.gate.Scope(ctx, tokenacl.UserContext{Token: token})
		if err != nil {
			return err
		}
		counts, err := lib.count(ctx, scope, words)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s", p.name, or(strings.Join(p.groups, ", "), "(no token)"))
		for _, folder := range folders {
			if counts[folder] == 0 {
				fmt.Fprint(w, "\t-")
			} else {
				fmt.Fprintf(w, "\t%d", counts[folder])
			}
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	return a.refusals(ctx, out)
}

// count returns the visible hits of each folder.
func (lib *library) count(ctx context.Context, scope acl.Scope, words string) (map[string]int, error) {
	hits, err := lib.search(ctx, scope, words, max(lib.docs.Len(), 1))
	counts := make(map[string]int)
	for _, h := range hits {
		counts[h.Folder]++
	}
	return counts, err
}

func (lib *library) folders() []string {
	var folders []string
	for key := range lib.docs.All() {
		if f := folder(key); !slices.Contains(folders, f) {
			folders = append(folders, f)
		}
	}
	slices.Sort(folders)
	return folders
}

// refusals shows two tokens that the gate must refuse.
func (a *authority) refusals(ctx context.Context, out io.Writer) error {
	forged, err := a.forged("mary", time.Now())
	if err != nil {
		return err
	}
	expired, err := a.token("mary", time.Now().Add(-24*time.Hour))
	if err != nil {
		return err
	}
	for _, row := range []struct{ what, token string }{
		{"patricia's token with mary's claims", forged},
		{"mary's token of yesterday", expired},
	} {
		_, err := a.gate.Scope(ctx, tokenacl.UserContext{Token: row.token})
		if err == nil {
			return fmt.Errorf("%s was accepted", row.what)
		}
		fmt.Fprintf(out, "%s: refused: %v\n", row.what, err)
	}
	return nil
}
