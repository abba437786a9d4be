package config

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/pruning"
)

// maxLabels bounds the labels of a run, so that their sum can be computed.
const maxLabels = 1 << 40

// Check is a *Error where the configuration contradicts itself.
func (c Config) Check() error {
	_, rest := fusion.ParseRest(c.Fuse.Rest)
	_, strategy := c.Label.CheckStrategy()
	err := cmp.Or(c.checkSources(), c.checkLabels(), c.checkPeople(), c.checkPrune(), c.checkArms(), c.Images.Apply(&data.Preprocess{}),
		c.Selector.check(), c.Final.check(), rest, strategy, c.checkFirst(), c.Stop.check())
	if err != nil {
		return &Error{err.Error()}
	}
	return nil
}

func (c Config) checkSources() error {
	switch {
	case c.Data == "":
		return errors.New("data is not set: name the pool of samples")
	case c.Test == "":
		return errors.New("test is not set: name the held-out samples")
	case (c.Model.Arch == "") == (c.Model.File == ""):
		return errors.New("model: set either arch or file")
	case c.Probe < 0:
		return fmt.Errorf("probe %d: want 0 or more samples", c.Probe)
	case c.Limit < 0:
		return fmt.Errorf("limit %d: want 0 or more", c.Limit)
	}
	return nil
}

func (c Config) checkLabels() error {
	switch {
	case c.Label.Initial < 1 || c.Label.Initial > maxLabels:
		return fmt.Errorf("label.initial %d: want from 1 to %d", c.Label.Initial, maxLabels)
	case len(c.Label.Add) == 0:
		return errors.New("label.add is empty: want the number of labels of each round")
	case c.Label.Sync < 0:
		return fmt.Errorf("label.sync %d: want 0 or more", c.Label.Sync)
	}
	for i, n := range c.Label.Add {
		if n < 1 || n > maxLabels {
			return fmt.Errorf("label.add[%d] is %d: want from 1 to %d", i, n, maxLabels)
		}
	}
	return nil
}

func (c Config) checkPrune() error {
	if !(c.Prune.Ratio > 0 && c.Prune.Ratio < 1) {
		return fmt.Errorf("prune.ratio %v: want the share of channels to remove, above 0 and below 1, such as 0.5 or 50%%", float64(c.Prune.Ratio))
	}
	criterion, err := pruning.CriterionByName(c.Prune.Criterion)
	if err == nil && criterion.Data != pruning.NoData {
		err = fmt.Errorf("prune.criterion %s needs data, which a run does not prune by", criterion.Name)
	}
	return err
}

func (c Config) checkArms() error {
	for i, name := range c.Arms {
		switch {
		case !slices.Contains(Arms(), name):
			return fmt.Errorf("arms: %q is none of %s", name, strings.Join(Arms(), ", "))
		case slices.Contains(c.Arms[:i], name):
			return fmt.Errorf("arms: %s is named twice", name)
		}
	}
	proxy := slices.Contains(c.Arms, ArmProxy)
	switch {
	case !slices.Contains(c.Arms, ArmPruneFuse):
		return fmt.Errorf("arms: %s is not among them; the others share its first labels", ArmPruneFuse)
	case proxy && c.Proxy.Arch == "":
		return errors.New("proxy.arch is not set: name the smaller network that the arm proxy chooses by")
	case !proxy && c.Proxy != Proxy{}:
		return errors.New("proxy is for the arm proxy: name it among the arms")
	}
	return nil
}

func (s Selector) check() error {
	if s.Start != "" && s.Start != StartScratch && s.Start != StartWarm {
		return fmt.Errorf("selector.start %q: want %s or %s", s.Start, StartScratch, StartWarm)
	}
	return s.Check(func(key string) string { return "selector." + key })
}

func (f Final) check() error {
	if d := f.Distill; d != nil {
		switch {
		case d.From == "":
			return fmt.Errorf("final.distill.from is not set: want %s or an ONNX file", DistillSelector)
		case !(d.Weight > 0 && d.Weight <= 1):
			return fmt.Errorf("final.distill.weight %v: want above 0 and at most 1", d.Weight)
		case !(d.Temperature > 0) || math.IsInf(d.Temperature, 0):
			return fmt.Errorf("final.distill.temperature %v: want a number above 0", d.Temperature)
		}
	}
	return f.Check(func(key string) string { return "final." + key })
}
