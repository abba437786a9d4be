package prunefuse

import (
	"fmt"

	"github.com/prunefuse/prunefuse/internal/term"
)

// Event tells how far a run is. A stage begins with Done 0 and ends with Done
// equal to Total; where Total is 0 the event is one message and no more.
type Event struct {
	Stage string // "train the selector on 600 labels"
	Done  int64
	Total int64
	Unit  string // "steps", "images"
	Note  string // "loss 0.412, accuracy 87.1 %"
}

// count is a number in the name of a stage.
func count(n int) string { return term.Count(int64(n)) }

// tell reports an event to whoever listens.
func (o *RunOptions) tell(e Event) {
	if o.Progress != nil {
		o.Progress(e)
	}
}

// say reports a stage that has no extent.
func (o *RunOptions) say(format string, args ...any) {
	o.tell(Event{Stage: fmt.Sprintf(format, args...)})
}
