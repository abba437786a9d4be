package head

import (
	"errors"
	"fmt"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// End is what class scores have been through.
type End string

// The ends of networks.
const (
	Logits     End = ""           // nothing: they are logits
	LogSoftmax End = "LogSoftmax" // logarithms of probabilities, which do for logits
	Softmax    End = "Softmax"    // they are one distribution
	Sigmoid    End = "Sigmoid"    // each is a probability of its own
)

// Head is how a classifier ends.
type Head struct {
	Output string      // the output with the class scores
	Type   onnxio.Type // of it, as far as it is known
	Values int         // class scores of a sample; 0 where the model leaves it open
	End    End
	// Logits is the value before End, and LogitsType its type as far as it is
	// known; they are Output and Type where there is no End.
	Logits     string
	LogitsType onnxio.Type
	Note       string // says what a rule chose, "" where there was no choice

	reads   string
	layer   *onnxio.Node   // the last one with weights
	path    []*onnxio.Node // from Output back to it
	noLayer error          // why it is not known
	fault   error          // of the end
}

// Classes returns the number of classes that labels tell apart: two where a
// sample has a single value, 0 where it is not known.
func (h Head) Classes() int {
	if h.Values == 1 {
		return 2
	}
	return h.Values
}

// Features names the value that the last layer with weights reads: a Gemm,
// MatMul or Conv, followed at most by what neither mixes nor shapes the classes.
func (h Head) Features() (string, error) { return h.reads, h.noLayer }

// Classes returns the number of classes of a model as Head.Classes does; 0 also
// where no output has class scores. Output is as for Find.
func Classes(m *onnxio.Model, output string) int {
	h, err := Find(m, output)
	if err != nil {
		return 0
	}
	return h.Classes()
}

// Find decides which output of a model has the class scores: the one of that
// name, or with "" the one that looks so. The error says what the outputs look
// like.
func Find(m *onnxio.Model, output string) (Head, error) {
	f := newFinder(m)
	outs := m.Graph.Outputs()
	switch {
	case len(outs) == 0:
		return Head{}, errors.New("the model has no outputs")
	case output != "" && !m.Graph.IsOutput(output):
		return Head{}, fmt.Errorf("the model has no output %q; its outputs are %s", output, f.list(outs))
	}
	var fit []Head
	var unfit []string
	for _, v := range outs {
		if output != "" && v.Name != output {
			continue
		}
		if looks := f.unlike(v.Name); looks != "" {
			unfit = append(unfit, fmt.Sprintf("%q %v %s", v.Name, f.types[v.Name], looks))
			continue
		}
		fit = append(fit, f.head(v.Name))
	}
	if len(fit) == 0 {
		return Head{}, noScores(unfit)
	}
	return f.choose(fit, len(unfit)+len(fit))
}

// choose takes one of the outputs that have class scores.
func (f *finder) choose(fit []Head, outputs int) (Head, error) {
	h := fit[0]
	if len(fit) > 1 {
		same, ends := true, []Head{}
		for _, c := range fit {
			same = same && c.Values == h.Values
			if c.End != Logits {
				ends = append(ends, c)
			}
		}
		switch {
		case !same && len(ends) == 1:
			h = ends[0]
		case !same:
			var names []string
			for _, c := range fit {
				names = append(names, fmt.Sprintf("%q %v", c.Output, c.Type))
			}
			return Head{}, fmt.Errorf("the model has several outputs that may be class scores, %s: name one (--head)", strings.Join(names, " and "))
		}
	}
	if h.fault != nil {
		return Head{}, h.fault
	}
	if h.Values == 1 {
		h.Note = fmt.Sprintf("the single value of output %q is taken for the answer of two classes: the %s of the second", h.Output, single(h.End))
	} else if outputs > 1 {
		h.Note = fmt.Sprintf("of the model's %d outputs %q is taken for the class scores (--head names another)", outputs, h.Output)
	}
	return h, nil
}

func single(e End) string {
	if e == Sigmoid {
		return "probability"
	}
	return "logit"
}

// noScores is the error where no output has class scores.
func noScores(unfit []string) error {
	const most = 3
	if len(unfit) == 1 {
		return fmt.Errorf("output %s; a classifier is expected, with a float output of [batch, classes]", unfit[0])
	}
	text := strings.Join(unfit[:min(most, len(unfit))], "; ")
	if n := len(unfit) - most; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	return fmt.Errorf("none of the model's %d outputs has class scores: %s; a classifier is expected, with a float output of [batch, classes]", len(unfit), text)
}

// finder looks at one model.
type finder struct {
	g     *onnxio.Graph
	opset int64
	types map[string]onnxio.Type
	sure  bool       // the types of all values were inferred
	batch onnxio.Dim // of the first input
}

// newFinder infers the model's types; where that fails the declared ones do.
func newFinder(m *onnxio.Model) *finder {
	f := &finder{g: m.Graph, opset: m.Opset(""), types: map[string]onnxio.Type{}}
	if facts, err := op.InferGraph(m, op.InferOptions{}); err == nil {
		f.types, f.sure = facts.Types, len(facts.Unknown) == 0
	}
	for _, v := range m.Graph.Outputs() {
		if t := f.types[v.Name]; t.Shape == nil {
			f.types[v.Name] = v.Type
		}
	}
	if ins := m.Graph.Inputs(); len(ins) > 0 && len(ins[0].Type.Shape) > 0 {
		f.batch = ins[0].Type.Shape[0]
	}
	return f
}

func (f *finder) list(outs []onnxio.Value) string {
	var names []string
	for _, v := range outs {
		names = append(names, fmt.Sprintf("%q %v", v.Name, f.types[v.Name]))
	}
	return strings.Join(names, ", ")
}
