package config

import (
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/labelling"
)

func (c Config) checkPeople() error {
	l := c.Label
	people := l.From == FromPeople
	switch {
	case l.From != "" && l.From != FromPool && !people:
		return fmt.Errorf("label.from %q: want %s or %s", l.From, FromPool, FromPeople)
	case !people && l.Enough != 0:
		return errors.New("label.enough is for label.from: people")
	case !people && (l.Skip != "" || l.URLPrefix != "" || l.Disagreement != ""):
		return errors.New("label.skip, label.url_prefix and label.disagreement are for label.from: people")
	case !people && l.Guesses != nil:
		return errors.New("label.guesses is for label.from: people")
	case !people && (l.Consensus != "" || l.Overlap != 0):
		return errors.New("label.consensus and label.overlap are for label.from: people")
	case !(l.Enough >= 0 && l.Enough <= 1):
		return fmt.Errorf("label.enough %v: want a share of each batch, above 0 and at most 1, such as 0.95 or 95%%", float64(l.Enough))
	case !(l.Overlap >= 0 && l.Overlap <= 1):
		return fmt.Errorf("label.overlap %v: want a share of each batch, from 0 to 1, such as 0.1 or 10%%", float64(l.Overlap))
	case !people:
		return nil
	}
	if err := l.checkConsensus(); err != nil {
		return err
	}
	for _, name := range c.Arms {
		if name != ArmPruneFuse && name != ArmScratch {
			return fmt.Errorf("arms: %s wants labels of its own, which people would have to give as well; leave it out", name)
		}
	}
	return nil
}

func (l Label) checkConsensus() error {
	if l.Disagreement != "" {
		if _, err := labelling.ParseDisagreement(l.Disagreement); err != nil {
			return fmt.Errorf("label.disagreement %w", err)
		}
	}
	d := labelling.Disagreement(l.Disagreement)
	switch labelling.Disagreement(l.Consensus) {
	case "":
		return nil
	case labelling.Last, labelling.Majority, labelling.DawidSkene:
	default:
		return fmt.Errorf("label.consensus %q: want %s, %s or %s", l.Consensus, labelling.Last, labelling.Majority, labelling.DawidSkene)
	}
	if d != "" && d != labelling.Refuse && d != labelling.Skip {
		return fmt.Errorf("label.consensus is %s and label.disagreement %s: beside a consensus want %s or %s, for samples on which it does not decide", l.Consensus, d, labelling.Refuse, labelling.Skip)
	}
	return nil
}

// Decision says how answers that differ are taken, and whether a sample on which that
// does not decide stays without a label instead of being a problem.
func (l Label) Decision() (way labelling.Disagreement, skipTies bool) {
	switch {
	case l.Consensus != "":
		return labelling.Disagreement(l.Consensus), l.Disagreement == string(labelling.Skip)
	case l.Disagreement != "":
		return labelling.Disagreement(l.Disagreement), false
	}
	return labelling.Majority, false
}
