package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse"
	"github.com/prunefuse/prunefuse/internal/data"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/training"
)

type trainOptions struct {
	out         modelOutput
	data        dataOptions
	samples     string
	validation  string
	epochs      int
	steps       int
	batch       int
	rate        float64
	momentum    float64
	weightDecay float64
	schedule    string
	milestones  []float64
	gamma       float64
	warmup      int
	augment     []string
	crop        int
	checkpoint  string
	every       int
	resume      bool
}

func (o *trainOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs)
	fs.StringVar(&o.samples, "data", "", "the labelled samples: a `name` or path, see above")
	fs.StringVar(&o.validation, "val", "", "samples to measure the accuracy on after every epoch: a `name` or path")
	fs.IntVar(&o.epochs, "epochs", 20, "passes over the samples")
	fs.IntVar(&o.steps, "steps", 0, "length of the training in steps, instead of --epochs")
	fs.IntVar(&o.batch, "batch", 128, "samples a step")
	fs.Float64Var(&o.rate, "lr", 0.1, "learning rate")
	fs.Float64Var(&o.momentum, "momentum", 0.9, "momentum of the gradient descent")
	fs.Float64Var(&o.weightDecay, "weight-decay", 5e-4, "weight decay, on every parameter")
	fs.StringVar(&o.schedule, "schedule", scheduleStep, "`course` of the learning rate: step or constant")
	fs.Float64SliceVar(&o.milestones, "milestones", []float64{0.5, 0.75}, "for the schedule step: the `fractions` of the training after which the rate falls")
	fs.Float64Var(&o.gamma, "gamma", 0.1, "for the schedule step: the `factor` on the rate then")
	fs.Lookup("milestones").DefValue = "0.5,0.75"
	fs.IntVar(&o.warmup, "warmup", 0, "`steps` over which the rate rises to its value")
	fs.StringSliceVar(&o.augment, "augment", nil, "random `changes` of the images: crop, flip")
	fs.IntVar(&o.crop, "crop-padding", 4, "for the augmentation crop: `pixels` of padding on each side")
	fs.StringVar(&o.checkpoint, "checkpoint", "", "keep the state of the training in this `file`")
	fs.IntVar(&o.every, "checkpoint-every", 0, "`steps` between checkpoints; 0 is one an epoch")
	fs.BoolVar(&o.resume, "resume", false, "go on from --checkpoint where that file exists")
	o.data.addFlags(fs)
	o.data.addSubsetFlags(fs)
	markIncidental(fs, "val", "checkpoint", "checkpoint-every", "resume")
}

const (
	scheduleStep     = "step"
	scheduleConstant = "constant"

	augmentCrop = "crop"
	augmentFlip = "flip"
)

