package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/prunefuse/prunefuse"
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
		if a, b := preparation(first), preparation(o); a != b && a != "" && b != "" {
			return c, fmt.Errorf("%s: its samples are prepared by %s, those of the first of the committee by %s", path, b, a)
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

// preparation is how a model's metadata say that its samples are made.
func preparation(m *onnxio.Model) string {
	text, _ := m.Meta(prunefuse.PreprocessKey)
	return text
}
