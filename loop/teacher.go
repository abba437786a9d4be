package loop

import (
	"cmp"
	"fmt"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/training"
)

// teacher returns the network that the full one learns from beside the labels,
// nil for an arm that has none.
func (e Env) teacherOf(d config.Distill, s State) (*training.Teacher, error) {
	if d.From == config.DistillSelector {
		if !e.spec.Fuses {
			return nil, nil
		}
		m, err := e.folder.load(s.Selector)
		return &training.Teacher{Model: m, Normalize: e.normalize()}, err
	}
	return e.workbench.teacher, nil
}

// openTeacher reads a teacher from a file. Its outputs have to be those of the
// networks of the run. One that does not say how its input is normalised gets it
// as they do.
func (b *workbench) openTeacher(file string) (*training.Teacher, error) {
	m, err := onnxio.Load(file)
	if err != nil {
		return nil, fmt.Errorf("teacher: %w", err)
	}
	in, err := data.InputOf(m)
	if err == nil {
		err = data.Same(data.Classes{Names: b.pre.Classes, Count: b.classes}, in.Classes)
	}
	if err != nil {
		return nil, fmt.Errorf("teacher %s: %w", file, err)
	}
	own := b.pre
	if in.KnowsPixels {
		own = in.Preprocess
	}
	if own.Color != "" && own.Color != b.pre.Color {
		return nil, fmt.Errorf("teacher %s: it takes images as %s, the networks of the run as %s", file, own.Color, cmp.Or(b.pre.Color, "their channels say"))
	}
	if err := own.Check(b.pool.Shape()); err != nil {
		return nil, fmt.Errorf("teacher %s: %w", file, err)
	}
	return &training.Teacher{Model: m, Normalize: training.Normalize{Mean: own.Mean, Std: own.Std}}, nil
}
