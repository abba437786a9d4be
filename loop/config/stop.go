package config

import (
	"errors"
	"fmt"
	"math"

	"github.com/prunefuse/prunefuse/internal/share"
)

// Stop is rules by which a run asks for no more labels, looked at when the selector of a
// round was tested; the first that holds is said. The zero value has none.
type Stop struct {
	// Labels is the number of labels that is enough.
	Labels int `yaml:"labels" json:"labels,omitempty"`
	// Hours is how long the steps of the method may have taken.
	Hours float64 `yaml:"hours" json:"hours,omitempty"`
	// Accuracy is that of the selector, on the held-out samples, that is enough.
	Accuracy share.Share `yaml:"accuracy" json:"accuracy,omitzero"`
	// Plateau is the number of rounds in a row whose selector was no better than the
	// best one before them.
	Plateau int `yaml:"plateau" json:"plateau,omitempty"`
}

func (s Stop) check() error {
	switch {
	case s.Labels < 0:
		return fmt.Errorf("stop.labels %d: want a number of labels", s.Labels)
	case !(s.Hours >= 0) || math.IsInf(s.Hours, 0):
		return fmt.Errorf("stop.hours %v: want a number of hours", s.Hours)
	case !(s.Accuracy >= 0 && s.Accuracy <= 1):
		return fmt.Errorf("stop.accuracy %v: want a share, such as 0.9 or 90%%", float64(s.Accuracy))
	case s.Plateau < 0:
		return errors.New("stop.plateau: want a number of rounds")
	}
	return nil
}
