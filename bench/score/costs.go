package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// instant is a classifier whose logits are there before it is asked.
type instant struct {
	logits []float32
	lanes  int
}

const (
	instantClasses = 10
	instantBatch   = 128
)

func (instant) InputShape() []int { return []int{1} }
func (instant) Classes() int      { return instantClasses }
func (instant) FeatureLen() int   { return 0 }
func (c instant) Lanes() int      { return c.lanes }
func (instant) Batch() int        { return instantBatch }

func (c instant) Logits(_ context.Context, _ []float32, n int, logits, _ []float32) error {
	copy(logits, c.logits[:n*instantClasses])
	return nil
}

// blank is a pool of samples with nothing in them.
type blank int

func (p blank) Len() int                { return int(p) }
func (blank) Shape() []int              { return []int{1} }
func (blank) ID(i int) string           { return "pool/" + strconv.Itoa(i) }
func (blank) Read(int, []float32) error { return nil }

// measuresCost scores 1,000,000 samples of 10 classes without a model, keeping
// 1,000 by each measure, and adds that to the time of a ResNet-20.
func measuresCost(ctx context.Context, o *options, r *result) error {
	n := network{name: "resnet20", side: 32}
	path, err := o.noise(n.side)
	if err != nil {
		return err
	}
	s, err := o.open(ctx, n, path)
	if err != nil {
		return err
	}
	defer s.close()
	const pool = 1_000_000
	c := instant{logits: make([]float32, instantBatch*instantClasses), lanes: o.threads}
	rng := rand.New(rand.NewPCG(2, 2))
	for i := range c.logits {
		c.logits[i] = float32(3 * rng.NormFloat64())
	}
	measures := func(ctx context.Context, _ int) (time.Duration, error) {
		start := time.Now()
		err := topOfEach(ctx, c, blank(pool), scoring.Options{Workers: o.threads})
		return time.Since(start), err
	}
	rates, err := o.turns(ctx, s.pool.Len(), s.alone, func(ctx context.Context, n int) (time.Duration, error) {
		took, err := measures(ctx, n)
		return took * time.Duration(n) / pool, err
	})
	if err != nil {
		return err
	}
	with := make([]float64, o.rounds)
	for i := range with {
		with[i] = 1 / (1/rates[0][i] + 1/rates[1][i])
	}
	r.Limit, r.Ours, r.Ratio = median(rates[0]), median(with), ratio(with, rates[0])
	r.Batch, r.Lanes = s.batch(), s.model.Lanes()
	return nil
}

// topOfEach keeps the first 1,000 by each measure of a pass.
func topOfEach(ctx context.Context, c scoring.Classifier, p scoring.Pool, o scoring.Options) error {
	var best []*selection.Selector
	for r, err := range scoring.Score(ctx, c, p, o) {
		if err != nil {
			return err
		}
		if best == nil {
			for _, name := range r.Scores.Names() {
				b, err := selection.NewSelector(selection.Choice{Strategy: name, K: 1000})
				if err != nil {
					return err
				}
				best = append(best, b)
			}
		}
		for _, b := range best {
			if err := b.Add(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// memoryNet is quick enough for a million samples.
var memoryNet = network{name: "lenet", side: 32, width: 0.25}

// memoryCost scores a small and a large pool, each in a process of its own.
func memoryCost(ctx context.Context, o *options, r *result) error {
	for _, pool := range []struct {
		n    int
		peak *float64
	}{{max(1, o.large/100), &r.Limit}, {o.large, &r.Ours}} {
		path, err := o.sparse(pool.n, memoryNet.side)
		if err != nil {
			return err
		}
		if *pool.peak, err = childPeak(ctx, path); err != nil {
			return err
		}
	}
	r.Ratio = r.Limit / r.Ours
	return nil
}

// childPeak is the most memory in MiB that a process needs to score a pool.
func childPeak(ctx context.Context, path string) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, self, "-child", path)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	kib, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		return 0, fmt.Errorf("%w: the system does not say how much memory a process had", errAbsent)
	}
	return kib / 1024, nil
}

// scoreChild scores a pool and prints the most memory the process had, in KiB.
func (o *options) scoreChild(ctx context.Context, path string) error {
	debug.SetGCPercent(scoring.HeapPercent) // as prunefuse score does
	s, err := o.open(ctx, memoryNet, path)
	if err != nil {
		return err
	}
	defer s.close()
	if _, err := s.ours(ctx, s.pool.Len()); err != nil {
		return err
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil // nothing is printed
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Println(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
		}
	}
	return nil
}
