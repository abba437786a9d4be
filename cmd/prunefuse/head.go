package main

import (
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
)

// addHeadFlag adds the flag that names the output with the class scores.
func (o *dataOptions) addHeadFlag(fs *pflag.FlagSet) {
	fs.StringVar(&o.head, "head", "", "`name` of the model's output with the class scores; empty finds it")
}

// classScores finds the output that has the class scores, and says which it is
// where a rule chose it.
func (o *dataOptions) classScores(g *globals, m *onnxio.Model) (head.Head, error) {
	h, err := head.Find(m, o.head)
	if err == nil && h.Note != "" {
		g.note("note: %s", h.Note)
	}
	return h, err
}
