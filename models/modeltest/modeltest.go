// Package modeltest makes the models that tests of several packages run:
// networks of the zoo, with weights that hide nothing.
package modeltest

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
)

// Build returns a network of the zoo.
func Build(t testing.TB, arch string, o models.Options) *onnxio.Model {
	t.Helper()
	m, err := models.Build(arch, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Wild returns a copy of a model that has a random value for every weight,
// BatchNorm's parameters and running statistics too, so that nothing is hidden
// by zeros and ones. Scales and variances of BatchNorm are positive.
func Wild(t testing.TB, m *onnxio.Model, seed uint64) *onnxio.Model {
	t.Helper()
	positive := map[string]bool{}
	for _, n := range m.Graph.Nodes() {
		if n.Op() == "BatchNormalization" {
			for _, i := range []int{1, 4} {
				_, root := m.Graph.Constant(n.Input(i))
				positive[root] = true
			}
		}
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	var weights []*onnxio.Tensor
	for _, w := range m.Graph.Initializers() {
		if !w.Elem().Float() {
			continue
		}
		v := make([]float32, w.Len())
		fan := max(1, w.Len()/max(1, append(w.Dims(), 1)[0]))
		for i := range v {
			v[i] = float32(rng.NormFloat64() * math.Sqrt(2/float64(fan)))
			switch {
			case positive[w.Name()]:
				v[i] = 0.5 + rng.Float32()
			case w.Rank() < 2:
				v[i] = float32(0.5 * rng.NormFloat64())
			}
		}
		x, err := w.WithFloats(v)
		if err != nil {
			t.Fatal(err)
		}
		weights = append(weights, x)
	}
	return With(t, m, weights...)
}

// With returns a copy of a model with other weights of the same names.
func With(t testing.TB, m *onnxio.Model, weights ...*onnxio.Tensor) *onnxio.Model {
	t.Helper()
	out := m.Clone()
	p := out.Graph.Edit()
	for _, w := range weights {
		p.SetInitializer(w)
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return out
}

// Save writes a model into a folder and returns its path.
func Save(t testing.TB, m *onnxio.Model, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := m.Save(path, onnxio.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	return path
}
