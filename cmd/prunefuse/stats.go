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
	MACs       int64 `json:"macs"` // multiply-accumulates for one sample
	Uncounted  int   `json:"uncounted_nodes,omitempty"`
	Bytes      int64 `json:"bytes,omitempty"`
}

func measure(m *onnxio.Model) (modelSize, error) {
	s, err := op.CountModel(m)
	if err != nil {
		return modelSize{}, err
	}
	return modelSize{Parameters: s.Parameters, MACs: s.MACs, Uncounted: len(s.Uncounted)}, nil
}

// macs tells the multiply-accumulates, and where they are not all of them.
func (s modelSize) macs() string {
	if s.Uncounted > 0 {
		return fmt.Sprintf("%s, without %d nodes whose cost is not known", term.MACs(s.MACs), s.Uncounted)
	}
	return term.MACs(s.MACs)
}

// change tells b as a multiple of a.
func change(a, b int64) string {
	if a == 0 {
		return "–"
	}
	return term.Ratio(float64(b) / float64(a))
}

// printChange prints the table before | after | change of two models.
func printChange(g *globals, before, after modelSize) error {
	row := func(name string, a, b int64, format func(int64) string) []string {
		return []string{name, format(a), format(b), change(a, b)}
	}
	rows := [][]string{
		row("parameters", before.Parameters, after.Parameters, term.Count),
		row("MACs", before.MACs, after.MACs, term.MACs),
		row("file size", before.Bytes, after.Bytes, term.Bytes),
	}
	return term.Table(g.stdout, []string{"", "before", "after", "change"}, rows,
		[]term.Align{term.Left, term.Right, term.Right, term.Right})
}
