package strictjson

import "testing"

// Rule G4: a loan that has ended keeps nothing of the text, and ends once: two loans
// never share a document.
func TestLoanEndsOnce(t *testing.T) {
	v, err := Borrow(`{"a":"mary\n"}`, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := v.Get("a")
	v.Return()
	a.Return()
	v.Return()
	if v.doc.src != "" || v.doc.unescaped != nil {
		t.Error("the document keeps the text")
	}
	x, _ := Borrow(`"x"`, Limits{})
	y, _ := Borrow(`"y"`, Limits{})
	s, _ := x.Str()
	u, _ := y.Str()
	if x.doc == y.doc || s != "x" || u != "y" {
		t.Errorf("%q and %q: one document for two", s, u)
	}
	x.Return()
	y.Return()
	for _, refused := range []string{`{"a":"mary\n"`, "\"mary\xff\""} {
		if v, err := Borrow(refused, Limits{}); err == nil || v.doc != nil {
			t.Errorf("%q: %v", refused, err)
		}
	}
}

// A large text is read into a document of its own, for which little more is allocated
// than it needs.
func TestLargeText(t *testing.T) {
	text := "["
	for len(text) < 4*largeText {
		text += `{"a":1,"b":["c","d"]},`
	}
	v, err := Parse(text+"1]", Limits{})
	if err != nil || v.loan != 0 {
		t.Fatal(v.loan, err)
	}
	if n, room := len(v.doc.nodes), cap(v.doc.nodes); room > n+n/2 {
		t.Errorf("room for %d nodes, for %d", room, n)
	}
}
