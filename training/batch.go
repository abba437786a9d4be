package training

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// Batch is the memory of the samples that one step takes, of what their
// answers should be and of what the model said. It is filled again for every
// step.
type Batch struct {
	classes                 int
	samples, target, logits *ort.Tensor
	draws                   []*ort.Tensor
}

// NewBatch makes a batch of n samples for this step. A training run needs one
// for each size of batch it takes.
func (s *Step) NewBatch(n int) (*Batch, error) {
	if n < 1 {
		return nil, fmt.Errorf("make batch: %d samples", n)
	}
	b := &Batch{classes: s.Classes()}
	shape := []int64{int64(n)}
	for _, d := range s.graph.sample {
		shape = append(shape, int64(d))
	}
	var err error
	if b.samples, err = ort.Zeros(onnxio.Float32, shape...); err != nil {
		return nil, err
	}
	if b.target, err = ort.Zeros(onnxio.Float32, int64(n), int64(b.classes)); err != nil {
		return nil, err
	}
	if b.logits, err = ort.Zeros(onnxio.Float32, int64(n), int64(b.classes)); err != nil {
		return nil, err
	}
	for _, v := range s.graph.draws {
		dims, err := s.graph.dims(v, int64(n))
		if err != nil {
			return nil, err
		}
		t, err := ort.Zeros(onnxio.Float32, dims...)
		if err != nil {
			return nil, err
		}
		b.draws = append(b.draws, t)
	}
	return b, nil
}

// dims are the extents of a graph input for a batch of n samples.
func (t *trainingGraph) dims(v onnxio.Value, n int64) ([]int64, error) {
	var dims []int64
	for _, d := range v.Type.Shape {
		if each, ok := d.Div(t.batch); ok && !d.IsKnown() {
			d = each.Mul(onnxio.Known(n))
		}
		if !d.IsKnown() {
			return nil, fmt.Errorf("random numbers %q of %v: the extent %v is no multiple of the batch", v.Name, v.Type, d)
		}
		dims = append(dims, d.Or(0))
	}
	return dims, nil
}

// Len is the number of samples.
func (b *Batch) Len() int { return int(b.samples.Shape()[0]) }

// Samples is the memory of the input, sample by sample.
func (b *Batch) Samples() []float32 { return ort.Data[float32](b.samples) }

// Target is the memory of the wanted distribution, [sample, class]; every row
// sums to 1.
func (b *Batch) Target() []float32 { return ort.Data[float32](b.target) }

// Logits is what the last step that took the batch saw, [sample, class].
func (b *Batch) Logits() []float32 { return ort.Data[float32](b.logits) }

// SetLabel makes class the one wanted answer for sample i.
func (b *Batch) SetLabel(i, class int) {
	row := b.Target()[i*b.classes : (i+1)*b.classes]
	clear(row)
	row[class] = 1
}

// Draw fills what a model with Dropout takes besides the samples with new
// random numbers. Other models take none, and none are drawn.
func (b *Batch) Draw(rng *rand.Rand) {
	for _, t := range b.draws {
		v := ort.Data[float32](t)
		for i := range v {
			v[i] = rng.Float32()
		}
	}
}

// Correct counts the samples whose largest logit is at their largest target.
func (b *Batch) Correct() int {
	n := 0
	for i := range b.Len() {
		lo, hi := i*b.classes, (i+1)*b.classes
		if argmax(b.Logits()[lo:hi]) == argmax(b.Target()[lo:hi]) {
			n++
		}
	}
	return n
}

// Close releases the tensors. It may be called again, and on nil.
func (b *Batch) Close() error {
	if b == nil {
		return nil
	}
	var errs []error
	for _, t := range append(slices.Clone(b.draws), b.samples, b.target, b.logits) {
		errs = append(errs, t.Close())
	}
	return errors.Join(errs...)
}

// argmax is the index of the largest value, the first of equals.
func argmax(v []float32) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}
