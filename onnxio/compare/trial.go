package compare

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// trial is how one input is drawn.
type trial struct {
	layout layout
	spread spread
	batch  int64 // of all inputs, where the batch was freed
}

// trials are the ways that inputs are drawn, in turn.
type trials struct {
	layouts       []layout
	spreads, used []spread
	// domain says that others than normal floats were needed.
	domain bool
	// freed is the batch that the first model fixes and the second does not; 0 is
	// none.
	freed   int64
	batches []int64
	cost    int64 // in multiply-accumulates
}

func (t *trials) at(i int) trial {
	out := trial{layout: t.layouts[i%len(t.layouts)], spread: t.spreads[i%len(t.spreads)]}
	if t.freed > 0 {
		out.batch = t.batches[i%len(t.batches)]
		out.layout = out.layout.withBatch(out.batch)
	}
	return out
}

// withBatch is the layout with another first extent of all inputs.
func (l layout) withBatch(n int64) layout {
	out := layout{}
	for name, dims := range l {
		out[name] = slices.Clone(dims)
		out[name][0] = n
	}
	return out
}

// freedBatch is the batch that all inputs of x fix and those of y leave open; 0
// where there is none.
func freedBatch(x, y *onnxio.Model) int64 {
	batch := int64(0)
	for i, v := range x.Graph.Inputs() {
		s, t := v.Type.Shape, y.Graph.Inputs()[i].Type.Shape
		if len(s) == 0 || len(t) == 0 || t[0].IsKnown() || (i > 0 && !s[0].Is(batch)) {
			return 0
		}
		batch = s[0].Or(0)
	}
	return batch
}

// settle finds layouts that the first model runs at and spreads for which its
// outputs are finite.
func (c *comparison) settle(ctx context.Context) error {
	all, err := layouts(c.x, c.o.InputShapes)
	if err != nil {
		return err
	}
	t := &c.trials
	if len(c.o.InputShapes) == 0 {
		t.freed = freedBatch(c.x, c.y)
	}
	t.batches = []int64{t.freed, t.freed + 1, max(1, t.freed/2)}
	if t.batches[2] == t.freed {
		t.batches[2] = t.freed + 2
	}
	var failed error
	for _, l := range all {
		_, _, err := c.first(ctx, trial{layout: l, spread: spread{scale: 1}, batch: t.freed})
		c.draw.rewind()
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if failed == nil || len(t.layouts) == 0 {
				failed = err
			}
			continue
		}
		if t.layouts = append(t.layouts, l); len(t.layouts) == 2 {
			break
		}
	}
	if len(t.layouts) == 0 {
		return failed
	}
	if t.freed == 0 && len(c.o.InputShapes) == 0 {
		t.layouts = c.running(ctx, manyOf(c.x, t.layouts))
	}
	t.cost = macs(c.x, t.layouts[0])
	return c.settleSpreads(ctx)
}

// running leaves out the layouts that the first model does not run at: a batch
// that the file leaves open may be fixed inside.
func (c *comparison) running(ctx context.Context, list []layout) []layout {
	return slices.DeleteFunc(list, func(l layout) bool {
		_, _, err := c.first(ctx, trial{layout: l, spread: spread{scale: 1}})
		c.draw.rewind()
		return err != nil
	})
}

// A batch of many samples is run where all of them cost at most so much.
const (
	many         = 64
	manyMACs     = 2e8
	manyElements = 1 << 22
)

// manyOf puts layouts of many samples at both ends of the list, where the batch
// is open and samples cost little.
func manyOf(m *onnxio.Model, list []layout) []layout {
	for _, v := range m.Graph.Inputs() {
		if len(v.Type.Shape) == 0 || v.Type.Shape[0].IsKnown() {
			return list
		}
	}
	first, last := list[0].withBatch(many), list[len(list)-1].withBatch(many)
	for _, dims := range last {
		if n, ok := onnxio.ShapeOf(dims...).Size().Value(); !ok || n > manyElements {
			return list
		}
	}
	if takes, _ := sensible(m, last); !takes || macs(m, last) > manyMACs {
		return list
	}
	two := list[0].withBatch(2)
	return []layout{first, list[len(list)-1].withBatch(3), two, last}
}

func macs(m *onnxio.Model, l layout) int64 {
	inputs := map[string]onnxio.Shape{}
	for name, dims := range l {
		inputs[name] = onnxio.ShapeOf(dims...)
	}
	f, err := op.InferGraph(m, op.InferOptions{Inputs: inputs})
	if err != nil {
		return 0
	}
	return op.Count(m, f).MACs
}

