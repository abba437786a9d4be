package rewrite

import (
	"errors"
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// samples follows the samples of a batch through a graph, by the axis rules of
// its operators. Every axis is read as digits, outermost first, one of which
// may be the sample.
type samples struct {
	m      *onnxio.Model
	batch  onnxio.Dim              // that the model states
	inputs map[string]onnxio.Shape // with the batch free
	stated *op.Facts               // at that batch
	facts  *op.Facts
	axes   map[string][]digits
	lists  []list // that Reshapes are to have

	last *onnxio.Node // which is followed next
	was  []onnxio.Dim // that it reads, in the place of the list chosen
}

func newSamples(m *onnxio.Model, batch onnxio.Dim) (*samples, error) {
	s := &samples{m: m, batch: batch, inputs: map[string]onnxio.Shape{}, axes: map[string][]digits{}}
	for _, v := range m.Graph.Inputs() {
		shape := v.Type.Shape.Clone()
		shape[0] = sampleDim
		s.inputs[v.Name] = shape
	}
	var err error
	s.stated, err = op.InferGraph(m, op.InferOptions{})
	return s, err
}

// digits are the extents that an axis merges. An axis that holds the same for
// all samples is nil.
type digits []onnxio.Dim

// sampleDim is the extent of the batch under op.FreeBatch.
var sampleDim = onnxio.Symbol("batch")

// holdsBatch reports whether an extent counts samples.
func holdsBatch(d onnxio.Dim) bool {
	_, ok := d.Div(sampleDim)
	return ok
}

func (d digits) product() onnxio.Dim {
	n := onnxio.Known(1)
	for _, e := range d {
		n = n.Mul(e)
	}
	return n
}

// alike reports whether two axes have the same sample at each index.
func (d digits) alike(o digits) bool {
	i, k := slices.Index(d, sampleDim), slices.Index(o, sampleDim)
	return i >= 0 && k >= 0 && d[:i].product() == o[:k].product() && d[i:].product() == o[k:].product()
}

// uniform are the operators whose output holds the same along axes that they
// make.
var uniform = []string{"ConstantOfShape", "Expand", "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike"}

// apart says why a sample's outputs would hang on other samples, or on how many
// there are; "" where they do not.
func (s *samples) apart() (why string) {
	for name, shape := range s.inputs {
		s.axes[name] = make([]digits, len(shape))
		s.axes[name][0] = digits{sampleDim}
	}
	facts, err := op.InferGraph(s.m, op.InferOptions{Inputs: s.inputs, Before: s.before})
	if err == nil {
		s.facts = facts
		err = s.follow()
	}
	var mixed *mixedError
	switch {
	case errors.As(err, &mixed):
		return mixed.Error()
	case err != nil:
		return fmt.Sprintf("the graph holds for a batch of %v alone: %v", s.batch, err)
	case len(facts.Unknown) > 0:
		return fmt.Sprintf("operator %s of %v is not known", facts.Unknown[0].Op(), facts.Unknown[0])
	}
	for _, v := range s.m.Graph.Outputs() {
		for k, d := range facts.Types[v.Name].Shape {
			if (k == 0) != holdsBatch(d) || (k == 0 && d != sampleDim) {
				return fmt.Sprintf("output %q does not have the samples along its first axis", v.Name)
			}
		}
	}
	return ""
}

// mixedError says which node does not keep samples apart.
type mixedError struct {
	node *onnxio.Node
	why  string
}

func (e *mixedError) Error() string { return fmt.Sprintf("%v %s", e.node, e.why) }

// before follows the samples through the node before the one that comes.
func (s *samples) before(f *op.Facts, n *onnxio.Node) error {
	s.facts = f
	if err := s.follow(); err != nil {
		return err
	}
	s.last = n
	s.choose(n)
	return nil
}

// follow takes the samples through the last node whose facts are known.
func (s *samples) follow() error {
	n := s.last
	if s.last = nil; n == nil {
		return nil
	}
	if slices.Contains(s.facts.Unknown, n) {
		return nil
	}
	rule, err := op.NewAxes(s.facts, s.m.Graph, n)
	if err != nil {
		return err
	}
	f := &following{s, n, rule, make([][]digits, len(n.Outputs())), make([][]bool, len(n.Outputs()))}
	if why := f.node(); why != "" {
		return &mixedError{n, why}
	}
	if s.was != nil {
		s.facts.Values[n.Input(1)], s.was = s.was, nil
	}
	return nil
}

// following is the way of the samples through one node.
type following struct {
	*samples
	n    *onnxio.Node
	rule *op.Axes
	out  [][]digits
	set  [][]bool // axes of outputs that the rule gives digits
}

func (f *following) at(r op.Ref) digits {
	if r.Output {
		return f.out[r.Slot][r.Axis]
	}
	if axes := f.axes[f.n.Input(r.Slot)]; r.Axis < len(axes) {
		return axes[r.Axis]
	}
	return nil
}

// node follows the samples of all inputs into the outputs.
func (f *following) node() (why string) {
	for i := range f.out {
		f.out[i] = make([]digits, len(f.rule.OutType(i).Shape))
		f.set[i] = make([]bool, len(f.out[i]))
	}
	if f.n.Op() == "Shape" || f.n.Op() == "Size" {
		return f.done()
	}
	for i, in := range f.n.Inputs() {
		if why := f.counted(in); why != "" {
			return why
		}
		for k, d := range f.rule.In(i).Shape {
			if in != "" && holdsBatch(d) {
				if why := f.axis(op.In(i, k)); why != "" {
					return why
				}
			}
		}
	}
	for _, g := range f.rule.Groups {
		if why := f.regroup(g); why != "" {
			return why
		}
	}
	return f.done()
}

// counted says that the node computes with the number of samples, where it
// does.
func (f *following) counted(in string) string {
	known := func(name string) bool { return f.facts.Values[name] != nil }
	if !f.facts.Types[in].Elem.Float() || !slices.ContainsFunc(f.facts.Values[in], holdsBatch) || known(f.n.Output(0)) {
		return ""
	}
	return fmt.Sprintf("computes with the size of the batch, in %q", in)
}

// axis follows one axis of an input that holds samples.
func (f *following) axis(r op.Ref) string {
	if slices.Contains(f.rule.Mixed, r) {
		return "mixes the values of samples"
	}
	for _, p := range f.rule.Pins {
		if p.Ref == r {
			return "does not keep samples apart: " + p.Reason
		}
	}
	arrives := slices.ContainsFunc(f.rule.Groups, func(g op.Regroup) bool { return slices.Contains(g.From, r) })
	met := []op.Ref{r}
	for i := 0; i < len(met); i++ {
		for _, l := range f.rule.Links {
			for _, pair := range [][2]op.Ref{{l.A, l.B}, {l.B, l.A}} {
				if pair[0] != met[i] || slices.Contains(met, pair[1]) || !f.rule.Given(pair[1]) {
					continue
				}
				if l.AI != nil {
					return "takes samples apart by their positions"
				}
				if f.rule.Dim(pair[1]) != f.rule.Dim(r) {
					return f.fixes(pair[1])
				}
				met = append(met, pair[1])
			}
		}
	}
	for _, q := range met[1:] {
		if !q.Output {
			if a, b := f.at(q), f.at(r); a != nil && b != nil && !a.alike(b) {
				return "joins samples in two orders"
			}
			continue
		}
		arrives = true
		if d := f.at(r); d != nil {
			f.out[q.Slot][q.Axis] = d
		}
		f.set[q.Slot][q.Axis] = true
	}
	if !arrives {
		return "sums over samples, or chooses among them"
	}
	return ""
}

// fixes says that an operand or a result has the extent of one batch.
func (f *following) fixes(x op.Ref) string {
	if x.Output {
		return fmt.Sprintf("has an operand for a batch of %v alone", f.rule.Dim(x))
	}
	return fmt.Sprintf("reads %q, which is for a batch of %v alone", f.n.Input(x.Slot), f.rule.Dim(x))
}

// regroup reads the digits of some axes, row-major, as those of others.
func (f *following) regroup(g op.Regroup) string {
	var list digits
	some := false
	for _, r := range g.From {
		d := f.at(r)
		some = some || d != nil
		if d == nil {
			if holdsBatch(f.rule.Dim(r)) {
				for _, to := range g.To { // the same for all samples
					f.set[to.Slot][to.Axis] = true
				}
				return ""
			}
			d = digits{f.rule.Dim(r)}
		}
		list = append(list, d...)
	}
	if !some {
		return ""
	}
	for _, to := range g.To {
		need := f.rule.Dim(to)
		var own digits
		for !need.Is(1) {
			for len(list) > 0 && list[0].Is(1) {
				list = list[1:]
			}
			if len(list) == 0 {
				return "reshapes samples across each other"
			}
			if left, ok := need.Div(list[0]); ok {
				own, need, list = append(own, list[0]), left, list[1:]
				continue
			}
			left, ok := list[0].Div(need)
			if !ok || !need.IsKnown() || !list[0].IsKnown() {
				return "reshapes samples across each other"
			}
			own, list[0], need = append(own, need), left, onnxio.Known(1)
		}
		if slices.Contains(own, sampleDim) {
			f.out[to.Slot][to.Axis] = own
		}
		f.set[to.Slot][to.Axis] = true
	}
	return ""
}

// done takes over the digits of the outputs, of which every axis that counts
// samples must have got some.
func (f *following) done() string {
	for i, o := range f.n.Outputs() {
		if o == "" {
			continue
		}
		for k, d := range f.rule.OutType(i).Shape {
			own := f.out[i][k]
			if holdsBatch(d) && !f.set[i][k] && !slices.Contains(uniform, f.n.Op()) {
				return "makes values by the position of a sample"
			}
			if own != nil && own.product() != d {
				return fmt.Sprintf("gives %v where the samples are %v", d, own.product())
			}
		}
		f.axes[o] = f.out[i]
	}
	return ""
}
