package loop

import (
	"context"
	"io"
	"os"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/labelling"
	"github.com/prunefuse/prunefuse/labelling/page"
	"github.com/prunefuse/prunefuse/scoring/job"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// list is a file of a batch that lists its samples.
type list struct {
	name  string
	write func(io.Writer) error
}

// lists are the files of a batch for people, their tools and the page.
func (p *people) lists(ctx context.Context, items []labelling.Item) ([]list, error) {
	c := answersConfig(p.env.spec.Config.Label, p.env.classesOf())
	c.Prefix = p.env.spec.Config.Label.URLPrefix
	title := p.folder
	if t := p.env.spec.Config.Title; t != "" {
		title = t + ": " + title
	}
	as := func(name string, form labelling.Form) list {
		return list{name, func(w io.Writer) error { return labelling.Write(w, form, items, "prunefuse", c) }}
	}
	out := []list{as(batchTasks, labelling.LabelStudio), as(batchLines, labelling.Lines), as(batchTable, labelling.Table)}
	if _, _, _, ok := p.env.pool.Shape().Image(); ok {
		out = append(out, as(batchCVAT, labelling.CVAT), as(batchCOCO, labelling.COCO))
		if !p.env.folder.holds(p.name(batchCVAT), p.name(batchCOCO)) {
			if err := labelling.Measure(items, p.handed); err != nil {
				return nil, err
			}
		}
	}
	return append(out,
		list{batchSheet, func(w io.Writer) error { return p.sheet(ctx, w, title, items) }},
		list{page.DescriptionFile, func(w io.Writer) error { return p.described(title, items).Write(w) }},
	), nil
}

// handed is the image of an item as it was handed out.
func (p *people) handed(it labelling.Item) ([]byte, error) {
	return os.ReadFile(p.env.folder.path(p.name(it.Image)))
}

// sheet writes the page to look at.
func (p *people) sheet(ctx context.Context, w io.Writer, title string, items []labelling.Item) error {
	choices := p.state.Choices
	s := labelling.Sheet{Title: title, Strategy: choices[len(choices)-1].Strategy, Classes: p.env.classesOf(), Items: items}
	_, labels, err := p.env.labels(p.state)
	if err == nil {
		err = s.Count(labels)
	}
	if err == nil && p.guesses() {
		err = p.best(ctx, items)
	}
	if err != nil {
		return err
	}
	return s.Write(w)
}

// best asks the selector for the classes that it finds most likely for items.
func (p *people) best(ctx context.Context, items []labelling.Item) error {
	if p.state.Selector.File.Path == "" { // a draw chose, and no network is asked
		return nil
	}
	m, err := p.env.folder.load(p.state.Selector)
	if err != nil {
		return err
	}
	indices := make([]int, len(items))
	for i, it := range items {
		indices[i] = it.Index
	}
	set, err := data.Prepare(data.Subset(p.env.pool, indices), p.env.pre)
	if err != nil {
		return err
	}
	j, err := job.Open(ctx, job.Spec{Network: job.Network{Model: m, Session: p.env.session()}, Pool: set, Probabilities: true})
	if err != nil {
		return err
	}
	defer j.Close()
	c, err := j.Gather(ctx, set, selection.Needs{Probabilities: true})
	if err != nil {
		return err
	}
	for i, r := range c.Records {
		if items[r.Index].Best, err = labelling.Best(c.Probabilities.Row(i), p.env.classesOf()); err != nil {
			return err
		}
	}
	return nil
}
