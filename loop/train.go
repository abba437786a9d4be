package loop

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/training"
)

// trainingPasses is how many forward passes' worth of multiply-accumulates a
// training step takes: one forward, one for the gradients of the inputs and
// one for those of the weights.
const trainingPasses = 3

// checkpointSteps is the most steps between two checkpoints of a training, which
// has at least ten of them: a kill loses minutes, and writing costs next to
// nothing.
const checkpointSteps = 200

// trainSelector trains the network that chooses on all labels so far.
type trainSelector struct{ round int }

func (t trainSelector) Name() string { return roundFolder(t.round) + "/train" }

func (t trainSelector) Run(ctx context.Context, env Env, s State) (Event, error) {
	c, from := env.spec.Config, s.Untrained
	if c.Selector.Start == config.StartWarm && s.Selector != (Network{}) {
		from = s.Selector
	}
	who := map[Picker]string{Dense: "dense network", Proxy: "proxy"}[env.spec.Picker]
	if who == "" {
		who = "selector"
	}
	k := strconv.Itoa(t.round)
	return fit{
		from: from, recipe: c.Selector.Training, stream: streamSelector + uint64(t.round),
		stage: env.stage("train the %s on %s labels", who, count(s.Labelled())),
		name:  t.Name(), module: "train", choosing: t.round < len(c.Label.Add), role: Picked,
		file: env.file(roundFolder(t.round), SelectorFile), meta: [2]string{"prunefuse.round", k},
	}.run(ctx, env, s)
}

// trainParent trains the fused network, from which the next selector is
// pruned.
type trainParent struct{ round int }

func (t trainParent) Name() string { return roundFolder(t.round) + "/train-parent" }

func (t trainParent) Run(ctx context.Context, env Env, s State) (Event, error) {
	return fit{
		from: s.Fused, recipe: env.spec.Config.Final.Training, distill: env.spec.Config.Final.Distill,
		stream: streamFinal + uint64(s.Labelled()),
		stage:  env.stage("train the full network on %s labels", count(s.Labelled())),
		name:   t.Name(), module: "synchronise", choosing: true, role: roleParent,
		file: env.file(roundFolder(t.round), parentFile),
	}.run(ctx, env, s)
}

// trainFinal trains the full network on all labels.
type trainFinal struct{}

func (trainFinal) Name() string { return "train-final" }

func (t trainFinal) Run(ctx context.Context, env Env, s State) (Event, error) {
	c := env.spec.Config.Final
	f := fit{
		from: s.Dense, recipe: c.Training, distill: c.Distill, stream: streamFinal,
		stage: env.stage("train the dense network from scratch"), name: t.Name(), module: "train", role: Final, file: env.file(TrainedFile),
	}
	if env.spec.Fuses {
		f.from, f.module, f.file = s.Fused, "fine-tune", env.file(FusedFile)
		f.stage = env.stage("fine-tune the fused network")
	}
	return f.run(ctx, env, s)
}

// roleParent is the role of a trained full network in the middle of a run.
const roleParent Role = "parent"

// fit is one training of an arm.
type fit struct {
	from     Network
	recipe   config.Training
	distill  *config.Distill
	stream   uint64 // determines, with the run's seed, the order and the augmentation
	stage    string
	name     string // of the step
	module   string
	choosing bool
	role     Role
	file     string
	meta     [2]string
}

// run trains on the labelled samples, from a checkpoint where an earlier
// attempt left one.
func (f fit) run(ctx context.Context, env Env, s State) (Event, error) {
	m, err := env.folder.load(f.from)
	if err != nil {
		return Event{}, err
	}
	set, err := env.labelledSet(s)
	if err != nil {
		return Event{}, err
	}
	o, err := f.options(env, s, set.Len())
	if err != nil {
		return Event{}, err
	}
	begin, here := time.Now(), 0.0
	told := o.Progress
	o.Progress = func(p training.Progress) {
		here += p.Seconds
		told(p)
	}
	out, h, err := training.Train(ctx, m, set, o)
	if err != nil {
		return Event{}, err
	}
	seconds := time.Since(begin).Seconds() + h.Seconds - here // h has the steps of earlier attempts, too
	if f.meta[0] != "" {
		out.SetMeta(f.meta[0], f.meta[1])
	}
	n, err := env.folder.save(f.file, out, f.from.Role)
	samples := int64(h.Samples)
	return Event{
		Work:    Work{Module: f.module, Network: n.Role, Samples: samples, MACs: trainingPasses * n.MACs * samples, Choosing: f.choosing},
		Body:    &trained{Role: f.role, Network: n, Labels: s.Labelled(), Steps: h.Steps, Curve: curve(f.stage, h, f.recipe.Steps > 0)},
		Seconds: seconds, Waited: h.Waited,
	}, err
}

