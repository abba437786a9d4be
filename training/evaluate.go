package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

// EvalOptions say how to evaluate. The zero value is the class scores
// of samples as they are, in batches of 128.
type EvalOptions struct {
	Batch     int // samples of a run; 0 is 128. A model with a fixed batch has its own
	Workers   int // goroutines that read; 0 is one a core
	Normalize Normalize
	Logits    string // the output with the class scores; "" is the one that package head finds
	// Loss is which loss to measure, by which a model with several outputs is
	// told from one with classes. "" is BinaryCrossEntropy for a model with one
	// output or one that ends in Sigmoid, and CrossEntropy for others.
	Loss    LossKind
	Session ort.SessionOptions
}

// Evaluation is how well a model answers for a set.
type Evaluation struct {
	Samples  int     `json:"samples"`
	Correct  int     `json:"correct"`
	Accuracy float64 `json:"accuracy"`
	Loss     float64 `json:"loss"` // mean over the samples in nats
	// Kind is which loss that is.
	Kind LossKind `json:"loss_kind"`
	// CalibrationError is the expected calibration error over 15 bins of
	// equal width: how far, on average, the accuracy of answers is from the
	// confidence they are given with.
	CalibrationError float64 `json:"calibration_error"`
	// Confusion counts the samples by [label][answer]. It is nil, as Classes
	// is, for a set of Targets.
	Confusion [][]int       `json:"confusion"`
	Classes   []ClassResult `json:"classes"`
	Seconds   float64       `json:"seconds"`
}

// ClassResult is how well the samples of one class are recognised.
type ClassResult struct {
	Samples int     `json:"samples"`
	Correct int     `json:"correct"`
	Recall  float64 `json:"recall"` // 0 where there are no samples
}

// Evaluate runs a model on a set. The model may end in logits, in a Softmax or
// in a Sigmoid. Answers are the largest value, the first of equals; of a
// single output class 1 where the logit is above 0. Of a set of Targets with
// binary cross-entropy an answer is right where all its outputs are. An output that
// is not finite is an error that names the sample. ort.Init must have
// succeeded.
func Evaluate(ctx context.Context, m *onnxio.Model, set Set, o EvalOptions) (*Evaluation, error) {
	e, err := evaluate(ctx, m, set, o)
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	return e, nil
}

func evaluate(ctx context.Context, m *onnxio.Model, set Set, o EvalOptions) (*Evaluation, error) {
	begin := time.Now()
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Batch <= 0 {
		o.Batch = defaultBatch
	}
	v := &evaluator{workers: o.Workers, batch: min(o.Batch, max(set.Len(), 1))}
	if err := v.open(m, set, o); err != nil {
		return nil, err
	}
	defer v.close()
	if err := v.run(ctx); err != nil {
		return nil, err
	}
	e := v.count.evaluation()
	e.Seconds = time.Since(begin).Seconds()
	return e, nil
}

type evaluator struct {
	*reader
	workers, batch int
	session        *ort.Session
	buffers        [2]*ort.Tensor // one in the model, one being read
	count          counter
}

