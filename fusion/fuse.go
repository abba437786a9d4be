package fusion

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/suggest"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/pruning"
)

// Rest is what the weights hold that the pruned network does not bring.
type Rest string

// The choices for the remaining weights.
const (
	Init     Rest = "init"     // the dense file's own
	Reinit   Rest = "reinit"   // drawn anew: Kaiming for kernels and matrices, seeded
	Zero     Rest = "zero"     // zero
	Preserve Rest = "preserve" // the dense file's own, but zero where an old channel would read a new one
)

// Rests are the choices, the default first.
var Rests = []Rest{Init, Reinit, Zero, Preserve}

// ParseRest reads a choice by name; "" is the default.
func ParseRest(s string) (Rest, error) {
	var names []string
	for i, r := range Rests {
		if string(r) == s || (s == "" && i == 0) {
			return r, nil
		}
		names = append(names, string(r))
	}
	return "", fmt.Errorf("unknown rest %q; %s", s, suggest.Want(s, names))
}

// Options say how to fuse.
type Options struct {
	Rest Rest // "" is Init
	Seed uint64
}

// LineageKey is the metadata property in which a fused model says what it
// was made of.
const LineageKey = "prunefuse.fused"

// Lineage is the JSON under LineageKey: the fingerprints of both models and
// the choice made.
type Lineage struct {
	Schema string `json:"schema"`
	Dense  string `json:"dense"`
	Pruned string `json:"pruned"`
	Rest   Rest   `json:"rest"`
}

// ErrNoPlan says that a model cannot be fused because it does not know what
// it was pruned from.
var ErrNoPlan = errors.New("the pruned model carries no plan (metadata " + pruning.PlanKey + "); prune it with prunefuse")

// Fuse writes the weights of the pruned model into the dense one it was
// pruned from and returns the fused model, already verified. Neither
// argument is changed. A pruned model without a plan, or with the plan of
// another parent, is an error.
func Fuse(dense, pruned *onnxio.Model, o Options) (*onnxio.Model, error) {
	m, err := fuse(dense, pruned, o)
	if err != nil {
		return nil, fmt.Errorf("fuse: %w", err)
	}
	return m, nil
}

func fuse(dense, pruned *onnxio.Model, o Options) (*onnxio.Model, error) {
	rest, err := ParseRest(string(o.Rest))
	if err != nil {
		return nil, err
	}
	plan, err := planOf(pruned)
	if err != nil {
		return nil, err
	}
	if err := plan.CheckParent(dense); err != nil {
		return nil, err
	}
	base, err := newGround(dense, plan, rest, o.Seed)
	if err != nil {
		return nil, err
	}
	if h := plan.Head; h != nil {
		if dense, _, err = head.Renew(dense, h.Output, h.Classes, h.Seed); err != nil {
			return nil, err
		}
	}
	if dense, err = holding(dense, pruned, plan); err != nil {
		return nil, err
	}
	m := dense.Clone()
	p := m.Graph.Edit()
	for _, t := range pruned.Graph.Initializers() {
		if err := place(p, dense, plan, base, t); err != nil {
			return nil, err
		}
	}
	if err := untie(p, dense, pruned, plan); err != nil {
		return nil, err
	}
	if err := p.Apply(); err != nil {
		return nil, err
	}
	if err := describe(m, pruned, plan, rest); err != nil {
		return nil, err
	}
	return m, Verify(m, pruned)
}

func planOf(pruned *onnxio.Model) (*pruning.Plan, error) {
	plan, err := pruning.ReadPlan(pruned)
	if err == nil && plan == nil {
		err = ErrNoPlan
	}
	return plan, err
}

// holding is the dense model in a form that has the pruned one's weights: as it
// is, or, where some of them are computed in it from constants or stand in its
// functions, with those worked out.
func holding(dense, pruned *onnxio.Model, plan *pruning.Plan) (*onnxio.Model, error) {
	for _, t := range pruned.Graph.Initializers() {
		e := plan.Initializers[t.Name()]
		name := e.Source(t.Name())
		if e.Added != nil {
			name = e.Added.From
		}
		if w, _ := dense.Graph.Constant(name); w == nil && name != "" {
			return op.Fold(dense)
		}
	}
	return dense, nil
}

