package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/calibration"

	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// fromModel is the value of --compensate where it is given without one.
const fromModel = "bn"

const compensateHelp = `With --compensate the constant part of what the removed channels carried is
added to the biases of the layers that read them: by the statistics of the
BatchNormalizations, or, with --compensate=POOL, as measured on samples. A bias
is made where there is none; BatchNormalization takes it into its mean. At a
padded border, where a layer reads fewer values, it is right on average only.
The result without it is what is verified; after that only biases change.
`

func addCompensateFlag(fs *pflag.FlagSet, from *string) {
	fs.StringVar(from, "compensate", "", "make up for the removed channels' constant part; =`POOL` measures it, on data named as above")
	fs.Lookup("compensate").NoOptDefVal = fromModel
}

// poolFlags say how the samples of --compensate=POOL are read, whatever else
// they are for.
var poolFlags = func() []string {
	names := []string{"samples", "batch"}
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(dataOptions).addFlags(fs)
	fs.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}()

// measures reports whether --compensate names a pool.
func (o *pruneOptions) measures() bool { return o.compensate != "" && o.compensate != fromModel }

// forPool reports whether a flag is of use for --compensate=POOL.
func (o *pruneOptions) forPool(flag string) bool {
	return o.measures() && slices.Contains(poolFlags, flag)
}

// makeUp compensates a pruned model; nil where that is not asked for.
func (o *pruneOptions) makeUp(ctx context.Context, g *globals, m *onnxio.Model, r *pruning.Result) (*pruning.Compensation, error) {
	if o.compensate == "" {
		return nil, nil
	}
	if err := g.startRuntime(ctx); err != nil {
		return nil, fmt.Errorf("compensate: %w", err)
	}
	means, err := o.means(ctx, g, m, r.Analysis)
	if err != nil {
		return nil, fmt.Errorf("compensate: %w", err)
	}
	c, err := r.Compensate(ctx, means, g.session())
	if err != nil {
		return nil, err
	}
	for _, l := range c.Left {
		g.detail("%s is not compensated, or not for all: %s", l.Node, l.Reason)
	}
	return c, nil
}

func (o *pruneOptions) means(ctx context.Context, g *globals, m *onnxio.Model, a *pruning.Analysis) (pruning.Means, error) {
	if !o.measures() {
		return a.ExpectedMeans(ctx, g.seed, g.session())
	}
	set, err := o.removal.data.samples(g, []string{o.compensate}, m)
	if err != nil {
		return nil, err
	}
	defer data.Close(set.Set)
	return a.MeasuredMeans(ctx, calibration.Data(ctx, m, set, calibration.Options{
		Samples: o.removal.count, Batch: o.removal.batch, Seed: g.seed, Session: g.session(),
	}))
}

// compensated tells what became of the removed channels' constant part.
func (o *pruneOptions) compensated(c *pruning.Compensation) string {
	line := fmt.Sprintf("compensated: %d biases, %d of them new", len(c.Changed)+len(c.Added), len(c.Added))
	if n := len(c.Left); n > 0 {
		line += fmt.Sprintf("; %d layers not, or not for all channels (-v says why)", n)
		if !o.measures() {
			line += "; --compensate=POOL measures what they carried"
		}
	}
	return line
}
