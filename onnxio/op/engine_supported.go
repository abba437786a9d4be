package op

import (
	"errors"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Support says what the table can do with an operator, for people.
type Support struct {
	Op     string
	Domain string
	// Since are the opsets at which the definition changed, from the oldest
	// that models are read at.
	Since []int64
	// NoGradient is the reason why the operator cannot be trained through;
	// empty where it can.
	NoGradient string
	// NoPruning is the reason why no axis of it can be pruned; empty where
	// some can.
	NoPruning string
	// Training says that the operator has another form in training.
	Training bool
}

// Supported lists the table as its cases show it: what is said there of an
// operator was tried out, on its graph, not stated beside it.
func Supported() []Support {
	out := make([]Support, len(table))
	for i := range table {
		d := &table[i]
		since := slices.Clone(d.Since)
		for len(since) > 1 && since[1] <= MinOpset {
			since = since[1:]
		}
		out[i] = Support{
			Op: d.Type, Domain: d.Domain, Since: since, Training: d.Train != nil,
			NoGradient: d.noGradient(), NoPruning: d.noPruning(),
		}
	}
	return out
}

// noGradient is why none of the cases can be differentiated.
func (d *Def) noGradient() (reason string) {
	for i := range d.Cases {
		why, err := d.Cases[i].differentiate(d)
		if err == nil && why == "" {
			return ""
		}
		if reason == "" {
			reason = why
		}
	}
	return reason
}

// differentiate writes the gradient of a case and gives the reason where
// there is none.
func (c *Case) differentiate(d *Def) (reason string, err error) {
	m, err := c.Model(d)
	if err != nil {
		return "", err
	}
	if m, err = Lift(m); err != nil {
		return "", err
	}
	wrt := slices.DeleteFunc(slices.Clone(m.Graph.Nodes()[0].Inputs()), func(name string) bool { return name == "" })
	if len(wrt) == 0 {
		return "it has no inputs", nil
	}
	if m, err = Decompose(m, InferOptions{}); err != nil {
		return "", err
	}
	f, err := InferGraph(m, InferOptions{})
	if err != nil {
		return "", err
	}
	seeds := map[string]string{}
	for _, v := range m.Graph.Outputs() {
		seeds[v.Name] = "seed." + v.Name
	}
	back := NewDerivative(NewEmit(onnxio.New("").Graph.Edit(), m.Opset(""), ""), f, m.Graph)
	if _, err := back.Forward(); err != nil {
		return "", err
	}
	_, err = back.Backward(seeds, wrt)
	var none *UnsupportedError
	if errors.As(err, &none) {
		return none.Reason, nil
	}
	return "", err
}

// noPruning is why every axis of every case is pinned.
func (d *Def) noPruning() (reason string) {
	for i := range d.Cases {
		m, err := d.Cases[i].Model(d)
		if err != nil {
			continue
		}
		f, err := InferGraph(m, InferOptions{})
		if err != nil {
			continue
		}
		a, err := NewAxes(f, m.Graph, m.Graph.Nodes()[0])
		if err != nil {
			continue
		}
		pinned := map[Ref]bool{}
		for _, p := range a.Pins {
			pinned[p.Ref] = true
			if reason == "" {
				reason = p.Reason
			}
		}
		free := false
		a.each(func(r Ref) { free = free || !pinned[r] })
		if free {
			return ""
		}
	}
	return reason
}
