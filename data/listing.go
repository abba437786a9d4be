package data

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"strings"
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

// checkUnique returns an error that names a string that is there twice.
func (n *names) checkUnique() error {
	type hashed struct {
		hash uint64
		at   int
	}
	seed := maphash.MakeSeed()
	all := make([]hashed, n.len())
	for i := range all {
		all[i] = hashed{maphash.String(seed, n.at(i)), i}
	}
	slices.SortFunc(all, func(a, b hashed) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.at, b.at))
	})
	// Strings that differ and share their hash may hide another pair; one in 2⁶⁴
	// does.
	first, second := -1, n.len()
	for k := 1; k < len(all); k++ {
		a, b := all[k-1], all[k]
		if a.hash == b.hash && b.at < second && n.at(a.at) == n.at(b.at) {
			first, second = a.at, b.at
		}
	}
	if first >= 0 {
		return fmt.Errorf("samples %d and %d are both named %q", first, second, n.at(first))
	}
	return nil
}

// labelTexts collects the labels of samples that are written as text: numbers
// of classes, or their names.
type labelTexts struct {
	known map[string]int32
	texts []string // in the order of their first sample
	at    []int32  // of each sample, in texts; -1 for none
}

// add takes the label of the next sample; the empty text and -1 are none.
func (l *labelTexts) add(text string) {
	if text == "" || text == "-1" {
		l.at = append(l.at, -1)
		return
	}
	at, ok := l.known[text]
	if !ok {
		if l.known == nil {
			l.known = map[string]int32{}
		}
		at = int32(len(l.texts))
		text = strings.Clone(text)
		l.known[text] = at
		l.texts = append(l.texts, text)
	}
	l.at = append(l.at, at)
}

// settle turns the texts into labels: the numbers, where all are numbers of
// classes, else the positions of the names in the sorted list of all.
func (l *labelTexts) settle() (labels []int32, classes []string) {
	meaning := make([]int32, len(l.texts))
	for k, text := range l.texts {
		number, ok := classNumber(text)
		if !ok {
			classes = slices.Sorted(slices.Values(l.texts))
			break
		}
		meaning[k] = number
	}
	if classes != nil {
		for k, text := range l.texts {
			at, _ := slices.BinarySearch(classes, text)
			meaning[k] = int32(at)
		}
	}
	for i, at := range l.at {
		if at >= 0 {
			l.at[i] = meaning[at]
		}
	}
	return l.at, classes
}

// classNumber reads 3 and the 3.0 that is left of it where a column had gaps.
func classNumber(text string) (int32, bool) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v != math.Trunc(v) || v < 0 || v > math.MaxInt32 {
		return 0, false
	}
	return int32(v), true
}
