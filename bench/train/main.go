// Command train times a training step here and with PyTorch:
//
//	go run ./bench/train [-batch 128] [-threads 2] [-rounds 15] [-json] [NETWORK[:WIDTH] ...]
//	go run ./bench/train -profile [NETWORK[:WIDTH] ...]
//	go run ./bench/train -each FILE|FOLDER ...
//
// A network is a CIFAR ResNet of the zoo, as resnet20, of images of 3×32×32,
// and WIDTH the channels of its first layer, 16 where none is given. A step is
// forward, cross-entropy, backward and momentum SGD with weight decay, on one
// batch of noise that stays. Both sides take turns, each in a process of its
// own that holds nothing but the network; the times are medians and the
// memory is the most that a process had.
//
// PyTorch is that of /usr/bin/python3 or python3; where there is none its
// columns stay empty. With -profile our step alone runs, and the table is
// ONNX Runtime's time in each operator. With -each no time is taken: every ONNX
// file takes two steps, and those that cannot be trained are listed with why.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"

	"github.com/prunefuse/prunefuse/bench/internal/cli"
)

type options struct {
	batch, threads, rounds int
	json, profile          bool
}

func main() { cli.Main("train", run) }

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	fs := flag.NewFlagSet("train", flag.ContinueOnError)
	fs.IntVar(&o.batch, "batch", 128, "samples a step")
	fs.IntVar(&o.threads, "threads", 2, "threads of each side")
	fs.IntVar(&o.rounds, "rounds", 15, "steps of each side that are timed")
	fs.BoolVar(&o.json, "json", false, "print an object a line instead of the table")
	fs.BoolVar(&o.profile, "profile", false, "print the time in each operator of our step instead")
	each := fs.Bool("each", false, "say which ONNX files of some folders train, instead")
	ours := fs.Bool("ours", false, "take a step for each line on stdin; how a process of our side is started")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if o.batch < 1 || o.threads < 1 || o.rounds < 1 {
		return errors.New("-batch, -threads and -rounds are at least 1")
	}
	if *each {
		return o.each(ctx, fs.Args(), stdout)
	}
	nets, err := networks(fs.Args())
	if err != nil {
		return err
	}
	switch {
	case *ours:
		return o.serve(ctx, nets[0], os.Stdin, stdout)
	case o.profile:
		return o.profiles(ctx, nets, stdout)
	}
	return o.compare(ctx, nets, stdout)
}

// network is a ResNet of 6n+2 layers.
type network struct{ depth, width int }

func (n network) String() string { return fmt.Sprintf("resnet%d:%d", n.depth, n.width) }

var form = regexp.MustCompile(`^resnet(\d{1,4})(?::(\d{1,4}))?$`)

// networks reads the names of networks, which are the goal's where there are
// none.
func networks(names []string) ([]network, error) {
	if len(names) == 0 {
		return []network{{20, 16}, {56, 16}, {20, 8}, {56, 8}}, nil
	}
	var nets []network
	for _, name := range names {
		m := form.FindStringSubmatch(name)
		if m == nil {
			return nil, fmt.Errorf("network %q: want resnet20, resnet56:8 or alike", name)
		}
		n := network{width: 16}
		n.depth, _ = strconv.Atoi(m[1])
		if m[2] != "" {
			n.width, _ = strconv.Atoi(m[2])
		}
		if n.depth < 8 || n.depth%6 != 2 || n.width < 1 {
			return nil, fmt.Errorf("network %q: want 6n+2 layers and a width of at least 1", name)
		}
		nets = append(nets, n)
	}
	return nets, nil
}
