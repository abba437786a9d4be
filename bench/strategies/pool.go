package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// clusterCount is the number of clusters that a pool of them has.
const clusterCount = 100

// makePool draws n samples: features, and the class probabilities that a
// random last layer makes of them. Only what a strategy needs is kept.
func makePool(c testCase, n int, seed uint64, needs selection.Needs) (*selection.Candidates, error) {
	world := rand.New(rand.NewPCG(0, 1)) // what all samples share
	centres := normals(world, clusterCount*c.Features)
	layer := normals(world, c.Features*c.Classes)
	rng := rand.New(rand.NewPCG(seed, 2))
	pool := &selection.Candidates{}
	features, logits := make([]float32, c.Features), make([]float32, c.Classes)
	var row scoring.Row
	for i := range n {
		if err := drawFeatures(rng, c.Data, centres, features); err != nil {
			return nil, err
		}
		clear(logits)
		for d, v := range features {
			for k := range logits {
				logits[k] += v * float32(3*layer[d*c.Classes+k]/math.Sqrt(float64(c.Features)))
			}
		}
		if err := row.SetLogits(logits); err != nil {
			return nil, err
		}
		r := scoring.Record{Index: i, ID: "sample-" + strconv.Itoa(i), Class: row.First, Confidence: row.P[row.First]}
		scores := map[string]float64{"aum": rng.NormFloat64()}
		for _, name := range []string{"margin", "entropy"} {
			m, err := scoring.MeasureNamed(name)
			if err != nil {
				return nil, err
			}
			scores[name] = m.Of(&row)
		}
		r.Scores = scoring.ScoresOf(scores)
		if needs.Labels {
			label := rng.IntN(c.Classes)
			r.Label = &label
		}
		pool.Records = append(pool.Records, r)
		if needs.Features {
			pool.Features.Dim = c.Features
			pool.Features.Data = append(pool.Features.Data, features...)
		}
		if needs.Probabilities {
			pool.Probabilities.Dim = c.Classes
			for _, p := range row.P {
				pool.Probabilities.Data = append(pool.Probabilities.Data, float32(p))
			}
		}
	}
	return pool, nil
}

func normals(rng *rand.Rand, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = rng.NormFloat64()
	}
	return out
}

func drawFeatures(rng *rand.Rand, data string, centres []float64, dst []float32) error {
	switch data {
	case "clusters":
		centre := centres[rng.IntN(clusterCount)*len(dst):][:len(dst)]
		for d := range dst {
			dst[d] = float32(max(0, centre[d]+0.5*rng.NormFloat64()))
		}
	case "normal":
		for d := range dst {
			dst[d] = float32(rng.NormFloat64())
		}
	default:
		return fmt.Errorf("no kind of pool is called %q; want clusters or normal", data)
	}
	return nil
}
