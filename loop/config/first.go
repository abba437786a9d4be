package config

import (
	"fmt"

	"github.com/prunefuse/prunefuse/internal/suggest"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// firstAtRandom draws the first labels, for which no network has to see the pool.
const firstAtRandom = "random"

// ByFeatures reports whether the first labels are chosen by what the untrained network
// makes of the pool.
func (l Label) ByFeatures() bool { return l.First != "" && l.First != firstAtRandom }

// CheckFirst returns the strategy that chooses the first labels, where ByFeatures.
func (l Label) CheckFirst() (selection.Strategy, error) {
	names := []string{firstAtRandom}
	for _, s := range selection.Strategies() {
		switch {
		case !choosesCold(s):
		case s.Name == l.First:
			return s, nil
		default:
			names = append(names, s.Name)
		}
	}
	return selection.Strategy{}, fmt.Errorf("label.first %q: an untrained network knows no class: %s", l.First, suggest.Want(l.First, names))
}

// FirstParams are the parameters of that strategy for a number of classes, of which an
// untrained network predicts none in earnest.
func (l Label) FirstParams(classes int) map[string]float64 {
	s, err := l.CheckFirst()
	if err != nil {
		return nil
	}
	for _, p := range s.Params {
		if p.Name == "classes" {
			return map[string]float64{p.Name: float64(classes)}
		}
	}
	return nil
}

// choosesCold reports whether a strategy needs nothing that an untrained network lacks.
func choosesCold(s selection.Strategy) bool {
	return s.Features && !s.Probabilities && s.Measure == "" && s.Labelled != selection.Required && !s.Labels
}

func (c Config) checkFirst() error {
	if !c.Label.ByFeatures() {
		return nil
	}
	_, err := c.Label.CheckFirst()
	return err
}
