// Command speed prunes networks and measures how much faster they became, as
// against how much less they have to compute:
//
//	go run ./bench/speed [-ratio 0.5] [-batch 16] [-json] [NETWORK|FILE ...]
//
// A network is a name of prunefuse new, or an ONNX file. The dense and the
// pruned one take turns. The last column is the time that is left divided by
// the MACs that are left: 1 where the time falls as the MACs do. The exit
// status is 1 when a network did not become faster.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/bench/internal/cli"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/latency"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
)

// networks are measured where none is named: residual before and after the
// activation, wide, plain and depthwise.
var networks = []string{"resnet18", "preresnet56", "wrn-16-8", "vgg16-bn", "mobilenetv2"}

type options struct {
	prune   pruning.Config
	measure latency.Options
	json    bool
}

func main() { cli.Main("speed", run) }

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	fs := flag.NewFlagSet("speed", flag.ExitOnError)
	fs.Float64Var(&o.prune.Ratio, "ratio", 0.5, "fraction of the channels to remove from every group")
	fs.IntVar(&o.prune.Limits.RoundTo, "round-to", 8, "keep a multiple of so many channels of each group; 0 is any number")
	fs.Int64Var(&o.measure.Batch, "batch", 16, "samples in a run")
	fs.IntVar(&o.measure.Session.Threads, "threads", 0, "threads within one operator; 0 is one a core")
	fs.DurationVar(&o.measure.Budget, "time", 10*time.Second, "time to measure each network for")
	fs.BoolVar(&o.json, "json", false, "print an object a line instead of the table")
	if err := fs.Parse(args); err != nil {
		return err
	}
	names := fs.Args()
	if len(names) == 0 {
		names = networks
	}
	if err := ort.Init(ctx, ort.Options{Progress: os.Stderr}); err != nil {
		return err
	}
	return o.all(ctx, names, stdout)
}

// all measures the networks and prints the gain of each as soon as it is
// known.
func (o options) all(ctx context.Context, names []string, stdout io.Writer) error {
	show := printJSON
	if !o.json {
		show = printRow
		if err := printHeader(stdout); err != nil {
			return err
		}
	}
	slower := 0
	for _, name := range names {
		g, err := o.gain(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if g.Time >= 1 {
			slower++
		}
		if err := show(stdout, g); err != nil {
			return err
		}
	}
	if slower > 0 {
		return fmt.Errorf("%d of %d networks did not become faster", slower, len(names))
	}
	return nil
}

// gain is what pruning one network bought.
type gain struct {
	Schema  string     `json:"schema"`
	Network string     `json:"network"`
	Batch   int64      `json:"batch"`
	Threads int        `json:"threads"`  // 0 is one a core
	Ratio   float64    `json:"ratio"`    // of channels removed
	RoundTo int        `json:"round_to"` // channels kept are a multiple of it
	MACs    [2]int64   `json:"macs"`     // of a sample, before and after
	Speed   [2]float64 `json:"samples_per_second"`
	Time    float64    `json:"time_ratio"`
	Low     float64    `json:"time_ratio_low"` // its 95 % confidence interval
	High    float64    `json:"time_ratio_high"`
	// TimeOverMACs is the ratio of the times over that of the MACs.
	TimeOverMACs float64 `json:"time_over_macs"`
}

func (o options) gain(ctx context.Context, name string) (*gain, error) {
	dense, err := load(name)
	if err != nil {
		return nil, err
	}
	r, err := pruning.Prune(dense, o.prune)
	if err != nil {
		return nil, err
	}
	g := &gain{
		Schema: "prunefuse.bench-speed/1", Network: strings.TrimSuffix(filepath.Base(name), ".onnx"),
		Threads: o.measure.Session.Threads, Ratio: o.prune.Ratio, RoundTo: o.prune.Limits.RoundTo,
	}
	var candidates []latency.Candidate
	for i, m := range []*onnxio.Model{dense, r.Model} {
		size, err := op.CountModel(m, nil)
		if err != nil {
			return nil, err
		}
		g.MACs[i] = size.MACs
		b, err := m.Marshal()
		if err != nil {
			return nil, err
		}
		candidates = append(candidates, latency.Candidate{Name: [2]string{"the dense network", "the pruned network"}[i], Model: b})
	}
	stats, err := latency.Compare(ctx, candidates, o.measure)
	if err != nil {
		return nil, err
	}
	ratio := latency.RatioOf(stats[0], stats[1])
	g.Batch = stats[0].Samples
	g.Speed = [2]float64{stats[0].Throughput(), stats[1].Throughput()}
	g.Time, g.Low, g.High = ratio.Median, ratio.Low, ratio.High
	g.TimeOverMACs = g.Time * float64(g.MACs[0]) / float64(g.MACs[1])
	return g, nil
}

func load(name string) (*onnxio.Model, error) {
	if filepath.Ext(name) == ".onnx" {
		return onnxio.Load(name)
	}
	return models.Build(name, models.Options{})
}

func printJSON(w io.Writer, g *gain) error { return json.NewEncoder(w).Encode(g) }

func printHeader(w io.Writer) error {
	return term.MarkdownHeader(w, "network", "MACs", "after", "ratio", "samples/s", "after", "time (95 % interval)", "time over MACs")
}

func printRow(w io.Writer, g *gain) error {
	return term.MarkdownRow(w, g.Network,
		term.MACs(g.MACs[0]), term.MACs(g.MACs[1]), term.Ratio(float64(g.MACs[1])/float64(g.MACs[0])),
		fmt.Sprintf("%.1f", g.Speed[0]), fmt.Sprintf("%.1f", g.Speed[1]),
		fmt.Sprintf("%s (%s to %s)", term.Ratio(g.Time), term.Ratio(g.Low), term.Ratio(g.High)),
		fmt.Sprintf("%.2f", g.TimeOverMACs))
}
