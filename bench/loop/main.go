// Command loop measures how the memory of a run grows with its pool:
//
//	go run ./bench/loop [-pools 10000,1000000] [-json]
//
// Each run chooses 100 samples from a pool of 8×8 images in a sparse .npy file
// and is done in a process of its own, whose largest resident memory is shown.
// An Oracle labels what is chosen, so that the pool brings no labels.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/bench/internal/cli"
	"github.com/prunefuse/prunefuse/internal/term"
)

func main() { cli.Main("loop", run) }

// outcome is what a run took.
type outcome struct {
	Pool  int     `json:"pool"`
	Peak  int64   `json:"peak_bytes"`
	Ratio float64 `json:"ratio"` // of the peak to that of the first pool
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("loop", flag.ExitOnError)
	pools := fs.String("pools", "10000,1000000", "sizes of pools, separated by commas")
	asJSON := fs.Bool("json", false, "print an object a line instead of the table")
	one := fs.String("one", "", "do one run in this process, in a folder that holds its pool")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *one != "" {
		return choose(ctx, *one)
	}
	var out []outcome
	for text := range strings.SplitSeq(*pools, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("-pools %q: %w", *pools, err)
		}
		peak, err := measure(ctx, n)
		if err != nil {
			return fmt.Errorf("pool of %d: %w", n, err)
		}
		o := outcome{n, peak, 1}
		if len(out) > 0 {
			o.Ratio = float64(peak) / float64(out[0].Peak)
		}
		out = append(out, o)
	}
	return show(stdout, out, *asJSON)
}

// measure does a run on a pool of n samples in a process of its own and
// returns the largest memory that it had.
func measure(ctx context.Context, n int) (int64, error) {
	dir, err := os.MkdirTemp("", "prunefuse-bench-loop")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if err := writePools(dir, n); err != nil {
		return 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, self, "-one", dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return 0, err
	}
	if _, err := os.Stat(filepath.Join(dir, "run", "deploy.onnx")); err != nil {
		return 0, err
	}
	return cli.PeakMemory(cmd.ProcessState), nil
}

func show(w io.Writer, out []outcome, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		for _, o := range out {
			if err := e.Encode(o); err != nil {
				return err
			}
		}
		return nil
	}
	var rows [][]string
	for _, o := range out {
		rows = append(rows, []string{term.Count(int64(o.Pool)), term.Bytes(o.Peak), fmt.Sprintf("%.3f", o.Ratio)})
	}
	return term.Table(w, []string{"pool", "peak memory", "ratio"}, rows, []term.Align{term.Right, term.Right, term.Right})
}
