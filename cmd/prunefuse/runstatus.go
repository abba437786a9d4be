package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/loop"
)

func newRunStatusCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "status DIR",
		Short: "Say where a run stands",
		Long: withExitStatus(`
Say how many samples of a run are labelled, how many a batch that people are at
still wants, and which step comes next. The run may be going on meanwhile.`,
			exitOK, exitFailed, exitUsage),
		Example: `  prunefuse run status runs/shapes`,
		Args:    exactArgs("DIR"),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := loop.ReadStatus(args[0])
			if err != nil {
				return err
			}
			return printStatus(g, s)
		},
	}
}

const (
	statusSchema  = "prunefuse.run.status/1"
	pendingSchema = "prunefuse.run.pending/1"
)

func printStatus(g *globals, s *loop.Status) error {
	if g.json {
		return g.printJSON(struct {
			Schema string `json:"schema"`
			*loop.Status
		}{statusSchema, s})
	}
	next := s.Next
	if next == "" {
		next = "nothing: the run is finished"
	}
	_, err := fmt.Fprintf(g.stdout, "labelled  %s of %s, %s that cannot be labelled\nsteps     %d of %d, in %s\nnext      %s\n",
		term.Count(int64(s.Labelled)), term.Count(int64(s.Budget)), term.Count(int64(s.NoLabel)), s.Done, s.Steps, term.Seconds(s.Seconds), next)
	if w := s.Waiting; w != nil && err == nil {
		_, err = fmt.Fprintf(g.stdout, "batch     %s: %d samples, %d labelled, %d skipped, %d pending\nanswers   %s\n", w.Batch, w.Asked, w.Labels, w.Skipped, w.Pending(), w.Answers)
		if w.Problem != "" && err == nil {
			_, err = fmt.Fprintf(g.stdout, "problem   %s\n", w.Problem)
		}
	}
	return err
}

// printPending says what a run waits for, which is no failure.
func printPending(g *globals, err error) error {
	var pending *loop.PendingError
	if g.json && errors.As(err, &pending) {
		return g.printJSON(struct {
			Schema  string `json:"schema"`
			Batch   string `json:"batch"`
			Answers string `json:"answers"`
			loop.Counts
		}{pendingSchema, pending.Batch, pending.Answers, pending.Counts})
	}
	text := err
	if errors.As(err, &pending) {
		text = pending
	}
	_, err = fmt.Fprintln(g.stdout, text)
	return err
}
