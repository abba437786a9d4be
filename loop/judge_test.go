package loop

import (
	"math"
	"testing"
)

func TestCompareRankings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b    map[int]float64
		rank    float64
		overlap int
	}{
		"alike":          {map[int]float64{1: 0.1, 2: 0.2, 5: 0.3}, map[int]float64{1: 1, 2: 2, 5: 3}, 1, 1},
		"the other way":  {map[int]float64{1: 0.1, 2: 0.2, 5: 0.3}, map[int]float64{1: 3, 2: 2, 5: 1}, -1, 0},
		"ties":           {map[int]float64{1: 1, 2: 1, 3: 2, 4: 3}, map[int]float64{1: 1, 2: 2, 3: 3, 4: 4}, 0.9486832980505138, 1},
		"one side alike": {map[int]float64{1: 1, 2: 1}, map[int]float64{1: 1, 2: 2}, 0, 1},
		"one missing":    {map[int]float64{1: 1, 2: 2, 3: 0}, map[int]float64{1: 1, 2: 2}, 1, 1},
	} {
		var j Judgement
		j.compare(c.a, c.b, true)
		if math.Abs(j.Rank-c.rank) > 1e-12 || j.Overlap != c.overlap || j.Top != 1 {
			t.Errorf("%s: %+v, want rank %v, overlap %d", name, j, c.rank, c.overlap)
		}
	}
}
