package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/training"
)

type trainOptions struct {
	out        modelOutput
	data       dataOptions
	samples    specList
	validation specList
	recipe     config.Training
	augment    augmentOptions
	loss       lossOptions
	record     recordOptions
	checkpoint string
	every      int
	resume     bool
}

func (o *trainOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs)
	fs.Var(&o.samples, "data", "the labelled samples: a `name` or path, see above; may be repeated")
	fs.Var(&o.validation, "val", "samples to measure the accuracy on after every epoch: a `name` or path; may be repeated")
	o.recipe = config.DefaultTraining()
	addLengthFlags(fs, &o.recipe)
	addOptimizerFlags(fs, &o.recipe)
	addScheduleFlags(fs, &o.recipe)
	o.augment.addFlags(fs)
	o.loss.addFlags(fs)
	o.record.addFlags(fs)
	fs.StringVar(&o.checkpoint, "checkpoint", "", "keep the state of the training in this `file`")
	fs.IntVar(&o.every, "checkpoint-every", 0, "`steps` between checkpoints; 0 is one an epoch")
	fs.BoolVar(&o.resume, "resume", false, "go on from --checkpoint where that file exists")
	o.data.addFlags(fs)
	o.data.addSubsetFlags(fs)
	o.data.addHeadFlag(fs)
	fs.BoolVar(&o.data.newHead, "new-head", false, "give the model a new last layer, drawn from --seed, for the classes of --data")
	markIncidental(fs, "val", "checkpoint", "checkpoint-every", "resume")
}

