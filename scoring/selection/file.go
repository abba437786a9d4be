package selection

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"

	"github.com/prunefuse/prunefuse/scoring"
)

// Schema names the format of one line of a selection file in JSON lines. Every
// line carries it, best first.
const Schema = "prunefuse.selected/1"

// Format is a way to write a selection file.
type Format string

// The formats.
const (
	JSONL Format = "jsonl" // a Line a sample
	Text  Format = "txt"   // the sample's name a line
)

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) {
	switch f := Format(name); f {
	case JSONL, Text:
		return f, nil
	}
	return "", fmt.Errorf("format %q: want jsonl or txt", name)
}

// FormatOf returns the format that the ending of a file's name asks for: .jsonl or .txt. A
// name without an ending is Text's; an ending that no format has is an error that
// lists them.
func FormatOf(path string) (Format, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".jsonl", ".ndjson", ".json":
		return JSONL, nil
	case ".txt", ".lst", "":
		return Text, nil
	default:
		return "", fmt.Errorf("%s: a selection ends in .jsonl or .txt, not in %s", path, ext)
	}
}

// Line is one line of a selection file in JSON lines.
type Line struct {
	Schema     string         `json:"schema"`
	Rank       int            `json:"rank"`  // from 1, the first to label
	Index      int            `json:"index"` // in the pool
	ID         string         `json:"id"`
	Strategy   string         `json:"strategy"`
	Score      float64        `json:"score"` // as in Selected
	Class      int            `json:"class"` // the predicted one, NoClass where no model was asked
	Confidence float64        `json:"confidence"`
	Label      *int           `json:"label,omitempty"`
	Scores     scoring.Scores `json:"scores"`
	Cluster    *int           `json:"cluster,omitempty"`
	Nearest    *Neighbour     `json:"nearest_labelled,omitempty"`
}

// LineOf returns the line of a sample that a strategy chose.
func LineOf(s Selected, strategy string) Line {
	r := s.Record
	line := Line{
		Schema: Schema, Rank: s.Rank, Index: r.Index, ID: r.ID, Strategy: strategy, Score: s.Score,
		Class: r.Class, Confidence: r.Confidence, Label: r.Label, Scores: r.Scores, Nearest: s.Nearest,
	}
	if s.Cluster >= 0 {
		line.Cluster = &s.Cluster
	}
	return line
}

// Write writes a selection file, best first.
func Write(w io.Writer, f Format, chosen []Selected, strategy string) error {
	b := bufio.NewWriter(w)
	put := func(s Selected) error { return writeName(b, s.Record.ID) }
	if f == JSONL {
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		put = func(s Selected) error { return e.Encode(LineOf(s, strategy)) }
	}
	for _, s := range chosen {
		if err := put(s); err != nil {
			return err
		}
	}
	return b.Flush()
}

func writeName(w io.Writer, id string) error {
	if strings.ContainsAny(id, "\r\n") {
		return fmt.Errorf("sample %q has a line break in its name; write the selection as jsonl", id)
	}
	_, err := fmt.Fprintln(w, id)
	return err
}

// ReadFile reads a selection file in JSON lines, or a score file of any format,
// which is a selection of all its samples in the order that it has. It is strict:
// the first line that is not complete ends the sequence with an error that names
// it. Parquet has to come from a file.
func ReadFile(r io.Reader) iter.Seq2[Line, error] {
	if f, ok := r.(io.ReadSeeker); ok {
		if start, err := f.Seek(0, io.SeekCurrent); err == nil { // not a pipe
			return readSeekable(f, start)
		}
	}
	buf := bufio.NewReaderSize(r, 1<<16)
	if head, _ := buf.Peek(leadLen); isSelection(head) {
		return readLines(buf)
	}
	return readScores(buf)
}

// readSeekable leaves the reader as it is for what tells a format by more.
func readSeekable(f io.ReadSeeker, start int64) iter.Seq2[Line, error] {
	var head [leadLen]byte
	_, _ = io.ReadFull(f, head[:])
	if _, err := f.Seek(start, io.SeekStart); err != nil {
		return func(yield func(Line, error) bool) { yield(Line{}, err) }
	}
	if isSelection(head[:]) {
		return readLines(f)
	}
	return readScores(f)
}

// leadLen is the length of what a selection begins with.
const leadLen = len(`{"schema":"`) + len(Schema)

func isSelection(head []byte) bool { return bytes.HasSuffix(head, []byte(Schema)) }

func readLines(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		d := json.NewDecoder(bufio.NewReader(r))
		for n := 1; ; n++ {
			var line Line
			err := d.Decode(&line)
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil && (line.Schema != Schema || line.ID == "") {
				err = fmt.Errorf("it is no line of schema %q with an id", Schema)
			}
			if err != nil {
				yield(Line{}, fmt.Errorf("line %d: %w", n, err))
				return
			}
			if !yield(line, nil) {
				return
			}
		}
	}
}

func readScores(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		rank := 0
		for r, err := range scoring.ReadFile(r) {
			if err != nil {
				yield(Line{}, fmt.Errorf("%w; a selection to read is one that was written as .jsonl", err))
				return
			}
			rank++
			if !yield(LineOf(Selected{Rank: rank, Record: r, Cluster: -1}, ""), nil) {
				return
			}
		}
	}
}
