package loop

import (
	"fmt"

	"github.com/prunefuse/prunefuse/internal/term"
)

// Progress tells how far a run is. A stage begins with Done 0 and ends with
// Done equal to Total; where Total is 0 it is one message and no more.
type Progress struct {
	Stage string // "train the selector on 600 labels"
	Done  int64
	Total int64
	Unit  string // "steps", "images"
	Note  string // "loss 0.412, accuracy 87.1 %"
}

// count is a number in the name of a stage.
func count(n int) string { return term.Count(int64(n)) }

// tell reports progress to whoever listens.
func (e Env) tell(p Progress) {
	if e.options.Progress != nil {
		e.options.Progress(p)
	}
}

// say reports a stage that has no extent.
func (e Env) say(format string, args ...any) {
	e.tell(Progress{Stage: fmt.Sprintf(format, args...)})
}

// stage names what an arm is at.
func (e Env) stage(format string, args ...any) string {
	text := fmt.Sprintf(format, args...)
	if e.spec.Shares != Nothing {
		text = e.arm + ": " + text
	}
	return text
}
