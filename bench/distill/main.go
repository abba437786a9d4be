// Command distill prunes a trained classifier and fine-tunes what is left of
// it twice, on labels alone and with the unpruned network as its teacher, and
// prints a table of the accuracy after every epoch:
//
//	go run ./bench/distill -model FILE -train DATA -test DATA [-ratio 0.5] [-epochs 10] [-seeds 3] [-json]
//
// Both trainings with a seed see the samples of -train in the same order with the
// same crops and flips; accuracy is on all of -test. The table has the means over
// the seeds, and the least and the most. The recipe is SGD with momentum
// 0.9 and weight decay 5e-4, the rate falling from -lr to 0 by a cosine. A model
// whose batch is fixed gets a free one first, as training needs it.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"

	"github.com/prunefuse/prunefuse/bench/internal/cli"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

type options struct {
	model, train, test string
	mean, std          cli.Channels
	ratio              float64
	criterion          string
	epochs, batch      int
	rate               float64
	weight             float64
	temperature        float64
	seeds              int
	threads            int
	json               bool
}

func main() { cli.Main("distill", run) }

func run(ctx context.Context, args []string, stdout io.Writer) error {
	o := options{mean: cli.Channels{0.485, 0.456, 0.406}, std: cli.Channels{0.229, 0.224, 0.225}}
	fs := flag.NewFlagSet("distill", flag.ContinueOnError)
	fs.StringVar(&o.model, "model", "", "ONNX file of the trained classifier")
	fs.StringVar(&o.train, "train", "", "labelled samples to fine-tune on, as prunefuse train reads them")
	fs.StringVar(&o.test, "test", "", "labelled samples to measure accuracy on")
	fs.Var(&o.mean, "mean", "means of the channels, of pixels from 0 to 1, comma between")
	fs.Var(&o.std, "std", "standard deviations of the channels")
	fs.Float64Var(&o.ratio, "ratio", 0.5, "fraction of the channels to remove from every group")
	fs.StringVar(&o.criterion, "criterion", "l2", "which channels go, by the weights")
	fs.IntVar(&o.epochs, "epochs", 10, "epochs of each fine-tuning")
	fs.IntVar(&o.batch, "batch", 128, "samples a step")
	fs.Float64Var(&o.rate, "lr", 0.01, "learning rate at the start")
	fs.Float64Var(&o.weight, "weight", 0.9, "share of the loss that compares with the teacher")
	fs.Float64Var(&o.temperature, "temperature", 4, "what logits are divided by to soften answers")
	fs.IntVar(&o.seeds, "seeds", 3, "fine-tunings of each kind, with the seeds 1, 2, … of the order and the augmentation")
	fs.IntVar(&o.threads, "threads", 0, "threads within one operator; 0 is one a core")
	fs.BoolVar(&o.json, "json", false, "print an object for every epoch instead of the table")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	switch {
	case o.model == "" || o.train == "" || o.test == "":
		return errors.New("name the model with -model and the samples with -train and -test")
	case !(o.ratio > 0 && o.ratio < 1) || o.epochs < 1 || o.batch < 1 || o.seeds < 1 || !(o.rate > 0):
		return errors.New("-ratio is above 0 and below 1, -epochs, -batch and -seeds at least 1, -lr above 0")
	case !(o.weight > 0 && o.weight <= 1) || !(o.temperature > 0):
		return errors.New("-weight is above 0 and at most 1, -temperature above 0")
	}
	if err := ort.Init(ctx, ort.Options{Progress: os.Stderr}); err != nil {
		return err
	}
	b, err := newBench(o)
	if err != nil {
		return err
	}
	return errors.Join(b.all(ctx, stdout), b.close())
}
