package data

import "iter"

// Labels are the labels of all samples of a set in order, negative for one
// without.
func Labels(s Set) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range s.Len() {
			if !yield(s.Label(i)) {
				return
			}
		}
	}
}
