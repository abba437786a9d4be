package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/cmd/prunefuse/internal/show"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

func newOpsCommand(g *globals) *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:     "ops",
		GroupID: groupAbout,
		Short:   "List the operators that are understood",
		Long: withExitStatus(fmt.Sprintf(`
List the operators of the table: since which opsets their definitions are known,
whether channels can be pruned through them, and whether they pass a gradient
on to what comes before them. Models are read from
opset %d on.

A network may use other operators as well: what touches them is not pruned, and
such a network cannot be trained. It runs if ONNX Runtime has the operator.`, op.MinOpset),
			exitOK, exitUsage),
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case markdown && g.json:
				return usageIn(cmd, fmt.Errorf("--markdown and --json exclude each other"))
			case markdown:
				return show.OperatorsMarkdown(g.stdout)
			case g.json:
				return printOpsJSON(g)
			}
			return show.Operators(g.stdout)
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print a Markdown table")
	return cmd
}

func printOpsJSON(g *globals) error {
	type entry struct {
		Op         string  `json:"op"`
		Domain     string  `json:"domain,omitempty"`
		Since      []int64 `json:"since"`
		NoGradient string  `json:"no_gradient,omitempty"` // the reason
		NoPruning  string  `json:"no_pruning,omitempty"`
		Training   bool    `json:"training_form"`
	}
	var entries []entry
	for _, s := range op.Supported() {
		entries = append(entries, entry{s.Op, s.Domain, s.Since, s.NoGradient, s.NoPruning, s.Training})
	}
	return g.printJSON(struct {
		Schema    string  `json:"schema"`
		MinOpset  int64   `json:"min_opset"`
		Operators []entry `json:"operators"`
	}{"prunefuse.ops/1", op.MinOpset, entries})
}
