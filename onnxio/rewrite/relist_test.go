package rewrite

import "testing"

// TestHolder finds the axis of a shape that the samples lie along.
func TestHolder(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name         string
		to           []int64
		outer, batch int64
		want         int
	}{
		{"batch first", []int64{2, 5, 4}, 1, 2, 0},
		{"windows of a batch", []int64{128, 49, 96}, 1, 2, 0},
		{"windows of one sample", []int64{64, 49, 3, 4, 32}, 1, 1, 0},
		{"one sample, flattened", []int64{36}, 1, 1, 0},
		{"steps first", []int64{10, 2, 12}, 10, 2, 1},
		{"steps first, heads beside the samples", []int64{10, 8, 3}, 10, 2, 1},
		{"steps first, one sample", []int64{10, 4, 3}, 10, 1, 1},
		{"rows of steps of one sample", []int64{10, 12}, 10, 1, 0},
		{"steps of one sample of one feature", []int64{10, 1}, 10, 1, 1},
		{"rows of steps and samples", []int64{20, 12}, 10, 2, 0},
		{"across samples", []int64{3, 4}, 1, 2, -1},
		{"nothing", []int64{0, 4}, 1, 2, -1},
	} {
		if got := holder(tc.to, tc.outer, tc.batch); got != tc.want {
			t.Errorf("%s: axis %d, want %d", tc.name, got, tc.want)
		}
	}
}
