package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/internal/term"
)

func newReportCommand(g *globals) *cobra.Command {
	var out outputOptions
	cmd := &cobra.Command{
		Use:     "report DIR",
		GroupID: groupMethod,
		Short:   "Show what came out of a run",
		Long: withExitStatus(`
Print what the report of a run says. With --output the report page is written
anew from the numbers in the run folder: one HTML file that needs no network.`,
			exitOK, exitFailed, exitUsage, exitInterrupted),
		Example: `  prunefuse report out
  prunefuse report out -o page.html`,
		Args: exactArgs("DIR"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := cmp.Or(out.check(), named{"--output", out.path}.checkEnding(".html", ".htm")); err != nil {
				return err
			}
			if out.path == "" {
				return printReport(g, args[0])
			}
			return renderReport(g, out, args[0])
		},
	}
	out.addFlags(cmd.Flags(), "the HTML `file` to write; - is stdout")
	return cmd
}

func renderReport(g *globals, o outputOptions, dir string) error {
	r, err := report.Read(filepath.Join(dir, report.JSONName))
	if err != nil {
		return err
	}
	out := outputs{stdout: g.stdout}
	defer out.discard()
	if err := out.write(o.path, func(w io.Writer) error { return report.Render(w, r) }); err != nil {
		return err
	}
	return out.commit()
}

// printReport prints the main numbers of a run; as JSON, all of them.
func printReport(g *globals, dir string) error {
	r, err := report.Read(filepath.Join(dir, report.JSONName))
	if err != nil {
		return err
	}
	if g.json {
		return g.printJSON(r)
	}
	if _, err := fmt.Fprintf(g.stdout, "%s\n", r.Verdict); err != nil {
		return err
	}
	for _, s := range []struct {
		header []string
		rows   [][]string
	}{
		{[]string{"accuracy on held-out images", "labels", "right", fmt.Sprintf("%.0f %% interval", 100*r.Confidence)}, accuracyRows(r)},
		{[]string{"network", "parameters", "MACs", "file"}, networkRows(r)},
	} {
		if len(s.rows) == 0 {
			continue
		}
		if _, err := fmt.Fprintln(g.stdout); err != nil {
			return err
		}
		if err := term.Table(g.stdout, s.header, s.rows, []term.Align{term.Left, term.Right, term.Right, term.Right}); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(g.stdout, "\nThe report: %s\n", filepath.Join(dir, report.HTMLName))
	return err
}

func accuracyRows(r *report.Report) [][]string {
	var rows [][]string
	for _, a := range r.Accuracies {
		rows = append(rows, []string{
			a.Name, term.Count(int64(a.Labels)), term.Percent(a.Value), fmt.Sprintf("%.1f to %s", 100*a.Low, term.Percent(a.High)),
		})
	}
	return rows
}

func networkRows(r *report.Report) [][]string {
	var rows [][]string
	for _, m := range r.Models {
		rows = append(rows, []string{m.Role, term.Count(m.Params), term.MACs(m.MACs), term.Bytes(m.Bytes)})
	}
	return rows
}