func (f fit) options(env Env, s State, samples int) (training.Options, error) {
	o := f.recipe.Options()
	o.Step.Session = env.session()
	o.Normalize = env.normalize()
	o.Seed = seedOf(env.spec.Config.Seed, f.stream)
	o.Every, o.Resume = f.every(samples), true
	o.OnStart = func(done, steps int) {
		env.tell(Progress{Stage: f.stage, Total: int64(steps), Unit: "steps"})
		if done > 0 {
			env.tell(Progress{Stage: f.stage, Done: int64(done), Total: int64(steps), Unit: "steps"})
		}
	}
	o.Progress = func(p training.Progress) {
		env.tell(Progress{
			Stage: f.stage, Done: int64(p.Step), Total: int64(p.Steps), Unit: "steps",
			Note: fmt.Sprintf("loss %.3f, accuracy %.1f %%", p.Loss, 100*p.Accuracy),
		})
	}
	var err error
	if o.Checkpoint, err = env.folder.place(env.work(strings.ReplaceAll(f.name, "/", "-") + ".checkpoint.onnx")); err != nil {
		return o, err
	}
	if f.distill != nil {
		o.Teacher, err = env.teacherOf(*f.distill, s)
	}
	if o.Teacher != nil {
		o.Step.Loss.Distill, o.Step.Loss.Temperature = float32(f.distill.Weight), float32(f.distill.Temperature)
	}
	return o, err
}

// every is the number of steps between checkpoints.
func (f fit) every(samples int) int {
	r := f.recipe
	steps := r.Steps
	if steps == 0 {
		epochs := r.Epochs
		for _, p := range r.Phases {
			epochs += p.Epochs
		}
		steps = epochs * max(1, samples/(r.Batch*max(1, r.Accumulate)))
	}
	return min(max(1, steps/10), checkpointSteps)
}

// curve is the course of a training, for the report: by steps where the recipe counts
// them, else by epochs.
func curve(name string, h *training.History, bySteps bool) report.Curve {
	c := report.Curve{Name: name}
	for _, e := range h.Epochs {
		if bySteps {
			c.Steps = append(c.Steps, e.Steps)
		}
		c.Loss = append(c.Loss, e.Loss)
		c.Accuracy = append(c.Accuracy, e.Train)
		c.Rate = append(c.Rate, shortest(e.Rate))
	}
	return c
}

// shortest is the float64 that reads like v: 0.1 for the float32 nearest to 0.1.
func shortest(v float32) float64 {
	x, err := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
	if err != nil {
		panic("BUG: a formatted number does not parse: " + err.Error())
	}
	return x
}

// trained is a network that was trained.
type trained struct {
	Role    Role         `json:"role"`
	Network Network      `json:"network"`
	Labels  int          `json:"labels"`
	Steps   int          `json:"steps"`
	Curve   report.Curve `json:"curve"`
}

func (*trained) kind() string { return "trained" }

// kinds are what trainings of a role have in common.
var kinds = map[Role]string{
	Picked: "networks that choose", roleParent: "full network, between the rounds", Final: "full networks, on all labels",
}

func (t *trained) apply(s *State) {
	switch t.Role {
	case Picked:
		s.Selector = t.Network
	case roleParent:
		s.Parent = t.Network
	case Final:
		s.Trained = t.Network
	}
	curve := t.Curve
	curve.Kind = kinds[t.Role]
	s.Curves = append(slices.Clip(s.Curves), curve)
}
