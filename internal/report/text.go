package report

import (
	"cmp"
	"fmt"
	"io"

	"github.com/prunefuse/prunefuse/internal/term"
)

// Text writes the main numbers of a run as tables for a terminal.
func Text(w io.Writer, r *Report) error {
	if _, err := fmt.Fprintf(w, "%s\n", r.Verdict); err != nil {
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
		{[]string{"annotator", "labels", "skipped", "unsure", "late", "shared", "right of these"}, peopleRows(r.People)},
	} {
		if len(s.rows) == 0 {
			continue
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
		align := []term.Align{term.Left}
		for range s.header[1:] {
			align = append(align, term.Right)
		}
		if err := term.Table(w, s.header, s.rows, align); err != nil {
			return err
		}
	}
	return nil
}

func accuracyRows(r *Report) [][]string {
	var rows [][]string
	for _, a := range r.Accuracies {
		rows = append(rows, []string{
			a.Name, term.Count(int64(a.Labels)), term.Percent(a.Value), fmt.Sprintf("%.1f to %s", 100*a.Low, term.Percent(a.High)),
		})
	}
	return rows
}

// seedRows are the accuracies of several runs, where the report joins them.
func seedRows(r *Report) [][]string {
	var rows [][]string
	for _, s := range r.Series {
		if s.Seeds < 2 || len(s.Points) == 0 {
			continue
		}
		p := s.Points[len(s.Points)-1]
		rows = append(rows, []string{s.Name, term.Count(int64(p.Labels)), withSpread(p), term.Count(int64(p.Seeds))})
	}
	return rows
}

func networkRows(r *Report) [][]string {
	var rows [][]string
	for _, m := range r.Models {
		rows = append(rows, []string{m.Role, term.Count(m.Params), term.MACs(m.MACs), term.Bytes(m.Bytes)})
	}
	return rows
}

func peopleRows(p *People) [][]string {
	if p == nil {
		return nil
	}
	var rows [][]string
	for _, a := range p.Annotators {
		row := []string{cmp.Or(a.Name, "no name")}
		for _, n := range []int{a.Labels, a.Skipped, a.Unsure, a.Late, a.Shared} {
			row = append(row, term.Count(int64(n)))
		}
		right := "–"
		if a.RightShare != nil {
			right = term.Percent(*a.RightShare)
		}
		rows = append(rows, append(row, right))
	}
	return rows
}

func choosingRows(r *Report) [][]string {
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
