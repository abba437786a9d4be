package data

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/internal/spelling"
)

// labelTexts collects the labels of samples that are written as text: numbers
// of classes, or their names.
type labelTexts struct {
	known   map[string]int32
	texts   []string // in the order of their first sample
	first   []int    // which that is
	at      []int32  // of each sample, in texts; -1 for none
	missing map[string]int
}

// missingLabels are the spellings in which pandas and others write that there is
// no value, in lower case.
var missingLabels = []string{
	"-1", "-1.0", "nan", "-nan", "none", "na", "n/a", "<na>", "null", "nat", "#n/a", "#na", "#n/a n/a", "nil",
	"1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan",
}

// add takes the label of the next sample. The empty text is none, and so are the
// spellings of a missing value.
func (l *labelTexts) add(text string) {
	text = spelling.Composed(strings.TrimSpace(text))
	if text == "" || slices.Contains(missingLabels, strings.ToLower(text)) {
		if _, err := strconv.Atoi(text); text != "" && err != nil {
			if l.missing == nil {
				l.missing = map[string]int{}
			}
			l.missing[text]++
		}
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
		l.first = append(l.first, len(l.at))
	}
	l.at = append(l.at, at)
}

// set gives sample i, which has none, its label.
func (l *labelTexts) set(i int, text string) {
	l.add(text)
	last := len(l.at) - 1
	l.at[i], l.at = l.at[last], l.at[:last]
	if n := len(l.first); n > 0 && l.first[n-1] == last {
		l.first[n-1] = i
	}
}

// settle turns the texts into labels: the numbers, where all are numbers of
// classes, else the positions of the names in the sorted list of all. The samples
// are named by id.
func (l *labelTexts) settle(opts Options, id func(i int) string) (labels []int32, classes []string, err error) {
	for _, text := range slices.Sorted(maps.Keys(l.missing)) {
		opts.note("%d samples have no label: it is %q", l.missing[text], text)
	}
	meaning := make([]int32, len(l.texts))
	named := false
	for k, text := range l.texts {
		number, ok := classNumber(text)
		meaning[k] = number
		named = named || !ok
	}
	if named {
		if err := l.checkNames(id); err != nil {
			return nil, nil, err
		}
		classes = slices.Sorted(slices.Values(l.texts))
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
	return l.at, classes, nil
}

// ints is settle with labels of another type.
func (l *labelTexts) ints(opts Options, id func(i int) string) (labels []int, classes []string, err error) {
	found, classes, err := l.settle(opts, id)
	if err != nil {
		return nil, nil, err
	}
	labels = make([]int, len(found))
	for i, l := range found {
		labels[i] = int(l)
	}
	return labels, classes, nil
}

// checkNames refuses texts that cannot be the name of one class.
func (l *labelTexts) checkNames(id func(i int) string) error {
	numbers := true
	for k, text := range l.texts {
		_, err := strconv.ParseFloat(text, 64)
		numbers = numbers && err == nil
		if l.several(text) {
			return fmt.Errorf("sample %s: the label %q lists several classes, and a sample has one", id(l.first[k]), text)
		}
	}
	if !numbers {
		return nil
	}
	for k, text := range l.texts {
		if _, ok := classNumber(text); !ok {
			return fmt.Errorf("sample %s: the label %s is no number of a class, as the others are; -1, or none, stands for no label", id(l.first[k]), text)
		}
	}
	return nil
}

// several reports whether a text lists more than one class: a list in brackets, or
// names that other samples have, too.
func (l *labelTexts) several(text string) bool {
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		return true
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;|", r) })
	if len(parts) < 2 {
		return false
	}
	for _, part := range parts {
		if _, known := l.known[strings.TrimSpace(part)]; !known {
			return false
		}
	}
	return true
}

// classNumber reads 3, and the 3.0 that becomes of it where a column has gaps.
func classNumber(text string) (int32, bool) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v != math.Trunc(v) || v < 0 || v > math.MaxInt32 {
		return 0, false
	}
	return int32(v), true
}
