package fgac

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// Rewrite returns the body of a search request that finds what the user may see
// and nothing else, for an engine that knows no roles. In it, fields that are
// hidden or masked behave as if they did not exist, and the query has
// [Access.Filter] beside it, so that hidden documents are in no hit, count or
// aggregation; what the hits have is still to be shown by [Access.Hit].
//
// A body may have query, aggs or aggregations, sort, from, size, timeout and
// track_total_hits. Queries are those of rules, and query_string in a simple form:
// words and "phrases", each with field: before it or not, joined by AND or OR,
// negated by NOT. Aggregations are terms, avg, sum, min, max, value_count,
// cardinality, histogram and date_histogram. Everything else is refused, with an
// [*Error] that names the place: wildcards in names of fields, names of queries (the
// engine would tell of each hit which of them match), scripts, lookups,
// min_doc_count 0 of terms, highlighting and all that could show a field some
// other way.
//
// The names of fields are those of documents. A mapping that has a field under
// a second name (alias, copy_to) needs rules for that name too. What is below a
// masked field cannot be used: it may be a subfield. A field counts as an object,
// of which a query might find all that is in it (exists, flat_object), when a rule
// names something below it, such as a.b for a; then nothing is found of a unless
// all of it is shown. exists asks also for rules that may be about something below
// it, such as *.b, and may find less than there is. Include what is in an object
// (a.*), and not the object. Patterns such as ~*.b say of no object that it is one:
// where a is a flat_object, write ~a.b too; [Roles.Lint] reports such patterns.
func (a *Access) Rewrite(body []byte) ([]byte, error) {
	v, err := strictjson.Parse(body, ruleLimits)
	if err != nil {
		return nil, &Error{File: "query", Reason: "is not JSON: " + err.(*strictjson.Error).Reason}
	}
	r := rewriter{access: a.get()}
	t, err := r.body(plainTree(v), "")
	if err != nil {
		return nil, err
	}
	if r.added > maxAdded {
		return nil, refuse("", "has too many clauses for the rules of the caller, with which it would become larger than 16 MiB")
	}
	return t.append(nil), nil
}

// plainTree is treeOf without variables: a request has none.
func plainTree(v strictjson.Value) *tree {
	t := &tree{kind: v.Kind()}
	switch t.kind {
	case strictjson.String:
		t.text, _ = v.Str()
	case strictjson.Number:
		t.text = v.Raw()
	case strictjson.Bool:
		t.flag, _ = v.Bool()
	case strictjson.Array:
		for e := range v.Elements() {
			t.items = append(t.items, *plainTree(e))
		}
	case strictjson.Object:
		for name, e := range v.Members() {
			t.names = append(t.names, textTree(name))
			t.items = append(t.items, *plainTree(e))
		}
	}
	return t
}

func textTree(s string) tree { return tree{kind: strictjson.String, text: s} }

// objectTree makes an object of names and values in turn.
func objectTree(members ...any) tree {
	t := tree{kind: strictjson.Object}
	for i := 0; i < len(members); i += 2 {
		t.names = append(t.names, textTree(members[i].(string)))
		t.items = append(t.items, members[i+1].(tree))
	}
	return t
}

func listTree(items ...tree) tree { return tree{kind: strictjson.Array, items: items} }

// rewriter rewrites one request.
type rewriter struct {
	access  *access
	clauses int
	answers map[question]bool
	added   int // bytes, by rules to clauses
	weights map[*view]int
}

func refuse(path, reason string) error { return &Error{"query", path, reason} }

// at is the path of a member.
func (r *rewriter) at(path, name string) string { return path + "/" + escapePointer.Replace(name) }

