package config

import (
	"fmt"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/internal/glob"
	"github.com/prunefuse/prunefuse/internal/suggest"
	"github.com/prunefuse/prunefuse/training"
)

// Check is an error where the recipe cannot be followed. Name turns a key of
// the configuration into what the reader of the error knows it by.
func (t Training) Check(name func(key string) string) error {
	c := &recipeCheck{name: name}
	t.checkLength(c)
	t.checkOptimizer(c)
	t.checkSchedule(c)
	t.checkWeights(c)
	return c.problem
}

func (t Training) checkLength(c *recipeCheck) {
	c.least("epochs", t.Epochs, 0)
	c.least("steps", t.Steps, 0)
	c.say(t.Epochs == 0 && t.Steps == 0 && len(t.Phases) == 0, "epochs", "is 0: set it or %s", c.name("steps"))
	c.least("batch", t.Batch, 1)
	c.least("accumulate", t.Accumulate, 0)
	c.least("crop", t.Crop, 0)
	c.fraction("label_smoothing", t.Smoothing)
	c.say(!(t.Mixup >= 0) || math.IsInf(t.Mixup, 0), "mixup", "%v: want a number above 0, or 0 for none", t.Mixup)
	c.say(!(t.Cutmix >= 0) || math.IsInf(t.Cutmix, 0), "cutmix", "%v: want a number above 0, or 0 for none", t.Cutmix)
	if r := t.ResizedCrop; len(r) > 0 {
		c.say(len(r) != 2 || !(r[0] > 0 && r[0] <= r[1] && r[1] <= 1), "resized_crop", "%v: want two rising shares, above 0 and at most 1", r)
		c.say(t.Crop > 0, "resized_crop", "and %s exclude each other", c.name("crop"))
	}
}

func (t Training) checkOptimizer(c *recipeCheck) {
	c.either("optimizer", t.Optimizer, training.OptimizerNames())
	c.say(len(t.Phases) == 0 && (!(t.LR > 0) || math.IsInf(t.LR, 0)), "lr", "%v: want a number above 0", t.LR)
	c.fraction("momentum", t.Momentum)
	c.say(t.Nesterov && (t.adaptive() || t.Momentum == 0), "nesterov", "is for sgd with a momentum above 0")
	for _, k := range []struct {
		key string
		v   float64
	}{{"beta1", t.Beta1}, {"beta2", t.Beta2}, {"epsilon", t.Epsilon}} {
		c.fraction(k.key, k.v)
		c.say(k.v != 0 && !t.adaptive(), k.key, "is for adam and adamw")
	}
	c.fraction("weight_decay", t.WeightDecay)
	c.either("decay", t.Decay, []string{string(training.DecayAll), string(training.DecayWeights)})
	c.bound("clip_norm", t.ClipNorm)
	c.bound("clip_value", t.ClipValue)
	c.say(t.ClipNorm > 0 && t.ClipValue > 0, "clip_norm", "and %s exclude each other", c.name("clip_value"))
}

func (t Training) checkSchedule(c *recipeCheck) {
	if len(t.Phases) > 0 {
		t.checkPhases(c)
		return
	}
	c.either("schedule", t.Schedule, Schedules())
	for i, m := range t.Milestones {
		c.say(!(m > 0 && m < 1) || (i > 0 && m <= t.Milestones[i-1]), "milestones", "%v: want ascending fractions of the training", t.Milestones)
	}
	c.say(!(t.Gamma > 0 && t.Gamma <= 1), "gamma", "%v: want above 0 and at most 1", t.Gamma)
	c.say(!(t.MinLR >= 0 && t.MinLR <= t.LR), "min_lr", "%v: want from 0 to the learning rate", t.MinLR)
	c.say(t.MinLR > 0 && t.Schedule != ScheduleCosine && t.Schedule != ScheduleLinear, "min_lr", "is for the schedules cosine and linear")
	c.least("warmup", t.Warmup, 0)
	steady := slices.Contains([]string{"", ScheduleStep, ScheduleConstant}, t.Schedule)
	c.say(t.Steps > 0 && t.Warmup >= t.Steps && !steady, "warmup", "%d: leaves none of %d steps to the schedule %s", t.Warmup, t.Steps, t.Schedule)
}

// checkPhases refuses what phases take the place of.
func (t Training) checkPhases(c *recipeCheck) {
	for _, other := range []struct {
		key string
		set bool
	}{
		{"epochs", t.Epochs != 0},
		{"steps", t.Steps != 0},
		{"lr", t.LR != 0},
		{"schedule", t.Schedule != ""},
		{"milestones", t.Milestones != nil},
		{"gamma", t.Gamma != 0},
		{"min_lr", t.MinLR != 0},
	} {
		c.say(other.set, "phases", "and %s exclude each other", c.name(other.key))
	}
	for i, p := range t.Phases {
		c.say(p.Epochs < 1, "phases", "[%d].epochs %d: want at least 1", i, p.Epochs)
		c.say(!(p.LR > 0) || math.IsInf(p.LR, 0), "phases", "[%d].lr %v: want a number above 0", i, p.LR)
	}
	c.least("warmup", t.Warmup, 0)
}

func (t Training) checkWeights(c *recipeCheck) {
	c.fraction("ema", t.EMA)
	c.patterns("train", t.Train)
	c.patterns("freeze", t.Freeze)
}

// recipeCheck keeps the first problem that is said.
type recipeCheck struct {
	name    func(key string) string
	problem error
}

func (c *recipeCheck) say(bad bool, key, format string, args ...any) {
	if bad && c.problem == nil {
		c.problem = fmt.Errorf("%s %s", c.name(key), fmt.Sprintf(format, args...))
	}
}

func (c *recipeCheck) least(key string, v, least int) {
	c.say(v < least, key, "%d: want at least %d", v, least)
}

func (c *recipeCheck) fraction(key string, v float64) {
	c.say(!(v >= 0 && v < 1), key, "%v: want from 0 up to but not including 1", v)
}

func (c *recipeCheck) bound(key string, v float64) {
	c.say(!(v >= 0) || math.IsInf(v, 0), key, "%v: want a number above 0, or 0 for no bound", v)
}

func (c *recipeCheck) either(key, v string, names []string) {
	c.say(v != "" && !slices.Contains(names, v), key, "%q: %s", v, suggest.Want(v, names))
}

func (c *recipeCheck) patterns(key string, patterns []string) {
	for _, p := range patterns {
		err := glob.Check(p)
		c.say(err != nil, key, "%v", err)
	}
}
