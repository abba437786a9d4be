package main

import (
	"fmt"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// modelSize is what a model costs to keep and to run.
type modelSize struct {
	Parameters int64 `json:"parameters"`
	// MACs are the multiply-accumulates for one sample of the nodes whose cost
	// is known; nil where an input of open size leaves them unknown.
	MACs       *int64   `json:"macs"`
	Uncounted  int      `json:"uncounted_nodes,omitempty"`
	OpenInputs []string `json:"open_inputs,omitempty"`
	Bytes      int64    `json:"bytes,omitempty"`
}

// measure counts at the shapes given for inputs of open size.
func measure(m *onnxio.Model, shapes onnxio.InputShapes) (modelSize, error) {
	s, err := op.CountModel(m, shapes)
	if err != nil {
		return modelSize{}, err
	}
	return sizeOf(s, s.MACs, len(s.Uncounted)), nil
}

func sizeOf(s op.Stats, macs int64, uncounted int) modelSize {
	size := modelSize{Parameters: s.Parameters, Uncounted: uncounted, OpenInputs: s.Open}
	if s.MACsKnown() {
		size.MACs = &macs
	}
	return size
}

// measureBoth counts the MACs of two models over the nodes whose cost is known
// in both, so that they compare.
func measureBoth(a, b *onnxio.Model, shapes onnxio.InputShapes) (sizeA, sizeB modelSize, err error) {
	statsA, err := op.CountModel(a, shapes.Of(a.Graph.Inputs()))
	if err != nil {
		return sizeA, sizeB, err
	}
	statsB, err := op.CountModel(b, shapes.Of(b.Graph.Inputs()))
	if err != nil {
		return sizeA, sizeB, err
	}
	macsA, macsB, uncounted := op.MACsInBoth(statsA, statsB)
	return sizeOf(statsA, macsA, uncounted), sizeOf(statsB, macsB, uncounted), nil
}

// macs tells the multiply-accumulates, and where they are not all of them.
func (s modelSize) macs() string {
	switch {
	case s.MACs == nil:
		return "not known (" + s.openInput() + ")"
	case s.Uncounted > 0:
		return fmt.Sprintf("%s, without %d nodes whose cost is not known", term.MACs(*s.MACs), s.Uncounted)
	}
	return term.MACs(*s.MACs)
}

func (s modelSize) openInput() string {
	return fmt.Sprintf("input %q is of open size; give --input-shape", s.OpenInputs[0])
}

// change tells b as a multiple of a.
func change(a, b int64) string {
	if a == 0 {
		return "–"
	}
	return term.Ratio(float64(b) / float64(a))
}

// macsRow is the row of the MACs of two models, with their change.
func macsRow(a, b modelSize) []string {
	if a.MACs == nil || b.MACs == nil {
		return []string{"MACs", "not known", "not known", "–"}
	}
	return []string{"MACs", term.MACs(*a.MACs), term.MACs(*b.MACs), change(*a.MACs, *b.MACs)}
}

// macsNote says what the MACs of two models leave out; it is empty where that
// is nothing.
func macsNote(a, b modelSize) string {
	switch {
	case a.MACs == nil:
		return "MACs are not known: " + a.openInput()
	case b.MACs == nil:
		return "MACs are not known: " + b.openInput()
	case a.Uncounted > 0:
		return fmt.Sprintf("MACs are without %d nodes whose cost is not known", a.Uncounted)
	}
	return ""
}

// printChange prints the table before | after | change of two models, whose
// sizes are of measureBoth.
func printChange(g *globals, before, after modelSize) error {
	row := func(name string, a, b int64, format func(int64) string) []string {
		return []string{name, format(a), format(b), change(a, b)}
	}
	rows := [][]string{
		row("parameters", before.Parameters, after.Parameters, term.Count),
		macsRow(before, after),
		row("file size", before.Bytes, after.Bytes, term.Bytes),
	}
	err := term.Table(g.stdout, []string{"", "before", "after", "change"}, rows,
		[]term.Align{term.Left, term.Right, term.Right, term.Right})
	if note := macsNote(before, after); err == nil && note != "" {
		_, err = fmt.Fprintln(g.stdout, note)
	}
	return err
}
