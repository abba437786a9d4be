package term

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
	xterm "golang.org/x/term"
)

// leastText is the width below which text is not wrapped in its column.
const leastText = 24

// columns is how wide lines for w may be; 0 is no limit. The environment
// variable COLUMNS goes before the width of the terminal, as it does in other
// programs; what is no terminal has no limit of its own.
func columns(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if f, ok := w.(*os.File); ok {
		if n, _, err := xterm.GetSize(int(f.Fd())); err == nil {
			return n
		}
	}
	return 0
}

// Title writes a line above a table, or as many as its text takes.
func Title(w io.Writer, text string) error {
	lines := []string{clean(text)}
	if limit := columns(w); limit > 0 {
		lines = wrap(lines[0], limit)
	}
	if _, err := io.WriteString(w, strings.Join(lines, "\n")+"\n"); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// fold writes a table that is wider than limit. The text of a last column is
// wrapped within it where there is room; else each row becomes a block of
// lines, each with the name of a column and its value.
func fold(out *strings.Builder, limit int, all [][]string, headed bool, widths []int, right []bool) {
	last := len(widths) - 1
	before := columnGap * last
	for _, n := range widths[:last] {
		before += n
	}
	if !right[last] && limit-before >= min(leastText, widths[last]) {
		for _, row := range all {
			wrapLast(out, row, last, before, limit, widths, right)
		}
		return
	}
	if headed {
		foldBlocks(out, limit, all[0], all[1:])
		return
	}
	for _, row := range all { // names and values, with names that are too long
		foldPair(out, limit, 0, row[0], strings.Join(row[1:], strings.Repeat(" ", columnGap)))
	}
}

// wrapLast writes a row whose last cell goes on in further lines.
func wrapLast(out *strings.Builder, row []string, last, before, limit int, widths []int, right []bool) {
	if len(row) <= last {
		out.WriteString(aligned(row, widths, right) + "\n")
		return
	}
	for i, line := range wrap(row[last], limit-before) {
		cells := make([]string, last, last+1)
		if i == 0 {
			copy(cells, row)
		}
		out.WriteString(aligned(append(cells, line), widths, right) + "\n")
	}
}

// foldBlocks writes a block of lines a row, with an empty line between two.
// Cells that are empty are left out.
func foldBlocks(out *strings.Builder, limit int, header []string, rows [][]string) {
	names := 0
	for _, name := range header {
		names = max(names, runewidth.StringWidth(name))
	}
	for i, row := range rows {
		if i > 0 {
			out.WriteByte('\n')
		}
		for c, cell := range row {
			name := ""
			if c < len(header) {
				name = header[c]
			}
			switch {
			case cell == "":
			case name == "" && c == 0: // what the row is about
				out.WriteString(strings.Join(wrap(cell, limit), "\n") + "\n")
			default:
				foldPair(out, limit, names, name, cell)
			}
		}
	}
}

// foldPair writes a name, filled up to a width, and its value beside it, or
// below it where it leaves too little room.
func foldPair(out *strings.Builder, limit, width int, name, value string) {
	width = max(width, runewidth.StringWidth(name))
	indent := width + columnGap
	if limit-indent < min(leastText, runewidth.StringWidth(value)) {
		for _, line := range wrap(name, limit) {
			out.WriteString(line + "\n")
		}
		indent, name = min(columnGap, limit-1), ""
	}
	for _, line := range wrap(value, limit-indent) {
		out.WriteString(strings.TrimRight(runewidth.FillRight(name, indent)+line, " ") + "\n")
		name = ""
	}
}

// wrap breaks text into lines of at most width columns: at spaces, and within
// a word that is too long by itself. Spaces at the start of the text stay.
func wrap(text string, width int) []string {
	var lines []string
	line, used := "", 0
	flush := func() {
		lines = append(lines, strings.TrimRight(line, " "))
		line, used = "", 0
	}
	for _, word := range slices.Collect(strings.SplitAfterSeq(text, " ")) {
		n := runewidth.StringWidth(strings.TrimRight(word, " "))
		if used > 0 && used+n > width {
			flush()
		}
		for n > width {
			head := runewidth.Truncate(word, width, "")
			if head == "" { // a character wider than the line
				break
			}
			line = head
			flush()
			word = word[len(head):]
			n = runewidth.StringWidth(strings.TrimRight(word, " "))
		}
		line += word
		used += runewidth.StringWidth(word)
	}
	if line != "" || len(lines) == 0 {
		flush()
	}
	return lines
}
