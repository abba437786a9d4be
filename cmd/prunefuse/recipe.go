package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/internal/share"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/training"
)

// The flags of a recipe begin with what is in it.

func addLengthFlags(fs *pflag.FlagSet, r *config.Training) {
	fs.IntVar(&r.Epochs, "epochs", r.Epochs, "passes over the samples")
	fs.IntVar(&r.Steps, "steps", 0, "length of the training in steps, instead of --epochs")
	fs.IntVar(&r.Batch, "batch", r.Batch, "samples a batch; a last one of one sample joins the batch before where BatchNormalization needs more")
	fs.IntVar(&r.Accumulate, "accumulate", r.Accumulate, "`batches` a step, which takes the mean of their gradients")
}

func addOptimizerFlags(fs *pflag.FlagSet, r *config.Training) {
	fs.StringVar(&r.Optimizer, "optimizer", r.Optimizer, "`method` of the descent: "+strings.Join(training.OptimizerNames(), ", "))
	fs.Float64Var(&r.LR, "lr", r.LR, "learning `rate`")
	fs.Lookup("lr").DefValue = "0.1, or 0.001 for adam and adamw"
	fs.Float64Var(&r.Momentum, "momentum", r.Momentum, "momentum of sgd")
	fs.BoolVar(&r.Nesterov, "nesterov", false, "Nesterov's momentum for sgd")
	fs.Float64Var(&r.Beta1, "beta1", 0, "for adam and adamw: what is left of the first moment after a step")
	fs.Lookup("beta1").DefValue = "0.9"
	fs.Float64Var(&r.Beta2, "beta2", 0, "for adam and adamw: what is left of the second moment after a step")
	fs.Lookup("beta2").DefValue = "0.999"
	fs.Float64Var(&r.Epsilon, "epsilon", 0, "for adam and adamw: what is added to the root of the second moment")
	fs.Lookup("epsilon").DefValue = "1e-8"
	fs.Float64Var(&r.WeightDecay, "weight-decay", r.WeightDecay, "weight `decay`")
	fs.Lookup("weight-decay").DefValue = "5e-4, or 0 for adam and 0.01 for adamw"
	fs.StringVar(&r.Decay, "decay", r.Decay, "`what` decays: all parameters, or weights, which spares biases and normalisations")
	fs.Float64Var(&r.ClipNorm, "clip-norm", 0, "bound on the norm of all gradients together; 0 is none")
	fs.Float64Var(&r.ClipValue, "clip-value", 0, "bound on every element of a gradient; 0 is none")
	fs.Float64Var(&r.EMA, "ema", 0, "what stays of the moving average of the weights in a step, such as 0.999; 0 keeps none")
	fs.StringSliceVar(&r.Train, "train", nil, "`patterns` of the weights that learn; all when there is none")
	fs.StringSliceVar(&r.Freeze, "freeze", nil, "`patterns` of the weights that do not learn")
}

func addScheduleFlags(fs *pflag.FlagSet, r *config.Training) {
	fs.StringVar(&r.Schedule, "schedule", r.Schedule, "`course` of the learning rate: "+strings.Join(config.Schedules(), ", "))
	fs.Var(share.ListVar(&r.Milestones), "milestones", "for the schedule step: the `shares` of the training after which the rate falls")
	fs.Lookup("milestones").DefValue = "0.5,0.75"
	fs.Float64Var(&r.Gamma, "gamma", r.Gamma, "for the schedule step: the `factor` on the rate then")
	fs.Float64Var(&r.MinLR, "min-lr", 0, "for the schedules cosine and linear: the `rate` they fall to")
	fs.IntVar(&r.Warmup, "warmup", 0, "`steps` over which the rate rises to its value")
}

func completeRecipe(cmd *cobra.Command) {
	complete(cmd, "optimizer", training.OptimizerNames)
	complete(cmd, "schedule", config.Schedules)
	complete(cmd, "decay", func() []string { return []string{string(training.DecayAll), string(training.DecayWeights)} })
}

// settleRecipe completes the recipe and refuses flags that go unused.
func settleRecipe(fs *pflag.FlagSet, r *config.Training) error {
	if fs.Changed("steps") && fs.Changed("epochs") {
		return errors.New("--steps and --epochs exclude each other")
	}
	sgd := training.SGD{}.Name()
	for _, f := range []struct{ flag, of, value, want string }{
		{"momentum", "optimizer", r.Optimizer, sgd},
		{"milestones", "schedule", r.Schedule, config.ScheduleStep},
		{"gamma", "schedule", r.Schedule, config.ScheduleStep},
	} {
		if fs.Changed(f.flag) && f.value != f.want {
			return fmt.Errorf("--%s is for --%s %s", f.flag, f.of, f.want)
		}
	}
	for _, name := range []string{"lr", "weight-decay", "gamma"} {
		if f := fs.Lookup(name); f.Changed && f.Value.String() == "NaN" {
			return fmt.Errorf("--%s NaN: want a number", name)
		}
	}
	r.ApplyDefaults()
	return r.Check(func(key string) string { return "--" + strings.ReplaceAll(key, "_", "-") })
}
