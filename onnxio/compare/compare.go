package compare

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

// Models runs two models on the same random inputs and finds out whether they
// compute the same. It is an error where the first cannot be run, or gives no
// finite outputs for any inputs that were drawn. It needs ONNX Runtime.
func Models(ctx context.Context, x, y *onnxio.Model, o Options) (*Result, error) {
	r, err := models(ctx, x, y, o)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return r, nil
}

func models(ctx context.Context, x, y *onnxio.Model, o Options) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := o.InputShapes.Check(x.Graph.Inputs()); err != nil {
		return nil, err
	}
	if differs := signatures(x, y); differs != "" {
		return &Result{Differs: differs}, nil
	}
	c, err := start(ctx, x, y, o)
	if c != nil {
		defer c.close()
	}
	if err != nil {
		return nil, err
	}
	if c.sy == nil {
		return c.res, nil
	}
	if err := c.settle(ctx); err != nil {
		return nil, err
	}
	if err := c.runs(ctx); err != nil {
		return nil, err
	}
	c.result()
	if !c.res.Equal() {
		c.res.Node = c.locate(ctx)
	}
	return c.res, nil
}

// comparison is two models with their sessions and how far their outputs were
// apart so far.
type comparison struct {
	o      Options
	x, y   *onnxio.Model
	sx, sy *ort.Session
	draw   *drawing
	round  *rounding
	trials trials
	res    *Result

	least   float64         // what any output may be off by
	behind  map[string]bool // outputs that hang on a choice
	worst   []worst         // by output
	ran     int
	witness map[string]*onnxio.Tensor // inputs for which the models differ
}

// worst is where an output was nearest to its tolerance.
type worst struct {
	gap
	limit  float64
	steady bool // rounding alone moves it by little
}

func (w worst) part() float64 {
	switch {
	case w.why != "":
		return 1e300
	case w.limit == 0:
		return w.diff * 1e300
	}
	return w.diff / w.limit
}

func start(ctx context.Context, x, y *onnxio.Model, o Options) (*comparison, error) {
	c := &comparison{o: o, x: x, y: y, res: &Result{}, behind: map[string]bool{}}
	c.draw = &drawing{rng: rand.New(rand.NewPCG(o.Seed, 0x7665726966790000)), inputs: x.Graph.Inputs(), spans: map[string]*span{}}
	if f, err := op.InferGraph(x, op.InferOptions{}); err == nil {
		behind, made := choices(x, f)
		for _, name := range behind {
			c.behind[name] = true
		}
		c.x, c.y = tapped(x, y, made)
		for _, v := range x.Graph.Inputs() {
			if s, ok := indexed(x, f, v.Name); ok && v.Type.Elem.Int() {
				c.draw.spans[v.Name] = s
			}
		}
	}
	if slices.ContainsFunc(x.Graph.Nodes(), func(n *onnxio.Node) bool { return slices.Contains(bounded, n.Op()) }) {
		c.least = leastTolerance
	}
	var err error
	if c.x, err = rewrite.AvoidFaults(c.x); err == nil {
		c.y, err = rewrite.AvoidFaults(c.y)
	}
	if err != nil {
		return c, err
	}
	names, unseen := comparable(c.x)
	if c.res.Unseen = unseen; len(names) == 0 {
		return c, fmt.Errorf("nothing can be compared: %s; leave the check out (--no-verify)", strings.Join(unseen, ", "))
	}
	so := o.Session
	so.Outputs = names
	c.worst = make([]worst, len(names))
	c.round = &rounding{model: c.x, options: so, rng: rand.New(rand.NewPCG(o.Seed, 0x726f756e64000000))}
	if c.sx, err = ort.SessionOf(ctx, c.x, so); err != nil {
		return c, err
	}
	if c.sy, err = ort.SessionOf(ctx, c.y, so); err != nil {
		if ctx.Err() != nil {
			return c, ctx.Err()
		}
		c.res.Differs = fmt.Sprintf("the second model cannot be loaded: %v", err)
		return c, nil
	}
	return c, nil
}

func (c *comparison) close() {
	c.sx.Close()
	c.sy.Close()
	if c.round != nil {
		c.round.session.Close()
	}
}

// largeModel is a size of weights in bytes above which one random input has to
// do: every run reads all of them.
const largeModel = 2 << 30

func weightBytes(m *onnxio.Model) (n int64) {
	for _, t := range m.Graph.Initializers() {
		n += t.Len() * int64(t.Elem().Bits()) / 8
	}
	return n
}

// maxRuns bounds the runs that it takes to reach all that can be indexed, and
// maxRunMACs what they may cost together.
const (
	maxRuns    = 64
	maxRunMACs = 2e11
)

