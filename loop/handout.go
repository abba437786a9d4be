package loop

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/labelling"
	"github.com/prunefuse/prunefuse/labelling/page"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// The files of a batch for people, in a folder of the round.
const (
	batchDir    = "batch"
	batchTable  = "batch.csv"         // to fill in
	batchLines  = "batch.jsonl"       // the same, an object a line
	batchTasks  = "label-studio.json" // to import
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
	c := answersConfig(p.env.spec.Config.Label, p.env.classesOf())
	c.Prefix = p.env.spec.Config.Label.URLPrefix
	title := p.folder
	if t := p.env.spec.Config.Title; t != "" {
		title = t + ": " + title
	}
	lists := []struct {
		name  string
		write func(io.Writer) error
	}{
		{batchTasks, func(w io.Writer) error { return labelling.WriteLabelStudio(w, items, "prunefuse", c) }},
		{batchSheet, func(w io.Writer) error {
			choices := p.state.Choices
			return labelling.Sheet{Title: title, Strategy: choices[len(choices)-1].Strategy, Classes: c.Classes, Items: items}.Write(w)
		}},
		{batchLines, func(w io.Writer) error { return labelling.WriteJSONL(w, items) }},
		{batchTable, func(w io.Writer) error { return labelling.WriteCSV(w, items) }},
		{page.DescriptionFile, func(w io.Writer) error { return p.described(title, items).Write(w) }},
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

// items are the samples of the batch with what the selector takes them for.
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
		it := labelling.Item{ID: line.ID, Rank: line.Rank, Index: line.Index, Confidence: line.Confidence}
		if line.Class != selection.NoClass {
			if it.Class, err = classes.Name(line.Class); err != nil {
				return nil, err
			}
		}
		items = append(items, it)
	}
	for i, n := range annotatorsWanted(p.env.spec.Config, p.round, len(items)) {
		if n > 1 {
			items[i].Wanted = n
		}
	}
	return items, nil
}

// classesOf are those of the run.
func (b *workbench) classesOf() data.Classes {
	return data.Classes{Names: b.pre.Classes, Count: b.classes}
}

// unsafe is what stands in no name of a file.
var unsafe = regexp.MustCompile(`[^\pL\pN._-]+`)

// images writes the images that are not there yet and names them in the items. One
// that is no image has none.
func (p *people) images(ctx context.Context, items []labelling.Item) error {
	if _, _, _, ok := p.env.pool.Shape().Image(); !ok {
		return nil
	}
	found, err := p.env.folder.list(p.name(batchImages))
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	there := map[string]string{} // names by their stems
	for _, name := range found {
		there[strings.TrimSuffix(name, path.Ext(name))] = name
	}
	for i := range items {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		it := &items[i]
		stem := stemOf(it.Rank, it.ID)
		name, known := there[stem]
		if !known {
			if name, err = p.image(it.Index, stem); err != nil {
				return err
			}
		}
		it.Image = path.Join(batchImages, name)
	}
	return nil
}

// stemOf is the name of the image of a sample in its batch, without the ending.
func stemOf(rank int, id string) string {
	return fmt.Sprintf("%04d-%s", rank, unsafe.ReplaceAllString(strings.TrimSuffix(path.Base(id), path.Ext(id)), "_"))
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

// image writes the image of a sample of the pool: the file as the pool keeps it, or a
// PNG of what the network sees.
func (p *people) image(index int, stem string) (name string, err error) {
	content, err := data.Encoded(p.env.pool, index)
	if err == nil && content == nil {
		content, err = p.env.picture(index)
	}
	if err != nil {
		return "", err
	}
	name = stem + extensionOf(content)
	_, err = p.env.folder.write(p.name(path.Join(batchImages, name)), func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	return name, err
}

// extensionOf is the usual ending for an image.
func extensionOf(content []byte) string {
	switch kind := http.DetectContentType(content); kind {
	case "image/jpeg":
		return ".jpg"
	case "image/png", "image/gif", "image/webp", "image/bmp":
		return "." + strings.TrimPrefix(kind, "image/")
	}
	return ".img"
}
