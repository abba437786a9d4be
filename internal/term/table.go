package term

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// Align places the cells of one column.
type Align int

// The alignments of a column. Auto is Right when every cell that is not empty
// or a dash begins like a number, else Left.
const (
	Auto Align = iota
	Left
	Right
)

// columnGap is what stands between two columns.
const columnGap = 2

// Table writes rows below header in aligned columns, two spaces apart, with no
// trailing spaces. Columns beyond the end of align are Auto; an empty header
// is not printed. Rows may be shorter than others. Where the lines would be
// wider than the terminal, or than the environment variable COLUMNS says, the
// table is folded to fit.
func Table(w io.Writer, header []string, rows [][]string, align []Align) error {
	return tableWithin(w, columns(w), header, rows, align)
}

// tableWithin is Table for a width; 0 is no limit.
func tableWithin(w io.Writer, limit int, header []string, rows [][]string, align []Align) error {
	all := make([][]string, 0, len(rows)+1)
	if len(header) > 0 {
		all = append(all, cleaned(header))
	}
	for _, row := range rows {
		all = append(all, cleaned(row))
	}
	body := all[len(all)-len(rows):]
	widths, total := measure(all)
	right := make([]bool, len(widths))
	for c := range right {
		right[c] = rightAligned(body, c, align)
	}
	var out strings.Builder
	if limit > 0 && total > limit {
		fold(&out, limit, all, len(header) > 0, widths, right)
	} else {
		for _, row := range all {
			out.WriteString(aligned(row, widths, right) + "\n")
		}
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// measure returns the widths of the columns and of the table.
func measure(all [][]string) (widths []int, total int) {
	for _, row := range all {
		for c, cell := range row {
			if c == len(widths) {
				widths = append(widths, 0)
			}
			widths[c] = max(widths[c], runewidth.StringWidth(cell))
		}
	}
	for _, n := range widths {
		total += n
	}
	return widths, total + columnGap*max(0, len(widths)-1)
}

func cleaned(row []string) []string {
	out := make([]string, len(row))
	for i, cell := range row {
		out[i] = clean(cell)
	}
	return out
}

func aligned(row []string, widths []int, right []bool) string {
	cells := make([]string, len(row))
	for c, cell := range row {
		if right[c] {
			cells[c] = runewidth.FillLeft(cell, widths[c])
		} else {
			cells[c] = runewidth.FillRight(cell, widths[c])
		}
	}
	return strings.TrimRight(strings.Join(cells, strings.Repeat(" ", columnGap)), " ")
}

func rightAligned(body [][]string, c int, align []Align) bool {
	if c < len(align) && align[c] != Auto {
		return align[c] == Right
	}
	numbers := 0
	for _, row := range body {
		if c >= len(row) || row[c] == "" || row[c] == "–" || row[c] == "-" {
			continue
		}
		if !numeric(row[c]) {
			return false
		}
		numbers++
	}
	return numbers > 0
}

// numeric reports whether s begins with a number that a unit may follow, as
// "31.55 M" and "0.25×" do and "3x3 Conv" does not.
func numeric(s string) bool {
	s = strings.TrimLeft(s, "+-−±~<>≤≥")
	number := strings.TrimLeft(s, "0123456789.,")
	if number == s {
		return false
	}
	unit := strings.TrimSpace(number)
	return unit == "" || number != unit || strings.HasPrefix(unit, "×") || strings.HasPrefix(unit, "%") ||
		!strings.ContainsFunc(unit, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}
