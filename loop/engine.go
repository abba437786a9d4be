package loop

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/prunefuse/prunefuse/internal/rundir"
)

// Engine runs the arms of a run, one after the other.
type Engine struct {
	dir       *rundir.Dir
	files     map[string]Artefact // by path, that the log named when the run was opened
	arms      []Arm
	workbench *workbench
}

// Arm is one way to choose and to train: the method, or what it is compared
// with. All go through the same steps, by other specs.
type Arm struct {
	Name  string
	Spec  Spec
	State State
}

// Run takes the steps that are left. It ends with [ErrPending] where people
// have to label first.
func (e *Engine) Run(ctx context.Context) error {
	for i := range e.arms {
		arm := &e.arms[i]
		for step, more := Next(arm.Spec, arm.State); more; step, more = Next(arm.Spec, arm.State) {
			if err := e.take(ctx, arm, step); err != nil {
				return fmt.Errorf("%s, %s: %w", arm.Name, step.Name(), err)
			}
		}
	}
	return nil
}

// take runs a step and appends its event, from when on it has happened.
func (e *Engine) take(ctx context.Context, arm *Arm, step Step) error {
	begin := time.Now()
	event, err := step.Run(ctx, Env{e.workbench, arm.Name, arm.Spec, e.arms[0].State}, arm.State)
	if err != nil {
		return err
	}
	event.Arm, event.Step = arm.Name, step.Name()
	if event.Seconds == 0 {
		event.Seconds = time.Since(begin).Seconds()
	}
	if err := e.append(event); err != nil {
		return err
	}
	arm.State = arm.State.Apply(event)
	e.settleStop()
	return e.workbench.sweep(arm.Name, arm.State)
}

func (e *Engine) append(event Event) error {
	text, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("append event: %w", err)
	}
	return e.dir.Append(rundir.Line{Seconds: event.Seconds, Waited: event.Waited, Event: text})
}

// fold replays the log, so that each arm is where its last event left it.
func (e *Engine) fold() error {
	e.files = map[string]Artefact{}
	for i, line := range e.dir.Lines() {
		event, err := readEvent(line)
		if err == nil {
			err = e.apply(event)
		}
		if err != nil {
			return fmt.Errorf("read %s: line %d: %w", e.dir.Path("events.jsonl"), i+1, err)
		}
	}
	return nil
}

// apply takes up an event of the log, which must be the next of its arm.
func (e *Engine) apply(event Event) error {
	for i := range e.arms {
		arm := &e.arms[i]
		if arm.Name != event.Arm {
			continue
		}
		step, more := Next(arm.Spec, arm.State)
		if !more || step.Name() != event.Step {
			return fmt.Errorf("%s of arm %s is not the step that comes next in this run", event.Step, event.Arm)
		}
		arm.State = arm.State.Apply(event)
		e.settleStop()
		for _, a := range arm.State.Artefacts() {
			e.files[a.Path] = a
		}
		return nil
	}
	return fmt.Errorf("this run has no arm %s", event.Arm)
}

// done reports whether no arm has a step left.
func (e *Engine) done() bool {
	for _, arm := range e.arms {
		if _, more := Next(arm.Spec, arm.State); more {
			return false
		}
	}
	return true
}
