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
	outputs                 int
	several                 bool  // an answer is right where all its outputs are
	index                   []int // of the samples in their set
	samples, target, logits *ort.Tensor
	teacher                 *ort.Tensor // nil where nothing is distilled
	norm                    *ort.Tensor // nil where no norms are asked for
	draws                   []*ort.Tensor
}

// NewBatch makes a batch of n samples for this step. A training run needs one
// for each size of batch it takes.
func (s *Step) NewBatch(n int) (*Batch, error) {
	if n < 1 {
		return nil, fmt.Errorf("make batch: %d samples", n)
	}
	if lone := s.graph.lone; n == 1 && lone != nil {
		return nil, fmt.Errorf("make batch: %v normalises over a single value in a batch of one sample; take batches of 2 or more (--batch)", lone)
	}
	b := &Batch{outputs: s.graph.outputs, index: make([]int, n)}
	shape := []int64{int64(n)}
	for _, d := range s.graph.sample {
		shape = append(shape, int64(d))
	}
	var err error
	if b.samples, err = ort.Zeros(onnxio.Float32, shape...); err != nil {
		return nil, err
	}
	rows := []**ort.Tensor{&b.target, &b.logits}
	if s.graph.teacher {
		rows = append(rows, &b.teacher)
	}
	for _, t := range rows {
		if *t, err = ort.Zeros(onnxio.Float32, int64(n), int64(b.outputs)); err != nil {
			return nil, err
		}
	}
	if s.graph.norms {
		if b.norm, err = ort.Zeros(onnxio.Float32, int64(n)); err != nil {
			return nil, err
		}
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

// dims returns the extents of a graph input for a batch of n samples.
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

// Len returns the number of samples.
func (b *Batch) Len() int { return int(b.samples.Shape()[0]) }

// Samples returns the memory of the input, sample by sample.
func (b *Batch) Samples() []float32 { return ort.Data[float32](b.samples) }

// Target returns the memory of what is wanted of the model, [sample, output]:
// in every row a distribution over the classes, or, for binary cross-entropy, a
// value from 0 to 1 for every output.
func (b *Batch) Target() []float32 { return ort.Data[float32](b.target) }

// Teacher returns the memory of a teacher's logits, [sample, output], nil for a
// step that distils nothing.
func (b *Batch) Teacher() []float32 {
	if b.teacher == nil {
		return nil
	}
	return ort.Data[float32](b.teacher)
}

// norms returns those that lastLayer.norms wrote.
func (b *Batch) norms() []float32 { return ort.Data[float32](b.norm) }

// Logits is what the last step that took the batch saw, [sample, output].
func (b *Batch) Logits() []float32 { return ort.Data[float32](b.logits) }

// SetLabel makes class the one wanted answer for sample i. A single output is
// wanted to be 1 for class 1 and 0 for class 0.
func (b *Batch) SetLabel(i, class int) { setLabel(b.row(b.target, i), class) }

func setLabel(row []float32, class int) {
	if len(row) == 1 {
		row[0] = float32(class)
		return
	}
	clear(row)
	row[class] = 1
}

// row is what a tensor of [sample, output] holds for sample i.
func (b *Batch) row(t *ort.Tensor, i int) []float32 {
	return ort.Data[float32](t)[i*b.outputs : (i+1)*b.outputs]
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
// Of a single output, and of several labels a sample, all logits have to be
// above 0 where the target is above one half, and only there.
func (b *Batch) Correct() int {
	n := 0
	for i := range b.Len() {
		if right(b.row(b.logits, i), b.row(b.target, i), b.several) {
			n++
		}
	}
	return n
}

func right(logits, target []float32, several bool) bool {
	if len(logits) > 1 && !several {
		return argmax(logits) == argmax(target)
	}
	for c, x := range logits {
		if (x > 0) != (target[c] > 0.5) {
			return false
		}
	}
	return true
}

// Close releases the tensors. It may be called again, and on nil.
func (b *Batch) Close() error {
	if b == nil {
		return nil
	}
	var errs []error
	for _, t := range append(slices.Clone(b.draws), b.samples, b.target, b.logits, b.teacher, b.norm) {
		errs = append(errs, t.Close())
	}
	return errors.Join(errs...)
}

// argmax returns the index of the largest value, the first of equals.
func argmax(v []float32) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}
