package data

import "strings"

// names is a list of strings that costs their bytes and eight more for each,
// wherever they were parts of.
type names struct {
	text strings.Builder
	ends []int
}

func (n *names) add(s string) {
	n.text.WriteString(s)
	n.ends = append(n.ends, n.text.Len())
}

func (n *names) len() int { return len(n.ends) }

func (n *names) at(i int) string {
	start := 0
	if i > 0 {
		start = n.ends[i-1]
	}
	return n.text.String()[start:n.ends[i]]
}