func newTrainCommand(g *globals) *cobra.Command {
	var o trainOptions
	cmd := &cobra.Command{
		Use:     "train MODEL -o FILE --data DATA",
		GroupID: groupData, SuggestFor: []string{"fine-tune", "finetune", "tune", "fit"},
		Short: "Train a network on labelled samples",
		Long: withExitStatus(`
Train a classifier and write it with its new weights. Everything else in the
file stays, also the plan by which a pruned network is fused later.

Optimisers and schedules compute what PyTorch's do. After a --warmup the
schedules cosine, linear and one-cycle run over what is left of the training;
the milestones of step are shares of all of it. --accumulate takes a step
with the mean gradient of several batches, which BatchNorm normalises one by
one. --ema writes, and measures on --val, a moving average of the weights and
running statistics.

--new-head replaces the last layer by one for the classes of --data, whose names
the model then carries; a pruned model keeps its plan, and "fuse" gives the dense
one the same layer. --head names the output with the class scores where a model
has several.

--train names the only weights that learn, --freeze some that do not, by name or
pattern (*, ? and [a-z]); "inspect" lists groups of them. Running statistics of
a frozen BatchNorm follow the samples all the same, as in PyTorch. --decay
weights spares biases and the parameters of normalisations weight decay.

Images are normalised as the model's metadata say; where they say nothing, by
the mean and deviation of --data, which the trained model then carries. --preset
or --mean and --std set them.

--loss binary trains every output against the rest, and a single output to say
whether the class is the second one. --distill adds what a trained network
answers: (1-w) cross-entropy + w T² KL(teacher || student) of answers softened
by T. The teacher sees every image as it is fed, augmented, and normalised as
its own metadata say; --distill-cache keeps its answers instead, for a training
without --augment.

The changes of --augment are torchvision's RandomHorizontalFlip, RandomCrop and
RandomResizedCrop, and its reference scripts' mixup and cutmix; with both, one
of the two is drawn for every batch.

--patience stops early, --best keeps the model of the best epoch, --metrics
writes the course of the training, and --dynamics what it saw of every sample,
as scores from which "select" chooses.

With --checkpoint the training can be interrupted, and --resume goes on to the
very weights that it would have reached. The same model, data, options, seed and
number of threads give the same file.

`+dataFormats,
			exitOK, exitFailed, exitUsage, exitNoRuntime, exitUnsupported, exitInterrupted),
		Example: `  prunefuse train small.onnx --data demo --val demo:test --epochs 5 -o selector.onnx
  prunefuse train small.onnx --data images/ --only batch.txt --augment crop,flip -o selector.onnx
  prunefuse train vit.onnx --data images/ --optimizer adamw --ema 0.999 -o tuned.onnx
  prunefuse train model.onnx --data images/ --train 'fc*' --lr 0.01 -o head.onnx
  prunefuse train small.onnx --data images/ --distill large.onnx --distill-weight 0.7 -o small2.onnx`,
		Args: exactArgs("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.settle(cmd.Flags()); err != nil {
				return usageIn(cmd, err)
			}
			return runTrain(cmd, g, o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	rename(cmd.Flags(), map[string]string{"crop-ratio": "crop-aspect"})
	completeRecipe(cmd)
	complete(cmd, "loss", func() []string { return []string{string(training.CrossEntropy), string(training.BinaryCrossEntropy)} })
	complete(cmd, "augment", augmentations)
	return cmd
}

func (o *trainOptions) settle(fs *pflag.FlagSet) error {
	switch {
	case o.samples == nil:
		return errors.New("name the samples with --data")
	case o.every < 0:
		return errors.New("--checkpoint-every is at least 0")
	case o.checkpoint == "" && (o.resume || o.every > 0):
		return errors.New("name the checkpoint with --checkpoint")
	case o.checkpoint == stdStream:
		return errors.New("--checkpoint cannot go to stdout")
	}
	return cmp.Or(o.augment.settle(fs), settleRecipe(fs, &o.recipe), o.loss.settle(fs),
		o.record.settle(fs, o.validation != nil), o.data.settle())
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
	if op.CheckEvaluation(m) != nil {
		g.note("note: the model is in training mode (BatchNormalization with training_mode=1); the trained one is in evaluation mode")
	}
	h, err := o.data.classScores(g, m)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	set, err := o.data.openLabelled(g, o.samples, m)
	if err != nil {
		return err
	}
	defer data.Close(set)
	if o.data.newHead {
		if m, err = o.renewHead(g, m, set, h); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		h.Values = data.ClassesOf(set).Count
	}
	pre, err := o.preprocess(cmd.Context(), g, set, m)
	if err != nil {
		return err
	}
	var validation data.Set
	if o.validation != nil {
		if validation, err = o.openValidation(g, m, pre.Classes); err != nil {
			return err
		}
		defer data.Close(validation)
	}
	if err := g.startRuntime(ctx); err != nil {
		return err
	}
	to, err := o.training(g, validation, pre)
	if err != nil {
		return err
	}
	if to.Step.Loss, err = o.loss.loss(set, h.Values); err != nil {
		return err
	}
	if to.Teacher, err = o.loss.distillation(g, set, pre); err != nil {
		return err
	}
	o.record.apply(&to)
	// Before the training, so that the best model and checkpoints have it, too.
	if err := pre.Write(m); err != nil {
		return err
	}
	stamp(m, cmd, []string{path})
	if err := g.loads(ctx, m, o.out.path); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	trained, history, err := o.train(ctx, g, m, set, to)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	out := g.outputs()
	defer out.Discard()
	if _, err := out.model(g, trained, o.out); err != nil {
		return err
	}
	if err := o.record.writeDynamics(g, &out, set, history.Dynamics); err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	return printTrained(g, o, history)
}

// check refuses outputs that exist; a checkpoint may, and what is written as
// the training goes, where the run goes on from it.
func (o *trainOptions) check() error {
	endings := cmp.Or(o.record.checkEndings(), named{"--distill-cache", o.loss.cache}.checkEnding(".npy"))
	if o.resume {
		return cmp.Or(o.out.check(o.record.dynamics), endings)
	}
	err := o.out.check(o.checkpoint, o.record.dynamics, o.record.best, o.record.metrics)
	if err != nil && !o.out.force && fileSize(o.checkpoint) > 0 {
		return fmt.Errorf("%w; --resume goes on from a checkpoint", err)
	}
	return cmp.Or(err, endings)
}

// openValidation opens the samples of --val, whose classes are those that the
// model has, or gets from --data.
func (o *trainOptions) openValidation(g *globals, m *onnxio.Model, names []string) (data.Set, error) {
	set, err := o.data.ofOthers().openLabelled(g, o.validation, m)
	if err != nil {
		return nil, err
	}
	matched, err := data.Matched(set, data.Classes{Names: names})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("data %v: %w", &o.validation, err), data.Close(set))
	}
	return matched, nil
}

