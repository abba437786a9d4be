package selection_test

import (
	"context"
	"fmt"
	"log"

	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// points is a pool of samples in memory.
type points [][]float32

func (p points) Len() int        { return len(p) }
func (p points) Shape() []int    { return []int{2} }
func (p points) ID(i int) string { return fmt.Sprintf("point-%d", i) }

func (p points) Read(i int, dst []float32) error {
	copy(dst, p[i])
	return nil
}

// halfPlane is a classifier of two classes, told apart by the sign of the
// first coordinate.
type halfPlane struct{}

func (halfPlane) InputShape() []int { return []int{2} }
func (halfPlane) Classes() int      { return 2 }
func (halfPlane) FeatureLen() int   { return 2 }

func (halfPlane) Logits(_ context.Context, batch []float32, n int, logits, features []float32) error {
	for i := range n {
		logits[2*i], logits[2*i+1] = -batch[2*i], batch[2*i]
	}
	copy(features, batch)
	return nil
}

var pool = points{{-2, 0}, {0.1, 3}, {1, -1}, {0, 0}}

// The samples nearest to the boundary are the ones to label.
func Example() {
	records := scoring.Score(context.Background(), halfPlane{}, pool, scoring.Options{})
	batch, err := selection.Select(records, "margin", 2, 0)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range batch {
		margin, _ := s.Record.Scores.Of("margin")
		fmt.Printf("%d. %s: margin %.3f\n", s.Rank, s.Record.ID, margin)
	}
	// Output:
	// 1. point-3: margin 0.000
	// 2. point-1: margin 0.100
}

// Coverage looks at where samples lie, not at how sure the model is of them.
func ExampleChoose() {
	ctx := context.Background()
	records := scoring.Score(ctx, halfPlane{}, pool, scoring.Options{Features: true})
	labelled := selection.Candidates{Features: selection.Features{Dim: 2, Data: []float32{-2, 1}}}
	batch, err := selection.Choose(ctx, records, selection.Choice{Strategy: "k-center", K: 2, Labelled: labelled})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range batch {
		fmt.Printf("%s: %.2f away\n", s.Record.ID, s.Score)
	}
	// Output:
	// point-2: 3.61 away
	// point-1: 2.90 away
}
