package request_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl/pushdown/internal/request"
)

// Rules P3, G4: what is refused, and at which path.
func TestChecks(t *testing.T) {
	check := request.Members(map[string]request.Check{
		"n": request.Number, "t": request.Text, "f": request.Flag, "any": request.Any,
		"list": request.List(request.Number), "each": request.Each(request.Text),
		"a/b~c": request.Members(nil),
	})
	for _, row := range []struct{ text, path, reason string }{
		{`{"n":1,"t":"x","f":true,"any":{"y":[null]},"list":[1,2],"each":{"p":"q","":"r"},"a/b~c":{}}`, "", ""},
		{`{}`, "", ""},
		{`{"list":[],"each":{}}`, "", ""},
		{`[]`, "", "want an object, not array"},
		{`{"other":1}`, "/other", "is not supported"},
		{`{"N":1}`, "/N", "is not supported"},
		{`{"n":"1"}`, "/n", "want number, not string"},
		{`{"t":1}`, "/t", "want string, not number"},
		{`{"f":null}`, "/f", "want boolean, not null"},
		{`{"list":{}}`, "/list", "want an array, not object"},
		{`{"list":[1,2,"x"]}`, "/list/2", "want number, not string"},
		{`{"each":[]}`, "/each", "want an object, not array"},
		{`{"each":{"p":"q","r":1}}`, "/each/r", "want string, not number"},
		{`{"a/b~c":{"d":1}}`, "/a~1b~0c/d", "is not supported"},
	} {
		v, err := request.Parse([]byte(row.text))
		if err != nil {
			t.Fatalf("%s: %v", row.text, err)
		}
		err = check(v)
		var e *request.Error
		switch {
		case row.reason == "" && err != nil:
			t.Errorf("%s: %v", row.text, err)
		case row.reason != "" && (!errors.As(err, &e) || e.Path != row.path || e.Reason != row.reason):
			t.Errorf("%s: %v, want %s: %s", row.text, err, row.path, row.reason)
		}
	}
	if err := request.At("x", errors.ErrUnsupported); err != errors.ErrUnsupported {
		t.Errorf("another error became %v", err)
	}
}

// Rules P3, G4
func TestParse(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	long := func(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }
	for _, row := range []struct {
		text          string
		asked, stored bool
	}{
		{`{"a":1}`, true, true}, {`{"a":1,"a":2}`, false, false}, {``, false, false}, {"\"\xff\"", false, false},
		{deep(64), true, true}, {deep(65), false, true}, {deep(128), false, true}, {deep(129), false, false},
		{long(1 << 20), true, true}, {long(1<<20 + 1), false, true},
	} {
		for _, parse := range []struct {
			what string
			err  error
			want bool
		}{{"Parse", second(request.Parse([]byte(row.text))), row.asked}, {"ParseStored", second(request.ParseStored([]byte(row.text))), row.stored}} {
			var e *request.Error
			if (parse.err == nil) != parse.want || parse.err != nil && (!errors.As(parse.err, &e) || !strings.HasPrefix(e.Reason, "is not strict JSON: ")) {
				t.Errorf("%s of %.20s (%d bytes): %v", parse.what, row.text, len(row.text), parse.err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }
