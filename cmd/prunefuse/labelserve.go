package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/labelling/page"
	"github.com/prunefuse/prunefuse/loop"
)

func newLabelServeCommand(g *globals) *cobra.Command {
	var listen string
	var o page.Options
	cmd := &cobra.Command{
		Use:     "serve RUN",
		GroupID: groupData,
		Short:   "Show the batch of a run on a page to label it on",
		Long: withExitStatus(`
Show the batch that the run in the folder RUN waits for, one sample at a time: 1 to 9
and letters are the classes, u takes the last answer back, s says that a sample
cannot be labelled, ? that you do not know, z zooms. Every answer is in
RUN/answers/page.jsonl before the next sample is shown, under the name of who gave
it. Open the address that the command prints; Ctrl-C ends it.

Only this machine is let in, and only with the token of that address, unless
--listen names another address: then whoever has the token may see the images and
answer, and the connection is not encrypted.`,
			exitOK, exitFailed, exitUsage, exitLocked),
		Example: `  prunefuse run shapes.yaml -o runs/shapes
  prunefuse label serve runs/shapes
  prunefuse run shapes.yaml -o runs/shapes`,
		Args: exactArgs("RUN"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			s, err := page.NewServer(func() (*page.Batch, error) { return loop.BatchFor(args[0]) }, o)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.Close()) }()
			return s.Serve(cmd.Context(), listen, func(address string) error {
				return g.printResult(struct {
					Schema  string `json:"schema"`
					Address string `json:"address"`
				}{"prunefuse.label.serve/1", address}, "open "+address+"\n")
			})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", page.Loopback, "the `address` to serve at, host:port; port 0 is a free one")
	cmd.Flags().BoolVar(&o.Guesses, "guesses", false, "show for what the network takes a sample")
	return cmd
}