func (r *rewriter) body(t *tree, path string) (tree, error) {
	out := tree{kind: strictjson.Object}
	if t.kind != strictjson.Object {
		return out, refuse(path, "want an object, not "+t.kind.String())
	}
	query := objectTree("match_all", objectTree())
	for i := range t.items {
		name, value := t.names[i].text, &t.items[i]
		at := r.at(path, name)
		var err error
		var got tree
		switch name {
		case "query":
			query, err = r.query(value, at)
			if err != nil {
				return out, err
			}
			continue
		case "aggs", "aggregations":
			got, err = r.aggregations(value, at)
		case "sort":
			got, err = r.sorting(value, at)
		case "from", "size":
			got, err = *value, wantWhole(value, at)
		case "timeout":
			got, err = *value, wantText(value, at)
		case "track_total_hits":
			got = *value
			if value.kind != strictjson.Bool {
				err = wantWhole(value, at)
			}
		default:
			err = refuse(at, "is not supported; a body has query, aggs, sort, from, size, timeout and track_total_hits")
		}
		if err != nil {
			return out, err
		}
		out.names, out.items = append(out.names, textTree(name)), append(out.items, got)
	}
	whole := objectTree("bool", objectTree("must", listTree(query), "filter", listTree(r.allowed(nil))))
	out.names, out.items = append([]tree{textTree("query")}, out.names...), append([]tree{whole}, out.items...)
	return out, nil
}

// allowed is the filter for the documents of these views; nil is all of them.
func (r *rewriter) allowed(views []*view) tree {
	if views == nil {
		for i := range r.access.views {
			views = append(views, &r.access.views[i])
		}
	}
	var clauses []tree
	for _, v := range views {
		if v.all {
			return objectTree("match_all", objectTree())
		}
		for j := range v.queries {
			clauses = append(clauses, v.queries[j].tree)
		}
	}
	if len(clauses) == 0 {
		return matchNothing()
	}
	return anyTree(clauses...)
}

func matchNothing() tree { return objectTree("match_none", objectTree()) }

// anyTree matches what one of the clauses matches.
func anyTree(clauses ...tree) tree {
	return objectTree("bool", objectTree("should", listTree(clauses...), "minimum_should_match", tree{kind: strictjson.Number, text: "1"}))
}

func wantWhole(t *tree, path string) error {
	if t.kind != strictjson.Number || digits(t.text) != len(t.text) {
		return refuse(path, "want a whole number, not "+t.kind.String())
	}
	return nil
}

func wantText(t *tree, path string) error {
	if t.kind != strictjson.String {
		return refuse(path, "want a string, not "+t.kind.String())
	}
	return nil
}

// query rewrites one query.
func (r *rewriter) query(t *tree, path string) (tree, error) {
	if r.clauses++; r.clauses > maxClauses {
		return tree{}, refuse(path, errRuleClauses.Error())
	}
	if t.kind != strictjson.Object || len(t.items) != 1 {
		return tree{}, refuse(path, "want an object with one member, the kind of query")
	}
	kind, body := t.names[0].text, &t.items[0]
	at := r.at(path, kind)
	if hasName(body) {
		return tree{}, refuse(at, "_name is not supported: matched_queries would tell of each hit whether the clause matches, also where a field of it is hidden")
	}
	switch kind {
	case "bool":
		return r.boolean(body, at)
	case "query_string":
		return r.queryString(body, at)
	}
	q, err := (&compiler{request: true}).query(t)
	if err != nil {
		return tree{}, refuse(path, err.Error())
	}
	switch q := q.(type) {
	case exists:
		return r.exists(*t, q.field), nil
	case termsSet:
		return r.restrict(*t, q.field, q.count), nil
	case matchAll, matchNone, ids:
		return *t, nil
	}
	name, _, err := besides(body)
	if err != nil {
		return tree{}, refuse(at, err.Error())
	}
	return r.restrict(*t, name), nil
}

// hasName reports whether a query has a name, beside its clauses or inside of a field.
func hasName(body *tree) bool {
	if body.kind != strictjson.Object {
		return false
	}
	name, has := body.get("_name")
	if !has && len(body.items) == 1 && body.items[0].kind == strictjson.Object {
		name, has = body.items[0].get("_name")
	}
	return has && name.kind == strictjson.String
}

func (r *rewriter) boolean(t *tree, path string) (tree, error) {
	if _, err := (&compiler{request: true}).shape(t); err != nil {
		return tree{}, refuse(path, err.Error())
	}
	out := *t
	out.items = slices.Clone(t.items)
	for i := range t.items {
		name, clause := t.names[i].text, &t.items[i]
		if !slices.Contains(occurrences, name) {
			continue
		}
		at := r.at(path, name)
		if clause.kind != strictjson.Array {
			got, err := r.query(clause, at)
			if err != nil {
				return tree{}, err
			}
			out.items[i] = got
			continue
		}
		list := tree{kind: strictjson.Array}
		for j := range clause.items {
			got, err := r.query(&clause.items[j], at+"/"+strconv.Itoa(j))
			if err != nil {
				return tree{}, err
			}
			list.items = append(list.items, got)
		}
		out.items[i] = list
	}
	return objectTree("bool", out), nil
}