// place writes one weight of the pruned model into the dense one.
func place(p *onnxio.Patch, dense *onnxio.Model, plan *pruning.Plan, base *ground, t *onnxio.Tensor) error {
	e, cut := plan.Initializers[t.Name()]
	source := e.Source(t.Name())
	whole, root := dense.Graph.Constant(source)
	if e.Added != nil {
		if whole, root = dense.Graph.Constant(e.Added.From); whole == nil {
			whole = onnxio.RawTensor("", t.Elem(), e.Shape, make([]byte, onnxio.ShapeOf(e.Shape...).Size().Or(0)*int64(t.Elem().Bits())/8))
		}
	}
	if whole == nil {
		return fmt.Errorf("the pruned model has a weight %q that the dense one lacks", t.Name())
	}
	if !cut {
		e = pruning.Entry{Shape: whole.Dims()}
	}
	index, err := indices(e, t, whole)
	if err != nil {
		return err
	}
	under, err := base.under(source, whole)
	if err != nil {
		return err
	}
	fused, err := under.Scatter(index, t)
	if err != nil {
		return err
	}
	if n := dense.Graph.Producer(root); n != nil && t.Name() == root {
		p.Remove(n)
	}
	p.SetInitializer(fused.Renamed(t.Name()))
	return nil
}

// indices are, for every axis, where the pruned weight's positions lie in
// the dense one.
func indices(e pruning.Entry, t, whole *onnxio.Tensor) ([][]int, error) {
	if !whole.Shape().Equal(onnxio.ShapeOf(e.Shape...)) || !t.Shape().Equal(onnxio.ShapeOf(e.Dims()...)) {
		return nil, fmt.Errorf("weight %q: plan cuts %v to %v, but the dense model has %v and the pruned one %v", t.Name(), e.Shape, e.Dims(), whole.Shape(), t.Shape())
	}
	index := make([][]int, len(e.Shape))
	for k := range index {
		index[k] = e.Axis(k)
	}
	return index, nil
}

// untie gives the nodes that read a weight of their own in the pruned model,
// where the dense one shares it or has none, theirs in the fused one.
func untie(p *onnxio.Patch, dense, pruned *onnxio.Model, plan *pruning.Plan) error {
	for _, t := range pruned.Graph.Initializers() {
		e := plan.Initializers[t.Name()]
		if e.From == "" && e.Added == nil {
			continue
		}
		for _, u := range pruned.Graph.Consumers(t.Name()) {
			y := u.Node.Output(0)
			n := dense.Graph.Producer(y)
			switch {
			case n == nil || u.Index < 0 || (e.Added == nil && u.Index >= len(n.Inputs())):
				return fmt.Errorf("weight %q: the dense model has no %v to read it", t.Name(), u.Node)
			case e.Added != nil && n.Op() != u.Node.Op(): // the sum with an added bias
				sum := p.Fresh(u.Node.Input(0))
				p.SetOutputs(n, sum)
				p.Add(onnxio.NodeSpec{Op: u.Node.Op(), Name: u.Node.Name(), Inputs: []string{sum, t.Name()}, Outputs: []string{y}})
			default:
				p.SetInput(n, u.Index, t.Name())
			}
		}
	}
	return nil
}

// describe writes the lineage into the metadata, and carries on what the
// pruned model knows of its inputs.
func describe(m, pruned *onnxio.Model, plan *pruning.Plan, rest Rest) error {
	s, err := pruned.Fingerprint()
	if err != nil {
		return err
	}
	b, err := json.Marshal(Lineage{"prunefuse.fused/1", plan.Parent.SHA256, s, rest})
	if err != nil {
		return err
	}
	m.SetMeta(LineageKey, string(b))
	if v, ok := pruned.Meta("prunefuse.round"); ok {
		m.SetMeta("prunefuse.round", v)
	}
	return describeInput(m, pruned)
}

// describeInput carries on what the pruned model knows of its inputs and its
// classes. The names of classes have to be those of the model that it goes into.
func describeInput(m, pruned *onnxio.Model) error {
	full, err := data.ReadPreprocess(m)
	if err != nil {
		return err
	}
	p, err := data.ReadPreprocess(pruned)
	if err != nil {
		return err
	}
	if err := data.Same(data.Classes{Names: full.Classes}, data.Classes{Names: p.Classes}); err != nil {
		return fmt.Errorf("the dense and the pruned network: %w", err)
	}
	if len(p.Classes) == 0 && len(full.Classes) > 0 {
		p.Classes = full.Classes
		return p.Write(m)
	}
	if text, ok := pruned.Meta(data.PreprocessKey); ok {
		m.SetMeta(data.PreprocessKey, text)
	}
	return nil
}
