package training

import (
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Monitor names the figure of a validation by which epochs are compared.
type Monitor string

// The figures to monitor.
const (
	MonitorLoss     Monitor = "loss"     // the lower the better
	MonitorAccuracy Monitor = "accuracy" // the higher the better
)

// better reports whether a is better than b. Of equals the first is the best.
func (m Monitor) better(a, b *Validation) bool {
	if m == MonitorAccuracy {
		return a.Accuracy > b.Accuracy
	}
	return a.Loss < b.Loss
}

func (o *Options) checkMonitor() error {
	switch {
	case o.Monitor != "" && o.Monitor != MonitorLoss && o.Monitor != MonitorAccuracy:
		return fmt.Errorf("monitor %q: want %s or %s", o.Monitor, MonitorLoss, MonitorAccuracy)
	case o.Patience < 0:
		return fmt.Errorf("a patience of %d epochs", o.Patience)
	case (o.Patience > 0 || o.Best != "") && o.Validation == nil:
		return errors.New("the best epoch is told by the validation: give a validation set")
	}
	return nil
}

// compare records whether the last epoch, which ended with model m, is the
// best, keeps the model where it is, and decides whether to wait for a better
// one.
func (t *trainer) compare(m *onnxio.Model) error {
	epochs := t.history.Epochs
	last := epochs[len(epochs)-1]
	if last.Validation == nil {
		return nil
	}
	best := t.best()
	t.history.Best = epochs[best].Epoch
	t.history.Stopped = t.patienceEnds()
	if t.o.Best == "" || best != len(epochs)-1 {
		return nil
	}
	if err := m.Save(t.o.Best, onnxio.SaveOptions{}); err != nil {
		return fmt.Errorf("write the best model: %w", err)
	}
	return nil
}

// patienceEnds reports whether the best epoch is too long ago.
func (t *trainer) patienceEnds() bool {
	best := t.best()
	return t.o.Patience > 0 && best >= 0 && len(t.history.Epochs)-1-best >= t.o.Patience
}

// best returns the place in the history of the best epoch that was validated.
func (t *trainer) best() int {
	best := -1
	for i, e := range t.history.Epochs {
		if e.Validation != nil && (best < 0 || t.o.Monitor.better(e.Validation, t.history.Epochs[best].Validation)) {
			best = i
		}
	}
	return best
}

// over reports whether the run is at its end.
func (t *trainer) over() bool { return t.done == t.schedule.steps || t.history.Stopped }
