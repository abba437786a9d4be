package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/share"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/training"
)

// balanced stands for class weights by the classes' shares of the samples.
const balanced = "balanced"

// lossOptions are the flags of a training that say what it minimises.
type lossOptions struct {
	kind         string
	smoothing    float64
	classWeights []string
	factors      []float32 // classWeights as numbers, by settle

	teacher     string
	weight      float64
	temperature float64
	cache       string
}

func (o *lossOptions) addFlags(fs *pflag.FlagSet) {
	o.weight = 0.5
	fs.StringVar(&o.kind, "loss", string(training.CrossEntropy), "what to minimise: the `loss` cross-entropy, or binary, each class against the rest")
	fs.Var((*share.Share)(&o.smoothing), "label-smoothing", "`share` of every label that goes to all classes alike")
	fs.StringSliceVar(&o.classWeights, "class-weights", nil, "a `factor` a class on the loss of its samples, or balanced: by how rare a class is")
	fs.StringVar(&o.teacher, "distill", "", "learn from the answers of this `model`, too")
	fs.Var((*share.Share)(&o.weight), "distill-weight", "with --distill: the `share` of the loss that compares with the teacher")
	fs.Float64Var(&o.temperature, "temperature", 4, "with --distill: what logits are divided by to soften answers")
	fs.StringVar(&o.cache, "distill-cache", "", "with --distill and without --augment: keep the teacher's logits in this .npy `file`")
	markIncidental(fs, "distill-cache")
}

func (o *lossOptions) settle(fs *pflag.FlagSet) error {
	kinds := []string{string(training.CrossEntropy), string(training.BinaryCrossEntropy)}
	binary := o.kind == string(training.BinaryCrossEntropy)
	switch {
	case !slices.Contains(kinds, o.kind):
		return fmt.Errorf("--loss %q: want cross-entropy or binary", o.kind)
	case !(o.smoothing >= 0 && o.smoothing < 1):
		return fmt.Errorf("--label-smoothing %v: want at least 0 and below 1", o.smoothing)
	case !(o.weight > 0 && o.weight <= 1):
		return fmt.Errorf("--distill-weight %v: want above 0 and at most 1", o.weight)
	case !(o.temperature > 0) || math.IsInf(o.temperature, 0):
		return fmt.Errorf("--temperature %v: want above 0", o.temperature)
	case binary && (o.smoothing > 0 || o.teacher != ""):
		return errors.New("--label-smoothing and --distill are for --loss cross-entropy")
	case o.teacher == "" && (fs.Changed("distill-weight") || fs.Changed("temperature") || o.cache != ""):
		return errors.New("--distill-weight, --temperature and --distill-cache are for --distill TEACHER")
	case o.cache != "" && fs.Changed("augment"):
		return errors.New("--distill-cache keeps the answers to samples as they are: leave out --augment or the cache")
	case o.cache == stdStream:
		return errors.New("--distill-cache cannot go to stdout")
	}
	if slices.Equal(o.classWeights, []string{balanced}) {
		return nil
	}
	for _, text := range o.classWeights {
		w, err := strconv.ParseFloat(text, 32)
		if err != nil || !(w > 0) || math.IsInf(w, 0) {
			return fmt.Errorf("--class-weights %q: want numbers above 0, or balanced", text)
		}
		o.factors = append(o.factors, float32(w))
	}
	return nil
}

// loss is what the flags say in the library's terms, for the classes of a
// model and the samples of a set.
func (o *lossOptions) loss(set data.Set, classes int) (training.Loss, error) {
	l := training.Loss{Kind: training.LossKind(o.kind), Smoothing: float32(o.smoothing)}
	if l.Kind == training.CrossEntropy {
		l.Kind = ""
	}
	if o.teacher != "" {
		l.Distill, l.Temperature = float32(o.weight), float32(o.temperature)
	}
	if !slices.Equal(o.classWeights, []string{balanced}) {
		l.Weights = o.factors
		return l, nil
	}
	weights, err := training.BalancedWeights(data.Labels(set), classes)
	if err != nil {
		return l, fmt.Errorf("--class-weights balanced: %w", err)
	}
	l.Weights = weights
	return l, nil
}

// distillation opens the teacher for a student that is trained on set.
func (o *lossOptions) distillation(g *globals, set data.Set, student data.Preprocess) (*training.Teacher, error) {
	if o.teacher == "" {
		return nil, nil
	}
	t, err := training.OpenTeacher(o.teacher, student, data.Classes{Names: student.Classes}, set.Shape(), g.noteData)
	if err != nil {
		return nil, err
	}
	t.Cache = o.cache
	return t, nil
}

// watchTeacher shows how far a cache of answers is, until end is called.
func watchTeacher(t *term.Term, teacher *training.Teacher) (end func()) {
	stages := &term.Stages{Term: t}
	if teacher != nil {
		teacher.Progress = func(done, total int) {
			stages.Progress("teacher", int64(done), int64(total), "samples", "")
		}
	}
	return stages.End
}
