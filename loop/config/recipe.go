package config

import (
	"math"

	"github.com/prunefuse/prunefuse/training"
)

// Training is the recipe of one training.
type Training struct {
	Epochs int `yaml:"epochs" json:"epochs,omitempty"`
	// Steps, where above 0, ends the training after so many instead.
	Steps int `yaml:"steps" json:"steps,omitempty"`
	// Phases are stretches with a learning rate each, in the place of epochs,
	// lr and a schedule.
	Phases []Phase `yaml:"phases" json:"phases,omitempty"`
	Batch  int     `yaml:"batch" json:"batch"`
	// Accumulate is the number of batches whose mean gradient a step takes;
	// 0 is one.
	Accumulate int `yaml:"accumulate" json:"accumulate,omitempty"`

	Optimizer   string  `yaml:"optimizer" json:"optimizer,omitempty"` // of training.OptimizerNames; "" is sgd
	LR          float64 `yaml:"lr" json:"lr"`
	Momentum    float64 `yaml:"momentum" json:"momentum"` // of sgd, as Nesterov
	Nesterov    bool    `yaml:"nesterov" json:"nesterov,omitempty"`
	Beta1       float64 `yaml:"beta1" json:"beta1,omitempty"` // of adam and adamw, as are the next two; 0 is PyTorch's
	Beta2       float64 `yaml:"beta2" json:"beta2,omitempty"`
	Epsilon     float64 `yaml:"epsilon" json:"epsilon,omitempty"`
	WeightDecay float64 `yaml:"weight_decay" json:"weight_decay"`
	Decay       string  `yaml:"decay" json:"decay,omitempty"` // on "all" parameters, or on "weights"

	Schedule   string    `yaml:"schedule" json:"schedule,omitempty"`     // of Schedules; "" is step
	Milestones []float64 `yaml:"milestones" json:"milestones,omitempty"` // of step: fractions of the training after which the rate falls
	Gamma      float64   `yaml:"gamma" json:"gamma"`                     // to this fraction
	MinLR      float64   `yaml:"min_lr" json:"min_lr,omitempty"`         // of cosine and linear: what the rate falls to
	Warmup     int       `yaml:"warmup" json:"warmup,omitempty"`         // steps over which the rate rises first

	ClipNorm  float64  `yaml:"clip_norm" json:"clip_norm,omitempty"`   // the most that the norm of all gradients may be; 0 for any
	ClipValue float64  `yaml:"clip_value" json:"clip_value,omitempty"` // the most that an element of them may be
	EMA       float64  `yaml:"ema" json:"ema,omitempty"`               // what stays of the weights' moving average in a step; 0 for none
	Train     []string `yaml:"train" json:"train,omitempty"`           // patterns of the weights that learn; empty for all
	Freeze    []string `yaml:"freeze" json:"freeze,omitempty"`         // but for these

	// Smoothing is the share of every label that goes to all classes alike.
	Smoothing float64 `yaml:"label_smoothing" json:"label_smoothing,omitempty"`

	Crop        int       `yaml:"crop" json:"crop"` // pixels of padding for random crops; 0 for none
	Flip        bool      `yaml:"flip" json:"flip"`
	ResizedCrop []float64 `yaml:"resized_crop" json:"resized_crop,omitempty"` // instead: least and greatest share of the area
	Mixup       float64   `yaml:"mixup" json:"mixup,omitempty"`               // parameter of its beta distribution; 0 for none
	Cutmix      float64   `yaml:"cutmix" json:"cutmix,omitempty"`             // the same
}

// Phase is a stretch of training with one learning rate.
type Phase struct {
	Epochs int     `yaml:"epochs" json:"epochs"`
	LR     float64 `yaml:"lr" json:"lr"`
}

// The schedules of the learning rate.
const (
	ScheduleStep     = "step"
	ScheduleConstant = "constant"
	ScheduleCosine   = "cosine"
	ScheduleLinear   = "linear"
	ScheduleOneCycle = "one-cycle"
)

// Schedules lists them.
func Schedules() []string {
	return []string{ScheduleStep, ScheduleConstant, ScheduleCosine, ScheduleLinear, ScheduleOneCycle}
}

// unset is a number that depends on the rest of the recipe, unsetEpochs a
// length that does. No file can say either.
var unset = math.NaN()

const unsetEpochs = math.MinInt

