package loop

import (
	"context"
	"path"
	"strings"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/labelling"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// The files of a batch for people, in a folder of the round.
const (
	batchDir    = "batch"
	batchTable  = "batch.csv"         // to fill in
	batchLines  = "batch.jsonl"       // the same, an object a line
	batchTasks  = "label-studio.json" // to import
	batchCVAT   = "cvat.xml"          // to upload
	batchCOCO   = "coco.json"         // to import
	batchSheet  = "sheet.html"        // to look at
	batchImages = "images"
)

// handOut writes the batch of the round, in the order of choice: its images, and
// lists of them for labelling tools. What is there stays as it is; what was deleted
// is written again.
func (p *people) handOut(ctx context.Context) error {
	items, err := p.items()
	if err != nil {
		return err
	}
	if err := p.images(ctx, items); err != nil {
		return err
	}
	lists, err := p.lists(ctx, items)
	if err != nil {
		return err
	}
	for _, list := range lists {
		if name := p.name(list.name); !p.env.folder.holds(name) {
			if _, err := p.env.folder.write(name, list.write); err != nil {
				return err
			}
		}
	}
	_, err = p.env.folder.place(path.Join(AnswersFolder, "x"))
	return err
}

// name names a file of the batch in the run folder.
func (p *people) name(file string) string { return path.Join(p.folder, batchDir, file) }

// items are the samples of the batch, with the selector's opinion of them where people
// are to see it.
func (p *people) items() ([]labelling.Item, error) {
	f, err := p.env.folder.open(p.state.Chosen.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	classes := p.env.classesOf()
	var items []labelling.Item
	for line, err := range selection.ReadFile(f) {
		if err != nil {
			return nil, err
		}
		it, err := labelling.ItemOf(line, classes)
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	if !p.guesses() {
		items = labelling.Blind(items)
	}
	for i, n := range annotatorsWanted(p.env.spec.Config, p.round, len(items)) {
		if n > 1 {
			items[i].Wanted = n
		}
	}
	return items, nil
}

// guesses reports whether people see the selector's opinion. At first there is none.
func (p *people) guesses() bool {
	wanted := p.env.spec.Config.Label.Guesses
	return p.round != first && (wanted == nil || *wanted)
}

// classesOf are those of the run.
func (b *workbench) classesOf() data.Classes {
	return data.Classes{Names: b.pre.Classes, Count: b.classes}
}

// sampleOf tells which sample a labelling tool means that knows it by its image in a
// batch. A name that two batches have for different samples stays as it is.
func (f folder) sampleOf(s State) (func(name string) string, error) {
	known, of := map[string]bool{}, map[string]string{}
	for _, choice := range s.Choices {
		batch, err := f.readChoice(choice.Batch)
		if err != nil {
			return nil, err
		}
		for i, sample := range batch {
			known[sample.ID] = true
			stem := stemOf(i+1, sample.ID)
			if other, twice := of[stem]; twice && other != sample.ID {
				of[stem] = ""
				continue
			}
			of[stem] = sample.ID
		}
	}
	return func(name string) string {
		base := path.Base(strings.ReplaceAll(name, `\`, "/"))
		if id := of[strings.TrimSuffix(base, path.Ext(base))]; !known[name] && id != "" {
			return id
		}
		return name
	}, nil
}
