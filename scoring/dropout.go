package scoring

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

// DropoutModel is an Ensemble of one network whose Dropout drops anew for
// each member, as in training, while all else stays as in inference
// (Monte Carlo dropout; Gal & Ghahramani 2016, arXiv 1506.02142). What comes
// before the first Dropout runs once a batch. Its Logits and features are
// those of the network in inference.
//
// What is dropped for a sample depends on the seed, the sample's ID and the
// member, not on the batch or the shard it is in.
type DropoutModel struct {
	*Model
	passes int
	seed   uint64

	halves      *halves
	trunk, head *ort.Session
	draws       [][]int64 // the shape of one sample in each input of uniform numbers
	buffers     sync.Pool // of *dropoutBuffers
}

// dropoutBuffers are what one batch needs at a time.
type dropoutBuffers struct {
	plain, own []float32   // logits: in inference, of one member
	draws      [][]float32 // uniform numbers
}

// NewDropoutModel makes a model that gives passes opinions of each sample,
// two or more. A model without Dropout, as exporters that fold it away leave
// it, is refused: its opinions would all be the same.
func NewDropoutModel(ctx context.Context, m *onnxio.Model, o ModelOptions, passes int, seed uint64) (*DropoutModel, error) {
	d, err := newDropoutModel(ctx, m, o, passes, seed)
	if err != nil {
		return nil, fmt.Errorf("open classifier with Dropout on: %w", errors.Join(err, d.Close()))
	}
	return d, nil
}

func newDropoutModel(ctx context.Context, m *onnxio.Model, o ModelOptions, passes int, seed uint64) (*DropoutModel, error) {
	d := &DropoutModel{passes: passes, seed: seed}
	if passes < 2 {
		return d, fmt.Errorf("%d passes: opinions can differ from 2 on", passes)
	}
	m, found, err := head.Distribution(m, o.Logits)
	if err != nil {
		return d, err
	}
	o.Logits = found.Output
	if d.Model, err = newModel(ctx, m, o); err != nil {
		return d, err
	}
	free, err := freeInput(m, d.sample)
	if err != nil {
		return d, err
	}
	dropping, draws, err := op.Dropping(free)
	if err != nil {
		return d, err
	}
	logits := onnxio.Value{Name: d.session.Outputs()[0].Name}
	if err := d.useDraws(dropping, draws, &logits); err != nil {
		return d, err
	}
	if d.halves, err = split(dropping, draws, logits); err != nil {
		return d, fmt.Errorf("cut the model where Dropout begins: %w", err)
	}
	lanes(&o) // as newModel, whose lanes these sessions run on, too
	o.Session.Outputs = nil
	if d.halves.trunk != nil {
		if d.trunk, err = ort.SessionOf(ctx, d.halves.trunk, o.Session); err != nil {
			return d, err
		}
	}
	d.head, err = ort.SessionOf(ctx, d.halves.head, o.Session)
	return d, err
}

// freeInput frees the batch of a model and fixes the shape of its samples.
func freeInput(m *onnxio.Model, sample []int) (*onnxio.Model, error) {
	m, _, err := rewrite.FreeBatch(m)
	if err != nil {
		return nil, err
	}
	in := m.Graph.Inputs()[0]
	if in.Type.Shape[0].IsKnown() {
		return nil, fmt.Errorf("input %q is %v and the batch is fixed inside the model, too: export it with a free batch axis", in.Name, in.Type)
	}
	m = m.Clone()
	p := m.Graph.Edit()
	shape := in.Type.Shape[:1:1]
	for _, n := range sample {
		shape = append(shape, onnxio.Known(int64(n)))
	}
	p.SetInputType(in.Name, onnxio.Type{Elem: in.Type.Elem, Shape: shape})
	p.SetTypes(nil)
	return m, p.Apply()
}

