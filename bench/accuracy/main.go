// Command accuracy prunes a trained classifier by every criterion there is,
// with and without compensation, and prints a table of what is left of its
// accuracy, before and after a short fine-tuning:
//
//	go run ./bench/accuracy -model FILE -train DATA -test DATA [-ratio 0.3] [-epochs 2] [-json]
//
// Criteria with data, the measured compensation and the fine-tuning see the
// samples of -train alone, accuracy is on all of -test. A model whose batch is
// fixed gets a free one first, as training needs it. The seed is that of the
// random criterion, of expected means and of the order and augmentation in
// training; criteria and seeds apart, all rows are made alike. A criterion
// that fails is in the table as such, and the exit status is 1.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"strings"

	"github.com/prunefuse/prunefuse/bench/internal/cli"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
)

type options struct {
	model, train, test string
	mean, std          cli.Channels
	ratio              float64
	criteria           string
	epochs, batch      int
	rate               float64
	seed               uint64
	threads            int
	json               bool
}

func main() { cli.Main("accuracy", run) }

func run(ctx context.Context, args []string, stdout io.Writer) error {
	o := options{mean: cli.Channels{0.485, 0.456, 0.406}, std: cli.Channels{0.229, 0.224, 0.225}}
	fs := flag.NewFlagSet("accuracy", flag.ContinueOnError)
	fs.StringVar(&o.model, "model", "", "ONNX file of the trained classifier")
	fs.StringVar(&o.train, "train", "", "labelled samples to fine-tune and to calibrate on, as prunefuse train reads them")
	fs.StringVar(&o.test, "test", "", "labelled samples to measure accuracy on")
	fs.Var(&o.mean, "mean", "means of the channels, of pixels from 0 to 1, comma between")
	fs.Var(&o.std, "std", "standard deviations of the channels")
	fs.Float64Var(&o.ratio, "ratio", 0.3, "fraction of the channels to remove from every group")
	fs.StringVar(&o.criteria, "criteria", "", "names with commas between; empty is all there are")
	fs.IntVar(&o.epochs, "epochs", 2, "epochs of fine-tuning; 0 leaves it out")
	fs.IntVar(&o.batch, "batch", 128, "samples a step")
	fs.Float64Var(&o.rate, "lr", 0.01, "learning rate of the first half of the epochs; the second has a tenth")
	fs.Uint64Var(&o.seed, "seed", 1, "seed of everything random")
	fs.IntVar(&o.threads, "threads", 0, "threads within one operator; 0 is one a core")
	fs.BoolVar(&o.json, "json", false, "print an object for each criterion instead of the table")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	switch {
	case o.model == "" || o.train == "" || o.test == "":
		return errors.New("name the model with -model and the samples with -train and -test")
	case !(o.ratio > 0 && o.ratio < 1) || o.epochs < 0 || o.batch < 1 || !(o.rate > 0):
		return errors.New("-ratio is above 0 and below 1, -epochs at least 0, -batch at least 1, -lr above 0")
	}
	criteria, err := o.chosen()
	if err != nil {
		return err
	}
	if err := ort.Init(ctx, ort.Options{Progress: os.Stderr}); err != nil {
		return err
	}
	b, err := newBench(o)
	if err != nil {
		return err
	}
	return errors.Join(b.all(ctx, criteria, stdout), b.close())
}

func (o options) chosen() ([]pruning.Criterion, error) {
	if o.criteria == "" {
		return pruning.Criteria, nil
	}
	var list []pruning.Criterion
	for name := range strings.SplitSeq(o.criteria, ",") {
		c, err := pruning.CriterionByName(name)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}