// DefaultTraining is the recipe that a configuration and `prunefuse train`
// start from: SGD, whose rate falls twice. ApplyDefaults gives it a learning
// rate and a weight decay.
func DefaultTraining() Training {
	return Training{
		Epochs: 20, Batch: 128, Accumulate: 1, Optimizer: training.SGD{}.Name(), LR: unset, Momentum: 0.9, WeightDecay: unset,
		Decay: string(training.DecayAll), Schedule: ScheduleStep, Milestones: []float64{0.5, 0.75}, Gamma: 0.1,
	}
}

// ApplyDefaults replaces what is unset by what the recipe implies. A learning
// rate and a weight decay are the optimiser's own: 0.1 and 5e-4 for SGD,
// PyTorch's for the others. Phases bring their own length and rates.
func (t *Training) ApplyDefaults() {
	rate, decay := 0.1, 5e-4
	switch t.Optimizer {
	case training.Adam{}.Name():
		rate, decay = 1e-3, 0
	case training.AdamW{}.Name():
		rate, decay = 1e-3, 1e-2
	}
	if math.IsNaN(t.WeightDecay) {
		t.WeightDecay = decay
	}
	if len(t.Phases) > 0 {
		t.applyPhases()
		return
	}
	usual := DefaultTraining()
	if t.Epochs == unsetEpochs {
		t.Epochs = usual.Epochs
	}
	if math.IsNaN(t.LR) {
		t.LR = rate
	}
	if t.Schedule == "" {
		t.Schedule = usual.Schedule
	}
	if t.Milestones == nil {
		t.Milestones = usual.Milestones
	}
	if math.IsNaN(t.Gamma) {
		t.Gamma = usual.Gamma
	}
}

// applyPhases leaves what phases replace at zero, where it was not set.
func (t *Training) applyPhases() {
	if t.Epochs == unsetEpochs {
		t.Epochs = 0
	}
	if math.IsNaN(t.LR) {
		t.LR = 0
	}
	if math.IsNaN(t.Gamma) {
		t.Gamma = 0
	}
}

// adaptive reports whether the optimiser is of Adam's kind.
func (t Training) adaptive() bool {
	return t.Optimizer == training.Adam{}.Name() || t.Optimizer == training.AdamW{}.Name()
}

// Options are the recipe in the terms of package training.
func (t Training) Options() training.Options {
	augment := training.Augment{Pad: t.Crop, Flip: t.Flip, Mixup: t.Mixup, Cutmix: t.Cutmix}
	copy(augment.Scale[:], t.ResizedCrop)
	return training.Options{
		Batch: t.Batch, Accumulate: t.Accumulate, Epochs: t.Epochs, Steps: t.Steps, Warmup: t.Warmup, Schedule: t.schedule(),
		Augment: augment,
		Step: training.StepOptions{
			Optimizer: t.optimizer(), Decay: training.Decay(t.Decay), Average: t.EMA, Learn: t.Train, Freeze: t.Freeze,
			Loss: training.Loss{Smoothing: float32(t.Smoothing)},
			Clip: training.Clip{Norm: float32(t.ClipNorm), Value: float32(t.ClipValue)},
		},
	}
}

func (t Training) optimizer() training.Optimizer {
	adam := training.Adam{Beta1: t.Beta1, Beta2: t.Beta2, Epsilon: t.Epsilon, WeightDecay: float32(t.WeightDecay)}
	switch t.Optimizer {
	case adam.Name():
		return adam
	case training.AdamW(adam).Name():
		return training.AdamW(adam)
	}
	return training.SGD{Momentum: float32(t.Momentum), WeightDecay: float32(t.WeightDecay), Nesterov: t.Nesterov}
}

func (t Training) schedule() training.Schedule {
	if len(t.Phases) > 0 {
		phases := make(training.Phases, len(t.Phases))
		for i, p := range t.Phases {
			phases[i] = training.Phase{Epochs: p.Epochs, Rate: float32(p.LR)}
		}
		return phases
	}
	rate, least := float32(t.LR), float32(t.MinLR)
	// Phases in thousandths of the training, whose length the options say.
	const whole = 1000
	switch t.Schedule {
	case ScheduleConstant:
		return training.StepDecay(whole, rate, 1)
	case ScheduleCosine:
		return training.Cosine{Rate: rate, Floor: least}
	case ScheduleLinear:
		return training.Linear{Rate: rate, Floor: least}
	case ScheduleOneCycle:
		return training.OneCycle{Rate: rate}
	}
	after := make([]int, len(t.Milestones))
	for i, m := range t.Milestones {
		after[i] = int(math.Round(m * whole))
	}
	return training.StepDecay(whole, rate, float32(t.Gamma), after...)
}
