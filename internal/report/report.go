package report

// Schema names the layout of report.json. Fields may be added under the same
// name; readers ignore what they do not know.
const Schema = "prunefuse.report/1"

// Report is one run. Only what was measured has to be filled; fields marked
// "derived" are overwritten by Complete, to six significant digits. Accuracies,
// shares and ratios are fractions of 1.
type Report struct {
	Schema  string `json:"schema"` // derived
	Title   string `json:"title"`
	Verdict string `json:"verdict"` // one or two sentences; composed from the numbers when empty
	Command string `json:"command"` // the command line that produced the run
	Version string `json:"version"` // of prunefuse
	Seed    uint64 `json:"seed"`
	// Seeds are those of the runs that the report joins; nil of a single run.
	Seeds []uint64 `json:"seeds,omitempty"`
	// Unfinished says how far a run is that has steps left; "" for a finished one.
	Unfinished string `json:"unfinished,omitempty"`
	TestSet    string `json:"test_set,omitempty"` // what accuracy is measured on, e.g. "Fashion-MNIST, test images"

	Confidence float64 `json:"confidence"` // level of Low and High of an accuracy; derived

	Models     []Model    `json:"models,omitempty"` // the first is what the others are compared with
	Accuracies []Accuracy `json:"accuracies,omitempty"`
	Series     []Series   `json:"series,omitempty"`
	Ledger     []Cost     `json:"ledger,omitempty"` // the method first, then the comparisons
	Totals     []Cost     `json:"totals,omitempty"` // of the ledger: the method, then the comparisons; derived
	CostRatio  *CostRatio `json:"cost_ratio,omitempty"`
	Choosing   []Choosing `json:"choosing,omitempty"` // what choosing cost each arm
	Steps      []StepCost `json:"steps,omitempty"`    // what each step of each arm cost, in order
	Curves     []Curve    `json:"curves,omitempty"`
	Layers     []Layer    `json:"layers,omitempty"`
	Classes    []string   `json:"classes,omitempty"` // that Counts of a round are of
	Rounds     []Round    `json:"rounds,omitempty"`  // the method's, in order, then those of the other arms
	Balance    []Balance  `json:"balance,omitempty"` // an entry an arm; derived
	People     *People    `json:"people,omitempty"`
	Selection  *Selection `json:"selection,omitempty"` // of the last round in which a network chose

	Notes    []string  `json:"notes,omitempty"`    // what a reader must know to judge the numbers
	Config   []Setting `json:"config,omitempty"`   // the resolved configuration, in order
	Versions []Setting `json:"versions,omitempty"` // of the runtime, the provider, the platform
	Inputs   []File    `json:"inputs,omitempty"`   // data and models that were read
}

// Model is one network that was written.
type Model struct {
	Role     string   `json:"role"` // "dense", "selector", "fused", "deploy"
	File     string   `json:"file,omitempty"`
	Params   int64    `json:"params"`
	MACs     int64    `json:"macs"`  // of one sample's inference
	Bytes    int64    `json:"bytes"` // of the file
	SHA256   string   `json:"sha256,omitempty"`
	Accuracy *float64 `json:"accuracy,omitempty"` // on the test set; nil when it was not measured
	// Equals is the role of the model that this one was verified to compute the same as,
	// and whose accuracy it has; "" where the accuracy was measured.
	Equals string `json:"equals,omitempty"`

	ParamsRatio float64 `json:"params_ratio,omitempty"` // to the first model; derived, as those below
	MACsRatio   float64 `json:"macs_ratio,omitempty"`
	BytesRatio  float64 `json:"bytes_ratio,omitempty"`
}

// Role says which place in the method an accuracy belongs to. The verdict and
// the differences are composed from the roles; an accuracy without one is
// shown all the same.
type Role string

// The networks whose accuracies the method compares.
const (
	RoleSelector     Role = "selector"      // the pruned network, trained on the labels it selected
	RoleFused        Role = "fused"         // fused, before fine-tuning
	RoleFineTuned    Role = "fine-tuned"    // fused and fine-tuned: the result
	RoleDenseScratch Role = "dense-scratch" // the dense network trained from scratch on the same labels
	RoleRandom       Role = "random"        // the result's counterpart on randomly selected labels
	RoleDense        Role = "dense"         // the dense network on labels that it selected itself
	RoleProxy        Role = "proxy"         // the dense network on labels that a smaller one selected
)

// Accuracy is how many test images one network of a single run gets right.
type Accuracy struct {
	Role    Role   `json:"role,omitempty"`
	Name    string `json:"name"`
	Labels  int    `json:"labels"` // labelled images it was trained on
	Correct int    `json:"correct"`
	Total   int    `json:"total"`

	Value float64     `json:"value"` // derived, as those below
	Low   float64     `json:"low"`
	High  float64     `json:"high"`
	Lead  *Difference `json:"lead,omitempty"` // of the fine-tuned network over this one
}

// Difference is one accuracy less another, with its interval.
type Difference struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Series is the accuracy of one method at several labelled counts, or with a Role that
// of a network of the method over several seeds.
type Series struct {
	Role   Role    `json:"role,omitempty"`
	Name   string  `json:"name"`
	Points []Point `json:"points"` // by rising Labels
	Seeds  int     `json:"seeds"`  // the most values of a point; derived
}

// Point is the accuracy of a method at one labelled count. Either Values has
// an accuracy per seed, and the rest is derived, or Accuracy is given with, if
// there is one, an interval.
type Point struct {
	Labels   int       `json:"labels"`
	Values   []float64 `json:"values,omitempty"`
	Accuracy float64   `json:"accuracy"`       // the mean over Values
	Std      *float64  `json:"std,omitempty"`  // sample standard deviation; nil with fewer than two values
	Low      *float64  `json:"low,omitempty"`  // mean − std
	High     *float64  `json:"high,omitempty"` // mean + std
	Seeds    int       `json:"seeds"`          // values, or 1; derived
}

