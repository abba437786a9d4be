// Package suggest says which of the words that would have been right stands
// nearest to one that is not: for mistyped commands and flags, and for values
// of which there is a list.
package suggest

import (
	"slices"
	"strings"
)

// listed is how many words are listed in full; of more, the nearest are named.
const listed = 6

// named is how many of a long list are named.
const named = 3

// Want tells what may stand in place of word, as the end of an error message:
// "want sgd, adam or adamw" where the words are few, and else the nearest
// three: "did you mean margin, mean-std or max-prob?".
func Want(word string, words []string) string {
	if len(words) <= listed {
		return "want " + Or(words)
	}
	return "did you mean " + Or(Nearest(word, words, named)) + "?"
}

// Or joins words as "a, b or c".
func Or(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// Typo returns the words that word may be a slip of the fingers for, the
// nearest first and at most three: those that at most a third of its letters
// separate from it, and those of which one begins with the other.
func Typo(word string, words []string) []string {
	near := Nearest(word, words, named)
	return slices.DeleteFunc(near, func(w string) bool {
		a, b := strings.ToLower(word), strings.ToLower(w)
		begun := min(len(a), len(b)) > 1 && (strings.HasPrefix(b, a) || strings.HasPrefix(a, b))
		return !begun && Distance(a, b) > max(1, len([]rune(word))/3)
	})
}

// Nearest returns the n words that are nearest to word, the nearest first and
// those equally near in their order. A word that contains the other one is
// nearer than its length says.
func Nearest(word string, words []string, n int) []string {
	sorted := slices.Clone(words)
	slices.SortStableFunc(sorted, func(a, b string) int { return far(word, a) - far(word, b) })
	return sorted[:min(n, len(sorted))]
}

// far is a distance in which one letter typed wrong counts two, and one of the
// letters that a longer word has around the other one.
func far(word, of string) int {
	d := 2 * Distance(word, of)
	a, b := strings.ToLower(word), strings.ToLower(of)
	if a != "" && b != "" && (strings.Contains(b, a) || strings.Contains(a, b)) {
		d /= 2
	}
	return d
}

// Distance counts the letters to insert, drop, replace or swap with their
// neighbour until one word is the other, in any case of letters.
func Distance(a, b string) int {
	s, t := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	// Three rows of the table of distances between beginnings: the row before
	// the last, the last, and the one at work.
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i := range s {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range t {
			differs := 1
			if s[i] == t[j] {
				differs = 0
			}
			row[j+1] = min(last[j]+differs, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(t)]
}
