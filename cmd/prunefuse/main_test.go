package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/export"
	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, exitOK},
		{errors.New("anything"), exitFailed},
		{usagef("anything"), exitUsage},
		{&config.Error{}, exitUsage},
		{&skippedError{1, 2}, exitSkipped},
		{&export.DiffersError{Verification: &pruning.Verification{}}, exitDiffers},
		{&fusion.DiffersError{}, exitDiffers},
		{ort.ErrNoRuntime, exitNoRuntime},
		{rundir.ErrLocked, exitLocked},
		{&op.UnsupportedError{}, exitUnsupported},
		{context.Canceled, exitInterrupted},
		{errInterrupted, exitInterrupted},
		{&panicError{value: "BUG: x"}, exitFailed},
	} {
		err := c.err
		if err != nil {
			err = fmt.Errorf("wrapped: %w", err)
		}
		if got := exitCode(err); got != c.want {
			t.Errorf("%v: exit code %d, want %d", c.err, got, c.want)
		}
	}
}

// TestHelp holds every command to what a reader of its help is promised.
func TestHelp(t *testing.T) {
	t.Parallel()
	var check func(*cobra.Command)
	check = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			check(sub)
		}
		if c.Name() == "help" || c.Name() == "completion" || (c.HasParent() && c.Parent().Name() == "completion") {
			return
		}
		if !strings.Contains(c.Long, "\nEXIT STATUS\n    0  done\n") || !strings.Contains(c.Long, "\n    2  ") {
			t.Errorf("%s: the long help lists no exit codes", c.CommandPath())
		}
		if c.HasParent() && c.GroupID == "" {
			t.Errorf("%s is in no group", c.CommandPath())
		}
		for line := range strings.Lines(c.Long + "\n" + c.Example) {
			if n := len([]rune(line)); n > 100 {
				t.Errorf("%s: a line of help is %d wide: %s", c.CommandPath(), n, line)
			}
		}
	}
	check(newRootCommand(&globals{}))
}

func runQuietly(args ...string) (code int, stdout, stderr string) {
	var out, problems bytes.Buffer
	code = run(args, strings.NewReader(""), &out, &problems)
	return code, out.String(), problems.String()
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, problems bytes.Buffer
	g := &globals{stdin: strings.NewReader(""), stdout: &out, stderr: &problems}
	err := g.execute(ctx, []string{"doctor"})
	if code := g.exit(err); code != exitInterrupted {
		t.Errorf("a cancelled command exits with %d: %v", code, err)
	}
}

func TestPanicIsOneLine(t *testing.T) {
	t.Parallel()
	var problems bytes.Buffer
	g := &globals{stderr: &problems}
	err := func() (err error) {
		defer func() { err = &panicError{recover(), nil} }()
		panic("BUG: two\nlines")
	}()
	if code := g.exit(err); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if got := problems.String(); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "prunefuse: internal error") {
		t.Errorf("stderr %q", got)
	}
}

func TestJSONError(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--json", "prune"},
		{"prune", "--nonsense", "--json"},
		{"nonsense", "--json"},
	} {
		code, stdout, stderr := runQuietly(args...)
		var e struct {
			MessageType string `json:"message_type"`
			Code        int    `json:"code"`
			Message     string `json:"message"`
		}
		if err := json.Unmarshal([]byte(stderr), &e); err != nil {
			t.Errorf("%v: stderr %q: %v", args, stderr, err)
			continue
		}
		if code != exitUsage || e.Code != code || e.MessageType != "exit_error" || e.Message == "" || stdout != "" {
			t.Errorf("%v: code %d, %+v, stdout %q", args, code, e, stdout)
		}
	}
}
