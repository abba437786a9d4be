package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/loop"
)

func newRunStatusCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "status DIR",
		GroupID: groupMethod,
		Short:   "Say where a run stands",
		Long: withExitStatus(`
Say how many samples of a run are labelled, how many a batch that people are at still
wants, how annotators agree, and which step comes next. The run may be going on.`,
			exitOK, exitFailed, exitUsage),
		Example: `  prunefuse run status runs/shapes`,
		Args:    exactArgs("DIR"),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := loop.ReadStatus(args[0])
			if err != nil {
				return err
			}
			return g.printResult(s, s.Text())
		},
	}
}

// printPending says what a run waits for, which is no failure.
func printPending(g *globals, err error) error {
	var pending *loop.PendingError
	if !errors.As(err, &pending) {
		_, err = fmt.Fprintln(g.stdout, err)
		return err
	}
	return g.printResult(pending, pending.Error()+"\n")
}
