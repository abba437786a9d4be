package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/prunefuse/prunefuse/internal/term"
)

// schema is what an object of -json and of -out states.
const schema = "prunefuse.bench-parity/1"

// The two sides.
const (
	ours  = "ours"
	torch = "torch"
)

// recipe is what two results must share to be comparable.
type recipe struct {
	Depth  int    `json:"depth"`
	Train  string `json:"train"`
	Test   string `json:"test"`
	Epochs int    `json:"epochs"`
	Batch  int    `json:"batch"`
}

// result is one run.
type result struct {
	Schema string `json:"schema"`
	Side   string `json:"side"`
	Seed   uint64 `json:"seed"`
	recipe
	// Losses are the means over each epoch, of every step before it.
	Losses   []float64 `json:"losses"`
	Accuracy float64   `json:"accuracy"` // on all test samples, after the last epoch
	Seconds  float64   `json:"seconds"`  // of training
}

// results are those that a file holds, none where there is no file.
func results(path string) ([]result, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []result
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var r result
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: result %d: %w", path, len(out)+1, err)
		}
		if r.Schema != schema {
			return nil, fmt.Errorf("%s: result %d has the schema %q, want %q", path, len(out)+1, r.Schema, schema)
		}
		out = append(out, r)
	}
}

// keep appends a result to a file.
func keep(path string, r result) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(f).Encode(r), f.Close())
}

func (o options) print(w io.Writer, sides []string, done []result) error {
	if o.json {
		for _, r := range done {
			if err := json.NewEncoder(w).Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	if err := term.MarkdownHeader(w, "", "accuracy, each seed", "mean", "standard deviation", "training"); err != nil {
		return err
	}
	for _, side := range sides {
		var accuracies, seconds []float64
		var list []string
		for _, r := range done {
			if r.Side != side {
				continue
			}
			accuracies, seconds = append(accuracies, r.Accuracy), append(seconds, r.Seconds)
			list = append(list, term.Percent(r.Accuracy))
		}
		mean, deviation := stat.MeanStdDev(accuracies, nil)
		if len(accuracies) < 2 {
			deviation = 0
		}
		if err := term.MarkdownRow(w, side, strings.Join(list, ", "), fmt.Sprintf("%.2f %%", 100*mean), fmt.Sprintf("%.2f", 100*deviation),
			term.Seconds(stat.Mean(seconds, nil))); err != nil {
			return err
		}
	}
	return nil
}
