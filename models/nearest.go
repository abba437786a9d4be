package models

import (
	"cmp"
	"slices"
	"strings"
)

// nearest are the three listed names that take the fewest edits to reach.
func nearest(name string) []string {
	var names []string
	for _, i := range List() {
		names = append(names, i.Name)
	}
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Compare(distance(strings.ToLower(name), a), distance(strings.ToLower(name), b))
	})
	return names[:3]
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
