package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/scoring"
)

// choiceOptions are the flags by which samples are chosen for labelling.
// The command names path by a flag of its own.
type choiceOptions struct {
	path     string
	strategy string
	k        int
	format   string
}

func (o *choiceOptions) addFlags(fs *pflag.FlagSet) {
	fs.StringVarP(&o.strategy, "strategy", "S", "", "how to choose: a `name`, see above")
	fs.IntVarP(&o.k, "count", "k", 0, "how many samples to choose: `N`")
	fs.StringVar(&o.format, "format", "", "`form` of the selection: jsonl or txt; empty goes by the file's name, and is txt on stdout")
}

func strategiesHelp() string {
	var b strings.Builder
	for _, s := range scoring.Strategies() {
		fmt.Fprintf(&b, "  %-17s %s\n", s.Name, s.Summary)
	}
	return b.String()
}

func completeStrategies(cmd *cobra.Command) {
	complete(cmd, "strategy", func() (out []string) {
		for _, s := range scoring.Strategies() {
			out = append(out, s.Name+"\t"+s.Summary)
		}
		return out
	})
}

// strategyWithFeatures is the name of the strategy that chooses by coverage.
func strategyWithFeatures() string {
	for _, s := range scoring.Strategies() {
		if s.Features {
			return s.Name
		}
	}
	panic("BUG: no strategy takes features")
}

func (o *choiceOptions) settle() error {
	if o.strategy == "" {
		return errors.New("say how to choose with --strategy")
	}
	if _, err := scoring.StrategyNamed(o.strategy); err != nil {
		return fmt.Errorf("--strategy: %w", err)
	}
	switch {
	case o.k < 1:
		return fmt.Errorf("--count (-k) %d: say how many samples to choose, at least 1", o.k)
	case o.format != "" && o.format != "jsonl" && o.format != "txt":
		return fmt.Errorf("--format %q: want jsonl or txt", o.format)
	}
	if o.format == "" {
		o.format = "txt"
		if ext := strings.ToLower(filepath.Ext(o.path)); ext == ".jsonl" || ext == ".json" {
			o.format = "jsonl"
		}
	}
	return nil
}

// choose picks from the records, which hold features where the strategy
// needs them; centres are those of samples that have a label already.
func (o *choiceOptions) choose(ctx context.Context, records iter.Seq2[scoring.Record, error], seed uint64, centres scoring.Features) ([]scoring.Selected, error) {
	if o.strategy != strategyWithFeatures() {
		return scoring.Select(records, o.strategy, o.k, seed)
	}
	return scoring.SelectKCenter(ctx, records, o.k, scoring.KCenterOptions{Labelled: centres})
}

// selectedSchema names the format of a line of a .jsonl selection.
const selectedSchema = "prunefuse.selected/1"

type selectedLine struct {
	Schema     string         `json:"schema"`
	Rank       int            `json:"rank"`
	Index      int            `json:"index"`
	ID         string         `json:"id"`
	Strategy   string         `json:"strategy"`
	Score      float64        `json:"score"`
	Class      int            `json:"class"`
	Confidence float64        `json:"confidence"`
	Label      *int           `json:"label,omitempty"`
	Scores     scoring.Scores `json:"scores"`
}

// write adds the selection, best first, to the outputs.
func (o *choiceOptions) write(out *outputs, chosen []scoring.Selected) error {
	return out.write(o.path, func(w io.Writer) error {
		b := bufio.NewWriter(w)
		put := putID
		if o.format == "jsonl" {
			e := json.NewEncoder(b)
			e.SetEscapeHTML(false)
			put = func(_ io.Writer, s scoring.Selected) error { return e.Encode(o.line(s)) }
		}
		for _, s := range chosen {
			if err := put(b, s); err != nil {
				return err
			}
		}
		return b.Flush()
	})
}

func (o *choiceOptions) line(s scoring.Selected) selectedLine {
	r := s.Record
	return selectedLine{
		selectedSchema, s.Rank, r.Index, r.ID, o.strategy, s.Score, r.Class, r.Confidence, r.Label, r.Scores,
	}
}

func putID(w io.Writer, s scoring.Selected) error {
	if strings.ContainsAny(s.Record.ID, "\r\n") {
		return fmt.Errorf("sample %q has a line break in its name; write the selection as jsonl", s.Record.ID)
	}
	_, err := fmt.Fprintln(w, s.Record.ID)
	return err
}