// Cost is what one module of the method cost on one network.
type Cost struct {
	Module     string  `json:"module"`            // "prune", "train", "score", "rank", "fuse", "fine-tune", "evaluate", "export"
	Network    string  `json:"network,omitempty"` // "selector", "dense", "fused", "proxy"
	Arm        string  `json:"arm,omitempty"`     // of a comparison: its name
	Seconds    float64 `json:"seconds"`           // wall clock, measured
	Waited     float64 `json:"waited,omitempty"`  // of these, for a training's samples
	MACs       int64   `json:"macs"`              // multiply-accumulates, forward and backward
	Samples    int64   `json:"samples"`           // images read, each time they were read
	Comparison bool    `json:"comparison"`        // spent only to have something to compare with
	Share      float64 `json:"share"`             // of the seconds of the whole ledger; derived
}

// StepCost is what one step of an arm cost.
type StepCost struct {
	Arm      string  `json:"arm"`
	Step     string  `json:"step"`
	Seconds  float64 `json:"seconds"` // wall clock, over all attempts
	MACs     int64   `json:"macs"`
	Choosing bool    `json:"choosing,omitempty"` // done to choose, not for the result
}

// Choosing is what it cost an arm to choose all its batches: pruning, training,
// scoring and ranking before each of them, and what synchronising took.
type Choosing struct {
	Arm     string  `json:"arm"`
	Seconds float64 `json:"seconds"`
	MACs    int64   `json:"macs"`
	// Analytic is the (1−p)² of the paper, by which a network without a share p
	// of its channels costs less; 0 for arms that prune nothing to choose.
	Analytic float64 `json:"analytic,omitempty"`

	SecondsRatio float64 `json:"seconds_ratio,omitempty"` // to the arm dense, where there is one; derived
	MACsRatio    float64 `json:"macs_ratio,omitempty"`
}

// CostRatio compares choosing with the pruned network, all of its steps together,
// and choosing with the dense one.
type CostRatio struct {
	SelectorSeconds float64 `json:"selector_seconds"`
	DenseSeconds    float64 `json:"dense_seconds"`
	SelectorMACs    int64   `json:"selector_macs"`
	DenseMACs       int64   `json:"dense_macs"`
	Basis           string  `json:"basis,omitempty"` // how the two were measured, in a sentence
	// Estimated says that the dense network did not choose, and that its cost is
	// worked out from what it costs a sample.
	Estimated bool `json:"estimated,omitempty"`

	SecondsRatio float64 `json:"seconds_ratio"` // selector to dense; derived, as those below
	MACsRatio    float64 `json:"macs_ratio"`
	Overhead     float64 `json:"overhead"` // SecondsRatio to MACsRatio: 1 is all the saving the MACs promise
}

// Curve is the training of one network, an entry an epoch from the first. Trainings of
// one Arm and one Kind are drawn together.
type Curve struct {
	Name     string    `json:"name"`
	Arm      string    `json:"arm,omitempty"`
	Kind     string    `json:"kind,omitempty"`  // such as "networks that choose"
	Steps    []int     `json:"steps,omitempty"` // done at the end of each entry, where the training counts steps
	Loss     []float64 `json:"loss,omitempty"`
	Accuracy []float64 `json:"accuracy,omitempty"` // on the batches as they were trained on
	Rate     []float64 `json:"rate,omitempty"`     // learning rate of the last step
}

// Layer is one prunable axis and what is left of it.
type Layer struct {
	Name     string `json:"name"`
	Channels int    `json:"channels"`
	Kept     int    `json:"kept"`
	Indices  []int  `json:"indices,omitempty"` // the kept channels, rising; empty when only their number is known
}

// Selection is what the selector chose.
type Selection struct {
	Strategy string  `json:"strategy"` // the measure behind Score, e.g. "margin"
	Chosen   int     `json:"chosen"`   // images selected
	Pool     int     `json:"pool"`     // images they were selected from
	Shown    int     `json:"shown"`    // len(Thumbs); derived
	Thumbs   []Thumb `json:"thumbs,omitempty"`
}

// Thumb is one selected image.
type Thumb struct {
	ID        string  `json:"id"`
	PNG       []byte  `json:"png"` // a PNG file, base64 in JSON
	Rank      int     `json:"rank"`
	Score     float64 `json:"score"`
	Predicted string  `json:"predicted,omitempty"` // class the selector gave it
	Label     string  `json:"label,omitempty"`     // class it turned out to have
}

// Setting is one line of a configuration.
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// File is one file that was read.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256,omitempty"`
}

// Spend adds c to the ledger, to the entry of the same module, network and
// purpose where there is one.
func (r *Report) Spend(c Cost) {
	for i := range r.Ledger {
		e := &r.Ledger[i]
		if e.Module == c.Module && e.Network == c.Network && e.Arm == c.Arm && e.Comparison == c.Comparison {
			e.Seconds += c.Seconds
			e.Waited += c.Waited
			e.MACs += c.MACs
			e.Samples += c.Samples
			return
		}
	}
	r.Ledger = append(r.Ledger, c)
}

// accuracy returns the first accuracy of a role, or nil.
func (r *Report) accuracy(role Role) *Accuracy {
	for i := range r.Accuracies {
		if r.Accuracies[i].Role == role {
			return &r.Accuracies[i]
		}
	}
	return nil
}
