// Command score measures how near scoring a pool comes to what bounds it:
//
//	go run ./bench/score [-time 1.5s] [-rounds 15] [-peer] [-json] [CASE ...]
//
// A case is one of
//
//	resnet20 resnet56-half resnet18    the model alone is the limit: samples in
//	                                   an .npy file, against ONNX Runtime on
//	                                   tensors that are ready, with the same
//	                                   options
//	cifar10-jpeg tiny-imagenet photos  folders of JPEG files, against the slower
//	                                   of decoding alone on all cores and ONNX
//	                                   Runtime alone; -peer adds PyTorch with a
//	                                   DataLoader on as many cores
//	measures                           all cheap measures and the 1,000 samples
//	                                   of each that are to be labelled first,
//	                                   against a ResNet-20 without them
//	memory                             the most memory of a process that scores
//	                                   10,000 samples and one that scores
//	                                   1,000,000, both of a sparse file
//
// and all where none is named. Both sides of a case take turns, many short ones, as
// the speed of a machine drifts; the numbers are medians, and the ratio is that of
// the two times in one turn. Decoding and the
// model need the same cores: where both take long, no program comes near the
// slower of the two, and the bound is what both allow in turns, which stands
// beside it. Data is looked for in -data; cases without theirs say so and are
// left out. The exit status is 1 when a goal is missed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/bench/internal/cli"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

type options struct {
	time    time.Duration
	rounds  int
	batch   int
	lanes   int
	threads int
	photos  int
	large   int // samples of the large pool of the case memory
	data    string
	peer    bool
	json    bool

	scratch string // a folder for pools, removed in the end
}

func main() {
	cli.Main("score", func(ctx context.Context, args []string, stdout io.Writer) error {
		return run(ctx, args, stdout, os.Stderr)
	})
}

// benchmark is one case.
type benchmark struct {
	name string
	goal float64
	run  func(context.Context, *options, *result) error
}

var benchmarks = []benchmark{
	{"resnet20", 0.97, modelBound(network{name: "resnet20", side: 32})},
	{"resnet56-half", 0.97, modelBound(network{name: "resnet56", side: 32, width: 0.5})},
	{"resnet18", 0.97, modelBound(network{name: "resnet18", side: 224})},
	{"cifar10-jpeg", 0.9, jpegFolder(network{name: "resnet20", side: 32}, cifarFolder)},
	{"tiny-imagenet", 0.9, jpegFolder(network{name: "resnet18", side: 64}, tinyImageNet)},
	{"photos", 0.9, jpegFolder(network{name: "resnet18", side: 224, resize: 256}, photoFolder)},
	{"measures", 0.98, measuresCost},
	{"memory", 0.9, memoryCost},
}

// result is what a case shows. Per_s are samples a second; for memory they are
// the MiB of the two pools, the small one as the limit.
type result struct {
	Case   string  `json:"case"`
	Ours   float64 `json:"ours_per_s"`
	Limit  float64 `json:"limit_per_s"`
	Ratio  float64 `json:"ratio"` // ours of the limit; for memory the small pool's of the large one's
	Goal   float64 `json:"goal"`
	Decode float64 `json:"decode_per_s,omitempty"` // decoding alone
	Model  float64 `json:"model_per_s,omitempty"`  // ONNX Runtime alone
	Both   float64 `json:"both_per_s,omitempty"`   // one after the other
	Peer   float64 `json:"peer_per_s,omitempty"`   // PyTorch
	Batch  int     `json:"batch,omitempty"`
	Lanes  int     `json:"lanes,omitempty"`
}

// errAbsent is the error of a case whose data is not there.
var errAbsent = errors.New("left out")

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	var o options
	fs := flag.NewFlagSet("score", flag.ContinueOnError)
	fs.DurationVar(&o.time, "time", 1500*time.Millisecond, "least time of each side in each round")
	fs.IntVar(&o.rounds, "rounds", 15, "turns of each side")
	fs.IntVar(&o.batch, "batch", 0, "samples in a run of the model; 0 is the program's choice")
	fs.IntVar(&o.lanes, "lanes", 0, "runs at a time; 0 is the program's choice")
	fs.IntVar(&o.threads, "threads", 0, "threads; 0 is one a core")
	fs.IntVar(&o.photos, "photos", 2000, "pictures of the case photos")
	fs.IntVar(&o.large, "large", 1_000_000, "samples of the large pool of the case memory")
	fs.StringVar(&o.data, "data", "../shared/data", "folder of the data sets")
	fs.BoolVar(&o.peer, "peer", false, "time PyTorch beside it")
	fs.BoolVar(&o.json, "json", false, "print an object a line instead of the table")
	pool := fs.String("child", "", "score this pool and end; how the processes of the case memory are started")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if o.rounds < 1 || o.photos < 1 || o.large < 1 {
		return errors.New("-rounds, -photos and -large are at least 1")
	}
	if o.threads == 0 {
		o.threads = runtime.GOMAXPROCS(0)
	}
	chosen, err := named(fs.Args())
	if err != nil {
		return err
	}
	if err := ort.Init(ctx, ort.Options{Progress: stderr}); err != nil {
		return err
	}
	if *pool != "" {
		return o.scoreChild(ctx, *pool)
	}
	if o.scratch, err = os.MkdirTemp("", "bench-score-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.scratch)) }()
	return o.all(ctx, chosen, stdout, stderr)
}

// named are the cases of these names, all where there are none.
func named(names []string) ([]benchmark, error) {
	if len(names) == 0 {
		return benchmarks, nil
	}
	var out []benchmark
	for _, name := range names {
		i := slices.IndexFunc(benchmarks, func(b benchmark) bool { return b.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no case is named %q", name)
		}
		out = append(out, benchmarks[i])
	}
	return out, nil
}

func (o *options) all(ctx context.Context, chosen []benchmark, stdout, stderr io.Writer) error {
	if !o.json {
		if err := term.MarkdownHeader(stdout, "case", "ours", "limit", "ratio", "goal", "decoding alone", "model alone", "both in turns", "PyTorch", "batch", "lanes"); err != nil {
			return err
		}
	}
	var missed []string
	for _, b := range chosen {
		r := result{Case: b.name, Goal: b.goal}
		err := b.run(ctx, o, &r)
		if errors.Is(err, errAbsent) {
			if _, err := fmt.Fprintf(stderr, "score: %s: %v\n", b.name, err); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		if err := o.print(stdout, r); err != nil {
			return err
		}
		if r.Ratio < r.Goal {
			missed = append(missed, b.name)
		}
	}
	if len(missed) > 0 {
		return fmt.Errorf("the goal is missed by %s", strings.Join(missed, ", "))
	}
	return nil
}

func (o *options) print(w io.Writer, r result) error {
	if o.json {
		return json.NewEncoder(w).Encode(r)
	}
	number := func(v float64) string {
		switch {
		case v == 0:
			return ""
		case v < 100:
			return fmt.Sprintf("%.1f", v)
		}
		return term.Count(int64(v + 0.5))
	}
	return term.MarkdownRow(w, r.Case, number(r.Ours), number(r.Limit), fmt.Sprintf("%.3f", r.Ratio), fmt.Sprint(r.Goal),
		number(r.Decode), number(r.Model), number(r.Both), number(r.Peer), number(float64(r.Batch)), number(float64(r.Lanes)))
}
