package crew

// Majority is the class of each item that most ratings give, Undecided where several
// classes have as many, or where there is no rating. The ratings are to pass Check.
func Majority(r Ratings) []int {
	counts, out := r.counts(), make([]int, r.Items)
	for i := range out {
		best := 0
		out[i] = Undecided
		for c, v := range r.item(counts, i) {
			switch {
			case v > best:
				best, out[i] = v, c
			case v == best:
				out[i] = Undecided
			}
		}
	}
	return out
}

// Matrix counts the ratings of one annotator: of items whose class is the row, those
// that give the class of the column.
type Matrix [][]int

// Right is how many ratings give the class of their item.
func (m Matrix) Right() (n int) {
	for c, row := range m {
		n += row[c]
	}
	return n
}

// Total is how many ratings there are.
func (m Matrix) Total() (n int) {
	for _, row := range m {
		n += sum(row)
	}
	return n
}

// Confusion sets each annotator's ratings against the classes of the items. Items that
// are Undecided are left out. The ratings are to pass Check, and truth has a class for
// each item.
func Confusion(r Ratings, truth []int) []Matrix {
	out := make([]Matrix, r.Annotators)
	for a := range out {
		out[a] = make(Matrix, r.Classes)
		for c := range out[a] {
			out[a][c] = make([]int, r.Classes)
		}
	}
	for _, x := range r.List {
		if c := truth[x.Item]; c != Undecided {
			out[x.Annotator][c][x.Class]++
		}
	}
	return out
}
