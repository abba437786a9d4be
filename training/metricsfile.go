package training

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
)

// MetricsSchema names the format of a [MetricsFile]. Every line has it, and
// a kind: "step" or "epoch".
const MetricsSchema = "prunefuse.metrics/1"

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
	Schema     string      `json:"schema"`
	Kind       string      `json:"kind"`
	Step       int         `json:"step"`
	Epoch      int         `json:"epoch"`
	Loss       float64     `json:"loss"`
	Accuracy   float64     `json:"accuracy"`
	Rate       float32     `json:"rate"`
	Seconds    float64     `json:"seconds"`
	Validation *Validation `json:"validation,omitempty"`
}

// MetricsFile is the course of a training as a file that grows by a line of
// JSON a step and an epoch, so that others can follow it. Its methods may be
// called on nil. They may not be called at the same time.
type MetricsFile struct {
	f     *os.File
	path  string
	epoch int // of the last epoch's line
	err   error
}

// OpenMetrics begins the file of a training, or goes on after a number of
// steps: then it keeps the lines of the steps up to there. An empty path is no
// file, which is nil.
func OpenMetrics(path string, done int) (*MetricsFile, error) {
	if path == "" {
		return nil, nil
	}
	m := &MetricsFile{path: path}
	var kept []byte
	if done > 0 {
		var err error
		if kept, err = m.keep(done); err != nil {
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

// keep returns the lines of an earlier part of the training up to a step.
func (m *MetricsFile) keep(done int) ([]byte, error) {
	content, err := os.ReadFile(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var kept []byte
	for line := range bytes.Lines(content) {
		var at epochLine
		if err := json.Unmarshal(line, &at); err != nil || at.Schema != MetricsSchema {
			if !bytes.HasSuffix(line, []byte("\n")) {
				break // what a kill left of a line
			}
			return nil, fmt.Errorf("go on with %s: it is no file of metrics", m.path)
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

// Step writes the line of a step.
func (m *MetricsFile) Step(p Progress) {
	if m != nil {
		m.write(stepLine{MetricsSchema, "step", p.Step, p.Epoch, p.Loss, p.Accuracy, p.Rate, p.Seconds, p.Waited})
	}
}

// Epoch writes the line of an epoch that has none yet: a training that was
// stopped after an epoch's last step ends that epoch again.
func (m *MetricsFile) Epoch(e Epoch) {
	if m != nil && e.Epoch > m.epoch {
		m.write(epochLine{MetricsSchema, "epoch", e.Steps, e.Epoch, e.Loss, e.Train, e.Rate, e.Seconds, e.Validation})
	}
}

func (m *MetricsFile) write(line any) {
	b, err := json.Marshal(line)
	if err == nil {
		_, err = m.f.Write(append(b, '\n'))
	}
	m.err = errors.Join(m.err, err)
}

// Close ends the file. It returns the first error of all, which names it.
func (m *MetricsFile) Close() error {
	if m == nil {
		return nil
	}
	if err := errors.Join(m.err, m.f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", m.path, err)
	}
	return nil
}
