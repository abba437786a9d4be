package training_test

import (
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/training"
)

func TestBalancedWeights(t *testing.T) {
	t.Parallel()
	got, err := training.BalancedWeights(slices.Values([]int{0, 0, 0, 1, 2, 2}), 3)
	if want := []float32{6. / 9, 6. / 3, 6. / 6}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for _, classes := range []int{1, 4} {
		if got, err := training.BalancedWeights(slices.Values([]int{0, 1, 2}), classes); err == nil {
			t.Errorf("%d classes: %v and no error", classes, got)
		}
	}
}
