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

// A record a sample has every measure of it.
func Example() {
	for r, err := range scoring.Score(context.Background(), halfPlane{}, pool, scoring.Options{}) {
		if err != nil {
			log.Fatal(err)
		}
		margin, _ := r.Scores.Of("margin")
		fmt.Printf("%s: class %d, margin %.3f\n", r.ID, r.Class, margin)
	}
	// Output:
	// point-0: class 0, margin 0.964
	// point-1: class 1, margin 0.100
	// point-2: class 1, margin 0.762
	// point-3: class 0, margin 0.000
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
	for r, err := range scoring.Score(context.Background(), committee, pool, scoring.Options{Measures: []string{"bald"}}) {
		if err != nil {
			log.Fatal(err)
		}
		bald, _ := r.Scores.Of("bald")
		fmt.Printf("%s: %.2f nats\n", r.ID, bald)
	}
	// Output:
	// point-0: 0.20 nats
	// point-1: 0.40 nats
	// point-2: 0.39 nats
	// point-3: 0.40 nats
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
