// Command strategies measures how long the strategies take that look at the
// whole pool, and how much memory:
//
//	go run ./bench/strategies [-strategies k-center,badge] [-data clusters,normal] [-scale 1] [-workers 0] [-json]
//
// The two goals come first: 1,000 of 200,000 by k-center on 64 features, and
// 1,000 of 50,000 by BADGE with 100 classes and 64 features. Each case runs in
// a process of its own, whose largest resident memory is shown beside the size
// of what it was given, and the time of all cores beside that of the clock.
// Pools are drawn: overlapping clusters that a ReLU cuts off, as features of a
// network look, or normal, without structure.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/bench/internal/cli"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

func main() { cli.Main("strategies", run) }

type options struct {
	only    string
	data    string
	scale   float64
	workers int
	json    bool
	one     string // a case, as JSON, to run in this process
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	fs := flag.NewFlagSet("strategies", flag.ExitOnError)
	fs.StringVar(&o.only, "strategies", "", "names, separated by commas; empty is all that look at the whole pool")
	fs.StringVar(&o.data, "data", "clusters,normal", "kinds of pools: clusters, normal")
	fs.Float64Var(&o.scale, "scale", 1, "factor on the size of every pool")
	fs.IntVar(&o.workers, "workers", 0, "goroutines; 0 is one a core")
	fs.BoolVar(&o.json, "json", false, "print an object a line instead of the table")
	fs.StringVar(&o.one, "case", "", "run one case, given as JSON, and print its outcome")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if o.one != "" {
		return runOne(ctx, o.one, stdout)
	}
	return o.all(ctx, stdout)
}

// testCase is one choice.
type testCase struct {
	Strategy string `json:"strategy"`
	Data     string `json:"data"`
	Pool     int    `json:"pool"`
	Features int    `json:"features"`
	Classes  int    `json:"classes"`
	Batch    int    `json:"batch"`
	Workers  int    `json:"workers"`
}

// outcome is what a case took.
type outcome struct {
	testCase
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu_seconds"` // of all cores; 0 where the system does not say
	Input   int64   `json:"input_bytes"` // features and class probabilities
	Peak    int64   `json:"peak_bytes"`  // resident memory of the process
}

// cases are the two goals and then every other strategy. Those whose work
// grows with the square of the pool get a smaller one.
func (o options) cases() []testCase {
	var out []testCase
	for _, s := range selection.Strategies() {
		if !s.WholePool() || o.only != "" && !slices.Contains(strings.Split(o.only, ","), s.Name) {
			continue
		}
		c := testCase{Strategy: s.Name, Pool: 50_000, Features: 64, Classes: 10, Batch: 1000, Workers: o.workers}
		switch s.Name {
		case "k-center":
			c.Pool = 200_000
		case "badge":
			c.Classes = 100
		case "probcover":
			c.Pool = 10_000
		}
		c.Pool = int(float64(c.Pool) * o.scale)
		for _, data := range strings.Split(o.data, ",") {
			c.Data = data
			out = append(out, c)
		}
	}
	goal := func(c testCase) int { return slices.Index([]string{"badge", "k-center"}, c.Strategy) }
	slices.SortStableFunc(out, func(a, b testCase) int { return goal(b) - goal(a) })
	return out
}

func (o options) all(ctx context.Context, stdout io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if !o.json {
		if _, err := fmt.Fprintf(stdout, "%-17s %-9s %24s %6s %9s %9s %10s %10s\n", "strategy", "data", "pool", "batch", "seconds", "CPU", "input", "peak"); err != nil {
			return err
		}
	}
	for _, c := range o.cases() {
		text, err := json.Marshal(c)
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, self, "-case", string(text))
		cmd.Stderr = os.Stderr
		b, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("%s of %s: %w", c.Strategy, c.Data, err)
		}
		var r outcome
		if err := json.Unmarshal(b, &r); err != nil {
			return fmt.Errorf("%s of %s: %w", c.Strategy, c.Data, err)
		}
		r.Peak = cli.PeakMemory(cmd.ProcessState)
		if err := o.print(stdout, r); err != nil {
			return err
		}
	}
	return nil
}

func (o options) print(w io.Writer, r outcome) error {
	if o.json {
		return json.NewEncoder(w).Encode(r)
	}
	peak := "?"
	if r.Peak > 0 {
		peak = term.Bytes(r.Peak)
	}
	_, err := fmt.Fprintf(w, "%-17s %-9s %24s %6d %9.2f %9.2f %10s %10s\n", r.Strategy, r.Data,
		fmt.Sprintf("%d × %d, %d classes", r.Pool, r.Features, r.Classes), r.Batch, r.Seconds, r.CPU, term.Bytes(r.Input), peak)
	return err
}

// runOne makes the pool of a case and chooses from it.
func runOne(ctx context.Context, text string, stdout io.Writer) error {
	var c testCase
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	s, err := selection.StrategyNamed(c.Strategy)
	if err != nil {
		return err
	}
	pool, err := makePool(c, c.Pool, 1, s.Needs)
	if err != nil {
		return err
	}
	choice := selection.Choice{Strategy: c.Strategy, K: c.Batch, Seed: 1, Workers: c.Workers}
	if s.Labelled == selection.Required {
		labelled, err := makePool(c, c.Batch, 2, s.Needs)
		if err != nil {
			return err
		}
		choice.Labelled = *labelled
	}
	begin, used := time.Now(), cli.ProcessorTime()
	if _, err := pool.Choose(ctx, choice); err != nil {
		return err
	}
	r := outcome{testCase: c, Seconds: time.Since(begin).Seconds(), CPU: (cli.ProcessorTime() - used).Seconds()}
	r.Input = 4 * int64(len(pool.Features.Data)+len(pool.Probabilities.Data))
	return json.NewEncoder(stdout).Encode(r)
}
