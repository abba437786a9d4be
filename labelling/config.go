package labelling

import (
	"fmt"

	"github.com/prunefuse/prunefuse/data"
)

// Config is what a project of a labelling tool calls things, and where it finds the
// images.
type Config struct {
	FromName string // the name of <Choices>, the control that people answer with
	ToName   string // the name of <Image>, and of the task's value
	Prefix   string // of the images' addresses, before the escaped ID

	// Sample is the field of a task or the column of a table that holds the sample's
	// ID; "" is "sample" of a task and "id" of a table.
	Sample string
	// Disagreement says what becomes of a sample whose answers differ; "" is Refuse.
	Disagreement Disagreement
	// SkipTies leaves a sample without a label on which Majority or DawidSkene does
	// not decide, which is a problem otherwise.
	SkipTies bool
	// Run says that the answers are for a run: messages name what helps there, instead
	// of the flags of "label import".
	Run bool
	// Classes are those that answers may name; without names they may be any.
	Classes data.Classes
	// HasSample reports whether there is a sample of an ID; nil knows any.
	HasSample func(id string) bool
	// Taken are labels that stay, by the sample's ID; "" is that of a sample that
	// cannot be labelled. Answers for these samples count for what is said of the
	// annotators, make no label, and are no problem.
	Taken map[string]string
	// SampleOf is the sample that a file may call by another name, such as that of an
	// image of its batch; nil is each by its own.
	SampleOf func(name string) string
	// Skip is an answer that says that a sample cannot be labelled, unless a class is
	// named so; "" is DefaultSkip. DefaultUnsure says that the annotator does not know.
	Skip string
}

// help is what a message says that helps.
func (c *Config) help(flags, run string) string {
	if c.Run {
		return run
	}
	return flags
}

// Disagreement says what becomes of a sample whose answers differ.
type Disagreement string

// The ways.
const (
	Refuse   Disagreement = "refuse"   // it is a problem
	Last     Disagreement = "last"     // the last answer counts, by the times where all have one, else by the order of the files
	Majority Disagreement = "majority" // that which most gave; where several did, it is a problem
	Skip     Disagreement = "skip"     // it stays without a label
	// DawidSkene gives it the class that is most likely by how each annotator errs,
	// which is estimated from all answers; where two are as likely it is a problem.
	DawidSkene Disagreement = "dawid-skene"
)

// ParseDisagreement reads the name of a way.
func ParseDisagreement(name string) (Disagreement, error) {
	switch d := Disagreement(name); d {
	case Refuse, Last, Majority, DawidSkene, Skip:
		return d, nil
	}
	return "", fmt.Errorf("%q: want refuse, last, majority or skip, or dawid-skene", name)
}

// What people write instead of a class.
const (
	DefaultSkip   = "skip"   // where there is none
	DefaultUnsure = "unsure" // where they do not know it
)

// Label is what people said of a sample.
type Label struct{ ID, Class string }

// Result is what a file of answers holds.
type Result struct {
	Labels []Label
	// Skipped are the samples of which people said that they cannot be labelled, and
	// of which nobody gave a class.
	Skipped []string
	// Unsure are those of which nobody gave a class, and somebody said that he does
	// not know it.
	Unsure []string
	// Unlabelled counts the samples without an answer: those that nobody answered,
	// that have a prediction alone.
	Unlabelled int
	// Disagreed are the samples with answers that differ, labelled or not.
	Disagreed []string
	// Changed are the samples with a label that was Taken, of which the answers say
	// another class now.
	Changed []string
	// Annotations are all answers in the order of reading, also those that a later
	// one of the same annotator replaces.
	Annotations []Annotation
	// Notes say which answers counted where there were several, and which field was
	// taken for the answers where none has the name of the control.
	Notes []string

	taken map[string]string
}
