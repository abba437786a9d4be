package labelling

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Form is one of the forms in which a batch is handed out.
type Form string

// The forms.
const (
	LabelStudio Form = "label-studio" // an import file, JSON
	Table       Form = "csv"          // to fill in
	Lines       Form = "jsonl"        // the same, an object a line
)

// FormOf returns the form of a name, or, where that is empty, of a file by its ending.
func FormOf(name, path string) (Form, error) {
	switch f := Form(name); f {
	case LabelStudio, Table, Lines:
		return f, nil
	case "":
	default:
		return "", fmt.Errorf("--format %q: want %s, %s or %s", name, LabelStudio, Table, Lines)
	}
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".csv":
		return Table, nil
	case ".jsonl":
		return Lines, nil
	case ".json", "":
		return LabelStudio, nil
	default:
		return "", fmt.Errorf("%s: a batch for labelling ends in .json, .csv or .jsonl, not in %s", path, ext)
	}
}

// Write writes a batch in a form. Version names the network whose predictions it has.
func Write(w io.Writer, f Form, items []Item, version string, c Config) error {
	switch f {
	case Table:
		return WriteCSV(w, items)
	case Lines:
		return WriteJSONL(w, items)
	}
	return WriteLabelStudio(w, items, version, c)
}
