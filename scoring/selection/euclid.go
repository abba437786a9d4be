package selection

// euclid is the squared Euclidean distance to labelled samples, the first
// centres, and to samples of the pool.
type euclid struct {
	pool, labelled           Features
	poolNorms, labelledNorms []float64 // squared lengths of the rows
	chosen                   []int
	filter                   filter
}

func newEuclid(pool, labelled Features) *euclid {
	return &euclid{
		pool: pool, labelled: labelled,
		poolNorms: pool.lengths2(), labelledNorms: labelled.lengths2(), filter: newFilter(pool.Dim),
	}
}

func (e *euclid) centres() int { return e.labelled.Len() + len(e.chosen) }

func (e *euclid) add(i int) { e.chosen = append(e.chosen, i) }

func (e *euclid) centre(j int) (row []float32, norm float64) {
	if j < len(e.labelledNorms) {
		return e.labelled.Row(j), e.labelledNorms[j]
	}
	i := e.chosen[j-len(e.labelledNorms)]
	return e.pool.Row(i), e.poolNorms[i]
}

func (e *euclid) near(i, from, to int, known float64) float64 {
	row, norm := e.pool.Row(i), e.poolNorms[i]
	for j := from; j < to; j++ {
		if centre, n := e.centre(j); !e.filter.atLeast(known, row, centre, norm+n) {
			known = min(known, distance2(row, centre))
		}
	}
	return known
}
