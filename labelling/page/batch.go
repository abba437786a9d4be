package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Schema is the format of a batch's description, and DescriptionFile its name in the
// folder of the batch.
const (
	Schema          = "prunefuse.batch/1"
	DescriptionFile = "batch.json"
)

// Batch is what people label: samples in the order of choosing, and the classes that
// they tell apart.
type Batch struct {
	Schema  string   `json:"schema"`
	Title   string   `json:"title"`
	Classes []string `json:"classes"`        // in the order of their numbers
	Skip    string   `json:"skip,omitempty"` // the word for a sample that cannot be labelled
	Items   []Item   `json:"items"`

	// Folder is where the batch is, and Answers the folder for what people answer.
	Folder  string `json:"-"`
	Answers string `json:"-"`
}

// Item is one sample.
type Item struct {
	ID     string `json:"id"`
	Rank   int    `json:"rank"`
	Image  string `json:"image,omitempty"`  // a file of the folder; "" where there is none
	Guess  string `json:"guess,omitempty"`  // the class that the network takes it for
	Wanted int    `json:"wanted,omitempty"` // annotators that are wanted; 0 is 1
}

// Write writes the description of a batch.
func (b Batch) Write(w io.Writer) error {
	b.Schema = Schema
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(b)
}

// Read reads the description of the batch in a folder. Answers to it go to another.
func Read(folder, answers string) (*Batch, error) {
	path := filepath.Join(folder, DescriptionFile)
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read batch: %w", err)
	}
	b := &Batch{Folder: folder, Answers: answers}
	if err := json.Unmarshal(content, b); err != nil {
		return nil, fmt.Errorf("read batch %s: %w", path, err)
	}
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("read batch %s: %w", path, err)
	}
	return b, nil
}

func (b *Batch) check() error {
	switch {
	case b.Schema != Schema:
		return fmt.Errorf("its schema is %q, want %q", b.Schema, Schema)
	case len(b.Items) == 0:
		return errors.New("it has no samples")
	case len(b.Classes) < 2:
		return fmt.Errorf("people tell at least two classes apart, and it has %d", len(b.Classes))
	}
	seen := map[string]bool{}
	for i, it := range b.Items {
		switch {
		case it.ID == "":
			return fmt.Errorf("sample %d has no name", i+1)
		case seen[it.ID]:
			return fmt.Errorf("sample %s is there twice", it.ID)
		case it.Image != "" && !filepath.IsLocal(it.Image):
			return fmt.Errorf("sample %s: the image %s is not in the folder of the batch", it.ID, it.Image)
		}
		seen[it.ID] = true
	}
	return nil
}

// image reads the image of a sample. It is looked for in the folder of the batch alone,
// wherever links lead.
func (b *Batch) image(k int) ([]byte, error) {
	root, err := os.OpenRoot(b.Folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.ReadFile(filepath.FromSlash(b.Items[k].Image))
}

// words are what people can say besides a class: those that no class is called.
func (b *Batch) words() (skip, unsure string) {
	skip, unsure = b.Skip, unsureWord
	if skip == "" {
		skip = skipWord
	}
	if slices.Contains(b.Classes, skip) {
		skip = ""
	}
	if slices.Contains(b.Classes, unsure) {
		unsure = ""
	}
	return skip, unsure
}
