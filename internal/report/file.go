package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
)

// The names of the two files in a run's folder.
const (
	HTMLName = "report.html"
	JSONName = "report.json"
)

// Write completes r and puts report.html and report.json into the folder dir,
// both or neither.
func Write(dir string, r *Report) error {
	var page, data bytes.Buffer
	if err := Render(&page, r); err != nil {
		return err
	}
	enc := json.NewEncoder(&data)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	var group atomicfile.Group
	defer group.Discard()
	for _, f := range []struct {
		name    string
		content *bytes.Buffer
	}{{HTMLName, &page}, {JSONName, &data}} {
		path := filepath.Join(dir, f.name)
		err := group.Write(path, 0o666, func(w io.Writer) error {
			_, err := f.content.WriteTo(w)
			return err
		})
		if err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	if err := group.Commit(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// Read returns the report in the JSON file at path.
func Read(path string) (*Report, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	r := new(Report)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("read report %s: not a report: %w", path, err)
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("read report %s: schema is %q, this version reads %q", path, r.Schema, Schema)
	}
	if err := r.Complete(); err != nil {
		return nil, fmt.Errorf("read report %s: %w", path, err)
	}
	return r, nil
}
