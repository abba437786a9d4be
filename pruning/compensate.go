package pruning

import (
	"context"
	"fmt"
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// Compensation is what became of the constant part of removed channels.
type Compensation struct {
	// Changed are the weights that it was added to, by their names in the
	// pruned model: biases, constants added, and means of normalisations;
	// Added are the biases that the parent has not.
	Changed []string `json:"changed"`
	Added   []string `json:"added,omitempty"`
	// Left are the nodes that read removed channels without compensation.
	Left []Uncompensated `json:"left,omitempty"`
}

// String is one line that says how much was done.
func (c *Compensation) String() string {
	line := fmt.Sprintf("compensated: %d biases, %d of them new", len(c.Changed)+len(c.Added), len(c.Added))
	if n := len(c.Left); n > 0 {
		line += fmt.Sprintf("; %d layers not, or not for all channels (-v says why); --recover POOL looks at samples", n)
	}
	return line
}

// Uncompensated is a node that lost channels it sums over, and why nothing
// takes their place, or not for all of them.
type Uncompensated struct {
	Node   string `json:"node"`
	Reason string `json:"reason"`
}

// Compensate adds to the pruned model what the removed channels gave the
// nodes that summed over them, as far as it is constant: each sum's weights
// times the channels' means. It goes into the bias of the node, or into what
// behind it is added or subtracted, a BatchNormalization's mean included; a
// bias is made where there is none. Where the sums of one output channel have
// different terms, as at the padded border of a convolution or between the
// strides of a transposed one, the constant is the mean over the places.
//
// Model and Plan are replaced. The new model differs from the old one in the
// listed weights and their use alone, which is checked before Compensate
// returns, and the runtime takes it. It needs ONNX Runtime.
func (r *Result) Compensate(ctx context.Context, means Means, o ort.SessionOptions) (*Compensation, error) {
	m, p, c, err := r.compensate(ctx, means, o)
	if err != nil {
		return nil, fmt.Errorf("compensate: %w", err)
	}
	r.Model, r.Plan = m, p
	return c, nil
}

func (r *Result) compensate(ctx context.Context, means Means, o ort.SessionOptions) (*onnxio.Model, *Plan, *Compensation, error) {
	a := r.Analysis
	gone, err := a.removed(r.Selection)
	if err != nil {
		return nil, nil, nil, err
	}
	c := &Compensation{Changed: []string{}}
	lost := a.losses(gone, means, c)
	sums, err := a.shares(ctx, lost, o)
	if err != nil {
		return nil, nil, nil, err
	}
	b := newBiases(r, gone)
	for i, l := range lost {
		why, err := b.add(l.reading, sums[i])
		if err != nil {
			return nil, nil, nil, err
		}
		if why != "" {
			c.Left = append(c.Left, Uncompensated{l.node.String(), why})
		}
	}
	m, p, err := b.apply(c)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := onlyBiases(r.Model, m, c); err != nil {
		return nil, nil, nil, err
	}
	s, err := ort.SessionOf(ctx, m, ort.SessionOptions{Provider: o.Provider, Threads: o.Threads, Scratch: o.Scratch})
	if err != nil {
		return nil, nil, nil, err
	}
	return m, p, c, s.Close()
}

// loss is a reading that removed channels are missing from, with what they
// carried on average; 0 at the others.
type loss struct {
	reading
	mean []float32
}

// losses are the readings that lost channels of known means. The others are
// noted.
func (a *Analysis) losses(gone []bool, means Means, c *Compensation) []loss {
	left := func(n *onnxio.Node, format string, args ...any) {
		c.Left = append(c.Left, Uncompensated{n.String(), fmt.Sprintf(format, args...)})
	}
	list, refused := a.readings()
	for _, r := range refused {
		if x := a.axisOf(r.node, r.sum); a.loses(x, gone) {
			left(r.node, "%s", r.why)
		}
	}
	var lost []loss
	for _, r := range list {
		x := a.axisOf(r.node, r.x)
		removed := complement(a.kept(x, gone), x.extent())
		if len(removed) == 0 {
			continue
		}
		l := loss{r, make([]float32, x.extent())}
		unknown := len(removed)
		if known := means[r.key()]; len(known) == x.extent() {
			for _, k := range removed {
				if !math.IsNaN(known[k]) {
					l.mean[k] = float32(known[k])
					unknown--
				}
			}
		}
		if unknown > 0 {
			left(r.node, "what %d of %d removed channels of %q carried is not known", unknown, len(removed), r.value())
		}
		if unknown < len(removed) {
			lost = append(lost, l)
		}
	}
	return lost
}

func complement(kept []int, n int) []int {
	var out []int
	for k := range n {
		if len(kept) > 0 && kept[0] == k {
			kept = kept[1:]
		} else {
			out = append(out, k)
		}
	}
	return out
}

// Extents to take where the model leaves them open: one sample, and a plane
// so wide that its border counts for little and that it can be halved often.
const (
	openBatch  = 1
	openExtent = 64
)

// shares are, for each loss, what the missing channels gave the sums, by
// their axis in the dense model. The nodes themselves say it: each is run on
// the means in place of its input, and on nothing.
func (a *Analysis) shares(ctx context.Context, lost []loss, o ort.SessionOptions) ([][]float64, error) {
	if len(lost) == 0 {
		return nil, nil
	}
	m, outputs, err := a.alone(lost)
	if err != nil {
		return nil, err
	}
	o.Outputs = outputs
	s, err := ort.SessionOf(ctx, m, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	with, err := a.feed(ctx, s, lost, 1)
	if err != nil {
		return nil, err
	}
	without, err := a.feed(ctx, s, lost, 0)
	if err != nil {
		return nil, err
	}
	out := make([][]float64, len(lost))
	for i, l := range lost {
		for k := range with[i] {
			d := float64(with[i][k]) - float64(without[i][k])
			if math.IsNaN(d) || math.IsInf(d, 0) {
				return nil, fmt.Errorf("%v: what the removed channels of %q gave it is not a finite number", l.node, l.value())
			}
			out[i] = append(out[i], d)
		}
	}
	return out, nil
}

// feed runs the nodes alone on some multiple of the means.
func (a *Analysis) feed(ctx context.Context, s *ort.Session, lost []loss, factor float32) ([][]float32, error) {
	feeds := map[string]*ort.Tensor{}
	defer func() {
		for _, t := range feeds {
			t.Close()
		}
	}()
	for i, l := range lost {
		v := make([]float32, len(l.mean))
		for k := range v {
			v[k] = factor * l.mean[k]
		}
		dims := make([]int64, len(a.rules[l.node].In(l.x.Slot).Shape))
		for k := range dims {
			dims[k] = 1
		}
		dims[l.x.Axis] = int64(len(v))
		t, err := ort.NewTensor(dims, v)
		if err != nil {
			return nil, err
		}
		feeds[s.Inputs()[i].Name] = t
	}
	return runAll(ctx, s, feeds)
}

// alone is a model of the nodes that lost channels, each with an input of its
// own for the means, which is spread out over the other axes, and an output
// of the mean of each sum.
func (a *Analysis) alone(lost []loss) (*onnxio.Model, []string, error) {
	m := a.Model.Clone()
	g := m.Graph
	p := g.Edit()
	for _, v := range g.Outputs() {
		p.RemoveOutput(v.Name)
	}
	varies := a.downstream(nil, nil)
	for _, n := range g.Nodes() {
		if varies[n.Output(0)] {
			p.Remove(n)
		}
	}
	for _, v := range g.Inputs() {
		p.RemoveInput(v.Name)
	}
	e := op.NewEmit(p, a.Facts.Opset, "share.")
	var outputs []string
	for _, l := range lost {
		outputs = append(outputs, a.mimic(e, l))
	}
	if err := p.Apply(); err != nil {
		return nil, nil, err
	}
	return m, outputs, op.Sweep(g)
}

// mimic adds a node that lost channels once more.
func (a *Analysis) mimic(e *op.Emit, l loss) string {
	rule := a.rules[l.node]
	in := rule.In(l.x.Slot)
	one, repeats := onnxio.ShapeOf(make([]int64, len(in.Shape))...), make([]int64, len(in.Shape))
	for k, d := range in.Shape {
		one[k] = onnxio.Known(1)
		switch {
		case k == l.x.Axis:
			one[k], repeats[k] = d, 1
		case k == 0:
			repeats[k] = d.Or(openBatch)
		default:
			repeats[k] = d.Or(openExtent)
		}
	}
	x := e.Patch.Fresh("means")
	e.Patch.SetInputType(x, onnxio.Type{Elem: onnxio.Float32, Shape: one})
	whole := e.Op("Tile", []string{x, e.List(repeats...)})
	if in.Elem != onnxio.Float32 {
		whole = e.Op("Cast", []string{whole}, onnxio.Int("to", int64(in.Elem)))
	}
	inputs := append([]string(nil), l.node.Inputs()...)
	inputs[l.x.Slot] = whole
	y := e.Multi(l.node.Domain(), l.node.Op(), 1, inputs, l.node.Attrs()...)[0]
	if in.Elem != onnxio.Float32 {
		y = e.Op("Cast", []string{y}, onnxio.Int("to", int64(onnxio.Float32)))
	}
	var others []int64
	for k := range rule.OutType(0).Shape {
		if k != l.out {
			others = append(others, int64(k))
		}
	}
	if others != nil {
		y = e.Mean(y, false, others...)
	}
	e.Patch.SetOutputType(y, onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{rule.OutType(0).Shape[l.out]}})
	return y
}
