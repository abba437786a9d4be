package training

// Options say how to train. The zero value is ten epochs of plain gradient
// descent at a rate of 0.1 with batches of 128, shuffled by seed 0, without
// augmentation.
type Options struct {
	// Step is what one step does. Whether it accumulates follows from
	// Accumulate.
	Step StepOptions

	Batch    int  // samples; 0 is 128, and never more than the set
	DropLast bool // leave out an epoch's last batch where it is smaller; see the package for one of one sample
	// Accumulate is the number of batches whose mean gradient a step takes;
	// 0 is one. What an epoch leaves over makes a step of fewer.
	Accumulate int

	// Schedule is the learning rate; nil is 0.1.
	Schedule Schedule
	// Epochs is the length of the run; 0 is that of Phases, and 10 for other
	// schedules.
	Epochs int
	// Steps is the length of the run instead, where it is not 0; so runs on
	// sets of different sizes can be given the same number of steps. Phases
	// keep their proportions.
	Steps int
	// Warmup is the number of first steps over which the rate rises to its
	// value in equal parts. Schedules other than Phases begin after it.
	Warmup int

	Augment   Augment
	Normalize Normalize

	// Dynamics, where not nil, is gathered into History.Dynamics.
	Dynamics *DynamicsOptions

	// Teacher is the network that Step.Loss.Distill learns from.
	Teacher *Teacher

	// Seed determines the order of the samples and their augmentation.
	Seed uint64
	// Workers is how many goroutines read; 0 is one a core.
	Workers int

	// Validation is evaluated after every epoch, nil for not at all.
	Validation Set

	// Monitor is the figure of the validation by which epochs are compared;
	// "" is the loss.
	Monitor Monitor
	// Patience, where above 0, ends the run after so many epochs in a row that
	// were not better than the best one before.
	Patience int
	// Best is the file that gets the model whenever an epoch is the best so
	// far; Train returns the last. Empty is none.
	Best string

	// Checkpoint is the file that holds the state of the run: written every
	// Every steps (0: after every epoch), at the end, and when the context
	// ends. Empty is no checkpoint.
	Checkpoint string
	Every      int
	// Resume goes on from Checkpoint where that file exists. It must be of
	// the same model, set size and options; the length of the run and the
	// course of the schedule from there on may differ.
	Resume bool

	// OnStart is told before the first step how many are done already and
	// how many there are: a model or options that cannot be trained with are
	// refused before that. Progress is told after every step, OnEpoch after every
	// epoch. All are called on the caller's goroutine.
	OnStart  func(done, steps int)
	Progress func(Progress)
	OnEpoch  func(Epoch)
}

const defaultBatch = 128
