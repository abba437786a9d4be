package pruning

import (
	"fmt"
	"strings"
)

// CriterionNames lists the criteria that pass a test, all where it is nil.
func CriterionNames(test func(Criterion) bool) []string {
	var names []string
	for _, c := range Criteria {
		if test == nil || test(c) {
			names = append(names, c.Name)
		}
	}
	return names
}

// CriteriaText describes the criteria, a line each, for a help text.
func CriteriaText() string {
	var b strings.Builder
	for _, c := range Criteria {
		fmt.Fprintf(&b, "  %-10s %s\n", c.Name, c.About)
	}
	return b.String()
}