// usable returns the views whose documents a query may use the fields of.
func (r *rewriter) usable(inside bool, fields ...string) (views []*view, all bool) {
	views = []*view{}
	for i := range r.access.views {
		v := &r.access.views[i]
		if !slices.ContainsFunc(fields, func(f string) bool { return !r.may(question{v, f, inside}) }) {
			views = append(views, v)
		}
	}
	return views, len(views) == len(r.access.views)
}

// question is whether a request may use a field, or also what is inside of it.
type question struct {
	view   *view
	field  string
	inside bool
}

// may answers a question, each once for a request.
func (r *rewriter) may(q question) bool {
	if q.view.plain() {
		return true
	}
	answer, known := r.answers[q]
	if !known {
		answer = q.view.usable(q.field) && !(q.inside && q.view.hidesInside(q.field))
		if r.answers == nil {
			r.answers = map[question]bool{}
		}
		r.answers[q] = answer
	}
	return answer
}

// usable reports whether a field is shown, and not masked. What is below a masked
// field may be another way to index its value: a subfield, such as journal.raw.
func (v *view) usable(field string) bool {
	path := []byte(field)
	for i, c := range path {
		if c == '.' && v.masks.of(path[:i]) != nil {
			return false
		}
	}
	return v.fields.visible(field) && v.masks.of(path) == nil && !v.partly(field)
}

// partly reports whether a rule names something below a field, so that the field
// is an object, and hides or masks some of it. A query on an object that is mapped
// as flat_object finds whatever is in it.
func (v *view) partly(field string) bool {
	below := func(p string) bool { return strings.HasPrefix(p, field+".") && p != field+keyword }
	f := &v.fields
	return v.hides(below) || f.includes != nil && slices.ContainsFunc(f.includes.texts, below) && !slices.ContainsFunc(f.includes.texts, func(p string) bool {
		before, all := strings.CutSuffix(p, "*")
		return all && strings.HasPrefix(field+".", before)
	})
}

// hidesInside reports whether something in the field may be hidden or masked.
func (v *view) hidesInside(field string) bool {
	return v.hides(func(p string) bool { return overlap(p, field+".*") })
}

// hides reports whether what a function says of a pattern is so for an exclude or
// a mask.
func (v *view) hides(is func(string) bool) bool {
	if slices.ContainsFunc(v.fields.excludes.texts, is) {
		return true
	}
	for _, list := range v.masks.lists {
		if slices.ContainsFunc(list, func(m mask) bool { return is(m.pattern.text) }) {
			return true
		}
	}
	return false
}

// restrict returns a clause that matches as if the fields did not exist where
// they are hidden.
func (r *rewriter) restrict(clause tree, fields ...string) tree {
	return r.within(clause, false, fields...)
}

func (r *rewriter) exists(clause tree, field string) tree {
	return r.within(clause, true, field)
}

func (r *rewriter) within(clause tree, inside bool, fields ...string) tree {
	views, all := r.usable(inside, fields...)
	switch {
	case all:
		return clause
	case len(views) == 0:
		return matchNothing()
	}
	if r.added += r.weight(views); r.added > maxAdded {
		return matchNothing() // and the request is refused
	}
	return objectTree("bool", objectTree("must", listTree(clause), "filter", listTree(r.allowed(views))))
}

// maxAdded bounds what rules add to the clauses of a request, in bytes.
const maxAdded = 16 << 20

// weight is about how much longer a clause becomes that is for some views.
func (r *rewriter) weight(views []*view) int {
	n := 100
	for _, v := range views {
		size, known := r.weights[v]
		if !known {
			for i := range v.queries {
				size += 1 + len(v.queries[i].tree.append(nil))
			}
			if r.weights == nil {
				r.weights = map[*view]int{}
			}
			r.weights[v] = size
		}
		n += size
	}
	return n
}

// noField is the name of a field that no index has.
const noField = "fgac-no-such-field"

// always returns the name of a field for what cannot be restricted to some
// documents: the field if it is usable in all, and one that does not exist
// otherwise.
func (r *rewriter) always(field string) string {
	if _, all := r.usable(false, field); all {
		return field
	}
	return noField
}
