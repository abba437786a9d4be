package scoring

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/scoring/scoringtest"
)

// TestBatchAndThreads: shards and resumed passes cut a pool into other batches
// than one pass does, on machines with other numbers of threads, and have to
// give the same bytes.
func TestBatchAndThreads(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	const n = 21
	for _, name := range []string{"resnet20", "preresnet20", "mobilenetv2-cifar", "vgg11-bn", "mlp"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net, err := models.Build(name, models.Options{Input: [3]int{3, 32, 32}, Classes: 10, Width: 0.5, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			pool := scoringtest.Pool{N: n, Dims: []int{3, 32, 32}}
			var want []Record
			for _, c := range []struct{ threads, lanes, batch int }{{1, 1, n}, {2, 1, 8}, {2, 2, 0}, {3, 3, 1}, {4, 2, 5}} {
				m, err := NewModel(t.Context(), net, ModelOptions{Session: ort.SessionOptions{Threads: c.threads}, Lanes: c.lanes})
				if err != nil {
					t.Fatal(err)
				}
				got := collect(t, m, pool, Options{Batch: c.batch})
				m.Close()
				if want == nil {
					want = got
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s: %s", fmt.Sprint(c), d)
				}
			}
		})
	}
}
