package training

import (
	"context"
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

// Teacher is a trained network whose answers a run learns beside the labels,
// as Loss.Distill and Loss.Temperature say: Hinton, Vinyals and Dean, arXiv
// 1503.02531. It answers ahead of the step, in a session of its own, for each
// sample as the student sees it, augmentation and all.
type Teacher struct {
	Model  *onnxio.Model
	Logits string // the output with the class scores; "" is the one that package head finds
	// Normalize is how the teacher takes its input, from the same samples.
	Normalize Normalize

	// Cache is an .npy file of the teacher's logits, [sample, class], in the
	// order of the set. It is written where it does not exist; one that does
	// is checked against the teacher on some samples. It holds the answers to
	// samples as they are, so it goes with no augmentation.
	Cache string
	// Progress is told how many answers are in a cache that is being written.
	Progress func(done, total int)
}

// teacher is a Teacher at work. It is used from one goroutine at a time.
type teacher struct {
	Teacher
	source  *reader // of the samples as the student takes them
	outputs int
	session *ort.Session
	factor  []float32 // from the student's normalisation to the teacher's,
	offset  []float32 // a channel each; nil where they are the same
	inputs  map[int]*ort.Tensor
	cached  *data.NPY
}

// newTeacher opens a teacher for a student that takes the samples of source
// and has so many outputs.
func newTeacher(o Teacher, source *reader, outputs int, session ort.SessionOptions) (*teacher, error) {
	t := &teacher{Teacher: o, source: source, outputs: outputs, inputs: map[int]*ort.Tensor{}}
	if err := t.open(session); err != nil {
		return nil, fmt.Errorf("teacher: %w", err)
	}
	return t, nil
}

func (t *teacher) open(session ort.SessionOptions) error {
	m, _, err := rewrite.FreeBatch(t.Model)
	if err != nil {
		return err
	}
	if m, err = channelsFirst(m, t.source.sample); err != nil {
		return err
	}
	ins := m.Graph.Inputs()
	if len(ins) != 1 {
		return fmt.Errorf("the model has %d inputs, want one with the samples", len(ins))
	}
	if err := t.fits(ins[0].Type); err != nil {
		return err
	}
	if err := op.CheckEvaluation(m); err != nil {
		return err
	}
	h, err := head.Find(m, t.Logits)
	if err != nil {
		return err
	}
	t.Logits = h.Output
	if h.Values != 0 && h.Values != t.outputs {
		return fmt.Errorf("its output %q has %d classes and the student's has %d", h.Output, h.Values, t.outputs)
	}
	if _, err := CrossEntropy.logits(h); err != nil {
		return err
	}
	m, logits, err := head.Expose(m, h)
	if err == nil && pointLike(h.LogitsType.Shape) {
		m, logits, err = flattened(m, logits, h.LogitsType)
	}
	if err != nil {
		return err
	}
	if err := t.renormalise(); err != nil {
		return err
	}
	bytes, err := m.Marshal()
	if err != nil {
		return err
	}
	session.Outputs = []string{logits}
	t.session, err = ort.NewSession(bytes, session)
	return err
}

// fits refuses a teacher that cannot look at the student's samples.
func (t *teacher) fits(in onnxio.Type) error {
	s := in.Shape
	if in.Elem != onnxio.Float32 || len(s) < 2 {
		return fmt.Errorf("its input is %v, want float32 with a batch axis first", in)
	}
	if s[0].IsKnown() {
		return fmt.Errorf("its input is %v: the batch is fixed inside the model; export it with a free batch axis", in)
	}
	sample := t.source.sample
	ok := len(s)-1 == len(sample)
	for i := 0; ok && i < len(sample); i++ {
		ok = !s[1+i].IsKnown() || s[1+i].Is(int64(sample[i]))
	}
	if !ok {
		return fmt.Errorf("it takes %v and the student samples of %s", in, shapeText(sample))
	}
	return nil
}

// renormalise works out what turns the student's samples into the teacher's.
func (t *teacher) renormalise() error {
	theirs := data.Preprocess{Mean: t.Normalize.Mean, Std: t.Normalize.Std}
	if err := theirs.Check(t.source.shape); err != nil {
		return err
	}
	differs := false
	for c := range t.source.shape.Channels() {
		mean, std := t.source.norm.Channel(c)
		wantMean, wantStd := theirs.Channel(c)
		differs = differs || mean != wantMean || std != wantStd
		t.factor = append(t.factor, std/wantStd)
		t.offset = append(t.offset, (mean-wantMean)/wantStd)
	}
	if !differs {
		t.factor, t.offset = nil, nil
	}
	return nil
}

// teach fills in the teacher's logits of a batch that is read.
func (t *teacher) teach(ctx context.Context, b *Batch) error {
	if t.cached == nil {
		return t.answer(ctx, b.samples, b.teacher)
	}
	for k, i := range b.index {
		if err := t.cached.ReadFloats(i*t.outputs, b.row(b.teacher, k)); err != nil {
			return fmt.Errorf("teacher: %s: %w", t.Cache, err)
		}
	}
	return nil
}

// answer runs the teacher on samples as the student takes them.
func (t *teacher) answer(ctx context.Context, samples, logits *ort.Tensor) error {
	if t.factor != nil {
		var err error
		if samples, err = t.renormalised(samples); err != nil {
			return err
		}
	}
	if err := t.session.Run(ctx, []*ort.Tensor{samples}, []*ort.Tensor{logits}); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("teacher: %w", err)
	}
	if i := slices.IndexFunc(ort.Data[float32](logits), func(x float32) bool { return !finite(x) }); i >= 0 {
		return fmt.Errorf("teacher: its output is %v", ort.Data[float32](logits)[i])
	}
	return nil
}

func (t *teacher) renormalised(samples *ort.Tensor) (*ort.Tensor, error) {
	n := int(samples.Shape()[0])
	in := t.inputs[n]
	if in == nil {
		var err error
		if in, err = ort.Zeros(onnxio.Float32, samples.Shape()...); err != nil {
			return nil, err
		}
		t.inputs[n] = in
	}
	channels := t.source.shape.Channels()
	plane := t.source.shape.Size() / channels
	from, to := ort.Data[float32](samples), ort.Data[float32](in)
	for start := 0; start < len(from); start += plane {
		c := start / plane % channels
		for i, v := range from[start : start+plane] {
			to[start+i] = v*t.factor[c] + t.offset[c]
		}
	}
	return in, nil
}

// close releases the session, the tensors and the cache. It may be called on
// nil.
func (t *teacher) close() {
	if t == nil {
		return
	}
	t.session.Close()
	for _, in := range t.inputs {
		in.Close()
	}
	if t.cached != nil {
		t.cached.Close()
	}
}
