package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/scoring/selection"
)

// choiceOptions are the flags by which samples are chosen for labelling.
// The command names path by a flag of its own.
type choiceOptions struct {
	path    string
	choice  selection.Choice
	chooser selection.Strategy // what choice settles on
	params  map[string]string
	format  string
}

// addFlags adds the flags of a choice, whose file's form the command names by a flag
// of its own.
func (o *choiceOptions) addFlags(fs *pflag.FlagSet, form string) {
	fs.StringVarP(&o.choice.Strategy, "strategy", "S", "", "how to choose: a `name`, see above")
	fs.IntVarP(&o.choice.K, "count", "k", 0, "how many samples to choose: `N`")
	fs.StringVar(&o.choice.Measure, "by", "", "the `measure` that a strategy goes by, for those that take one (default its own)")
	fs.StringToStringVar(&o.params, "param", nil, "`NAME=NUMBER` of the strategy, see above; may be repeated")
	fs.StringVar(&o.format, form, "", "`form` of the selection: jsonl or txt; empty goes by the file's name, and is txt on stdout")
}

// strategiesHelp lists the strategies, what each asks for, and what it can be
// told.
func strategiesHelp() string {
	var b strings.Builder
	b.WriteString(`Strategies (f looks at features, p at class probabilities, L needs the labelled
set, y labels of the pool; m goes by a measure that --by may replace):
`)
	for _, s := range selection.Strategies() {
		fmt.Fprintf(&b, "  %-17s %-3s %s\n", s.Name, needsOf(s), s.Summary)
		for _, p := range s.Params {
			fmt.Fprintf(&b, "%27s--param %s=%g: %s\n", "", p.Name, p.Default, p.Summary)
		}
	}
	return b.String()
}

// needsOf says what a strategy asks for, in the letters of the help.
func needsOf(s selection.Strategy) (letters string) {
	for _, need := range []struct {
		letter string
		is     bool
	}{
		{"m", s.AnyMeasure},
		{"f", s.Features},
		{"p", s.Probabilities},
		{"L", s.Labelled == selection.Required},
		{"y", s.Labels},
	} {
		if need.is {
			letters += need.letter
		}
	}
	return letters
}

func completeStrategies(cmd *cobra.Command) {
	complete(cmd, "strategy", func() (out []string) {
		for _, s := range selection.Strategies() {
			out = append(out, s.Name+"\t"+s.Summary)
		}
		return out
	})
}

func (o *choiceOptions) settle() error {
	if o.choice.Strategy == "" {
		return errors.New("say how to choose with --strategy")
	}
	if _, err := selection.StrategyNamed(o.choice.Strategy); err != nil {
		return fmt.Errorf("--strategy: %w", err)
	}
	switch {
	case o.choice.K < 1:
		return fmt.Errorf("--count (-k) %d: say how many samples to choose, at least 1", o.choice.K)
	}
	if err := o.settleFormat(); err != nil {
		return err
	}
	o.choice.Params = make(map[string]float64, len(o.params))
	for name, text := range o.params {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("--param %s=%s: not a number", name, text)
		}
		o.choice.Params[name] = v
	}
	var err error
	o.chooser, err = o.choice.Check()
	return err
}

// settleFormat finds the form of the selection: as named, by the file's ending,
// or text on stdout.
func (o *choiceOptions) settleFormat() error {
	f, err := selection.Text, error(nil)
	switch {
	case o.format != "":
		f, err = selection.ParseFormat(o.format)
	case o.path != stdStream:
		f, err = selection.FormatOf(o.path)
	}
	o.format = string(f)
	return err
}

// chooses reports whether anything is to be chosen.
func (o *choiceOptions) chooses() bool { return o.choice.Strategy != "" }

// write adds the selection, best first, to the outputs.
func (o *choiceOptions) write(out *outputs, chosen []selection.Selected) error {
	return out.write(o.path, func(w io.Writer) error {
		return selection.Write(w, selection.Format(o.format), chosen, o.choice.Strategy)
	})
}
