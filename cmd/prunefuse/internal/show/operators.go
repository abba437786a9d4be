package show

import (
	"io"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Operators prints the operators that are known as a table.
func Operators(w io.Writer) error {
	header, rows := opsTable()
	return term.Table(w, header, rows, []term.Align{term.Left, term.Left, term.Left, term.Left})
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

// OperatorsMarkdown prints the operators as a table of Markdown.
func OperatorsMarkdown(w io.Writer) error {
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