func newTrainCommand(g *globals) *cobra.Command {
	var o trainOptions
	cmd := &cobra.Command{
		Use:     "train MODEL -o FILE --data DATA",
		GroupID: groupData,
		Short:   "Train a network on labelled samples",
		Long: withExitStatus(`
Train a classifier with cross-entropy and momentum SGD, and write it with its
new weights. Everything else in the file stays, also the plan by which a pruned
network is fused later.

Images are normalised as the model's metadata say; where they say nothing, by
the mean and deviation of --data, which the trained model then carries. --preset
or --mean and --std set them.

With --checkpoint the training can be interrupted, and --resume goes on to the
very weights that it would have reached. The same model, data, options, seed and
number of threads give the same file.

`+dataFormats,
			exitOK, exitFailed, exitUsage, exitNoRuntime, exitUnsupported, exitInterrupted),
		Example: `  prunefuse train small.onnx --data demo --val demo:test --epochs 5 -o selector.onnx
  prunefuse train small.onnx --data images/ --only batch.txt --augment crop,flip -o selector.onnx`,
		Args: exactArgs("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.settle(cmd.Flags()); err != nil {
				return usageIn(cmd, err)
			}
			return runTrain(cmd, g, o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	complete(cmd, "schedule", func() []string { return []string{scheduleStep, scheduleConstant} })
	complete(cmd, "augment", func() []string { return []string{augmentCrop, augmentFlip} })
	return cmd
}

func (o *trainOptions) settle(fs *pflag.FlagSet) error {
	for _, a := range o.augment {
		if a != augmentCrop && a != augmentFlip {
			return fmt.Errorf("--augment %q: want crop or flip", a)
		}
	}
	for i, m := range o.milestones {
		if !(m > 0 && m < 1) || (i > 0 && m <= o.milestones[i-1]) {
			return fmt.Errorf("--milestones %v: want ascending fractions of the training", o.milestones)
		}
	}
	positive := func(v float64) bool { return v > 0 && !math.IsInf(v, 0) }
	switch {
	case o.samples == "":
		return errors.New("name the samples with --data")
	case fs.Changed("steps") && fs.Changed("epochs"):
		return errors.New("--steps and --epochs exclude each other")
	case o.epochs < 1 || o.steps < 0 || o.batch < 1 || o.warmup < 0 || o.crop < 1 || o.every < 0:
		return errors.New("--epochs, --batch and --crop-padding are at least 1, --steps, --warmup and --checkpoint-every at least 0")
	case !positive(o.rate):
		return fmt.Errorf("--lr %v: want above 0", o.rate)
	case !(o.momentum >= 0 && o.momentum < 1):
		return fmt.Errorf("--momentum %v: want from 0 up to but not including 1", o.momentum)
	case o.weightDecay != 0 && !positive(o.weightDecay):
		return fmt.Errorf("--weight-decay %v: want 0 or more", o.weightDecay)
	case o.schedule != scheduleStep && o.schedule != scheduleConstant:
		return fmt.Errorf("--schedule %q: want step or constant", o.schedule)
	case o.schedule == scheduleConstant && (fs.Changed("milestones") || fs.Changed("gamma")):
		return errors.New("--milestones and --gamma are for --schedule step")
	case !positive(o.gamma):
		return fmt.Errorf("--gamma %v: want above 0", o.gamma)
	case o.checkpoint == "" && (o.resume || o.every > 0):
		return errors.New("name the checkpoint with --checkpoint")
	case o.checkpoint == stdStream:
		return errors.New("--checkpoint cannot go to stdout")
	}
	return o.data.settle()
}

func runTrain(cmd *cobra.Command, g *globals, o trainOptions, path string) error {
	ctx := cmd.Context()
	if err := o.check(); err != nil {
		return err
	}
	m, err := onnxio.Load(path)
	if err != nil {
		return err
	}
	set, err := o.data.openLabelled(o.samples, m)
	if err != nil {
		return err
	}
	defer data.Close(set)
	var validation data.Set
	if o.validation != "" {
		whole := o.data
		whole.only, whole.exclude, whole.labels = "", "", ""
		if validation, err = whole.openLabelled(o.validation, m); err != nil {
			return err
		}
		if err := sameClasses(validation, set.Classes()); err != nil {
			return errors.Join(fmt.Errorf("data %s: %w", o.validation, err), data.Close(validation))
		}
		defer data.Close(validation)
	}
	if err := g.startRuntime(ctx); err != nil {
		return err
	}
	pre, err := o.preprocess(ctx, g, set, m)
	if err != nil {
		return err
	}
	to, err := o.training(g, set, validation, pre)
	if err != nil {
		return err
	}
	trained, history, err := o.train(ctx, g, m, set, to)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := setPreprocess(trained, pre); err != nil {
		return err
	}
	stamp(trained, cmd, []string{path})
	out := outputs{stdout: g.stdout}
	defer out.discard()
	if _, err := out.model(g, trained, o.out); err != nil {
		return err
	}
	if err := out.commit(); err != nil {
		return err
	}
	return printTrained(g, o, history)
}

// check refuses outputs that exist; a checkpoint may where the run goes on
// from it.
func (o *trainOptions) check() error {
	if o.resume {
		return o.out.check()
	}
	err := o.out.check(o.checkpoint)
	if err != nil && !o.out.force && fileSize(o.checkpoint) > 0 {
		return fmt.Errorf("%w; --resume goes on from a checkpoint", err)
	}
	return err
}

// statsSamples is how many samples the normalisation is measured on.
const statsSamples = 5000

// preprocess is how images are normalised in the training and after it.
func (o *trainOptions) preprocess(ctx context.Context, g *globals, set data.Set, m *onnxio.Model) (data.Preprocess, error) {
	p, ok, err := o.data.preprocess(m)
	if err != nil {
		return p, err
	}
	s := set.Shape()
	if !ok {
		if p.Mean, p.Std, err = data.Stats(ctx, set, statsSamples); err != nil {
			return p, fmt.Errorf("data %s: %w", o.samples, err)
		}
		p.Layout, p.Size = "NCHW", [2]int{s.H, s.W}
		g.detail("normalised by mean %v and deviation %v of %s", p.Mean, p.Std, o.samples)
	}
	if names := set.Classes(); p.Classes == nil && len(names) == classCount(m) {
		p.Classes = slices.Clone(names)
	}
	return p, p.Check(s)
}

func setPreprocess(m *onnxio.Model, p data.Preprocess) error {
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("metadata %s: %w", prunefuse.PreprocessKey, err)
	}
	m.SetMeta(prunefuse.PreprocessKey, string(b))
	return nil
}

// schedulePoints is the resolution of the milestones.
const schedulePoints = 1000

// training are the options in the library's terms.
func (o *trainOptions) training(g *globals, set, validation data.Set, pre data.Preprocess) (training.Options, error) {
	to := training.Options{
		Step: training.StepOptions{
			Optimizer: training.SGD{Momentum: float32(o.momentum), WeightDecay: float32(o.weightDecay)},
			Session:   g.session(),
		},
		Batch: o.batch, Steps: o.steps, Warmup: o.warmup,
		Augment:   training.Augment{Flip: slices.Contains(o.augment, augmentFlip)},
		Normalize: training.Normalize{Mean: pre.Mean, Std: pre.Std},
		Seed:      g.seed, Checkpoint: o.checkpoint, Every: o.every, Resume: o.resume,
	}
	if slices.Contains(o.augment, augmentCrop) {
		to.Augment.Pad = o.crop
	}
	if to.Steps == 0 {
		batch := min(o.batch, set.Len())
		to.Steps = o.epochs * ((set.Len() + batch - 1) / batch)
	}
	var after []int
	if o.schedule == scheduleStep {
		for _, m := range o.milestones {
			after = append(after, int(math.Round(m*schedulePoints)))
		}
	}
	to.Schedule = training.StepDecay(schedulePoints, float32(o.rate), float32(o.gamma), after...)
	if validation == nil {
		return to, nil
	}
	var err error
	to.Validation, err = data.Prepare(validation, data.Preprocess{})
	return to, err
}

// train runs the training under a progress bar.
func (o *trainOptions) train(ctx context.Context, g *globals, m *onnxio.Model, set data.Set, to training.Options) (*onnxio.Model, *training.History, error) {
	prepared, err := data.Prepare(set, data.Preprocess{})
	if err != nil {
		return nil, nil, err
	}
	t := g.terminal(ctx)
	defer t.Close()
	var bar *term.Bar
	defer func() { bar.Done() }()
	var count func(done, total int)
	to.OnStart = func(done, steps int) {
		bar = t.Bar("train", int64(steps), "steps")
		count = counter(bar)
		count(done, steps)
	}
	to.Progress = func(p training.Progress) {
		bar.Note(fmt.Sprintf("loss %.3f, accuracy %s", p.Loss, term.Percent(p.Accuracy)))
		count(p.Step, p.Steps)
	}
	to.OnEpoch = func(e training.Epoch) { t.Step("epoch %d: %s", e.Epoch, epochText(e)) }
	trained, history, err := training.Train(ctx, m, prepared, to)
	if err != nil && ctx.Err() != nil && o.checkpoint != "" && history != nil {
		err = fmt.Errorf("%w after step %d of %d; the same command with --resume goes on from %s",
			errInterrupted, history.Steps, to.Steps, o.checkpoint)
	}
	return trained, history, err
}

func epochText(e training.Epoch) string {
	text := fmt.Sprintf("loss %.3f, accuracy %s", e.Loss, term.Percent(e.Train))
	if e.Validation != nil {
		text += fmt.Sprintf("; validation loss %.3f, accuracy %s", e.Validation.Loss, term.Percent(e.Validation.Accuracy))
	}
	return text
}

func printTrained(g *globals, o trainOptions, h *training.History) error {
	if g.json {
		return g.printJSON(struct {
			Schema string `json:"schema"`
			File   string `json:"file"`
			*training.History
		}{"prunefuse.train/1", o.out.path, h})
	}
	last := ""
	if n := len(h.Epochs); n > 0 {
		last = ": " + epochText(h.Epochs[n-1])
	}
	_, err := fmt.Fprintf(g.stdout, "%s: %s steps on %s samples in %s%s\n", o.out.path,
		term.Count(int64(h.Steps)), term.Count(int64(h.Samples)), term.Seconds(h.Seconds), last)
	return err
}
