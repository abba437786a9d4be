package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"

	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/training"
)

// recordOptions are the flags of a training that say when it is good enough
// and what is written of its course.
type recordOptions struct {
	patience int
	monitor  string
	best     string
	metrics  string
	dynamics string
	early    int
}

func (o *recordOptions) addFlags(fs *pflag.FlagSet) {
	fs.IntVar(&o.patience, "patience", 0, "stop after so many `epochs` in a row without a better validation; 0 is never")
	fs.StringVar(&o.monitor, "monitor", string(training.MonitorLoss), "`figure` that tells a better validation: loss or accuracy")
	fs.StringVar(&o.best, "best", "", "write the model of the best epoch to this `file`; --output is the last one")
	fs.StringVar(&o.metrics, "metrics", "", "write a line of JSON a step and an epoch to this `file`, as they happen")
	fs.StringVar(&o.dynamics, "dynamics", "", "write forgetting, EL2N, GraNd and AUM of every sample to this `file`, for select")
	fs.IntVar(&o.early, "dynamics-epochs", 10, "with --dynamics: the first `epochs`, over which EL2N and GraNd are averaged")
	markIncidental(fs, "best", "metrics", "dynamics", "dynamics-epochs")
}

func (o *recordOptions) settle(fs *pflag.FlagSet, validated bool) error {
	switch {
	case o.monitor != string(training.MonitorLoss) && o.monitor != string(training.MonitorAccuracy):
		return fmt.Errorf("--monitor %q: want loss or accuracy", o.monitor)
	case o.patience < 0 || o.early < 1:
		return errors.New("--patience is at least 0, --dynamics-epochs at least 1")
	case (o.patience > 0 || o.best != "" || fs.Changed("monitor")) && !validated:
		return errors.New("--patience, --monitor and --best need a validation: name its samples with --val")
	case o.dynamics == "" && fs.Changed("dynamics-epochs"):
		return errors.New("--dynamics-epochs is for --dynamics")
	case o.best == stdStream || o.metrics == stdStream:
		return errors.New("--best and --metrics cannot go to stdout")
	}
	return nil
}

// checkEndings refuses names that belong to other formats.
func (o *recordOptions) checkEndings() error {
	return cmp.Or(
		named{"--best", o.best}.checkEnding(".onnx"),
		named{"--metrics", o.metrics}.checkEnding(".jsonl", ".ndjson"),
		named{"--dynamics", o.dynamics}.checkEnding(".jsonl", ".ndjson"),
	)
}

// apply sets what the flags say in the library's options.
func (o *recordOptions) apply(to *training.Options) {
	to.Patience, to.Monitor, to.Best = o.patience, training.Monitor(o.monitor), o.best
	if o.dynamics != "" {
		to.Dynamics = &training.DynamicsOptions{Early: o.early}
	}
}

// writeDynamics adds the file of --dynamics, where it is asked for.
func (o *recordOptions) writeDynamics(g *globals, out *outputs, set data.Set, all []training.Dynamics) error {
	if o.dynamics == "" {
		return nil
	}
	return out.write(o.dynamics, func(w io.Writer) error {
		left, err := writeDynamics(w, set, all)
		if err == nil && left > 0 {
			g.note("%d samples that no step of the first %d epochs took are not in %s", left, o.early, o.dynamics)
		}
		return err
	})
}

// metricsSchema names the format of a file of metrics. Every line has it, and
// a kind: "step" or "epoch".
const metricsSchema = "prunefuse.metrics/1"

type stepLine struct {
	Schema   string  `json:"schema"`
	Kind     string  `json:"kind"`
	Step     int     `json:"step"` // done so far
	Epoch    int     `json:"epoch"`
	Loss     float32 `json:"loss"`     // before the step
	Accuracy float64 `json:"accuracy"` // of the batch, before the step
	Rate     float32 `json:"rate"`
	Seconds  float64 `json:"seconds"`
	Waited   float64 `json:"waited"` // of these, for data
}

type epochLine struct {
	Schema     string               `json:"schema"`
	Kind       string               `json:"kind"`
	Step       int                  `json:"step"`
	Epoch      int                  `json:"epoch"`
	Loss       float64              `json:"loss"`
	Accuracy   float64              `json:"accuracy"`
	Rate       float32              `json:"rate"`
	Seconds    float64              `json:"seconds"`
	Validation *training.Validation `json:"validation,omitempty"`
}

