package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/internal/share"
	"github.com/prunefuse/prunefuse/pruning"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// Config says what a run does. ReadConfig reads it from YAML, where the keys
// are the tags below; what is left out takes the value of DefaultConfig.
type Config struct {
	Title string `yaml:"title" json:"title"`
	// Data is the pool and Test the held-out images, as `prunefuse train`
	// takes them: "fashion-mnist", "demo", a folder, an .npy file.
	Data string `yaml:"data" json:"data"`
	Test string `yaml:"test" json:"test"`
	// Images brings the samples of both to one size and to colours.
	Images Images `yaml:"images" json:"images,omitzero"`
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

// Images says what is done to samples before the network sees them. The zero
// value is what the file of a network says of images in its metadata, and
// otherwise nothing: they are to have one size. Whatever is said here is for
// samples of any kind.
type Images struct {
	Size   string `yaml:"size" json:"size,omitempty"`     // the shorter side, "256", or height and width, "240x320"
	Crop   string `yaml:"crop" json:"crop,omitempty"`     // what is kept of the middle: its side, or height and width
	Filter string `yaml:"filter" json:"filter,omitempty"` // "bilinear", which is also "", or "bicubic"
	Color  string `yaml:"color" json:"color,omitempty"`   // "grey", "rgb" or "bgr"
}

// Apply puts what is said of images in the place of what p says of them.
func (i Images) Apply(p *data.Preprocess) error {
	if i.Size != "" || i.Crop != "" {
		size, err := data.ParseSize(i.Size)
		if err != nil {
			return fmt.Errorf("images.size %q: %w", i.Size, err)
		}
		crop, err := data.ParseCrop(i.Crop)
		if err != nil {
			return fmt.Errorf("images.crop %q: %w", i.Crop, err)
		}
		p.Resize, p.Crop = size, crop
	}
	p.Filter, p.Color = cmp.Or(i.Filter, p.Filter), cmp.Or(i.Color, p.Color)
	return p.ToSize(&data.Options{})
}

// Network is the dense network: an architecture of the zoo, or a file.
type Network struct {
	Arch  string  `yaml:"arch" json:"arch,omitempty"`
	Width float64 `yaml:"width" json:"width,omitempty"`
	File  string  `yaml:"file" json:"file,omitempty"`
}

// Prune says how the selector is cut out of the dense network.
type Prune struct {
	Ratio     share.Share `yaml:"ratio" json:"ratio"`
	Criterion string      `yaml:"criterion" json:"criterion"`
}

// Label says how many samples are labelled when, and by which strategy.
type Label struct {
	Initial  int    `yaml:"initial" json:"initial"` // random
	Add      []int  `yaml:"add" json:"add"`         // one entry a round
	Strategy string `yaml:"strategy" json:"strategy"`
	// Measure is what a strategy weighs by that lets choose; empty is its own.
	Measure string             `yaml:"measure" json:"measure,omitempty"`
	Params  map[string]float64 `yaml:"params" json:"params,omitempty"` // of the strategy
	// Sync is T_sync: after every so many rounds the selector is fused, the
	// full network trained and pruned anew. 0 keeps one selector to the end.
	Sync int `yaml:"sync" json:"sync"`
}

// Fuse says what the fused network holds beside the selector's weights.
type Fuse struct {
	Rest string `yaml:"rest" json:"rest"`
}

// DefaultConfig is what a configuration starts from.
func DefaultConfig() Config {
	c := unsettledConfig()
	c.settle()
	return c
}

// unsettledConfig leaves the learning rates and weight decays to the
// optimisers.
func unsettledConfig() Config {
	return Config{
		Seed: 1, Model: Network{Width: 1}, Prune: Prune{Ratio: 0.5, Criterion: "l2"},
		Label: Label{Strategy: "margin"}, Selector: DefaultTraining(), Final: DefaultTraining(),
		Fuse: Fuse{Rest: string(fusion.Reinit)}, Compare: []string{"dense", "random"},
	}
}

// ReadConfig reads a configuration from YAML. An unknown key, a value of the
// wrong type or one out of range is an error that points to it.
func ReadConfig(b []byte) (Config, error) {
	c := unsettledConfig()
	if err := yaml.UnmarshalWithOptions(b, &c, yaml.Strict()); err != nil {
		return c, &ConfigError{yaml.FormatError(err, false, false)}
	}
	c.settle()
	return c, c.Check()
}

func (c *Config) settle() {
	c.Selector.Settle()
	c.Final.Settle()
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
	say(!(c.Prune.Ratio > 0 && c.Prune.Ratio < 1), "prune.ratio %v: want the share of channels to remove, above 0 and below 1, such as 0.5 or 50%%", float64(c.Prune.Ratio))
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
	images := c.Images.Apply(&data.Preprocess{})
	_, rest := fusion.ParseRest(c.Fuse.Rest)
	crit, criterion := pruning.CriterionByName(c.Prune.Criterion)
	say(crit.Data != pruning.NoData, "prune.criterion %s needs data, which a run does not prune by", crit.Name)
	_, strategy := c.Label.CheckStrategy()
	in := func(section string) func(string) string {
		return func(key string) string { return section + "." + key }
	}
	problem = cmp.Or(problem, images, c.Selector.Check(in("selector")), c.Final.Check(in("final")), rest, criterion, strategy)
	if problem != nil {
		return &ConfigError{problem.Error()}
	}
	return nil
}

// CheckStrategy returns the strategy that chooses samples from a pool whose
// labels are not known, with one network.
func (l Label) CheckStrategy() (selection.Strategy, error) {
	choice := selection.Choice{Strategy: l.Strategy, K: 1, Measure: l.Measure, Params: l.Params}
	s, err := choice.Check()
	if err != nil {
		return s, fmt.Errorf("label: %w", err)
	}
	if s.Labels {
		return s, fmt.Errorf("label.strategy %s chooses from samples whose labels are known", s.Name)
	}
	if s.Measure != "" {
		switch m, err := scoring.MeasureNamed(s.Measure); {
		case err != nil:
			return s, err
		case m.Source == scoring.FromMembers:
			return s, fmt.Errorf("label: measure %s needs several opinions of each sample, and a run has one network", m.Name)
		case m.Source == scoring.FromTraining:
			return s, fmt.Errorf("label: measure %s comes out of training on labels", m.Name)
		}
	}
	return s, nil
}

// Labels returns how many samples are labelled after every round, the initial
// ones first.
func (c Config) Labels() []int {
	out := []int{c.Label.Initial}
	for _, n := range c.Label.Add {
		out = append(out, out[len(out)-1]+n)
	}
	return out
}
