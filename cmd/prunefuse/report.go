package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/internal/term"
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
			r, err := readReports(args)
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

func readReports(dirs []string) (*report.Report, error) {
	reports := make([]*report.Report, len(dirs))
	for i, dir := range dirs {
		var err error
		if reports[i], err = loop.ReadReport(dir); err != nil {
			return nil, err
		}
	}
	if len(reports) == 1 {
		return reports[0], nil
	}
	return report.Join(reports, dirs)
}

func renderReport(g *globals, o outputOptions, r *report.Report) error {
	out := outputs{stdout: g.stdout}
	defer out.discard()
	if err := out.write(o.path, func(w io.Writer) error { return report.Render(w, r) }); err != nil {
		return err
	}
	return out.commit()
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
	if _, err := fmt.Fprintf(g.stdout, "%s\n", r.Verdict); err != nil {
		return err
	}
	for _, s := range []struct {
		header []string
		rows   [][]string
	}{
		{[]string{"accuracy on held-out images", "labels", "right", fmt.Sprintf("%.0f %% interval", 100*r.Confidence)}, accuracyRows(r)},
		{[]string{"accuracy on held-out images", "labels", "right", "seeds"}, seedRows(r)},
		{[]string{"network", "parameters", "MACs", "file"}, networkRows(r)},
		{[]string{"choosing", "time", "to dense", "MACs", "to dense", "(1−p)²"}, choosingRows(r)},
	} {
		if len(s.rows) == 0 {
			continue
		}
		if _, err := fmt.Fprintln(g.stdout); err != nil {
			return err
		}
		align := []term.Align{term.Left}
		for range s.header[1:] {
			align = append(align, term.Right)
		}
		if err := term.Table(g.stdout, s.header, s.rows, align); err != nil {
			return err
		}
	}
	return nil
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

// seedRows are the accuracies of several runs, where the report joins them.
func seedRows(r *report.Report) [][]string {
	var rows [][]string
	for _, s := range r.Series {
		if s.Seeds < 2 || len(s.Points) == 0 {
			continue
		}
		p := s.Points[len(s.Points)-1]
		text := term.Percent(p.Accuracy)
		if p.Std != nil {
			text = fmt.Sprintf("%.1f ± %.1f %%", 100*p.Accuracy, 100**p.Std)
		}
		rows = append(rows, []string{s.Name, term.Count(int64(p.Labels)), text, term.Count(int64(len(p.Values)))})
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

func choosingRows(r *report.Report) [][]string {
	ratio := func(v float64) string {
		if v == 0 {
			return "–"
		}
		return term.Ratio(v)
	}
	var rows [][]string
	for _, c := range r.Choosing {
		rows = append(rows, []string{
			c.Arm, term.Seconds(c.Seconds), ratio(c.SecondsRatio), term.MACs(c.MACs), ratio(c.MACsRatio), ratio(c.Analytic),
		})
	}
	return rows
}
