package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/loop"
)

func newReportCommand(g *globals) *cobra.Command {
	var out outputOptions
	cmd := &cobra.Command{
		Use:     "report DIR...",
		GroupID: groupMethod,
		Short:   "Show what came out of a run",
		Long: withExitStatus(`
Print what has come out of the run in a folder so far, from its log of events. Of
several folders, with runs that differ in their seed alone, it gives the mean and
the spread. With --output a report page is written: one HTML file that needs no
network.`,
			exitOK, exitFailed, exitUsage, exitInterrupted),
		Example: `  prunefuse report out
  prunefuse report out -o page.html
  prunefuse report runs/seed-1 runs/seed-2 runs/seed-3`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageIn(cmd, errors.New("DIR is missing"))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := cmp.Or(out.check(), named{"--output", out.path}.checkEnding(".html", ".htm")); err != nil {
				return err
			}
			r, err := loop.ReadReports(args...)
			if err != nil {
				return err
			}
			if out.path == "" {
				return printReport(g, r)
			}
			return renderReport(g, out, r)
		},
	}
	out.addFlags(cmd.Flags(), "the HTML `file` to write; - is stdout")
	return cmd
}

func renderReport(g *globals, o outputOptions, r *report.Report) error {
	out := g.outputs()
	defer out.Discard()
	if err := out.write(o.path, func(w io.Writer) error { return report.Render(w, r) }); err != nil {
		return err
	}
	return out.Commit()
}

// printRun prints the report of a finished run and where its page is.
func printRun(g *globals, dir string) error {
	r, err := loop.ReadReport(dir)
	if err != nil {
		return err
	}
	if err := printReport(g, r); err != nil || g.json {
		return err
	}
	_, err = fmt.Fprintf(g.stdout, "\nThe report: %s\n", filepath.Join(dir, report.HTMLName))
	return err
}

// printReport prints the main numbers of a run; as JSON, all of them.
func printReport(g *globals, r *report.Report) error {
	if g.json {
		return g.printJSON(r)
	}
	return report.Text(g.stdout, r)
}
