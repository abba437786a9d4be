package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/labelling"
	"github.com/prunefuse/prunefuse/scoring/job"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

type selectOptions struct {
	out      outputOptions
	choice   choiceOptions
	of       job.Files // the rows of the samples
	labelled job.Files // and of those that have a label already
	sheet    string
	pool     string
	names    namesOptions
}

func (o *selectOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs, "the .jsonl or .txt `file` to write (default stdout)")
	o.choice.addFlags(fs, "format")
	fs.StringVar(&o.of.Features, "embeddings", "", "the .npy `file` of features that score wrote beside the scores")
	fs.StringVar(&o.of.Probabilities, "probabilities", "", "the .npy `file` of class probabilities that score wrote")
	fs.StringVar(&o.labelled.Features, "labelled-embeddings", "", "the same of the samples that have a label already: an .npy `file`")
	fs.StringVar(&o.labelled.Probabilities, "labelled-probabilities", "", "the same of the samples that have a label already: an .npy `file`")
	fs.StringVar(&o.sheet, "sheet", "", "also write an HTML `file` that shows the chosen samples, why each was chosen, and its most likely classes, the three of --probabilities")
	fs.StringVar(&o.pool, "pool", "", "the `data` that were scored, for --sheet")
	o.names.addFlags(fs)
}

func newSelectCommand(g *globals) *cobra.Command {
	var o selectOptions
	cmd := &cobra.Command{
		Use:     "select SCORES --strategy S -k N",
		GroupID: groupData,
		Short:   "Choose what to label from a score file",
		Long: withExitStatus(`
Choose the samples to label from the file that "prunefuse score" wrote, the most
useful first; - reads it from stdin, but not Parquet. A .txt selection is the samples' names,
one a line; a .jsonl one has rank, scores and prediction as well. Nothing is
run: one score file serves any number of selections.

`+strategiesHelp(),
			exitOK, exitFailed, exitUsage, exitInterrupted),
		Example: `  prunefuse select scores.jsonl --strategy margin -k 1000 -o batch.txt
  prunefuse select scores.jsonl --strategy k-center --embeddings emb.npy -k 1000 -o batch.jsonl`,
		Args: exactArgs("SCORES"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.settle(); err != nil {
				return usageIn(cmd, err)
			}
			return runSelect(cmd.Context(), g, o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	completeStrategies(cmd)
	return cmd
}

func (o *selectOptions) settle() error {
	if o.choice.path = o.out.path; o.choice.path == "" {
		o.choice.path = stdStream
	}
	if err := o.choice.settle(); err != nil {
		return err
	}
	s := o.choice.chooser
	if (o.sheet == "") != (o.pool == "") {
		return errors.New("--sheet shows the images of the data that were scored, which --pool names: give both")
	}
	for _, f := range []struct {
		flag, path string
		takes      bool
		needs      bool
	}{
		{"embeddings", o.of.Features, s.Features, s.Features},
		{"probabilities", o.of.Probabilities, s.Probabilities || o.sheet != "", s.Probabilities},
		{"labelled-embeddings", o.labelled.Features, s.Features && s.Labelled != selection.Unused, s.Features && s.Labelled == selection.Required},
		{"labelled-probabilities", o.labelled.Probabilities, s.Probabilities && s.Labelled != selection.Unused, s.Probabilities && s.Labelled == selection.Required},
	} {
		switch {
		case f.needs && f.path == "":
			return fmt.Errorf("--strategy %s needs --%s", s.Name, f.flag)
		case !f.takes && f.path != "":
			return fmt.Errorf("--%s: strategy %q makes no use of it", f.flag, s.Name)
		}
	}
	return nil
}

func runSelect(ctx context.Context, g *globals, o selectOptions, path string) error {
	if err := o.out.check(o.sheet); err != nil {
		return err
	}
	in, err := g.open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	choice := o.choice.choice
	choice.Seed = g.seed
	of := o.of
	if !o.choice.chooser.Probabilities {
		of.Probabilities = "" // they are for the sheet alone
	}
	chosen, err := job.Choose(ctx, in, of, o.labelled, choice)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	out := g.outputs()
	defer out.Discard()
	if err := o.choice.write(&out, chosen); err != nil {
		return err
	}
	if o.sheet != "" {
		if err := o.writeSheet(&out, chosen); err != nil {
			return fmt.Errorf("%s: %w", o.sheet, err)
		}
	}
	if err := out.Commit(); err != nil {
		return err
	}
	if g.json && o.choice.path != stdStream {
		return g.printJSON(struct {
			Schema   string `json:"schema"`
			Scores   string `json:"scores"`
			Selected string `json:"selected"`
			Strategy string `json:"strategy"`
			Count    int    `json:"count"`
		}{"prunefuse.select/1", path, o.choice.path, o.choice.choice.Strategy, len(chosen)})
	}
	return nil
}

// writeSheet adds the page that shows what was chosen.
func (o *selectOptions) writeSheet(out *outputs, chosen []selection.Selected) error {
	classes, err := o.names.of()
	if err == nil && o.of.Probabilities != "" {
		err = job.AddProbabilities(o.of.Probabilities, chosen)
	}
	if err != nil {
		return err
	}
	sheet, err := labelling.SheetOf(chosen, o.choice.choice.Strategy, classes)
	if err != nil {
		return err
	}
	pool, err := labelling.OpenPool(o.pool)
	if err != nil {
		return err
	}
	defer pool.Close()
	sheet.Title, sheet.Picture = filepath.Base(o.sheet), pool.Picture
	return out.write(o.sheet, sheet.Write)
}
