package scoring_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/prunefuse/prunefuse/scoring"
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
	batch, err := scoring.Select(records, "margin", 2, 0)
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

// shifted is a halfPlane whose border lies elsewhere.
type shifted struct {
	halfPlane
	by float32
}

func (c shifted) Logits(_ context.Context, batch []float32, n int, logits, features []float32) error {
	for i := range n {
		logits[2*i], logits[2*i+1] = c.by-batch[2*i], batch[2*i]-c.by
	}
	copy(features, batch)
	return nil
}

// Several models are asked, and the sample that they differ on most is the
// one whose label tells most about them.
func ExampleNewCommittee() {
	committee, err := scoring.NewCommittee(halfPlane{}, shifted{by: 2}, shifted{by: -2})
	if err != nil {
		log.Fatal(err)
	}
	records := scoring.Score(context.Background(), committee, pool, scoring.Options{})
	batch, err := scoring.Select(records, "bald", 1, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %.2f nats\n", batch[0].Record.ID, batch[0].Score)
	// Output:
	// point-1: 0.40 nats
}

// A score file is a line of JSON a sample.
func ExampleRecordWriter() {
	w := scoring.NewRecordWriter(os.Stdout)
	opts := scoring.Options{Measures: []string{"margin"}}
	for r, err := range scoring.Score(context.Background(), halfPlane{}, pool[3:], opts) {
		if err != nil {
			log.Fatal(err)
		}
		if err := w.Write(r); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"schema":"prunefuse.score/1","index":0,"id":"point-0","class":0,"confidence":0.5,"scores":{"margin":0}}
}

// Coverage looks at where samples lie, not at how sure the model is of them.
func ExampleChoose() {
	ctx := context.Background()
	records := scoring.Score(ctx, halfPlane{}, pool, scoring.Options{Features: true})
	labelled := scoring.Candidates{Features: scoring.Features{Dim: 2, Data: []float32{-2, 1}}}
	batch, err := scoring.Choose(ctx, records, scoring.Choice{Strategy: "k-center", K: 2, Labelled: labelled})
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
