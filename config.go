package prunefuse

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/pruning"
	"github.com/prunefuse/prunefuse/scoring"
)

// Config says what a run does. ReadConfig reads it from YAML, where the keys
// are the tags below; what is left out takes the value of DefaultConfig.
type Config struct {
	Title string `yaml:"title" json:"title"`
	// Data is the pool and Test the held-out images, as `prunefuse train`
	// takes them: "fashion-mnist", "demo", a folder, an .npy file.
	Data string `yaml:"data" json:"data"`
	Test string `yaml:"test" json:"test"`
	// Limit, where above 0, uses only so many random samples of the pool.
	Limit int    `yaml:"limit" json:"limit"`
	Seed  uint64 `yaml:"seed" json:"seed"`

	Model Network `yaml:"model" json:"model"`
	Prune Prune   `yaml:"prune" json:"prune"`
	Label Label   `yaml:"label" json:"label"`
	// Selector is the training of the pruned network in every round, Final
	// that of the fused one at the end and in rounds of synchronisation.
	Selector Training `yaml:"selector" json:"selector"`
	Final    Training `yaml:"final" json:"final"`
	Fuse     Fuse     `yaml:"fuse" json:"fuse"`
	// Compare lists what the result is compared with: "dense", the dense
	// network from scratch on the same labels for the same steps; "random",
	// the method with randomly chosen labels.
	Compare []string `yaml:"compare" json:"compare"`
}

// Network is the dense network: an architecture of the zoo, or a file.
type Network struct {
	Arch  string  `yaml:"arch" json:"arch,omitempty"`
	Width float64 `yaml:"width" json:"width,omitempty"`
	File  string  `yaml:"file" json:"file,omitempty"`
}

// Prune says how the selector is cut out of the dense network.
type Prune struct {
	Ratio     float64 `yaml:"ratio" json:"ratio"`
	Criterion string  `yaml:"criterion" json:"criterion"`
}

// Label says how many samples are labelled when, and by which strategy.
type Label struct {
	Initial  int    `yaml:"initial" json:"initial"` // random
	Add      []int  `yaml:"add" json:"add"`         // one entry a round
	Strategy string `yaml:"strategy" json:"strategy"`
	// Sync is T_sync: after every so many rounds the selector is fused, the
	// full network trained and pruned anew. 0 keeps one selector to the end.
	Sync int `yaml:"sync" json:"sync"`
}

// Training is the recipe of one training.
type Training struct {
	Epochs int `yaml:"epochs" json:"epochs,omitempty"`
	// Steps, where above 0, ends the training after so many instead.
	Steps       int       `yaml:"steps" json:"steps,omitempty"`
	Batch       int       `yaml:"batch" json:"batch"`
	LR          float64   `yaml:"lr" json:"lr"`
	Milestones  []float64 `yaml:"milestones" json:"milestones,omitempty"` // fractions of the training after which the rate falls
	Gamma       float64   `yaml:"gamma" json:"gamma"`                     // to this fraction
	Momentum    float64   `yaml:"momentum" json:"momentum"`
	WeightDecay float64   `yaml:"weight_decay" json:"weight_decay"`
	Crop        int       `yaml:"crop" json:"crop"` // pixels of padding for random crops; 0 for none
	Flip        bool      `yaml:"flip" json:"flip"`
}

// Fuse says what the fused network holds beside the selector's weights.
type Fuse struct {
	Rest string `yaml:"rest" json:"rest"`
}

// DefaultConfig is what a configuration starts from.
func DefaultConfig() Config {
	recipe := Training{
		Epochs: 20, Batch: 128, LR: 0.1, Milestones: []float64{0.5, 0.75}, Gamma: 0.1,
		Momentum: 0.9, WeightDecay: 5e-4,
	}
	return Config{
		Seed: 1, Model: Network{Width: 1}, Prune: Prune{Ratio: 0.5, Criterion: "l2"},
		Label: Label{Strategy: "margin"}, Selector: recipe, Final: recipe,
		Fuse: Fuse{Rest: string(fusion.Reinit)}, Compare: []string{"dense", "random"},
	}
}

