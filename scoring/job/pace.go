package job

import (
	"fmt"

	"github.com/prunefuse/prunefuse/internal/term"
)

// Pace says how fast the samples were scored that no earlier run had scored.
func (r *Result) Pace() string {
	now := r.Scored - r.Resumed
	switch {
	case r.Before:
		return ": the shard is complete already"
	case now == 0 && r.Resumed > 0:
		return ", all by an earlier run"
	case now == 0:
		return ""
	}
	text := fmt.Sprintf(" in %s (%s a second)", term.Duration(r.Elapsed), term.Count(int64(float64(now)/r.Elapsed.Seconds())))
	if r.Resumed > 0 {
		text = fmt.Sprintf(", %s of them now", term.Count(int64(now))) + text
	}
	return text
}
