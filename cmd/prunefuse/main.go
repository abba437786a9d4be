package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command line and returns its exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once

	g := &globals{args: args, stdin: stdin, stdout: stdout, stderr: stderr}
	err := g.execute(ctx, args)
	if ctx.Err() != nil && err != nil && !errors.Is(err, errInterrupted) {
		err = errInterrupted
	}
	return g.exit(err)
}

// execute runs the command. A panic, which is a mistake in the program, comes
// back as an error.
func (g *globals) execute(ctx context.Context, args []string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{p, debug.Stack()}
		}
	}()
	root := newRootCommand(g)
	root.SetArgs(args)
	root.SetIn(g.stdin)
	root.SetOut(g.stdout)
	root.SetErr(g.stderr)
	err = root.ExecuteContext(ctx)
	if err == nil && g.lost > 0 {
		err = &lostError{g.lost}
	}
	return err
}

const (
	groupMethod = "method"
	groupModels = "models"
	groupData   = "data"
	groupAbout  = "about"
)

func newRootCommand(g *globals) *cobra.Command {
	root := &cobra.Command{
		Use:   "prunefuse",
		Short: "Prune an ONNX classifier, let the small copy choose what to label, fuse it back",
		Long: withExitStatus(`
Prunefuse takes an ONNX classifier, prunes it to a small selector, lets the
selector choose which samples are worth a label, and fuses what it learned back
into the full network. Everything that computes runs on ONNX Runtime.

The steps by hand:
  prunefuse new resnet20 --input 1x28x28 -o dense.onnx
  prunefuse prune dense.onnx --ratio 0.5 -o small.onnx
  prunefuse train small.onnx --data demo --epochs 2 -o selector.onnx
  prunefuse score selector.onnx --pool demo --strategy margin -k 100 --selected batch.txt
  prunefuse fuse --dense dense.onnx --pruned selector.onnx -o fused.onnx
  prunefuse train fused.onnx --data demo --only batch.txt --epochs 5 -o tuned.onnx
  prunefuse export tuned.onnx -o deploy.onnx

Results go to stdout, everything else to stderr. Whatever a command guesses and
that bears on its result is said on stderr; with --json it stands in the result,
under "notes". Wherever a share is taken, 0.5 and 50% are the same.

A flag of all commands that is not given takes its value from the environment
variable PRUNEFUSE_ and its name, such as PRUNEFUSE_PROVIDER or
PRUNEFUSE_ORT_LIB. Tables fold to the width of the terminal, or to COLUMNS.`,
			exitOK, exitFailed, exitUsage, exitSkipped, exitDiffers, exitNoRuntime, exitLocked, exitUnsupported, exitInterrupted),
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		Args:              cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return g.settle(cmd) },
	}
	root.SetFlagErrorFunc(unknownFlag)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(newHelpCommand())
	g.addFlags(root.PersistentFlags())
	root.AddGroup(
		&cobra.Group{ID: groupMethod, Title: "The whole method:"},
		&cobra.Group{ID: groupModels, Title: "Networks:"},
		&cobra.Group{ID: groupData, Title: "Networks and data:"},
		&cobra.Group{ID: groupAbout, Title: "About this program:"},
	)
	root.AddCommand(
		newDemoCommand(g),
		newRunCommand(g),
		newReportCommand(g),
		newNewCommand(g),
		newInspectCommand(g),
		newPruneCommand(g),
		newFuseCommand(g),
		newExportCommand(g),
		newVerifyCommand(g),
		newBenchCommand(g),
		newTrainCommand(g),
		newEvalCommand(g),
		newScoreCommand(g),
		newMergeCommand(g),
		newLabelCommand(g),
		newSelectCommand(g),
		newOpsCommand(g),
		newDoctorCommand(g),
		newCompletionCommand(g),
		newGenerateCommand(g),
		newVersionCommand(g),
	)
	return root
}
