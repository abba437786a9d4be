package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/scoring"
)

// classifier is what a pass runs.
type classifier interface {
	scoring.Classifier
	io.Closer
}

// openClassifier opens the model alone, with its Dropout on, or with a
// committee.
func openClassifier(ctx context.Context, g *globals, o scoreOptions, m *onnxio.Model, mo scoring.ModelOptions, head scoring.Head) (classifier, error) {
	switch {
	case o.passes > 0:
		return asClassifier(scoring.NewDropoutModel(ctx, m, mo, o.passes, g.seed))
	case len(o.committee) > 0:
		return asClassifier(openCommittee(ctx, o.committee, m, mo, head))
	default:
		return asClassifier(scoring.NewModel(ctx, m, mo))
	}
}

// asClassifier keeps an absent classifier from becoming one that is there.
func asClassifier[C classifier](c C, err error) (classifier, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

// committee closes its members.
type committee struct {
	*scoring.Committee
	members []*scoring.Model
}

func (c *committee) Close() error {
	var errs []error
	for _, m := range c.members {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}

func openCommittee(ctx context.Context, paths []string, first *onnxio.Model, mo scoring.ModelOptions, head scoring.Head) (c *committee, err error) {
	c = &committee{}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	m, err := scoring.NewModel(ctx, first, mo)
	if err != nil {
		return c, err
	}
	c.members = append(c.members, m)
	mo.Features = ""
	for _, path := range paths {
		o, err := onnxio.Load(path)
		if err != nil {
			return c, err
		}
		// The members see the same samples, prepared as the first wants them.
		if err := prepareAlike(first, o); err != nil {
			return c, fmt.Errorf("%s: %w", path, err)
		}
		if h, _ := scoring.FindHead(o.Graph, ""); h.Probabilities != head.Probabilities {
			return c, fmt.Errorf("%s: one member of the committee ends in Softmax and another does not", path)
		}
		m, err := scoring.NewModel(ctx, o, mo)
		if err != nil {
			return c, fmt.Errorf("%s: %w", path, err)
		}
		c.members = append(c.members, m)
	}
	var all []scoring.Classifier
	for _, m := range c.members {
		all = append(all, m)
	}
	c.Committee, err = scoring.NewCommittee(all...)
	return c, err
}

// prepareAlike refuses a member whose metadata say other things of its samples or
// its classes than those of the first.
func prepareAlike(first, member *onnxio.Model) error {
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