func (c *comparison) runs(ctx context.Context) error {
	want := c.o.Inputs
	if want == 0 {
		if want = 4; weightBytes(c.x) > largeModel {
			want = 1
		}
	}
	most := want
	if cost := c.trials.cost; len(c.draw.spans) > 0 {
		for most < maxRuns && cost*int64(most) < maxRunMACs {
			most++
		}
	}
	unreached := func() bool {
		for _, s := range c.draw.spans {
			if s.unseen() > 0 {
				return true
			}
		}
		return false
	}
	for i := 0; i < want || (i < most && unreached()); i++ {
		if err := c.run(ctx, c.trials.at(i)); err != nil {
			return err
		}
		if c.res.Differs != "" {
			return nil
		}
	}
	return nil
}

// run compares the models on one input.
func (c *comparison) run(ctx context.Context, t trial) error {
	feeds, x, t, err := c.usable(ctx, t)
	if err != nil {
		return err
	}
	y, err := runSession(ctx, c.sy, feeds)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.ran++
	if err != nil {
		c.res.Differs, c.witness = fmt.Sprintf("the second model fails where the first runs: %v", err), feeds
		return nil
	}
	c.measure(ctx, t, feeds, x, y)
	return nil
}

// measure notes how far the outputs of one run are apart.
func (c *comparison) measure(ctx context.Context, t trial, feeds map[string]*onnxio.Tensor, x, y []value) {
	var moved []value
	measured := false
	for i := range x {
		g := between(x[i], y[i])
		limit := max(c.floor()*g.scale, c.least)
		if g.why == "" && g.diff <= limit {
			c.note(i, worst{g, limit, true}, feeds)
			continue
		}
		if !measured {
			moved, measured = c.moved(ctx, t, feeds), true
		}
		steady := false
		if moved != nil {
			r := between(x[i], moved[i])
			steady = r.why == "" && roundings*r.diff <= c.part()*g.scale
			limit = max(limit, min(roundings*r.diff, greatestPart*g.scale))
		}
		name := c.sx.Outputs()[i].Name
		if (g.why != "" || g.diff > limit) && c.behind[name] && c.turns(ctx, t, feeds, x, i, limit) {
			if !slices.Contains(c.res.Behind, name) {
				c.res.Behind = append(c.res.Behind, name)
			}
			continue
		}
		c.note(i, worst{g, limit, steady}, feeds)
	}
}

// turns reports whether rounding is seen to turn an output that hangs on a
// choice.
func (c *comparison) turns(ctx context.Context, t trial, feeds map[string]*onnxio.Tensor, x []value, i int, limit float64) bool {
	const tries = 8
	for range tries {
		moved := c.moved(ctx, t, feeds)
		if moved == nil {
			return false
		}
		if r := between(x[i], moved[i]); r.why != "" || r.diff > limit {
			return true
		}
	}
	return false
}

// note keeps what is nearest to its tolerance. A run in which rounding alone
// moves an output by much says little of it, and counts where there is no other.
func (c *comparison) note(i int, w worst, feeds map[string]*onnxio.Tensor) {
	old := c.worst[i]
	if c.ran > 1 && (old.steady && !w.steady || old.steady == w.steady && w.part() < old.part()) {
		return
	}
	c.worst[i] = w
	if w.part() > 1 {
		c.witness = feeds
	}
}

// floor is the part of an output's magnitude that it may be off by in any case,
// and part the one that rounding may move it by in a run that counts.
func (c *comparison) floor() float64 {
	if computesHalf(c.x) {
		return relativeToleranceHalf
	}
	return relativeTolerance
}

func (c *comparison) part() float64 { return 50 * c.floor() }

// moved are the outputs of the first model under rounding.
func (c *comparison) moved(ctx context.Context, t trial, feeds map[string]*onnxio.Tensor) []value {
	if c.trials.freed > 0 && t.batch != c.trials.freed {
		out, err := c.inBatches(feeds, t.batch, func(part map[string]*onnxio.Tensor) ([]value, error) {
			v := c.round.run(ctx, part)
			if v == nil {
				return nil, errors.New("it does not run")
			}
			return v, nil
		})
		if err != nil {
			return nil
		}
		return out
	}
	return c.round.run(ctx, feeds)
}

// result sums up the runs.
func (c *comparison) result() {
	r := c.res
	r.Inputs, r.Values, r.Drawn = c.ran, len(c.worst), c.trials.String(c.draw)
	for name, s := range c.draw.spans {
		if n := s.unseen(); n > 0 {
			r.Unseen = append(r.Unseen, fmt.Sprintf("%d of the %d numbers that input %q can index with", n, s.high-s.low+1, name))
		}
	}
	for i, w := range c.worst {
		name := c.sx.Outputs()[i].Name
		if w.why != "" {
			if r.Differs == "" {
				r.Differs, r.Value = fmt.Sprintf("output %q %s", name, w.why), name
			}
			continue
		}
		exact := r.MaxDiff == 0 && r.Scale == 0 // integers that agree tell nothing of rounding
		if r.Value == "" || exact || w.part() > (worst{gap: gap{diff: r.MaxDiff}, limit: r.Tolerance}).part() {
			r.Value, r.MaxDiff, r.Scale, r.Tolerance = name, w.diff, w.scale, w.limit
		}
	}
}
