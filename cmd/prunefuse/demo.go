package main

import (
	"github.com/prunefuse/prunefuse/loop/config"

	"github.com/spf13/cobra"
)

func newDemoCommand(g *globals) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:     "demo",
		GroupID: groupMethod,
		Short:   "Do the whole method on real images that are built in",
		Long: withExitStatus(`
Do the whole method in small, on 7,000 images of Fashion-MNIST that are built
in: build a network, prune it to a selector, let it choose 1,200 of 6,000
images to label, fuse it back, fine-tune, export; and compare the result with
random selection and with the dense network trained from scratch. It takes
about two minutes on two cores, and nothing but this program and ONNX Runtime,
which is fetched where there is none.

`+runFiles,
			exitOK, exitFailed, exitUsage, exitDiffers, exitNoRuntime, exitLocked, exitInterrupted),
		Example: `  prunefuse demo -o out`,
		Args:    exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return usageIn(cmd, err)
			}
			return doRun(cmd, g, o, config.DemoConfig())
		},
	}
	o.addFlags(cmd.Flags(), "out")
	return cmd
}
