package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/training"
)

// recordOptions are the flags of a training that say when it is good enough
// and what is written of its course.
type recordOptions struct {
	patience int
	monitor  string
	best     string
	metrics  string
	dynamics string
	early    int
}

func (o *recordOptions) addFlags(fs *pflag.FlagSet) {
	fs.IntVar(&o.patience, "patience", 0, "stop after so many `epochs` in a row without a better validation; 0 is never")
	fs.StringVar(&o.monitor, "monitor", string(training.MonitorLoss), "`figure` that tells a better validation: loss or accuracy")
	fs.StringVar(&o.best, "best", "", "write the model of the best epoch to this `file`; --output is the last one")
	fs.StringVar(&o.metrics, "metrics", "", "write a line of JSON a step and an epoch to this `file`, as they happen")
	fs.StringVar(&o.dynamics, "dynamics", "", "write forgetting, EL2N, GraNd and AUM of every sample to this `file`, for select")
	fs.IntVar(&o.early, "dynamics-epochs", 10, "with --dynamics: the first `epochs`, over which EL2N and GraNd are averaged")
	markIncidental(fs, "best", "metrics", "dynamics", "dynamics-epochs")
}

func (o *recordOptions) settle(fs *pflag.FlagSet, validated bool) error {
	switch {
	case o.monitor != string(training.MonitorLoss) && o.monitor != string(training.MonitorAccuracy):
		return fmt.Errorf("--monitor %q: want loss or accuracy", o.monitor)
	case o.patience < 0 || o.early < 1:
		return errors.New("--patience is at least 0, --dynamics-epochs at least 1")
	case (o.patience > 0 || o.best != "" || fs.Changed("monitor")) && !validated:
		return errors.New("--patience, --monitor and --best need a validation: name its samples with --val")
	case o.dynamics == "" && fs.Changed("dynamics-epochs"):
		return errors.New("--dynamics-epochs is for --dynamics")
	case o.best == stdStream || o.metrics == stdStream:
		return errors.New("--best and --metrics cannot go to stdout")
	}
	return nil
}

// checkEndings refuses names that belong to other formats.
func (o *recordOptions) checkEndings() error {
	return cmp.Or(
		named{"--best", o.best}.checkEnding(".onnx"),
		named{"--metrics", o.metrics}.checkEnding(".jsonl", ".ndjson"),
		named{"--dynamics", o.dynamics}.checkEnding(".jsonl", ".ndjson"),
	)
}

// apply sets what the flags say in the library's options.
func (o *recordOptions) apply(to *training.Options) {
	to.Patience, to.Monitor, to.Best = o.patience, training.Monitor(o.monitor), o.best
	if o.dynamics != "" {
		to.Dynamics = &training.DynamicsOptions{Early: o.early}
	}
}

// writeDynamics adds the file of --dynamics, where it is asked for.
func (o *recordOptions) writeDynamics(g *globals, out *outputs, set data.Set, all []training.Dynamics) error {
	if o.dynamics == "" {
		return nil
	}
	return out.write(o.dynamics, func(w io.Writer) error {
		missed, err := training.WriteDynamics(w, set, all)
		if err == nil && missed > 0 {
			g.note("%d samples that no step of the first %d epochs took are not in %s", missed, o.early, o.dynamics)
		}
		return err
	})
}
