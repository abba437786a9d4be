package term

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// MarkdownHeader writes the first two lines of a Markdown table.
func MarkdownHeader(w io.Writer, header ...string) error {
	if err := MarkdownRow(w, header...); err != nil {
		return err
	}
	return MarkdownRow(w, slices.Repeat([]string{"---"}, len(header))...)
}

// MarkdownRow writes a row of a Markdown table.
func MarkdownRow(w io.Writer, cells ...string) error {
	escaped := make([]string, len(cells))
	for i, cell := range cells {
		escaped[i] = strings.ReplaceAll(clean(cell), "|", `\|`)
	}
	if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(escaped, " | ")); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}
