package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse"
	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/scoring"
)

// runOptions are the flags of the commands that do the whole method.
type runOptions struct {
	dir    string
	force  bool
	resume bool
}

func (o *runOptions) addFlags(fs *pflag.FlagSet, dir string) {
	fs.StringVarP(&o.dir, "output", "o", dir, "the run `folder` to write")
	fs.BoolVarP(&o.force, "force", "f", false, "replace a run that is in the folder")
	fs.BoolVar(&o.resume, "resume", false, "make nothing of a run that is finished already")
}

func (o *runOptions) check() error {
	switch {
	case o.dir == "":
		return errors.New("name the run folder with --output (-o)")
	case o.force && o.resume:
		return errors.New("--force and --resume exclude each other")
	}
	return nil
}

// runFiles is the part of the help that lists what a run leaves.
const runFiles = `The folder holds in the end
  dense.onnx       the network as it was before training
  selector.onnx    pruned from it, and trained on all labels
  fused-init.onnx  the selector put back into the dense network
  fused.onnx       that, fine-tuned: the result
  deploy.onnx      the result made ready for deployment
  report.html      what came out and what it cost; report.json has the numbers
  first, round-000 …
                   what was chosen and how it was labelled, and the selector of
                   each round
  arms             the same of each arm that the method is compared with
  run.json         the configuration, by which the run is known
  events.jsonl     what was done, a line a step, with the sum of every file

An interrupted run goes on when the same command is given again, at the step that
was interrupted and within it; events, networks and choices are in the end those of
a run that was not interrupted. The same configuration, seed and number of threads
give the same networks and the same choices; the seconds are as measured.`

func newRunCommand(g *globals) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:     "run CONFIG -o DIR",
		GroupID: groupMethod,
		Short:   "Do the whole method as a configuration says",
		Long: withExitStatus(`
Do the method in rounds: prune the dense network to a selector, train that on a few
random labels, let it choose which samples to label next, repeat; fuse it into the
dense network, fine-tune and export; and compare with the alternatives. The labels
are those of the data, which simulates the labelling; or, with label: {from: people},
those of people: the run writes each batch, stops, and goes on when the same command
is given again and the answers are there. CONFIG is a YAML file; - reads it from stdin.
--seed, where given, takes the place of the configuration's. The sections
selector and final say how each is trained: their keys are the flags of train,
with _ for -, from epochs over optimizer and schedule to freeze; phases are
stretches of epochs with a rate each.

The key arms lists what is run side by side, on the same first labels, the same
budget and the same recipe:
  prunefuse  the method; always among them
  scratch    the dense network from scratch on the labels that the method chose
  dense      the dense network chooses, trained for it in every round
  proxy      a smaller network chooses: proxy: {arch: …, width: …}
  random     the method on labels chosen at random

`+runFiles,
			exitOK, exitFailed, exitUsage, exitSkipped, exitDiffers, exitNoRuntime, exitLocked, exitUnsupported, exitInterrupted),
		Example: `  prunefuse run examples/fashion-mnist.yaml -o runs/fashion
  prunefuse run examples/fashion-mnist.yaml --seed 2 -o runs/fashion-2
  prunefuse run examples/people-in-the-loop/people.yaml -o run
  prunefuse run status run`,
		Args: exactArgs("CONFIG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return usageIn(cmd, err)
			}
			c, err := readConfig(g, args[0])
			if err != nil {
				return err
			}
			return doRun(cmd, g, o, c)
		},
	}
	o.addFlags(cmd.Flags(), "")
	cmd.AddGroup(&cobra.Group{ID: groupMethod, Title: "Beside it:"})
	cmd.AddCommand(newRunStatusCommand(g), newRunVerifyCommand(g))
	return cmd
}

func readConfig(g *globals, path string) (config.Config, error) {
	in, err := g.open(path)
	if err != nil {
		return config.Config{}, fmt.Errorf("read configuration: %w", err)
	}
	defer in.Close()
	b, err := io.ReadAll(in)
	if err != nil {
		return config.Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c, err := config.ReadConfig(b)
	if err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// doRun does the whole method and prints what the report says.
func doRun(cmd *cobra.Command, g *globals, o runOptions, c config.Config) error {
	ctx := cmd.Context()
	if cmd.Flags().Changed("seed") {
		c.Seed = g.seed
	}
	if err := g.startRuntime(ctx); err != nil {
		return err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(scoring.HeapPercent))
	t := g.terminal(ctx)
	stages := term.Stages{Term: t}
	err := prunefuse.Run(ctx, c, prunefuse.Options{
		Dir: o.dir, Resume: o.resume, Force: o.force, Command: append([]string{"prunefuse"}, g.args...),
		Session: g.session(), Note: g.noteData,
		Progress: func(p loop.Progress) { stages.Progress(p.Stage, p.Done, p.Total, p.Unit, p.Note) },
	})
	t.Close()
	if errors.Is(err, loop.ErrPending) {
		return printPending(g, err)
	}
	if err != nil {
		return o.explain(ctx, err)
	}
	return printRun(g, o.dir)
}

// explain says how to go on where a run did not get to its end.
func (o *runOptions) explain(ctx context.Context, err error) error {
	var finished *loop.FinishedError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w; the same command goes on at the step that was interrupted", errInterrupted)
	case errors.As(err, &finished), errors.Is(err, atomicfile.ErrExists):
		return fmt.Errorf("%w; --force (-f) replaces it", err)
	}
	return err
}
