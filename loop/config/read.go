package config

import (
	"math"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/prunefuse/prunefuse/fusion"
)

// DefaultConfig is the configuration that any other starts from.
func DefaultConfig() Config {
	c := openConfig()
	c.applyDefaults()
	return c
}

// openConfig has no value where the default depends on other values.
func openConfig() Config {
	return Config{
		Seed: 1, Model: Network{Width: 1}, Prune: Prune{Ratio: 0.5, Criterion: "l2"},
		Label: Label{Strategy: "margin"}, Selector: Selector{Training: openTraining()}, Final: Final{Training: openTraining()},
		Fuse: Fuse{Rest: string(fusion.Reinit)}, Probe: 1000,
	}
}

// ReadConfig reads a configuration from YAML. An unknown key, a value of the
// wrong type or one out of range is an error that points to it.
func ReadConfig(b []byte) (Config, error) {
	c := openConfig()
	if err := checkDocument(b); err != nil {
		return c, &Error{err.Error()}
	}
	if err := yaml.UnmarshalWithOptions(b, &c, yaml.Strict()); err != nil {
		return c, &Error{yaml.FormatError(err, false, false)}
	}
	if c.Arms != nil && c.Compare != nil {
		return c, &Error{"compare is the older spelling of arms: leave it out"}
	}
	c.applyDefaults()
	return c, c.Check()
}

// applyDefaults fills in what depends on other values.
func (c *Config) applyDefaults() {
	c.Selector.ApplyDefaults()
	c.Final.ApplyDefaults()
	if d := c.Final.Distill; d != nil {
		if d.Weight == 0 {
			d.Weight = 0.5
		}
		if d.Temperature == 0 {
			d.Temperature = 4
		}
	}
	if c.Compare == nil {
		switch {
		case c.Arms != nil:
		case c.Label.From == FromPeople:
			c.Arms = []string{ArmPruneFuse}
		default:
			c.Arms = []string{ArmPruneFuse, ArmScratch, ArmRandom}
		}
		return
	}
	c.Arms = []string{ArmPruneFuse}
	for _, name := range *c.Compare {
		if name == "dense" {
			name = ArmScratch
		}
		c.Arms = append(c.Arms, name)
	}
	c.Compare = nil
}

// Error says that a configuration cannot be run.
type Error struct{ Reason string }

func (e *Error) Error() string {
	return "configuration: " + strings.Join(strings.Fields(e.Reason), " ")
}

// openTraining leaves to ApplyDefaults what depends on the optimiser and on
// whether there are phases.
func openTraining() Training {
	t := DefaultTraining()
	t.Epochs, t.Schedule, t.Milestones, t.Gamma = unsetEpochs, "", nil, math.NaN()
	return t
}
