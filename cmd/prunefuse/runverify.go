package main

import (
	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/loop"
)

func newRunVerifyCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "verify DIR",
		GroupID: groupMethod,
		Short:   "Check that a run folder is as the run wrote it",
		Long: withExitStatus(`
Check the logs of a run and of its labels line by line, every file that an event
names, and that the answers of people come to the labels that the run trained on.
Whatever was changed or removed is named; nothing is computed again, or changed.`,
			exitOK, exitFailed, exitUsage, exitDiffers),
		Example: `  prunefuse run verify runs/people`,
		Args:    exactArgs("DIR"),
		RunE: func(_ *cobra.Command, args []string) error {
			v, err := loop.Verify(args[0])
			if err != nil {
				return err
			}
			return g.printResult(v, v.Text())
		},
	}
}
