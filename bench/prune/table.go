package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/prunefuse/prunefuse/internal/term"
)

func printJSON(w io.Writer, o *outcome) error { return json.NewEncoder(w).Encode(o) }

func printHeader(w io.Writer) error {
	return term.MarkdownHeader(w, "model", "parameters", "after", "golden parameters", "MACs", "after", "ratio", "load → written",
		"peak memory", "greatest difference", "Torch-Pruning", "remark")
}

func printRow(w io.Writer, o *outcome) error {
	theirs := "–"
	if o.TorchPruning != nil && o.TorchPruning.Seconds > 0 {
		theirs = term.Seconds(o.TorchPruning.Seconds)
	}
	if o.Error != "" {
		return term.MarkdownRow(w, o.Model, "", "", "", "", "", "", "", "", "", theirs, "failed: "+o.Error)
	}
	before, after, ratio := "–", "–", "–"
	if o.macsKnown() {
		before, after, ratio = term.MACs(o.Before.MACs), term.MACs(o.After.MACs), term.Ratio(o.macRatio())
	}
	memory := "–"
	if o.PeakBytes > 0 {
		memory = fmt.Sprintf("%s, %.1f × the weights", term.Bytes(o.PeakBytes), float64(o.PeakBytes)/float64(o.Before.Bytes))
	}
	return term.MarkdownRow(w, o.Model,
		term.Count(o.Before.Parameters), term.Count(o.After.Parameters), o.golden(),
		before, after, ratio,
		term.Seconds(o.Seconds), memory, o.difference(), theirs, o.remark())
}

func (o *outcome) difference() string {
	v := o.Verification
	if v == nil {
		return "not verified"
	}
	text := fmt.Sprintf("%.1e of %.2g", v.MaxDiff, v.Scale)
	if n := len(v.Mixed); n > 0 {
		text += fmt.Sprintf(", %d nodes mix", n)
	}
	return text
}

func (o *outcome) remark() string {
	text := o.ForbiddenBy
	more := ""
	switch {
	case !o.macsKnown():
		more = fmt.Sprintf("MACs are not known: input %q is of open size; give -input-shape", o.OpenInputs[0])
	case o.Uncounted > 0:
		more = fmt.Sprintf("%d nodes are not counted", o.Uncounted)
	}
	if text != "" && more != "" {
		text += "; "
	}
	return text + more
}
