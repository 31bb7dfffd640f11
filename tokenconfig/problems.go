package tokenconfig

import (
	"errors"
	"strconv"
	"strings"
)

// maxProblems bounds how many problems of one document are listed.
const maxProblems = 100

// maxShown bounds, in bytes, how much of a path an error's text shows.
const maxShown = 200

// Error is one problem of a configuration. It names members and never shows
// their values.
type Error struct {
	Path   string // JSON pointer (RFC 6901) of the member, also for a Config built in Go; "" is the document
	Reason string // what is wrong
	Fix    string // what to do about it
}

// Error returns Path, Reason and Fix, the path shortened and quoted when it is
// long or hard to read.
func (e *Error) Error() string {
	return "tokenconfig: " + shown(e.Path) + ": " + e.Reason + "; " + e.Fix
}

func shown(path string) string {
	if path == "" {
		return "document"
	}
	long := len(path) > maxShown
	if long {
		path = path[:maxShown]
	}
	odd := strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r >= 0x7f })
	if !long && !odd {
		return path
	}
	path = strconv.QuoteToASCII(path)
	if long {
		path += "..."
	}
	return path
}

// problems collects what is wrong, in the order in which it is found.
type problems struct {
	list []error
}

func (p *problems) add(path, reason, fix string) {
	switch {
	case len(p.list) < maxProblems:
		p.list = append(p.list, &Error{path, reason, fix})
	case len(p.list) == maxProblems:
		p.list = append(p.list, &Error{"", "more problems than are listed here", "correct these first"})
	}
}

// full reports that nothing further will be listed.
func (p *problems) full() bool { return len(p.list) > maxProblems }

// err returns all problems as one error, nil when there are none.
func (p *problems) err() error { return errors.Join(p.list...) }
