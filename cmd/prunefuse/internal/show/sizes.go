package show

import (
	"fmt"
	"io"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// MACs tells the multiply-accumulates, and where they are not all of them.
func MACs(s op.Size) string {
	switch {
	case s.MACs == nil:
		return "not known (" + openInput(s) + ")"
	case s.Uncounted > 0:
		return fmt.Sprintf("%s, without %d nodes whose cost is not known", term.MACs(*s.MACs), s.Uncounted)
	}
	return term.MACs(*s.MACs)
}

func openInput(s op.Size) string {
	return fmt.Sprintf("input %q is of open size; give --input-shape", s.OpenInputs[0])
}

// Change tells b as a multiple of a.
func Change(a, b int64) string {
	if a == 0 {
		return "–"
	}
	return term.Ratio(float64(b) / float64(a))
}

// MACsRow returns the row of the MACs of two models, with their change.
func MACsRow(a, b op.Size) []string {
	if a.MACs == nil || b.MACs == nil {
		return []string{"MACs", "not known", "not known", "–"}
	}
	return []string{"MACs", term.MACs(*a.MACs), term.MACs(*b.MACs), Change(*a.MACs, *b.MACs)}
}

// macsNote says what the MACs of two models leave out; it is empty where that
// is nothing.
func macsNote(a, b op.Size) string {
	switch {
	case a.MACs == nil:
		return "MACs are not known: " + openInput(a)
	case b.MACs == nil:
		return "MACs are not known: " + openInput(b)
	case a.Uncounted > 0:
		return fmt.Sprintf("MACs are without %d nodes whose cost is not known", a.Uncounted)
	}
	return ""
}

// Sizes prints the table before | after | change of two models, whose
// sizes are of op.SizesOf.
func Sizes(w io.Writer, before, after op.Size) error {
	row := func(name string, a, b int64, format func(int64) string) []string {
		return []string{name, format(a), format(b), Change(a, b)}
	}
	rows := [][]string{
		row("parameters", before.Parameters, after.Parameters, term.Count),
		MACsRow(before, after),
		row("file size", before.Bytes, after.Bytes, term.Bytes),
	}
	err := term.Table(w, []string{"", "before", "after", "change"}, rows,
		[]term.Align{term.Left, term.Right, term.Right, term.Right})
	if note := macsNote(before, after); err == nil && note != "" {
		_, err = fmt.Fprintln(w, note)
	}
	return err
}