// ReadConfig reads a configuration from YAML. An unknown key, a value of the
// wrong type or one out of range is an error that points to it.
func ReadConfig(b []byte) (Config, error) {
	c := DefaultConfig()
	if err := yaml.UnmarshalWithOptions(b, &c, yaml.Strict()); err != nil {
		return c, &ConfigError{yaml.FormatError(err, false, false)}
	}
	return c, c.Check()
}

// ConfigError says that a configuration cannot be run.
type ConfigError struct{ Reason string }

func (e *ConfigError) Error() string {
	return "configuration: " + strings.Join(strings.Fields(e.Reason), " ")
}

// Check is a *ConfigError where the configuration contradicts itself.
func (c Config) Check() error {
	var problem error
	say := func(bad bool, format string, args ...any) {
		if bad && problem == nil {
			problem = fmt.Errorf(format, args...)
		}
	}
	say(c.Data == "", "data is not set: name the pool of samples")
	say(c.Test == "", "test is not set: name the held-out samples")
	say((c.Model.Arch == "") == (c.Model.File == ""), "model: set either arch or file")
	say(!(c.Prune.Ratio > 0 && c.Prune.Ratio < 1), "prune.ratio %v: want the fraction of channels to remove, above 0 and below 1", c.Prune.Ratio)
	say(c.Label.Initial < 1, "label.initial %d: want at least 1", c.Label.Initial)
	say(len(c.Label.Add) == 0, "label.add is empty: want the number of labels of each round")
	for i, n := range c.Label.Add {
		say(n < 1, "label.add[%d] is %d: want at least 1", i, n)
	}
	say(c.Label.Sync < 0, "label.sync %d: want 0 or more", c.Label.Sync)
	say(c.Limit < 0, "limit %d: want 0 or more", c.Limit)
	for i, name := range c.Compare {
		say(slices.Contains(c.Compare[:i], name), "compare: %s is named twice", name)
		say(!slices.Contains([]string{"dense", "random"}, name), "compare: %q is neither dense nor random", name)
	}
	_, rest := fusion.ParseRest(c.Fuse.Rest)
	crit, criterion := pruning.CriterionByName(c.Prune.Criterion)
	say(crit.Data != pruning.NoData, "prune.criterion %s needs data, which a run does not prune by", crit.Name)
	_, strategy := scoring.StrategyNamed(c.Label.Strategy)
	problem = cmp.Or(problem, c.Selector.check("selector"), c.Final.check("final"), rest, criterion, strategy)
	if problem != nil {
		return &ConfigError{problem.Error()}
	}
	return nil
}

func (t Training) check(name string) error {
	switch {
	case t.Epochs < 1 && t.Steps < 1:
		return fmt.Errorf("%s: set epochs or steps", name)
	case t.Batch < 1:
		return fmt.Errorf("%s.batch %d: want at least 1", name, t.Batch)
	case t.Steps < 0 || t.Epochs < 0 || t.Crop < 0:
		return fmt.Errorf("%s: epochs, steps and crop are not negative", name)
	case !(t.LR > 0) || math.IsInf(t.LR, 0):
		return fmt.Errorf("%s.lr %v: want a number above 0", name, t.LR)
	case !(t.Gamma > 0 && t.Gamma <= 1):
		return fmt.Errorf("%s.gamma %v: want above 0 and at most 1", name, t.Gamma)
	case !(t.Momentum >= 0 && t.Momentum < 1):
		return fmt.Errorf("%s.momentum %v: want from 0 up to but not including 1", name, t.Momentum)
	case !(t.WeightDecay >= 0 && t.WeightDecay < 1):
		return fmt.Errorf("%s.weight_decay %v: want from 0 up to but not including 1", name, t.WeightDecay)
	}
	for i, m := range t.Milestones {
		if !(m > 0 && m < 1) || (i > 0 && m <= t.Milestones[i-1]) {
			return fmt.Errorf("%s.milestones %v: want ascending fractions of the training", name, t.Milestones)
		}
	}
	return nil
}

// labels is how many samples are labelled after every round, the initial
// ones first.
func (c Config) labels() []int {
	out := []int{c.Label.Initial}
	for _, n := range c.Label.Add {
		out = append(out, out[len(out)-1]+n)
	}
	return out
}
