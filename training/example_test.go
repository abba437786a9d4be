package training_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/training"
)

// corners are images with one bright corner, which is their class.
type corners struct{}

func (corners) Len() int        { return 64 }
func (corners) Shape() []int    { return []int{1, 4, 4} }
func (corners) Label(i int) int { return i % 4 }

func (corners) Read(i int, dst []float32) error {
	clear(dst)
	dst[[]int{0, 3, 12, 15}[i%4]] = 1
	return nil
}

func Example() {
	ctx := context.Background()
	if err := ort.Init(ctx, ort.Options{}); err != nil {
		log.Fatal(err)
	}
	m, err := models.Build("mlp", models.Options{Input: [3]int{1, 4, 4}, Classes: 4})
	if err != nil {
		log.Fatal(err)
	}
	trained, history, err := training.Train(ctx, m, corners{}, training.Options{
		Batch:    16,
		Schedule: training.StepDecay(10, 0.1, 0.1, 8), // ten epochs, the last two at 0.01
		Step:     training.StepOptions{Optimizer: training.SGD{Momentum: 0.9, WeightDecay: 5e-4}},
	})
	if err != nil {
		log.Fatal(err)
	}
	e, err := training.Evaluate(ctx, trained, corners{}, training.EvalOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d steps, %d of %d right\n", history.Steps, e.Correct, e.Samples)
}

// TestExample runs the example where the runtime is to be had.
func TestExample(t *testing.T) {
	orttest.Need(t)
	Example()
}
