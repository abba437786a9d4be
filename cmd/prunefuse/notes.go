package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/prunefuse/prunefuse/data"
)

// notes are what a command took for granted and the reader of its result has
// to know. A note stands on stderr at once, unless --quiet or --json is given,
// and always in the JSON result. It may be added from any goroutine.
type notes struct {
	mu      sync.Mutex
	all     []string
	printed int // so many stand in JSON
}

// add keeps a note and reports whether it is new.
func (n *notes) add(text string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if slices.Contains(n.all, text) {
		return false
	}
	n.all = append(n.all, text)
	return true
}

// take returns the notes that no JSON has shown yet.
func (n *notes) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := n.all[n.printed:]
	n.printed = len(n.all)
	return out
}

// note tells whatever was guessed, assumed or left out and bears on the
// result: on stderr, or as one of "notes" in the JSON result.
func (g *globals) note(format string, args ...any) {
	text := oneLine(fmt.Sprintf(format, args...))
	if g.notes.add(strings.TrimPrefix(text, "note: ")) && !g.quiet && !g.json {
		_, _ = fmt.Fprintf(g.stderr, "%s\n", text)
	}
}

// noteData tells what the data were taken for, and counts samples that are lost:
// the command ends with the code for it.
func (g *globals) noteData(n data.Note) {
	g.lost += n.Lost
	g.note("note: %s", n.Text)
}

// printJSON prints a result, which is an object that holds its schema, with
// the notes so far as its last key; without notes there is no such key.
func (g *globals) printJSON(v any) error {
	b, err := encodeJSON(v, g.notes.take())
	if err == nil {
		_, err = g.stdout.Write(b)
	}
	if err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}

// printResult prints a result as JSON where --json is given, else as text.
func (g *globals) printResult(v any, text string) error {
	if g.json {
		return g.printJSON(v)
	}
	_, err := io.WriteString(g.stdout, text)
	return err
}

// encodeJSON writes an object, indented, with notes as its last key.
func encodeJSON(v any, notes []string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	if len(notes) == 0 {
		return b.Bytes(), nil
	}
	object, ends := bytes.CutSuffix(b.Bytes(), []byte("\n}\n"))
	if !ends {
		panic(fmt.Sprintf("BUG: a result of type %T is no JSON object", v))
	}
	var list bytes.Buffer
	e = json.NewEncoder(&list)
	e.SetEscapeHTML(false)
	e.SetIndent("  ", "  ")
	if err := e.Encode(notes); err != nil {
		return nil, err
	}
	return fmt.Appendf(object, ",\n  \"notes\": %s\n}\n", bytes.TrimSpace(list.Bytes())), nil
}
