package scoring

import (
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// A batch keeps activations in the cache where the weights are few, and is worth
// reading them for where they are many.
func TestPreferredBatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arch  string
		side  int
		batch int
	}{{"resnet20", 32, 8}, {"resnet18", 64, 16}, {"resnet18", 224, 5}, {"mobilenetv2", 224, 1}} {
		m, err := models.Build(c.arch, models.Options{Input: [3]int{3, c.side, c.side}})
		if err != nil {
			t.Fatal(err)
		}
		if got := preferredBatch(m, []int{3, c.side, c.side}, ort.CPU); got != c.batch {
			t.Errorf("%s of %d: %d samples, want %d", c.arch, c.side, got, c.batch)
		}
	}
}