// useDraws checks that Dropout has a say in the logits and keeps the shapes of the
// draws that it needs.
func (d *DropoutModel) useDraws(m *onnxio.Model, draws []onnxio.Value, logits *onnxio.Value) error {
	if !reached(m.Graph, names(draws))[logits.Name] {
		return fmt.Errorf("no Dropout that drops anything is on the way to output %q, so every pass would give the same: "+
			"export the model with its Dropout kept (torch.onnx.export with training=TrainingMode.PRESERVE, its Dropout alone in training mode), or use a committee", logits.Name)
	}
	for _, v := range m.Graph.Outputs() {
		if v.Name == logits.Name {
			logits.Type = v.Type
		}
	}
	batch := m.Graph.Inputs()[0].Type.Shape[0]
	for _, v := range draws {
		var shape []int64
		for _, dim := range v.Type.Shape[min(1, len(v.Type.Shape)):] {
			n, known := dim.Value()
			if !known {
				return fmt.Errorf("a Dropout works on %v, whose extents are not all known", v.Type)
			}
			shape = append(shape, n)
		}
		if len(v.Type.Shape) == 0 || v.Type.Shape[0] != batch {
			return fmt.Errorf("a Dropout works on %v, which does not have the batch for its first axis", v.Type)
		}
		d.draws = append(d.draws, shape)
	}
	return nil
}

// Members returns the number of passes.
func (d *DropoutModel) Members() int { return d.passes }

// Close releases the sessions. It may be called again, and on nil.
func (d *DropoutModel) Close() error {
	if d == nil {
		return nil
	}
	var errs []error
	for _, s := range []*ort.Session{d.trunk, d.head} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(append(errs, d.Model.Close())...)
}

// MemberLogits implements Ensemble, for any number of goroutines.
func (d *DropoutModel) MemberLogits(ctx context.Context, batch []float32, n int, keys []uint64, logits, features []float32) error {
	classes := d.Classes()
	buf, ok := d.buffers.Get().(*dropoutBuffers)
	if !ok {
		buf = &dropoutBuffers{draws: make([][]float32, len(d.draws))}
	}
	defer d.buffers.Put(buf)
	if features != nil {
		buf.plain = resize(buf.plain, n*classes)
		if err := d.Logits(ctx, batch, n, buf.plain, features); err != nil {
			return err
		}
	}
	samples, err := ort.NewTensor(d.inputShape(n), batch)
	if err != nil {
		return err
	}
	defer samples.Close()
	cut := make([]*ort.Tensor, len(d.halves.cut))
	defer closeAll(cut)
	if d.trunk != nil {
		if err := d.trunk.Run(ctx, []*ort.Tensor{samples}, cut); err != nil {
			return err
		}
	}
	inputs := slices.Clone(cut)
	if d.halves.samples {
		inputs = append(inputs, samples)
	}
	buf.own = resize(buf.own, n*classes)
	for t := range d.passes {
		if err := d.pass(ctx, buf, inputs, t, keys[:n]); err != nil {
			return fmt.Errorf("pass %d with Dropout on: %w", t+1, err)
		}
		for i := range n {
			copy(logits[(i*d.passes+t)*classes:(i*d.passes+t+1)*classes], buf.own[i*classes:])
		}
	}
	return nil
}

// pass runs the head for member t.
func (d *DropoutModel) pass(ctx context.Context, buf *dropoutBuffers, inputs []*ort.Tensor, t int, keys []uint64) error {
	var made []*ort.Tensor
	defer func() { closeAll(made) }()
	n := int64(len(keys))
	for j, shape := range d.draws {
		buf.draws[j] = resize(buf.draws[j], len(keys)*elements(shape))
		fillDraws(buf.draws[j], streamOf(d.seed, t, j), keys)
		tensor, err := ort.NewTensor(append([]int64{n}, shape...), buf.draws[j])
		if err != nil {
			return err
		}
		made = append(made, tensor)
	}
	out, err := ort.NewTensor(append([]int64{n}, d.rows[0]...), buf.own)
	if err != nil {
		return err
	}
	inputs = append(slices.Clone(inputs), made...)
	made = append(made, out)
	return d.head.Run(ctx, inputs, []*ort.Tensor{out})
}

// streamOf tells the random streams of member t's Dropout j apart.
func streamOf(seed uint64, t, j int) uint64 {
	var pcg rand.PCG
	pcg.Seed(seed, uint64(t)<<32|uint64(j))
	return pcg.Uint64()
}

// fillDraws gives each sample numbers of its own stream.
func fillDraws(dst []float32, stream uint64, keys []uint64) {
	width := len(dst) / len(keys)
	var pcg rand.PCG
	for i, key := range keys {
		pcg.Seed(stream, key)
		row := dst[i*width : (i+1)*width]
		for k := range row {
			row[k] = float32(pcg.Uint64()>>40) / (1 << 24)
		}
	}
}

func resize(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
