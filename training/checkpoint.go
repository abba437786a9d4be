package training

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"

	"github.com/prunefuse/prunefuse/onnxio"
)

// CheckpointKey is the metadata property that makes a model a checkpoint.
//
// A checkpoint is the model in training as an ONNX file, with the weights and
// running statistics it has, and beside them the optimiser's tensors as
// initializers that no node reads: "momentum/" or the like and the weight's
// name, and so the moving averages and the gradients of a step under way. So one
// file written at once holds everything, whatever reads ONNX reads it, and it
// is a model that runs. The property is JSON: where the run is, and what must
// be the same for going on to give what the run would have given.
const CheckpointKey = "prunefuse.checkpoint"

const checkpointSchema = "prunefuse.checkpoint/1"

type checkpoint struct {
	Schema  string   `json:"schema"`
	Run     identity `json:"run"`
	Step    int      `json:"step"`    // steps done
	Batches int      `json:"batches"` // taken, in them and in the step under way
	Group   tally    `json:"group"`   // of the batches of that step
	Epoch   tally    `json:"epoch"`
	History History  `json:"history"`
}

// identity is what determines a run besides its length and learning rates.
type identity struct {
	Model      string          `json:"model"` // fingerprint of what the run began with
	Samples    int             `json:"samples"`
	Batch      int             `json:"batch"`
	DropLast   bool            `json:"drop_last"`
	Seed       uint64          `json:"seed"`
	Optimizer  json.RawMessage `json:"optimizer"`
	Decay      Decay           `json:"decay"`
	Clip       Clip            `json:"clipping"`
	Accumulate int             `json:"accumulation"`
	Average    float64         `json:"moving_average"`
	Learn      []string        `json:"learn_pattern"`
	Freeze     []string        `json:"freeze_pattern"`
	Augment    Augment         `json:"augment"`
	Normalize  Normalize       `json:"normalize"`
	Loss       Loss            `json:"loss,omitzero"`
	Teacher    lesson          `json:"teacher,omitzero"`
	Dynamics   int             `json:"dynamics,omitzero"` // early epochs
}

// lesson is what determines the answers of a teacher.
type lesson struct {
	Model     string    `json:"model"` // fingerprint
	Normalize Normalize `json:"normalize"`
}

func (t *trainer) identity() identity {
	early := 0
	if t.dynamics != nil {
		early = t.dynamics.early
	}
	return identity{
		Model: t.origin, Samples: t.source.set.Len(), Batch: t.o.Batch, DropLast: t.o.DropLast, Seed: t.o.Seed,
		Optimizer: optimizerRecord(t.step.options.Optimizer), Decay: cmp.Or(t.o.Step.Decay, DecayAll), Clip: t.o.Step.Clip,
		Accumulate: t.o.Accumulate, Average: t.o.Step.Average, Learn: t.o.Step.Learn, Freeze: t.o.Step.Freeze,
		Augment: t.o.Augment, Normalize: t.o.Normalize,
		Loss: t.o.Step.Loss, Teacher: t.lesson, Dynamics: early,
	}
}

// save writes the checkpoint unless it is there already. A state that cannot
// be gone on from never replaces one that can.
func (t *trainer) save() error {
	if t.o.Checkpoint == "" || t.saved == t.batches {
		return nil
	}
	if t.step.broken() != "" {
		return nil // the next step's loss stops the run and says so
	}
	m, err := t.step.snapshot()
	if err == nil {
		err = t.dynamics.write(m)
	}
	if err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	b, err := json.Marshal(checkpoint{checkpointSchema, t.identity(), t.done, t.batches, t.group, t.epoch, t.history})
	if err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	m.SetMeta(CheckpointKey, string(b))
	if err := m.Save(t.o.Checkpoint, onnxio.SaveOptions{}); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	t.saved, t.good = t.batches, t.done
	return nil
}

// resume takes up the checkpoint where there is one.
func (t *trainer) resume() error {
	m, err := onnxio.Load(t.o.Checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	if err := t.restoreRun(m); err != nil {
		return fmt.Errorf("resume from %s: %w", t.o.Checkpoint, err)
	}
	return nil
}

func (t *trainer) restoreRun(m *onnxio.Model) error {
	text, ok := m.Meta(CheckpointKey)
	if !ok {
		return errors.New("it is a model but no checkpoint")
	}
	var c checkpoint
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return fmt.Errorf("metadata %s: %w", CheckpointKey, err)
	}
	if c.Schema != checkpointSchema {
		return fmt.Errorf("it has the schema %q, want %q", c.Schema, checkpointSchema)
	}
	if field := firstDifference(c.Run, t.identity()); field != "" {
		return fmt.Errorf("it is of a run with another %s; give the options of that run, or start anew with another checkpoint", field)
	}
	if c.Batches < 0 || c.Step != t.pace.steps(c.Batches) {
		return fmt.Errorf("it has %d steps of %d batches, which is no state of this run", c.Step, c.Batches)
	}
	if c.Step > t.schedule.steps {
		return fmt.Errorf("it is at step %d and this run has %d", c.Step, t.schedule.steps)
	}
	if err := t.dynamics.restore(m.Graph); err != nil {
		return err
	}
	if err := t.step.restore(m.Graph, c.Step, t.pace.within(c.Batches)); err != nil {
		return err
	}
	t.done, t.good, t.batches, t.saved = c.Step, c.Step, c.Batches, c.Batches
	t.group, t.epoch, t.history = c.Group, c.Epoch, c.History
	t.history.Stopped = t.patienceEnds()
	return nil
}

// firstDifference names a field that two identities do not share, as a reader
// of the error knows it.
func firstDifference(a, b identity) string {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			return x.Type().Field(i).Tag.Get("json")
		}
	}
	return ""
}

// snapshot returns the model with its weights and statistics as of now, and
// with what else the step holds as initializers that no node reads. The
// gradients that a step begins with are zero and left out.
func (s *Step) snapshot() (*onnxio.Model, error) {
	m, err := s.with(parameter, statistic)
	if err != nil {
		return nil, err
	}
	p := m.Graph.Edit()
	for i, v := range s.graph.state {
		if v.kind == slot || v.kind == average || v.kind == sum && s.added > 0 {
			p.SetInitializer(s.tensor(i))
		}
	}
	return m, p.Apply()
}

// restore sets the state to that of a snapshot after so many steps and, in
// the next, batches.
func (s *Step) restore(g *onnxio.Graph, taken, added int) error {
	values := make([][]float32, len(s.graph.state))
	for i, v := range s.graph.state {
		if v.kind == sum && added == 0 {
			continue
		}
		t := g.Initializer(v.name)
		if t == nil || !t.Shape().Equal(v.start.Shape()) {
			return fmt.Errorf("it has no %q of shape %v", v.name, v.start.Dims())
		}
		var err error
		if values[i], err = t.Floats(); err != nil {
			return err
		}
	}
	for i, v := range values {
		copy(s.values(i), v)
	}
	s.taken, s.added = taken, added
	return nil
}