func (c *comparison) settleSpreads(ctx context.Context) error {
	t := &c.trials
	if c.o.Range != nil {
		s := spread{even: c.o.Range}
		if out := c.unusable(ctx, s); out != "" {
			return fmt.Errorf("output %q is not finite for inputs %v", out, s)
		}
		t.spreads = []spread{s}
		return nil
	}
	unusable := c.unusable(ctx, scales[0])
	if unusable == "" {
		t.spreads = scales
		return nil
	}
	for _, s := range domains {
		if c.unusable(ctx, s) == "" {
			t.spreads, t.domain = []spread{s}, true
			return nil
		}
	}
	return fmt.Errorf("output %q is not finite for any inputs that were drawn; give a range that it is finite for (--input-range)", unusable)
}

// unusable names the first output of the first model that is not finite for
// inputs of a spread, "" where all are.
func (c *comparison) unusable(ctx context.Context, s spread) string {
	_, x, err := c.first(ctx, trial{layout: c.trials.layouts[0], spread: s, batch: c.trials.freed})
	c.draw.rewind()
	if err != nil {
		return c.sx.Outputs()[0].Name
	}
	if i := slices.IndexFunc(x, func(v value) bool { return !v.usable() }); i >= 0 {
		return c.sx.Outputs()[i].Name
	}
	return ""
}

// usable draws an input as a trial says and runs the first model on it; where
// that gives nothing to compare, it draws as for the first trial.
func (c *comparison) usable(ctx context.Context, t trial) (map[string]*onnxio.Tensor, []value, trial, error) {
	feeds, x, err := c.first(ctx, t)
	bad := err != nil || slices.ContainsFunc(x, func(v value) bool { return !v.usable() })
	if bad && t.spread != c.trials.spreads[0] && ctx.Err() == nil {
		c.draw.rewind()
		t.spread = c.trials.spreads[0]
		feeds, x, err = c.first(ctx, t)
	}
	if !slices.Contains(c.trials.used, t.spread) {
		c.trials.used = append(c.trials.used, t.spread)
	}
	return feeds, x, t, err
}

// first draws an input and runs the first model on it.
func (c *comparison) first(ctx context.Context, t trial) (map[string]*onnxio.Tensor, []value, error) {
	c.draw.mark()
	feeds, err := c.draw.feeds(t.layout, t.spread)
	if err != nil {
		return nil, nil, err
	}
	if c.trials.freed > 0 && t.batch != c.trials.freed {
		out, err := c.inBatches(feeds, t.batch, func(part map[string]*onnxio.Tensor) ([]value, error) { return runSession(ctx, c.sx, part) })
		return feeds, out, err
	}
	out, err := runSession(ctx, c.sx, feeds)
	return feeds, out, err
}

// inBatches runs n samples in batches of the size that the first model fixes;
// the last one is filled up with the last sample.
func (c *comparison) inBatches(feeds map[string]*onnxio.Tensor, n int64, run func(map[string]*onnxio.Tensor) ([]value, error)) ([]value, error) {
	var outs [][]value
	for from := int64(0); from < n; from += c.trials.freed {
		at := make([]int, c.trials.freed)
		for i := range at {
			at[i] = int(min(from+int64(i), n-1))
		}
		part := map[string]*onnxio.Tensor{}
		for name, t := range feeds {
			var err error
			if part[name], err = t.Take(0, at); err != nil {
				return nil, err
			}
		}
		out, err := run(part)
		if err != nil {
			return nil, err
		}
		outs = append(outs, out)
	}
	return joined(outs, n)
}

// String says how inputs were drawn.
func (t *trials) String(d *drawing) string {
	var parts []string
	floats := slices.ContainsFunc(d.inputs, func(v onnxio.Value) bool { return v.Type.Elem.Float() })
	switch {
	case !floats:
	case t.domain:
		parts = append(parts, t.spreads[0].String()+", as outputs are not finite for normal inputs")
	default:
		var each []string
		for _, s := range t.used {
			each = append(each, s.String())
		}
		parts = append(parts, strings.Join(each, ", "))
	}
	for _, v := range d.inputs {
		switch s := d.spans[v.Name]; {
		case s != nil:
			parts = append(parts, fmt.Sprintf("%q from %d to %d", v.Name, s.low, s.high))
		case v.Type.Elem == onnxio.Bool:
			parts = append(parts, fmt.Sprintf("%q true and false", v.Name))
		case v.Type.Elem.Int() && v.Type.Elem.Bits() == 8:
			parts = append(parts, fmt.Sprintf("%q of any byte", v.Name))
		case v.Type.Elem.Int():
			parts = append(parts, fmt.Sprintf("%q from 0 to 1 and from 0 to 9", v.Name))
		}
	}
	if t.freed > 0 {
		parts = append(parts, fmt.Sprintf("batches of %d, %d and %d", t.batches[0], t.batches[1], t.batches[2]))
	}
	return strings.Join(parts, "; ")
}
