package pruning

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// RecoverOptions say how to recover. The zero value does all of it.
type RecoverOptions struct {
	// Places is at how many places of each layer's output, for each sample, the
	// layer is compared with the dense one; 0 is 64.
	Places int
	// KeepStatistics leaves the normalisations' statistics, and KeepWeights
	// the weights, as they are.
	KeepStatistics, KeepWeights bool

	near bool // only the weights that read what was cut
}

const recoverPlaces = 64

// Recovery is what was done to a pruned model so that it computes what the
// dense one does.
type Recovery struct {
	Samples int `json:"samples"`
	// Before and After are the errors of the model's outputs on the samples: the
	// sum of the squared distances from the dense model's, as a share of the
	// variance of these.
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	// Kept is set where nothing of it made the outputs better, so that the
	// pruned model was left as it was.
	Kept bool `json:"kept,omitempty"`

	Solved []Solved `json:"solved"`
	// Statistics are the normalisations that were measured anew, and Biases the
	// weights that took up a constant, by their names in the pruned model;
	// Added are those that the parent has not.
	Statistics []string `json:"statistics,omitempty"`
	Biases     []string `json:"biases,omitempty"`
	Added      []string `json:"added,omitempty"`
	// Left are the nodes whose weights could not be solved.
	Left []Uncompensated `json:"left,omitempty"`
}

// String is one line, or more, that says how much was done and what to think
// of it.
func (r *Recovery) String() string {
	if r.Kept {
		return fmt.Sprintf("not recovered: what was fitted to %d samples brought the outputs no nearer, so the weights are as pruned", r.Samples)
	}
	line := fmt.Sprintf("recovered on %d samples: %d layers solved", r.Samples, len(r.Solved))
	if n := len(r.Statistics) / 2; n > 0 {
		line += fmt.Sprintf(", %d normalisations measured anew", n)
	}
	line += fmt.Sprintf("; the outputs' error is %.3g of their variance, %.3g before", r.After, r.Before)
	if n := len(r.Left); n > 0 {
		line += fmt.Sprintf("; %d layers are as they were (-v says why)", n)
	}
	scarce := 0
	for _, s := range r.Solved {
		if s.Places < s.Features {
			scarce++
		}
	}
	if scarce > 0 {
		line += fmt.Sprintf("\nnote: the samples have fewer places than %d of the layers have weights for a sum, and the ridge decides on the others; take more", scarce)
	}
	return line
}

// Solved is a weight that was fitted to the dense model's outputs.
type Solved struct {
	Node   string  `json:"node"`
	Weight string  `json:"weight"`
	Ridge  float64 `json:"ridge"` // as a share of the features' mean variance
	// Features is how many weights a sum has, and Places at how many places the
	// sums were compared.
	Features int `json:"features"`
	Places   int `json:"places"`
	// Before and After are the errors at the node's output on the samples, as
	// shares of the variance of the dense one's.
	Before float64 `json:"before"`
	After  float64 `json:"after"`
}

// Recover fits the pruned model to the dense one on Evidence.Samples, which
// need no labels. It goes through the layers in the order of the graph, so that
// each sees the errors of those before it. The weights of a node that is linear
// in them (op.Product) are solved anew, so that at a number of places it gives
// what the dense node gives, by least squares with a ridge towards the present
// weights, which is chosen on a tenth of the samples that are held back; the
// constant goes where Compensate puts it. The statistics of a
// BatchNormalization are set so that its outputs have the mean and the variance
// that the dense one's have on the samples. On the samples no solved layer errs
// more than before, and where the outputs do the model is left as it was.
//
// Model and Plan are replaced. Memory does not grow with the number of samples;
// what is kept of them lies in Evidence.Session.Scratch meanwhile. It needs
// ONNX Runtime.
func (r *Result) Recover(ctx context.Context, e Evidence, o RecoverOptions) (*Recovery, error) {
	if e.Samples == nil {
		return nil, errors.New("recover: there are no samples")
	}
	if o.Places == 0 {
		o.Places = recoverPlaces
	}
	out, err := r.recover(ctx, e, o)
	if err != nil {
		return nil, fmt.Errorf("recover: %w", err)
	}
	return out, nil
}

