// Package glob matches the names of weights, nodes and channels with patterns
// that a user writes. It reads them as package path does, but for slashes,
// which exporters put into names and * stands for, too.
package glob

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// anySlash hides slashes, which * does not stand for in path.Match.
var anySlash = strings.NewReplacer("/", "\x00")

// Check is an error where a pattern is malformed.
func Check(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("%q is no pattern: %w", pattern, err)
	}
	return nil
}

// Match reports whether a pattern stands for a name; a malformed one stands
// for nothing.
func Match(pattern, name string) bool {
	ok, _ := path.Match(anySlash.Replace(pattern), anySlash.Replace(name))
	return ok
}

// Nearest gives up to n of the names, those first that the fewest insertions,
// deletions and changes of a character would make match, as they are ordered
// where these are equal.
func Nearest(pattern string, names []string, n int) []string {
	type near struct {
		name string
		away int
	}
	all := make([]near, len(names))
	for i, name := range names {
		all[i] = near{name, distance([]rune(pattern), []rune(name))}
	}
	slices.SortStableFunc(all, func(a, b near) int { return a.away - b.away })
	var out []string
	for _, a := range all[:min(n, len(all))] {
		out = append(out, a.name)
	}
	return out
}

// distance is Levenshtein's, with nothing to pay for what * and ? stand for.
func distance(pattern, name []rune) int {
	row := make([]int, len(name)+1) // for the pattern so far and each prefix of the name
	for j := range row {
		row[j] = j
	}
	for _, p := range pattern {
		diagonal := row[0]
		if p != '*' {
			row[0]++
		}
		for j, c := range name {
			above := row[j+1]
			switch {
			case p == '*':
				row[j+1] = min(above, row[j])
			case p == '?' || p == c:
				row[j+1] = min(diagonal, above+1, row[j]+1)
			default:
				row[j+1] = min(diagonal, above, row[j]) + 1
			}
			diagonal = above
		}
	}
	return row[len(name)]
}
