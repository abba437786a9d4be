// Command first measures how the choice of the first labels bears on the network that is
// trained on them:
//
//	go run ./bench/first [-labels 20,50,200] [-seeds 5]
//
// LeNet is untrained when it chooses among the 6,000 built-in images, cut to half its
// channels and trained for 300 steps on what was chosen, and tested on the other 1,000.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/prunefuse/prunefuse/bench/internal/cli"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

func main() { cli.Main("first", run) }

// ways are the strategies that choose the first labels.
var ways = []string{"random", "typiclust", "probcover", "k-center"}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("first", flag.ExitOnError)
	labels := fs.String("labels", "20,50,200", "numbers of first labels, separated by commas")
	seeds := fs.Int("seeds", 5, "seeds of each")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if err := ort.Init(ctx, ort.Options{}); err != nil {
		return err
	}
	align := []term.Align{term.Right}
	var rows [][]string
	for text := range strings.SplitSeq(*labels, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("-labels %q: %w", *labels, err)
		}
		row := []string{text}
		for _, way := range ways {
			var got []float64
			for seed := range *seeds {
				accuracy, err := measure(ctx, way, n, uint64(seed+1))
				if err != nil {
					return fmt.Errorf("%s, %d labels: %w", way, n, err)
				}
				got = append(got, 100*accuracy)
			}
			mean, deviation := stat.MeanStdDev(got, nil)
			row = append(row, fmt.Sprintf("%.1f ± %.1f %%", mean, deviation))
		}
		rows = append(rows, row)
	}
	for range ways {
		align = append(align, term.Right)
	}
	return term.Table(stdout, append([]string{"labels"}, ways...), rows, align)
}

// measure returns the accuracy of the selector that is trained on the first labels.
func measure(ctx context.Context, way string, n int, seed uint64) (float64, error) {
	dir, err := os.MkdirTemp("", "first-*")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	c, err := config.ReadConfig(fmt.Appendf(nil, `
data: demo
test: demo:test
seed: %d
model: {arch: lenet}
label: {initial: %d, add: [1], first: %s}
arms: [prunefuse]
selector: &recipe {optimizer: adam, lr: 0.002, batch: 32, steps: 300}
final: {optimizer: adam, lr: 0.002, batch: 32, steps: 1}
`, seed, n, way))
	if err != nil {
		return 0, err
	}
	if err := loop.Run(ctx, c, loop.Options{Dir: filepath.Join(dir, "run")}); err != nil {
		return 0, err
	}
	r, err := loop.ReadReport(filepath.Join(dir, "run"))
	if err != nil {
		return 0, err
	}
	return r.Series[0].Points[0].Accuracy, nil
}
