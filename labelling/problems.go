package labelling

import (
	"fmt"
	"strings"
)

// A ProblemsError lists everything in a file that is no label, so that all of it can
// be mended at once.
type ProblemsError struct{ Problems []string }

// named is how many problems stand in a message.
const named = 10

func (e *ProblemsError) Error() string {
	if len(e.Problems) == 1 {
		return e.Problems[0]
	}
	list, more := e.Problems, ""
	if len(list) > named {
		more = fmt.Sprintf("; and %d more", len(list)-named)
		list = list[:named]
	}
	return fmt.Sprintf("%d problems: %s%s", len(e.Problems), strings.Join(list, "; "), more)
}

// problems collects them.
type problems []string

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &ProblemsError{p}
}
