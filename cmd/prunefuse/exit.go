package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/export"
	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/labelling/page"
	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// The exit codes. Scripts rely on them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitSkipped     = 3
	exitDiffers     = 4
	exitNoRuntime   = 10
	exitLocked      = 11
	exitUnsupported = 12
	exitInterrupted = 130
)

var exitMeanings = map[int]string{
	exitOK:          "done",
	exitFailed:      "failed; the line on stderr says why",
	exitUsage:       "the command line is wrong",
	exitSkipped:     "done, but some samples could not be read or scored",
	exitDiffers:     "verification found a difference",
	exitNoRuntime:   "no usable ONNX Runtime library",
	exitLocked:      "another process is at work on the run",
	exitUnsupported: "the model uses an operator that is not supported for this",
	exitInterrupted: "interrupted",
}

// withExitStatus ends a command's long help with the codes it can exit with.
func withExitStatus(text string, codes ...int) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(text))
	b.WriteString("\n\nEXIT STATUS\n")
	for _, c := range codes {
		fmt.Fprintf(&b, "  %3d  %s\n", c, exitMeanings[c])
	}
	b.WriteString("Any other code is a failure as well.")
	return b.String()
}

var errInterrupted = errors.New("interrupted")

// usageError is a wrong command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// usageIn is a usage error that points to the command's help.
func usageIn(cmd *cobra.Command, err error) error {
	return usagef("%w (see %s --help)", err, cmd.CommandPath())
}

// exactArgs wants the named positional arguments.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usageIn(cmd, fmt.Errorf("%s is missing", names[len(args)]))
		case len(args) > len(names):
			return usageIn(cmd, fmt.Errorf("unexpected argument %q", args[len(names)]))
		}
		return nil
	}
}

// skippedError says that the work is done but for some samples.
type skippedError struct{ skipped, total int }

func (e *skippedError) Error() string {
	return fmt.Sprintf("%d of %d samples could not be used and were skipped", e.skipped, e.total)
}

// lostError says that the work is done, but without samples that are there.
type lostError struct{ n int }

func (e *lostError) Error() string {
	return fmt.Sprintf("%d samples of the data are not read; the notes above say which", e.n)
}

// panicError is a panic of the program.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string {
	return fmt.Sprintf("internal error, please report it: %v", e.value)
}

// exitCode is the one place where an error becomes a code.
func exitCode(err error) int {
	var (
		usage       *usageError
		skipped     *skippedError
		lost        *lostError
		config      *config.Error
		differs     *export.DiffersError
		notFused    *fusion.DiffersError
		notAsRun    *loop.DiffersError
		unsupported *op.UnsupportedError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &usage), errors.As(err, &config):
		return exitUsage
	case errors.As(err, &skipped), errors.As(err, &lost):
		return exitSkipped
	case errors.As(err, &differs), errors.As(err, &notFused), errors.As(err, &notAsRun):
		return exitDiffers
	case errors.Is(err, ort.ErrNoRuntime):
		return exitNoRuntime
	case errors.Is(err, rundir.ErrLocked), errors.Is(err, page.ErrServed):
		return exitLocked
	case errors.As(err, &unsupported):
		return exitUnsupported
	}
	return exitFailed
}

// exit reports how the command ended and returns its code.
func (g *globals) exit(err error) int {
	code := exitCode(err)
	if g.json || err != nil && slices.Contains(g.args, "--json") {
		g.exitJSON(err, code)
		return code
	}
	if err == nil {
		return code
	}
	_, _ = fmt.Fprintf(g.stderr, "prunefuse: %s\n", oneLine(err.Error()))
	var p *panicError
	if g.verbose && errors.As(err, &p) {
		_, _ = g.stderr.Write(p.stack)
	}
	return code
}

// exitJSON writes a line on stderr for an error, and for notes that stand in
// no result.
func (g *globals) exitJSON(err error, code int) {
	var message any
	notes := g.notes.take()
	switch {
	case err != nil:
		message = struct {
			MessageType string   `json:"message_type"`
			Code        int      `json:"code"`
			Message     string   `json:"message"`
			Notes       []string `json:"notes,omitempty"`
		}{"exit_error", code, oneLine(err.Error()), notes}
	case len(notes) > 0:
		message = struct {
			MessageType string   `json:"message_type"`
			Notes       []string `json:"notes"`
		}{"notes", notes}
	default:
		return
	}
	line, _ := json.Marshal(message)
	_, _ = fmt.Fprintf(g.stderr, "%s\n", line)
}

// oneLine makes a message that libraries wrote into one line for a terminal.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}