func (r *Result) recover(ctx context.Context, e Evidence, o RecoverOptions) (_ *Recovery, err error) {
	rc, err := newRecovering(r, e, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rc.pool.Close()) }()
	if err := rc.watchDense(ctx); err != nil {
		return nil, err
	}
	if rc.out.Before, err = rc.outputError(ctx); err != nil {
		return nil, err
	}
	for _, s := range rc.stops {
		if err := rc.stop(ctx, s); err != nil {
			return nil, fmt.Errorf("%v: %w", s.dense, err)
		}
	}
	if rc.out.After, err = rc.outputError(ctx); err != nil {
		return nil, err
	}
	if !(rc.out.After <= rc.out.Before) {
		return &Recovery{Samples: rc.out.Samples, Before: rc.out.Before, After: rc.out.Before, Kept: true, Solved: []Solved{}, Left: rc.out.Left}, nil
	}
	if err := rc.finish(ctx, r); err != nil {
		return nil, err
	}
	return rc.out, nil
}

// finish checks the recovered model and puts it in the place of the pruned one.
func (rc *recovering) finish(ctx context.Context, r *Result) error {
	rc.out.Biases = slices.DeleteFunc(rc.out.Biases, func(b string) bool { return slices.Contains(rc.out.Statistics, b) })
	changed := &Compensation{Changed: slices.Concat(rc.out.Statistics, rc.out.Biases), Added: rc.out.Added}
	for _, s := range rc.out.Solved {
		changed.Changed = append(changed.Changed, s.Weight)
	}
	if err := onlyBiases(r.Model, rc.Model, changed); err != nil {
		return err
	}
	rc.Plan.Compensated = r.Plan.Compensated
	rc.Plan.Recovered = slices.Compact(slices.Sorted(slices.Values(slices.Concat(r.Plan.Recovered, changed.Changed, changed.Added))))
	j, err := rc.Plan.JSON()
	if err != nil {
		return err
	}
	rc.Model.SetMeta(PlanKey, string(j))
	s, err := ort.SessionOf(ctx, rc.Model, ort.SessionOptions{Provider: rc.session.Provider, Threads: rc.session.Threads, Scratch: rc.session.Scratch})
	if err != nil {
		return err
	}
	r.Model, r.Plan = rc.Model, rc.Plan
	return s.Close()
}

// recovering is a pruned model on its way.
type recovering struct {
	*Result // as far as it has come
	RecoverOptions
	samples Evidence
	seed    uint64
	session ort.SessionOptions

	gone   []bool
	varies map[string]bool // what depends on the inputs
	facts  *op.Facts       // of Model
	stops  []*stop

	pool    *spool
	batches []int           // how many samples
	solved  map[string]bool // outputs of nodes whose weights were solved
	have    []string        // the values of Model on the spool that the next run begins with
	out     *Recovery
}

func newRecovering(r *Result, e Evidence, o RecoverOptions) (*recovering, error) {
	gone, err := r.Analysis.removed(r.Selection)
	if err != nil {
		return nil, err
	}
	rc := &recovering{
		Result: &Result{Model: r.Model, Plan: r.Plan, Analysis: r.Analysis, Selection: r.Selection}, RecoverOptions: o,
		samples: e, seed: e.Seed, session: segments(e.Session), gone: gone, solved: map[string]bool{}, out: &Recovery{Solved: []Solved{}},
	}
	if err := rc.infer(); err != nil {
		return nil, err
	}
	for _, n := range rc.Analysis.Model.Graph.Nodes() {
		if s := rc.stopAt(n); s != nil {
			rc.stops = append(rc.stops, s)
		}
	}
	rc.pool, err = newSpool(e.Session.Scratch)
	return rc, err
}

// segments are options for the runs of parts of a model. At the highest level
// the runtime's layouts lose values that are both given out and read.
func segments(o ort.SessionOptions) ort.SessionOptions {
	o.Optimization = max(o.Optimization, ort.OptimizeExtended)
	return o
}

// infer finds the facts of the model as it is now.
func (rc *recovering) infer() (err error) {
	rc.varies = downstream(rc.Model.Graph, nil, nil)
	rc.facts, err = op.InferGraph(rc.Model, op.InferOptions{})
	return err
}

// now is the node of the present model that a node of the dense one became.
func (rc *recovering) now(dense *onnxio.Node) *onnxio.Node {
	g := rc.Model.Graph
	n := g.Producer(dense.Output(0))
	if n != nil && n.Op() != dense.Op() && n.Op() == "Add" { // the sum with an added bias
		n = g.Producer(n.Input(0))
	}
	if n == nil || n.Op() != dense.Op() || n.Domain() != dense.Domain() {
		return nil
	}
	return n
}

