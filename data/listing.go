package data

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"unicode/utf8"
)

// listing is what is known of the images of a source before they are read.
type listing struct {
	ids     *names
	labels  []int32 // nil where there are none
	classes []string
}

func (l *listing) Len() int          { return l.ids.len() }
func (l *listing) ID(i int) string   { return l.ids.at(i) }
func (l *listing) Classes() []string { return l.classes }

func (l *listing) Label(i int) int {
	if l.labels == nil {
		return -1
	}
	return int(l.labels[i])
}

// names is a list of strings that costs their bytes and eight more for each,
// wherever they were parts of. It is not to be copied.
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

// checkText returns an error that names a string that is no text: it could not be
// written into scores and selections and be found again.
func (n *names) checkText() error {
	if utf8.ValidString(n.text.String()) {
		return nil
	}
	for i := range n.len() {
		if !utf8.ValidString(n.at(i)) {
			return fmt.Errorf("the name %q is not UTF-8; rename it", n.at(i))
		}
	}
	return nil
}

// checkUnique returns an error that names a string that is there twice.
func (n *names) checkUnique() error {
	if first, second, found := sameText(n.len(), n.at); found {
		return fmt.Errorf("samples %d and %d are both named %q", first, second, n.at(first))
	}
	return nil
}

// sameText finds two of n texts that are the same, the pair whose second one
// comes first. It holds a hash of each text and no text.
func sameText(n int, at func(int) string) (first, second int, found bool) {
	type hashed struct {
		hash uint64
		at   int
	}
	seed := maphash.MakeSeed()
	all := make([]hashed, n)
	for i := range all {
		all[i] = hashed{maphash.String(seed, at(i)), i}
	}
	slices.SortFunc(all, func(a, b hashed) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.at, b.at))
	})
	// Strings that differ and share their hash may hide another pair; one in 2⁶⁴
	// does.
	first, second = -1, n
	for k := 1; k < len(all); k++ {
		a, b := all[k-1], all[k]
		if a.hash == b.hash && b.at < second && at(a.at) == at(b.at) {
			first, second = a.at, b.at
		}
	}
	return first, second, first >= 0
}
