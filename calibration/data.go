package calibration

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
	"github.com/prunefuse/prunefuse/training"
)

// Options say how much of a set the pruning criteria look at. The zero value is
// all of it, in batches of 128.
type Options struct {
	Samples int    // drawn at random; 0 is all
	Batch   int    // 0 is 128. A model with a fixed batch has its own
	Seed    uint64 // of the draw
	Session ort.SessionOptions
}

// Data feeds the samples of a set, normalised as the model takes them, to
// the pruning criteria with data. Those of pruning.Labelled need a label for
// each sample. What does not fit the model is an error when it is used.
func Data(ctx context.Context, m *onnxio.Model, set training.Set, o Options) pruning.Evidence {
	if o.Batch <= 0 {
		o.Batch = 128
	}
	index := rand.New(rand.NewPCG(o.Seed, 0x65766964656e6365)).Perm(set.Len())
	if o.Samples > 0 {
		index = index[:min(o.Samples, len(index))]
	}
	s := drawn{set, index}
	return pruning.Evidence{
		Seed:    o.Seed,
		Samples: s.batches(m, o.Batch),
		Gradients: func(m *onnxio.Model) iter.Seq2[map[string][]float32, error] {
			return training.Gradients(ctx, m, s, training.GradientOptions{Batch: o.Batch, Session: o.Session})
		},
		Session: o.Session,
	}
}

// drawn is some samples of a set.
type drawn struct {
	training.Set
	index []int
}

func (d drawn) Len() int                        { return len(d.index) }
func (d drawn) Label(i int) int                 { return d.Set.Label(d.index[i]) }
func (d drawn) Read(i int, dst []float32) error { return d.Set.Read(d.index[i], dst) }

// batches are the samples as inputs of a model. Of a model with a fixed batch
// the last, which is not full, is left out.
func (d drawn) batches(m *onnxio.Model, batch int) iter.Seq2[*ort.Tensor, error] {
	return func(yield func(*ort.Tensor, error) bool) {
		ins := m.Graph.Inputs()
		if len(ins) != 1 || ins[0].Type.Elem != onnxio.Float32 || len(ins[0].Type.Shape) < 2 {
			yield(nil, errors.New("want a model with one float32 input for the samples, batch axis first"))
			return
		}
		in := ins[0].Type.Shape
		fixed, whole := in[0].Value()
		if whole {
			batch = int(fixed)
		}
		size := 1
		dims := []int64{0}
		for _, n := range d.Shape() {
			size *= n
			dims = append(dims, int64(n))
		}
		if len(in) == 2 {
			dims = []int64{0, int64(size)}
		}
		if whole && len(d.index) < batch {
			yield(nil, fmt.Errorf("the model takes batches of %d, and there are %d samples", batch, len(d.index)))
			return
		}
		for from := 0; from < len(d.index); from += batch {
			n := min(batch, len(d.index)-from)
			if whole && n < batch {
				return
			}
			dims[0] = int64(n)
			if !d.feed(from, size, dims, yield) {
				return
			}
		}
	}
}

// feed yields one batch and reports whether to go on.
func (d drawn) feed(from, size int, dims []int64, yield func(*ort.Tensor, error) bool) bool {
	t, err := ort.Zeros(onnxio.Float32, dims...)
	if err != nil {
		yield(nil, err)
		return false
	}
	defer t.Close()
	x := ort.Data[float32](t)
	for i := range int(dims[0]) {
		if err := d.Read(from+i, x[i*size:][:size:size]); err != nil {
			yield(nil, fmt.Errorf("read sample %d: %w", d.index[from+i], err))
			return false
		}
	}
	return yield(t, nil)
}
