package term

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// Stages opens a bar for each stage, says messages as they are, and takes counts
// that are told again.
func TestStages(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	display := New(context.Background(), &b, Options{})
	s := Stages{Term: display}
	s.Progress("open the pool", 0, 0, "", "")
	s.Progress("train", 1, 3, "steps", "loss 1")
	s.Progress("train", 1, 3, "steps", "loss 1")
	s.Progress("train", 3, 3, "steps", "")
	s.Progress("score", 5, 10, "samples", "")
	s.End()
	display.Close()
	out := b.String()
	for _, want := range []string{"open the pool", "train", "3 steps in", "score", "5/10 samples in"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}