// open makes the session. Of a model that ends in a Softmax it takes what
// comes before.
func (v *evaluator) open(m *onnxio.Model, set Set, o EvalOptions) error {
	ins := m.Graph.Inputs()
	if len(ins) != 1 {
		return fmt.Errorf("the model has %d inputs, want one with the samples", len(ins))
	}
	if err := op.CheckEvaluation(m); err != nil {
		return err
	}
	h, err := head.Find(m, o.Logits)
	if err != nil {
		return err
	}
	if o.Loss == "" {
		o.Loss = lossOf(h)
	}
	if _, err := o.Loss.logits(h); err != nil {
		return err
	}
	m, logits, err := head.Expose(m, h)
	if err != nil {
		return err
	}
	v.count = counter{kind: o.Loss}
	if m, err = channelsFirst(m, set.Shape()); err != nil {
		return err
	}
	ins = m.Graph.Inputs()
	in := ins[0].Type
	if in.Elem != onnxio.Float32 || len(in.Shape) < 2 {
		return fmt.Errorf("input %q is %v, want float32 with a batch axis first", ins[0].Name, in)
	}
	v.batch = int(in.Shape[0].Or(int64(v.batch)))
	sample := slices.Clone(set.Shape())
	for i, d := range in.Shape[1:] {
		if n, ok := d.Value(); ok && len(sample) == len(in.Shape)-1 {
			sample[i] = int(n)
		}
	}
	if n, ok := in.Shape[1].Value(); ok && len(in.Shape) == 2 {
		sample = []int{int(n)}
	}
	if v.reader, err = newReader(set, sample, math.MaxInt, Augment{}, o.Normalize); err != nil {
		return err
	}
	if m, err = rewrite.AvoidFaults(m); err != nil {
		return err
	}
	bytes, err := m.Marshal()
	if err != nil {
		return err
	}
	o.Session.Outputs = []string{logits}
	if v.session, err = ort.NewSession(bytes, o.Session); err != nil {
		return err
	}
	shape := []int64{int64(v.batch)}
	for _, d := range sample {
		shape = append(shape, int64(d))
	}
	for i := range v.buffers {
		if v.buffers[i], err = ort.Zeros(onnxio.Float32, shape...); err != nil {
			v.close()
			return err
		}
	}
	return nil
}

func (v *evaluator) close() {
	v.session.Close()
	for _, b := range v.buffers {
		b.Close()
	}
}

// run reads a batch while the one before it is in the model. The last batch
// is filled up with what was there.
func (v *evaluator) run(ctx context.Context) error {
	total := v.set.Len()
	if err := v.fill(ctx, 0); err != nil {
		return err
	}
	for k := 0; k*v.batch < total; k++ {
		g, gctx := errgroup.WithContext(ctx)
		if (k+1)*v.batch < total {
			g.Go(func() error { return v.fill(gctx, k+1) })
		}
		out := make([]*ort.Tensor, 1)
		g.Go(func() error { return v.session.Run(gctx, []*ort.Tensor{v.buffers[k%2]}, out) })
		if err := g.Wait(); err != nil {
			return err
		}
		err := v.add(out[0], k*v.batch, min(v.batch, total-k*v.batch))
		if err := errors.Join(err, out[0].Close()); err != nil {
			return err
		}
	}
	return nil
}

// fill reads batch k into its buffer.
func (v *evaluator) fill(ctx context.Context, k int) error {
	dst := ort.Data[float32](v.buffers[k%2])
	from, to := k*v.batch, min((k+1)*v.batch, v.set.Len())
	g, ctx := errgroup.WithContext(ctx)
	for w := range v.workers {
		g.Go(func() error {
			for i := from + w; i < to; i += v.workers {
				if err := errors.Join(ctx.Err(), v.plain(i, dst[(i-from)*v.size:][:v.size:v.size])); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// add counts the first n rows of logits, which are of the samples from start.
func (v *evaluator) add(logits *ort.Tensor, start, n int) error {
	shape := logits.Shape()
	beside := func(d int64) bool { return d != 1 }
	if logits.Elem() != onnxio.Float32 || len(shape) < 2 || shape[0] != int64(v.batch) || slices.ContainsFunc(shape[2:], beside) {
		return fmt.Errorf("the output is %v for a batch of %d, want float32 [batch, classes]", logits, v.batch)
	}
	outputs := logits.Len() / v.batch
	values, target := ort.Data[float32](logits), make([]float32, outputs)
	for i := range n {
		row := values[i*outputs : (i+1)*outputs]
		if err := v.count.fits(row, v.set.Label(start+i), v.targets != nil); err != nil {
			return fmt.Errorf("sample %d: %w", start+i, err)
		}
		if err := v.target(start+i, target); err != nil {
			return err
		}
		v.count.add(row, target, v.set.Label(start+i), v.targets != nil)
	}
	return nil
}