// preprocess is how images are normalised in the training and after it.
func (o *trainOptions) preprocess(ctx context.Context, g *globals, set data.Set, m *onnxio.Model) (data.Preprocess, error) {
	in, err := o.data.input(m)
	if err != nil {
		return data.Preprocess{}, err
	}
	p := in.Preprocess
	if !in.KnowsPixels {
		if err := p.Measure(ctx, set); err != nil {
			return p, fmt.Errorf("data %v: %w", &o.samples, err)
		}
		g.note("note: the model does not say how its input is normalised; mean %v and deviation %v of %v are taken (--preset, --mean, --std)", p.Mean, p.Std, &o.samples)
	}
	p.Classes = set.Classes()
	return p, p.Check(set.Shape())
}

// training are the options in the library's terms.
func (o *trainOptions) training(g *globals, validation data.Set, pre data.Preprocess) (training.Options, error) {
	to := o.recipe.Options()
	to.Step.Session, to.Step.Logits = g.session(), o.data.head
	to.Augment = o.augment.augment()
	to.Normalize = training.Normalize{Mean: pre.Mean, Std: pre.Std}
	to.Seed, to.Checkpoint, to.Every, to.Resume = g.seed, o.checkpoint, o.every, o.resume
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
	defer watchTeacher(t, to.Teacher)()
	total, last := 0, 0
	var lines *training.MetricsFile
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	to.OnStart = func(done, steps int) {
		total = steps
		if lines, err = training.OpenMetrics(o.record.metrics, done); err != nil {
			stop(err)
		}
		bar = t.Bar("train", int64(steps), "steps")
		bar.Reach(int64(done))
	}
	to.Progress = func(p training.Progress) {
		bar.Note(fmt.Sprintf("loss %.3f, accuracy %s, %s samples/s", p.Loss, term.Percent(p.Accuracy), term.Count(int64(p.SamplesPerSecond))))
		last = p.Step
		bar.Reach(int64(p.Step))
		lines.Step(p)
	}
	to.OnEpoch = func(e training.Epoch) {
		t.Step("epoch %d: %s", e.Epoch, epochText(e))
		lines.Epoch(e)
	}
	trained, history, err := training.Train(running, m, prepared, to)
	var short *ort.MemoryError
	if errors.As(err, &short) {
		err = fmt.Errorf("%w; lower --batch", err)
	}
	if closeErr := lines.Close(); err == nil {
		err = closeErr
	}
	if err != nil && ctx.Err() != nil {
		err = o.interrupted(history, last, total)
	}
	return trained, history, err
}

// interrupted says what is left of a training that was interrupted after the
// step last of total, and how to go on, or what would have made that possible.
func (o *trainOptions) interrupted(h *training.History, last, total int) error {
	switch {
	case o.checkpoint != "" && h != nil:
		return fmt.Errorf("%w after step %d of %d; the same command with --resume goes on from %s", errInterrupted, h.Steps, total, o.checkpoint)
	case o.checkpoint == "" && last > 0:
		return fmt.Errorf("%w after step %d of %d, of which nothing is kept; --checkpoint FILE would have kept the state, for --resume to go on from", errInterrupted, last, total)
	}
	return errInterrupted
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
	text := fmt.Sprintf("%s: %s steps on %s samples in %s, %s of it waiting for data", o.out.path,
		term.Count(int64(h.Steps)), term.Count(int64(h.Samples)), term.Seconds(h.Seconds), term.Seconds(h.Waited))
	if n := len(h.Epochs); n > 0 {
		text += ": " + epochText(h.Epochs[n-1])
	}
	if h.Stopped {
		text += fmt.Sprintf("; stopped after epoch %d", len(h.Epochs))
	}
	if h.Best > 0 {
		text += fmt.Sprintf("; the best was epoch %d", h.Best)
	}
	_, err := fmt.Fprintln(g.stdout, text)
	return err
}