// pass runs all batches from the values on the spool to others, and hands these
// over with those of the list that are on the spool.
func (rc *recovering) pass(ctx context.Context, want []string, each func(batch int, got map[string]*ort.Tensor) error) error {
	var to, kept []string
	for _, v := range want {
		if slices.Contains(rc.have, v) {
			kept = append(kept, v)
		} else if !slices.Contains(to, v) {
			to = append(to, v)
		}
	}
	var s *ort.Session
	if len(to) > 0 {
		m, err := segment(rc.Model, rc.facts, rc.have, to)
		if err != nil {
			return err
		}
		o := rc.session
		o.Outputs = to
		if s, err = ort.SessionOf(ctx, m, o); err != nil {
			return err
		}
		defer s.Close()
	}
	for b := range rc.batches {
		if err := rc.passBatch(ctx, s, b, kept, each); err != nil {
			return err
		}
	}
	return nil
}

func (rc *recovering) passBatch(ctx context.Context, s *ort.Session, b int, kept []string, each func(int, map[string]*ort.Tensor) error) error {
	fed := map[string]*ort.Tensor{}
	defer func() { closeAll(fed) }()
	feed := func(v string) (err error) {
		if fed[v] == nil {
			fed[v], err = rc.pool.get(v, b)
		}
		return err
	}
	got := map[string]*ort.Tensor{}
	for _, v := range kept {
		if err := feed(v); err != nil {
			return err
		}
		got[v] = fed[v]
	}
	if s != nil {
		in := make([]*ort.Tensor, len(s.Inputs()))
		for i, v := range s.Inputs() {
			if err := feed(v.Name); err != nil {
				return err
			}
			in[i] = fed[v.Name]
		}
		out := make([]*ort.Tensor, len(s.Outputs()))
		if err := s.Run(ctx, in, out); err != nil {
			return err
		}
		for i, v := range s.Outputs() {
			got[v.Name] = out[i]
			defer out[i].Close()
		}
	}
	return each(b, got)
}

// advance moves the spool to what the nodes from n on read. On the way it hands
// over these values and others.
func (rc *recovering) advance(ctx context.Context, n *onnxio.Node, also []string, each func(int, map[string]*ort.Tensor) error) error {
	reads := live(rc.Model.Graph, rc.facts, rc.varies, n)
	err := rc.pass(ctx, slices.Concat(reads, also), func(b int, got map[string]*ort.Tensor) error {
		for _, v := range reads {
			if !slices.Contains(rc.have, v) {
				if err := rc.pool.put(v, got[v]); err != nil {
					return err
				}
			}
		}
		return each(b, got)
	})
	before, after := rc.have, reads
	if err != nil {
		before, after = reads, rc.have // what was put there of the one is of no use
	}
	for _, v := range before {
		if !slices.Contains(after, v) {
			err = errors.Join(err, rc.pool.drop(v))
		}
	}
	rc.have = after
	return err
}

// outputError is that of the present model's outputs.
func (rc *recovering) outputError(ctx context.Context) (float64, error) {
	var off, sum, squares, n float64
	err := rc.pass(ctx, rc.floatOutputs(), func(b int, got map[string]*ort.Tensor) error {
		for _, v := range rc.floatOutputs() {
			t, err := rc.pool.get(denseValue(v), b)
			if err != nil {
				return err
			}
			want, err := floatsOf(t)
			if err != nil {
				return err
			}
			defer t.Close()
			is, err := floatsOf(got[v])
			if err != nil {
				return err
			}
			for i, y := range want {
				d := float64(y)
				sum, squares, n = sum+d, squares+d*d, n+1
				if len(is) == len(want) { // or it has as many places as the values say
					d -= float64(is[i])
				}
				off += d * d
			}
		}
		return nil
	})
	if err != nil || off == 0 {
		return 0, err
	}
	if variance := squares - sum*sum/n; variance > 0 {
		off /= variance
	}
	if math.IsNaN(off) || math.IsInf(off, 0) {
		return 0, errors.New("what the networks give for these samples is not a finite number")
	}
	return off, nil
}

// floatOutputs are the model's outputs that are numbers.
func (rc *recovering) floatOutputs() (out []string) {
	for _, v := range rc.Analysis.Model.Graph.Outputs() {
		if rc.varies[v.Name] && rc.Analysis.Facts.Types[v.Name].Elem.Float() {
			out = append(out, v.Name)
		}
	}
	return out
}

// denseValue is the name under which the spool has a value of the dense model.
func denseValue(name string) string { return "dense " + name }
