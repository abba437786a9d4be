package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/internal/term"
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
				return printOpsMarkdown(g.stdout)
			case g.json:
				return printOpsJSON(g)
			}
			header, rows := opsTable()
			return term.Table(g.stdout, header, rows, []term.Align{term.Left, term.Left, term.Left, term.Left})
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print a Markdown table")
	return cmd
}

func opsTable() (header []string, rows [][]string) {
	for _, s := range op.Supported() {
		name := s.Op
		if s.Domain != "" {
			name = s.Domain + "." + name
		}
		since := make([]string, len(s.Since))
		for i, v := range s.Since {
			since[i] = strconv.FormatInt(v, 10)
		}
		gradient := yesOr(s.NoGradient)
		if s.Training {
			gradient += ", by a form of its own for training"
		}
		rows = append(rows, []string{name, strings.Join(since, ", "), yesOr(s.NoPruning), gradient})
	}
	return []string{"operator", "opsets", "pruning", "gradient"}, rows
}

func yesOr(reason string) string {
	if reason == "" {
		return "yes"
	}
	return "no: " + reason
}

func printOpsMarkdown(w io.Writer) error {
	header, rows := opsTable()
	if err := term.MarkdownHeader(w, header...); err != nil {
		return err
	}
	for _, row := range rows {
		row[0] = "`" + row[0] + "`"
		if err := term.MarkdownRow(w, row...); err != nil {
			return err
		}
	}
	return nil
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
