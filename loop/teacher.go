package loop

import (
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/training"
)

// teacherOf returns the network that the full one learns from beside the labels,
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
