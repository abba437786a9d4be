package job

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/scoring"
)

// Network is what scores: a model, alone, with its Dropout on, or with a
// committee.
type Network struct {
	Model *onnxio.Model
	// Head names the model's output with the class scores; "" is the one that
	// package head finds.
	Head string
	// Passes asks the model so many times with its Dropout on, 0 once and
	// without.
	Passes int
	// Committee are more models that are asked. All see the same samples.
	Committee []Member
	// Session is how the models run.
	Session ort.SessionOptions

	// Classifier takes the place of all of these: one that is open, which the
	// caller closes.
	Classifier scoring.Classifier
	// Fingerprint tells it apart from others, in journals and shards.
	Fingerprint string
	// Softmax says that it ends in a Softmax.
	Softmax bool
}

// Member is one more model of a committee.
type Member struct {
	Name  string // for errors: its file
	Model *onnxio.Model
}

// OpenError says that a network cannot be run.
type OpenError struct{ Err error }

func (e *OpenError) Error() string { return e.Err.Error() }
func (e *OpenError) Unwrap() error { return e.Err }

// identity fills in which models scored.
func (n *Network) identity(h *Header) (err error) {
	h.Provider = string(n.Session.Provider)
	if h.Provider == "" {
		h.Provider = string(ort.CPU)
	}
	if n.Classifier != nil {
		h.Model = n.Fingerprint
		return nil
	}
	if h.Model, err = n.Model.Fingerprint(); err != nil {
		return err
	}
	if n.Head != "" {
		h.Settings = append(h.Settings, fmt.Sprintf("output %q", n.Head))
	}
	if n.Passes > 0 {
		h.Settings = append(h.Settings, fmt.Sprintf("%d passes with Dropout on", n.Passes))
	}
	for _, m := range n.Committee {
		id, err := m.Model.Fingerprint()
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		h.Settings = append(h.Settings, "with "+id)
	}
	return nil
}

// opened is a network at work.
type opened struct {
	scoring.Classifier
	softmax bool
	models  []interface{ Close() error } // of the caller none
}

func (o *opened) Close() error {
	var errs []error
	for _, m := range o.models {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}

// open makes sessions for samples of a shape. Features asks for the input of the
// last layer.
func (n *Network) open(ctx context.Context, shape []int, features bool, seed uint64) (*opened, error) {
	if n.Classifier != nil {
		return &opened{Classifier: n.Classifier, softmax: n.Softmax}, nil
	}
	head, err := scoring.FindHead(n.Model, n.Head)
	if err != nil && features {
		return nil, err
	}
	o := scoring.ModelOptions{Session: n.Session, Logits: n.Head}
	if features {
		o.Features = head.Features
	}
	if in := n.Model.Graph.Inputs(); len(in) > 0 && len(in[0].Type.Shape) == 1+len(shape) {
		o.Sample = shape
	}
	out := &opened{softmax: head.Probabilities}
	if err := n.openModels(ctx, out, o, seed); err != nil {
		return nil, errors.Join(&OpenError{err}, out.Close())
	}
	return out, nil
}

func (n *Network) openModels(ctx context.Context, out *opened, o scoring.ModelOptions, seed uint64) error {
	if n.Passes > 0 {
		m, err := scoring.NewDropoutModel(ctx, n.Model, o, n.Passes, seed)
		if err == nil {
			out.Classifier, out.models = m, append(out.models, m)
		}
		return err
	}
	m, err := scoring.NewModel(ctx, n.Model, o)
	if err != nil {
		return err
	}
	out.Classifier, out.models = m, append(out.models, m)
	if len(n.Committee) == 0 {
		return nil
	}
	members := []scoring.Classifier{m}
	o.Features, o.Logits = "", ""
	for _, member := range n.Committee {
		m, err := n.openMember(ctx, member.Model, o, out.softmax)
		if err != nil {
			return fmt.Errorf("%s: %w", member.Name, err)
		}
		members, out.models = append(members, m), append(out.models, m)
	}
	out.Classifier, err = scoring.NewCommittee(members...)
	return err
}

func (n *Network) openMember(ctx context.Context, m *onnxio.Model, o scoring.ModelOptions, softmax bool) (*scoring.Model, error) {
	if err := sameInput(n.Model, m); err != nil {
		return nil, err
	}
	if h, _ := scoring.FindHead(m, ""); h.Probabilities != softmax {
		return nil, errors.New("one member of the committee ends in Softmax and another does not")
	}
	return scoring.NewModel(ctx, m, o)
}

// sameInput refuses a member whose metadata say other things of its samples or its
// classes than those of the first: all see the same samples.
func sameInput(first, member *onnxio.Model) error {
	a, err := data.InputOf(first)
	if err != nil {
		return err
	}
	b, err := data.InputOf(member)
	if err != nil {
		return err
	}
	if err := data.Same(data.Classes{Names: b.Classes.Names}, data.Classes{Names: a.Classes.Names}); err != nil {
		return fmt.Errorf("this member of the committee, and the first: %w", err)
	}
	if !a.KnowsPixels || !b.KnowsPixels {
		return nil
	}
	a.Preprocess.Classes, b.Preprocess.Classes = nil, nil
	if !reflect.DeepEqual(a.Preprocess, b.Preprocess) {
		return fmt.Errorf("its samples are prepared by %+v, those of the first of the committee by %+v", b.Preprocess, a.Preprocess)
	}
	return nil
}
