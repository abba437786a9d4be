package main

import (
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
	"github.com/prunefuse/prunefuse/pruning"
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

// renewHead gives the model a last layer for the classes of a set, and their
// names. From then on the set's classes are the model's.
func (o *trainOptions) renewHead(g *globals, m *onnxio.Model, set data.Set, old head.Head) (*onnxio.Model, error) {
	classes := data.ClassesOf(set)
	m, err := pruning.RenewHead(m, o.data.head, classes.Count, g.seed)
	if err != nil {
		return nil, err
	}
	pre, err := data.ReadPreprocess(m)
	if err != nil {
		return nil, err
	}
	pre.Classes = classes.Names
	o.data.newHead, o.data.classes = false, ""
	g.note("note: output %q had %s values; its new last layer is for the %s classes of %v", old.Output, term.Count(int64(old.Values)), term.Count(int64(classes.Count)), &o.samples)
	return m, pre.Write(m)
}
