package config

import (
	"cmp"
	"fmt"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/share"
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
	// Classes are the names of the network's outputs, where neither its file nor
	// the data say them.
	Classes []string `yaml:"classes" json:"classes,omitempty"`

	Model Network `yaml:"model" json:"model"`
	Prune Prune   `yaml:"prune" json:"prune"`
	Label Label   `yaml:"label" json:"label"`
	// Probe is the number of samples without a label on which the selector is compared
	// with the trained full network, where there is one; 0 is none.
	Probe int `yaml:"probe" json:"probe,omitempty"`
	// Stop says when a run has labels enough before label.add is through.
	Stop Stop `yaml:"stop" json:"stop,omitzero"`
	// Selector is the training of the network that chooses, in every round;
	// Final that of the full one at the end and in rounds of synchronisation.
	Selector Selector `yaml:"selector" json:"selector"`
	Final    Final    `yaml:"final" json:"final"`
	Fuse     Fuse     `yaml:"fuse" json:"fuse"`
	// Arms are the ways to choose and to train that are run side by side, by
	// the names of Arms.
	Arms []string `yaml:"arms" json:"arms"`
	// Proxy is the network that chooses in the arm of that name.
	Proxy Proxy `yaml:"proxy" json:"proxy,omitzero"`
	// Compare is how arms were spelt before there were any: "dense" stands for
	// the arm scratch, "random" for random.
	Compare *[]string `yaml:"compare" json:"-"`
}

// The arms.
const (
	ArmPruneFuse = "prunefuse" // the method
	ArmDense     = "dense"     // chosen by the dense network, which is trained for it in every round
	ArmProxy     = "proxy"     // chosen by a smaller network of the zoo, as in SVP
	ArmRandom    = "random"    // the method on labels chosen at random
	ArmScratch   = "scratch"   // the dense network from scratch on the labels of the method
)

// Arms lists the arms in the order in which they are run.
func Arms() []string { return []string{ArmPruneFuse, ArmScratch, ArmDense, ArmProxy, ArmRandom} }

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

// Proxy is a network of the zoo that stands in for the dense one.
type Proxy struct {
	Arch  string  `yaml:"arch" json:"arch,omitempty"`
	Width float64 `yaml:"width" json:"width,omitempty"` // 0 is 1
}

// Selector is how the network that chooses is trained.
type Selector struct {
	Training `yaml:",inline"`
	// Start is what each round starts from: StartScratch, the network as it was
	// cut out of its parent, or StartWarm, the selector of the round before.
	// Empty is StartScratch.
	Start string `yaml:"start" json:"start,omitempty"`
}

// The starts of a round's selector.
const (
	StartScratch = "scratch"
	StartWarm    = "warm"
)

// Final is how the full network is trained.
type Final struct {
	Training `yaml:",inline"`
	// Distill lets it learn from a teacher, too; nil is from labels alone.
	Distill *Distill `yaml:"distill" json:"distill,omitempty"`
}

// Distill adds a teacher to the loss: (1 − Weight)·cross-entropy +
// Weight·T²·KL, with T the Temperature.
type Distill struct {
	// From is DistillSelector or an ONNX file.
	From        string  `yaml:"from" json:"from"`
	Weight      float64 `yaml:"weight" json:"weight"`           // 0 is 0.5
	Temperature float64 `yaml:"temperature" json:"temperature"` // 0 is 4
}

// DistillSelector is the trained selector that the full network was fused from
// as its teacher. Arms that fuse none do without.
const DistillSelector = "selector"

// Prune says how the selector is cut out of the dense network.
type Prune struct {
	Ratio     share.Share `yaml:"ratio" json:"ratio"`
	Criterion string      `yaml:"criterion" json:"criterion"`
}

// Label says how many samples are labelled when, by whom, and by which strategy.
type Label struct {
	// From is who labels: FromPool, which the labels of the pool simulate, or
	// FromPeople. Empty is FromPool.
	From string `yaml:"from" json:"from,omitempty"`
	// Enough is the share of a batch with which a run goes on that people label
	// for; those that are left may be chosen again. 0 is all of it.
	Enough share.Share `yaml:"enough" json:"enough,omitzero"`
	// Skip is what people write for a sample that cannot be labelled; empty is
	// "skip".
	Skip string `yaml:"skip" json:"skip,omitempty"`
	// Consensus is how answers of several annotators that differ become one label:
	// "last", "majority" or "dawid-skene". Empty is majority, unless Disagreement says
	// something else.
	Consensus string `yaml:"consensus" json:"consensus,omitempty"`
	// Disagreement is what becomes of a sample on which the consensus does not decide,
	// or, where there is none, of every one whose answers differ: "refuse", which is
	// also "", or "skip". "last" and "majority" are an older way to name a consensus.
	Disagreement string `yaml:"disagreement" json:"disagreement,omitempty"`
	// Overlap is the share of each batch that two annotators are to label.
	Overlap share.Share `yaml:"overlap" json:"overlap,omitzero"`
	// URLPrefix is what comes before the name of an image in the tasks for Label
	// Studio, as "/data/local-files/?d=batch/".
	URLPrefix string `yaml:"url_prefix" json:"url_prefix,omitempty"`
	// Guesses says whether the files of a batch have the selector's opinion of each
	// sample; nil is yes. The first batch, which no network chose, never has one.
	Guesses *bool `yaml:"guesses" json:"guesses,omitempty"`

	Initial int `yaml:"initial" json:"initial"` // the first labels
	// First is how these are chosen: "random", which is also "", or a strategy that goes
	// by features alone, those of the untrained network.
	First    string `yaml:"first" json:"first,omitempty"`
	Add      []int  `yaml:"add" json:"add"` // one entry a round
	Strategy string `yaml:"strategy" json:"strategy"`
	// Measure is the measure of a strategy that takes any; empty is its own.
	Measure string             `yaml:"measure" json:"measure,omitempty"`
	Params  map[string]float64 `yaml:"params" json:"params,omitempty"` // of the strategy
	// Sync is T_sync: after every so many rounds the selector is fused, the
	// full network trained and pruned anew. 0 keeps one selector to the end.
	Sync int `yaml:"sync" json:"sync"`
}

// Who labels.
const (
	FromPool   = "pool"
	FromPeople = "people"
)

// Fuse says what the fused network holds beside the selector's weights.
type Fuse struct {
	Rest string `yaml:"rest" json:"rest"`
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
