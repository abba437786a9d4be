package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/calibration"
	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

const recoverHelp = `With --recover POOL the pruned network is fitted to the dense one on samples,
which need no labels: layer after layer, the weights are solved anew so that they
give what the dense layer gives. --samples and --batch say how much of the
pool is looked at. Without samples, --compensate adds the constant part of what
the removed channels carried, as the BatchNormalizations tell it, to the biases
of the layers that read them. The result without either is what is verified;
after that only the weights that the plan names change.
`

func (o *pruneOptions) addRecoverFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.recover, "recover", "", "solve the weights anew on the samples of this `pool`, on data named as above")
	fs.StringVar(&o.compensated, "compensate", "", "make up for the removed channels' constant part by the BatchNormalizations; =`POOL` is --recover")
	fs.Lookup("compensate").NoOptDefVal = fromModel
}

// fromModel is the value of --compensate where it is given without one.
const fromModel = "bn"

// settleRecovery takes the samples of --compensate for those of --recover.
func (o *pruneOptions) settleRecovery() error {
	if o.compensated != "" && o.recover != "" {
		return errors.New("--recover does more than --compensate, and they exclude each other")
	}
	if o.compensated != fromModel {
		o.recover = cmp.Or(o.recover, o.compensated)
	}
	if o.recover != "" && o.removal.allocate == string(pruning.Sensitivity) && o.removal.samples == nil {
		o.removal.samples = specList{o.recover}
	}
	return nil
}

// poolFlags say how the samples of --recover are read, whatever else they are
// for.
var poolFlags = func() []string {
	names := []string{"samples", "batch"}
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(dataOptions).addFlags(fs)
	fs.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}()

// forPool reports whether a flag is of use for --recover.
func (o *pruneOptions) forPool(flag string) bool {
	return o.recover != "" && slices.Contains(poolFlags, flag)
}

// madeUp is what makes up for the removed channels.
type madeUp struct {
	Compensation *pruning.Compensation `json:"compensation,omitempty"`
	Recovery     *pruning.Recovery     `json:"recovery,omitempty"`
}

// makeUp compensates or recovers a pruned model, where that is asked for, and
// says so in a line.
func (o *pruneOptions) makeUp(ctx context.Context, g *globals, m *onnxio.Model, r *pruning.Result) (made madeUp, line string, err error) {
	if o.recover == "" && o.compensated == "" {
		return made, "", nil
	}
	if err := g.startRuntime(ctx); err != nil {
		return made, "", fmt.Errorf("recover: %w", err)
	}
	var left []pruning.Uncompensated
	if o.recover != "" {
		if made.Recovery, err = o.recovered(ctx, g, m, r); err != nil {
			return made, "", err
		}
		left, line = made.Recovery.Left, made.Recovery.String()
	} else {
		means, err := r.Analysis.ExpectedMeans(ctx, g.seed, g.session())
		if err != nil {
			return made, "", err
		}
		if made.Compensation, err = r.Compensate(ctx, means, g.session()); err != nil {
			return made, "", err
		}
		left, line = made.Compensation.Left, made.Compensation.String()
	}
	for _, l := range left {
		g.detail("%s is not made up for, or not for all: %s", l.Node, l.Reason)
	}
	return made, "\n" + line, nil
}

func (o *pruneOptions) recovered(ctx context.Context, g *globals, m *onnxio.Model, r *pruning.Result) (*pruning.Recovery, error) {
	if o.compensated != "" {
		g.note("note: --compensate=%s solves the weights as well, as --recover does", o.compensated)
	}
	pool := o.removal.data
	pool.labels = cmp.Or(pool.labels, "none")
	set, err := pool.samples(g, []string{o.recover}, m)
	if err != nil {
		return nil, fmt.Errorf("recover: %w", err)
	}
	defer data.Close(set.Set)
	e := calibration.Data(ctx, m, set, calibration.Options{
		Samples: o.removal.count, Batch: o.removal.batch, Seed: g.seed, Session: g.sessionBeside(o.out.path),
	})
	return r.Recover(ctx, e, pruning.RecoverOptions{})
}
