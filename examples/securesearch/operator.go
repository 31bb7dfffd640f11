package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
)

// matrix says how many documents of each folder each persona sees.
type matrix struct {
	Folders []string    `json:"folders"`
	Totals  []int       `json:"totals"`
	Rows    []matrixRow `json:"rows"`
}

type matrixRow struct {
	personaCard
	Visible []int `json:"visible"`
}

// forOperators says what no caller may know: why hits are visible, what else was
// found and why it is hidden, and who sees what.
func (lib *library) forOperators(ctx context.Context, a *authority, scope acl.Scope, words string, hits []pageHit) (*operatorPage, error) {
	for i := range hits {
		hits[i].Reason = lib.index.Explain(scope, hits[i].ID).String()
	}
	p := &operatorPage{Hidden: []pageHit{}}
	view := lib.index.View(scope)
	var failed error
	for match := range lib.ranked(ctx, words, &failed) {
		if view.Allowed(match.ID) || len(p.Hidden) == mostHits {
			continue
		}
		hidden := lib.hit(match)
		hidden.Reason = lib.index.Explain(scope, match.ID).String()
		p.Hidden = append(p.Hidden, hidden)
	}
	var err error
	p.Matrix, err = lib.matrix(ctx, a)
	return p, cmp.Or(failed, err)
}

func (lib *library) matrix(ctx context.Context, a *authority) (matrix, error) {
	m := matrix{Folders: lib.folders()}
	if m.Totals = m.count(lib.index.View(acl.Unrestricted())); !a.signs() {
		return m, nil
	}
	for _, p := range personas {
		token, err := a.token(p.name, time.Now())
		if err != nil {
			return m, err
		}
		scope, err := a.gate.Scope(ctx, tokenacl.UserContext{Token: token})
		if err != nil {
			return m, err
		}
		m.Rows = append(m.Rows, matrixRow{personaCard{p.name, strings.Join(p.groups, ", ")}, m.count(lib.index.View(scope))})
	}
	return m, nil
}

func (m matrix) count(view *acl.View) []int {
	counts := make([]int, len(m.Folders))
	for id := range view.All() {
		if i := slices.Index(m.Folders, folder(id)); i >= 0 {
			counts[i]++
		}
	}
	return counts
}
