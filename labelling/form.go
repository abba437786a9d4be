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
	CVAT        Form = "cvat"         // annotations to upload, XML
	COCO        Form = "coco"         // images and categories, JSON
)

// Measured reports whether the form states the sizes of images; see [Measure].
func (f Form) Measured() bool { return f == CVAT || f == COCO }

// FormOf returns the form of a name, or, where that is empty, of a file by its ending.
func FormOf(name, path string) (Form, error) {
	switch f := Form(name); f {
	case LabelStudio, Table, Lines, CVAT, COCO:
		return f, nil
	case "":
	default:
		return "", fmt.Errorf("--format %q: want %s, %s, %s, %s or %s", name, LabelStudio, Table, Lines, CVAT, COCO)
	}
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".csv":
		return Table, nil
	case ".jsonl":
		return Lines, nil
	case ".xml":
		return CVAT, nil
	case ".json", "":
		return LabelStudio, nil
	default:
		return "", fmt.Errorf("%s: a batch for labelling ends in .json, .csv, .jsonl or .xml, not in %s", path, ext)
	}
}

// Write writes a batch in a form. Version names the network whose predictions it has.
func Write(w io.Writer, f Form, items []Item, version string, c Config) error {
	switch f {
	case Table:
		return WriteCSV(w, items)
	case Lines:
		return WriteJSONL(w, items)
	case CVAT:
		return WriteCVAT(w, items, c.Classes)
	case COCO:
		return WriteCOCO(w, items, c.Classes)
	}
	return WriteLabelStudio(w, items, version, c)
}

// Written says how many samples a file of tasks or of labels has.
type Written struct {
	Schema string `json:"schema"`
	Output string `json:"output"`
	Count  int    `json:"count"`
}

// Text tells the same in a line.
func (w Written) Text() string { return fmt.Sprintf("%s: %d samples\n", w.Output, w.Count) }
