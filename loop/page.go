package loop

import (
	"fmt"

	"github.com/prunefuse/prunefuse/labelling"
	"github.com/prunefuse/prunefuse/labelling/page"
)

// described is the batch as the page on which people label it reads it.
func (p people) described(title string, items []labelling.Item) page.Batch {
	b := page.Batch{Title: title, Skip: p.env.spec.Config.Label.Skip}
	classes := p.env.classesOf()
	for i := range max(classes.Count, len(classes.Names)) {
		name, err := classes.Name(i)
		if err != nil {
			panic("BUG: " + err.Error()) // the number is one of theirs
		}
		b.Classes = append(b.Classes, name)
	}
	for _, it := range items {
		b.Items = append(b.Items, page.Item{ID: it.ID, Rank: it.Rank, Image: it.Image, Guess: it.Class, Wanted: it.Wanted})
	}
	return b
}

// BatchFor reads the batch of the run in a folder that people are at. It changes nothing,
// and another process may be at the run.
func BatchFor(dir string) (*page.Batch, error) {
	s, err := ReadStatus(dir)
	if err != nil {
		return nil, err
	}
	if s.Waiting == nil {
		next := s.Next
		if next == "" {
			next = "nothing: it is finished"
		}
		return nil, fmt.Errorf("the run %s waits for nobody; next comes %s", dir, next)
	}
	b, err := page.Read(s.Waiting.Batch, s.Waiting.Answers)
	if err != nil {
		return nil, fmt.Errorf("%w; the command of the run writes a batch anew that is not there", err)
	}
	return b, nil
}