// metrics writes the file of --metrics, line by line, so that others can
// follow it. Its methods may be called on nil.
type metrics struct {
	f     *os.File
	epoch int // of the last epoch's line
	err   error
}

// openMetrics begins the file, or goes on with the lines up to a step.
func openMetrics(path string, done int) (*metrics, error) {
	if path == "" {
		return nil, nil
	}
	m := &metrics{}
	var kept []byte
	if done > 0 {
		var err error
		if kept, err = m.keep(path, done); err != nil {
			return nil, err
		}
	}
	if err := atomicfile.WriteBytes(path, 0o666, kept); err != nil {
		return nil, err
	}
	var err error
	m.f, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	return m, err
}

// keep returns the lines of an earlier part of the run up to a step.
func (m *metrics) keep(path string, done int) ([]byte, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var kept []byte
	for line := range bytes.Lines(content) {
		var at epochLine
		if err := json.Unmarshal(line, &at); err != nil || at.Schema != metricsSchema {
			if !bytes.HasSuffix(line, []byte("\n")) {
				break // what a kill left of a line
			}
			return nil, fmt.Errorf("go on with %s: it is no file of metrics", path)
		}
		if at.Step > done {
			break
		}
		if at.Kind == "epoch" {
			m.epoch = at.Epoch
		}
		kept = append(kept, line...)
	}
	return kept, nil
}

func (m *metrics) step(p training.Progress) {
	if m != nil {
		m.write(stepLine{metricsSchema, "step", p.Step, p.Epoch, p.Loss, p.Accuracy, p.Rate, p.Seconds, p.Waited})
	}
}

// ended writes the line of an epoch that has none yet: a run that was stopped
// behind an epoch's last step ends it again.
func (m *metrics) ended(e training.Epoch) {
	if m != nil && e.Epoch > m.epoch {
		m.write(epochLine{metricsSchema, "epoch", e.Steps, e.Epoch, e.Loss, e.Train, e.Rate, e.Seconds, e.Validation})
	}
}

func (m *metrics) write(line any) {
	b, err := json.Marshal(line)
	if err == nil {
		_, err = m.f.Write(append(b, '\n'))
	}
	m.err = errors.Join(m.err, err)
}

// close returns the first error of all.
func (m *metrics) close() error {
	if m == nil {
		return nil
	}
	return errors.Join(m.err, m.f.Close())
}

// dynamicsLine is a line of a score file, with what a training saw of a sample
// as its scores.
type dynamicsLine struct {
	Schema       string             `json:"schema"`
	Index        int                `json:"index"`
	ID           string             `json:"id"`
	Label        int                `json:"label"`
	Class        int                `json:"class"`
	Confidence   float64            `json:"confidence"`
	NeverLearned bool               `json:"never_learned"`
	Epochs       int                `json:"epochs"` // how often it was taken
	Scores       map[string]float64 `json:"scores"`
}

// writeDynamics writes what a training saw of the samples of a set. The
// forgetting of one that was never learned, which counts as infinite, is the
// number of epochs: no other sample can have as much. A sample that no early
// epoch took has no line; how many those are is returned.
func writeDynamics(w io.Writer, set data.Set, all []training.Dynamics) (left int, err error) {
	most := 0
	for _, d := range all {
		most = max(most, d.Taken)
	}
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for i, d := range all {
		if math.IsNaN(d.EL2N) {
			left++
			continue
		}
		line := dynamicsLine{
			scoring.RecordSchema, i, set.ID(i), set.Label(i), d.Class, d.Confidence, !d.Learned, d.Taken,
			map[string]float64{"forgetting": float64(d.Forgotten), "el2n": d.EL2N, "aum": d.AUM},
		}
		if !d.Learned {
			line.Scores["forgetting"] = float64(most)
		}
		if !math.IsNaN(d.GraNd) {
			line.Scores["grand"] = d.GraNd
		}
		if err := enc.Encode(line); err != nil {
			return left, fmt.Errorf("write dynamics of %q: %w", line.ID, err)
		}
	}
	return left, out.Flush()
}
