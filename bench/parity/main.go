// Command parity trains a ResNet of the zoo from scratch here and with PyTorch,
// by the same recipe and from the same initial weights, and prints the
// accuracies of both:
//
//	go run ./bench/parity [-depth 20] [-train fashion-mnist -test fashion-mnist:test] [-epochs 5] [-seeds 3] [-out FILE] [-json]
//
// The recipe is momentum SGD (0.9, weight decay 0.0005) at a rate of 0.1, then
// a tenth of it from 60 % of the epochs on and a hundredth from 80 % on, batches
// of 128, pixels normalised, nothing augmented. Each side shuffles with a
// generator of its own, so what can be compared is the spread over seeds.
//
// PyTorch is that of /usr/bin/python3 or python3; -side ours leaves it out.
// With -out, results are kept in a file of JSON lines, and a later call does
// only what is missing there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/prunefuse/prunefuse/bench/internal/cli"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

type options struct {
	depth         int
	train, test   string
	epochs, batch int
	seeds         int
	threads       int
	side, out     string
	json          bool
}

func main() { cli.Main("parity", run) }

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	fs := flag.NewFlagSet("parity", flag.ContinueOnError)
	fs.IntVar(&o.depth, "depth", 20, "layers of the ResNet, 6n+2")
	fs.StringVar(&o.train, "train", "fashion-mnist", "labelled samples to train on, as prunefuse train reads them")
	fs.StringVar(&o.test, "test", "fashion-mnist:test", "labelled samples to measure accuracy on")
	fs.IntVar(&o.epochs, "epochs", 5, "epochs of a run")
	fs.IntVar(&o.batch, "batch", 128, "samples a step")
	fs.IntVar(&o.seeds, "seeds", 3, "runs of each side, with the seeds 1, 2, …")
	fs.IntVar(&o.threads, "threads", 2, "threads of each side")
	fs.StringVar(&o.side, "side", "both", "ours, torch or both")
	fs.StringVar(&o.out, "out", "", "file of JSON lines that results are kept in and taken from")
	fs.BoolVar(&o.json, "json", false, "print an object for each run instead of the table")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if o.epochs < 1 || o.batch < 1 || o.seeds < 1 || o.threads < 1 {
		return errors.New("-epochs, -batch, -seeds and -threads are at least 1")
	}
	sides := []string{ours, torch}
	switch o.side {
	case "both":
	case ours, torch:
		sides = []string{o.side}
	default:
		return fmt.Errorf("-side %q: want ours, torch or both", o.side)
	}
	if err := ort.Init(ctx, ort.Options{Progress: os.Stderr}); err != nil {
		return err
	}
	b, err := newBench(o)
	if err != nil {
		return err
	}
	done, err := b.all(ctx, sides)
	if err != nil {
		return err
	}
	return o.print(stdout, sides, done)
}
