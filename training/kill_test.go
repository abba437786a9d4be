package training

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// killedAt and killedIn tell a child process of TestResumeAfterSIGKILL the step
// behind which it waits for its end, and the checkpoint.
const (
	killedAt = "PRUNEFUSE_TEST_KILLED_AT"
	killedIn = "PRUNEFUSE_TEST_KILLED_IN"
)

// everything is a run with a teacher, changed and mixed images, steps of two
// batches, a moving average and a checkpoint after every step.
func everything(checkpoint string) Options {
	o := distilling(twoLayers(5, 128, 9, 4))
	o.Batch, o.Steps, o.Accumulate, o.Seed = 4, 9, 2, 3
	o.Augment = Augment{Pad: 1, Flip: true, Mixup: 0.4}
	o.Step.Average, o.Step.Session.Threads = 0.9, 1
	o.Checkpoint, o.Every, o.Resume = checkpoint, 1, checkpoint != ""
	return o
}

// TestResumeAfterSIGKILL kills the process of a run again and again, while a step
// or a checkpoint is under way, and ends with the bytes of a run left alone.
func TestResumeAfterSIGKILL(t *testing.T) {
	orttest.Need(t)
	student := twoLayers(4, 128, 9, 4)
	if at := os.Getenv(killedAt); at != "" {
		step, err := strconv.Atoi(at)
		if err != nil {
			t.Fatal(err)
		}
		o := everything(os.Getenv(killedIn))
		o.Progress = func(p Progress) {
			fmt.Printf("\nstep %d\n", p.Step)
			if p.Step >= step && step%2 == 0 { // the others are killed as they go on
				_, _ = io.Copy(io.Discard, os.Stdin)
			}
		}
		_, _, _ = Train(context.Background(), student, tinySet(tinySamples), o)
		return
	}
	whole, _ := train(t, student, tinySet(tinySamples), everything(""))
	checkpoint := filepath.Join(t.TempDir(), "run.onnx")
	for _, step := range []int{1, 2, 4, 5, 8} {
		killAt(t, step, checkpoint)
	}
	resumed, _ := train(t, student, tinySet(tinySamples), everything(checkpoint))
	if !bytes.Equal(marshal(t, whole), marshal(t, resumed)) {
		t.Error("the resumed run gave other bytes")
	}
}

// killAt goes on with the run in a process of its own, and kills it when it tells
// of a step.
func killAt(t *testing.T, step int, checkpoint string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self, "-test.run=^TestResumeAfterSIGKILL$")
	child.Env = append(os.Environ(), killedAt+"="+strconv.Itoa(step), killedIn+"="+checkpoint)
	if _, err := child.StdinPipe(); err != nil { // open, so that the child waits on it
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	told := false
	for lines := bufio.NewScanner(out); !told && lines.Scan(); {
		at, found := strings.CutPrefix(lines.Text(), "step ")
		n, err := strconv.Atoi(at)
		told = found && err == nil && n >= step
	}
	if err := child.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = child.Wait() // killed
	if !told {
		t.Errorf("the run ended before step %d", step)
	}
}
