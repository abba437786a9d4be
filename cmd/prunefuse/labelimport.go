package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/labelling"
)

type labelImportOptions struct {
	labelOptions
	root string
	pool string
}

func (o *labelImportOptions) addFlags(fs *pflag.FlagSet) {
	o.labelOptions.addFlags(fs, "the .csv, .jsonl or .npy `file` to write")
	fs.StringVar(&o.root, "root", "", "the `folder` of the images, for .csv and .jsonl")
	fs.StringVar(&o.pool, "pool", "", "the `data` whose samples these are, for .npy")
}

func newLabelImportCommand(g *globals) *cobra.Command {
	var o labelImportOptions
	cmd := &cobra.Command{
		Use:     "import LABELS -o FILE",
		GroupID: groupData,
		Short:   "Make labels of what people have answered",
		Long: withExitStatus(`
Read what Label Studio exports (JSON, JSON-MIN or CSV), or the table that "label
export" wrote, filled in, and write labels: x.csv and x.jsonl are lists of
images with their labels, to be read as --data; x.npy has a label for each
sample of --pool, -1 for those without one, to be read as --labels. Of several
answers to one task the last one counts; tasks without one are told.

Labels are the numbers of the classes that --classes or --model names. Without
them a list has what people wrote.`,
			exitOK, exitFailed, exitUsage),
		Example: `  prunefuse label import project-1.json --model selector.onnx --root images -o labels.csv
  prunefuse label import batch.csv --classes cat,dog --pool pool.npy -o labels.npy`,
		Args: exactArgs("LABELS"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.settle(); err != nil {
				return usageIn(cmd, err)
			}
			return runLabelImport(g, o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func (o *labelImportOptions) ext() string { return strings.ToLower(filepath.Ext(o.out.path)) }

func (o *labelImportOptions) settle() error {
	switch ext := o.ext(); {
	case o.out.path == "":
		return errors.New("name the file to write with --output (-o)")
	case ext == ".npy" && o.pool == "":
		return errors.New("an .npy file has a label for each sample: name them with --pool")
	case ext == ".npy" && o.root != "":
		return errors.New("--root is for .csv and .jsonl")
	case ext == ".npy":
	case ext != ".csv" && ext != ".jsonl":
		return fmt.Errorf("%s: want a .csv, .jsonl or .npy file", o.out.path)
	case o.pool != "":
		return errors.New("--pool is for .npy")
	}
	return nil
}

func runLabelImport(g *globals, o labelImportOptions, path string) error {
	names, err := o.begin()
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	labels, unlabelled, err := labelling.Read(f, o.project.Config)
	if err == nil && len(labels) == 0 {
		err = errors.New("it holds no label")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	out := outputs{stdout: g.stdout}
	defer out.discard()
	if o.ext() == ".npy" {
		err = o.writeArray(&out, labels, names)
	} else {
		err = o.writeList(&out, labels, names)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := out.commit(); err != nil {
		return err
	}
	if unlabelled > 0 {
		g.note("%d samples have no label yet", unlabelled)
	}
	return printTasks(g, o.out.path, "prunefuse.label.import/1", len(labels))
}

// writeArray writes a label for each sample of the pool.
func (o *labelImportOptions) writeArray(out *outputs, labels []labelling.Label, names []string) error {
	set, err := data.Open(o.pool, data.Options{Labels: "none"})
	if err != nil {
		return err
	}
	defer data.Close(set)
	at := make(map[string]int, set.Len())
	values := make([]int64, set.Len())
	for i := range values {
		at[set.ID(i)], values[i] = i, -1
	}
	for _, l := range labels {
		i, ok := at[l.ID]
		if !ok {
			return fmt.Errorf("%s has no sample %q", o.pool, l.ID)
		}
		n, err := numberOf(names, l.Class)
		if err != nil {
			return fmt.Errorf("sample %s: %w", l.ID, err)
		}
		values[i] = int64(n)
	}
	return out.write(o.out.path, func(w io.Writer) error { return data.EncodeNPY(w, []int{len(values)}, values) })
}

// listed is a line of a list of images.
type listed struct {
	Path  string `json:"path"`
	Label any    `json:"label"` // a number, or a name
	ID    string `json:"id"`
}

// writeList writes the images with their labels, paths as seen from the file.
func (o *labelImportOptions) writeList(out *outputs, labels []labelling.Label, names []string) error {
	lines := make([]listed, len(labels))
	for i, l := range labels {
		lines[i] = listed{Path: l.ID, Label: l.Class, ID: l.ID}
		if o.root != "" {
			path := filepath.Join(o.root, filepath.FromSlash(l.ID))
			if rel, err := filepath.Rel(filepath.Dir(o.out.path), path); err == nil {
				path = rel
			}
			lines[i].Path = filepath.ToSlash(path)
		}
		if names != nil {
			n, err := numberOf(names, l.Class)
			if err != nil {
				return fmt.Errorf("sample %s: %w", l.ID, err)
			}
			lines[i].Label = n
		} else if n, err := strconv.Atoi(l.Class); err == nil {
			lines[i].Label = n
		}
	}
	return out.write(o.out.path, func(w io.Writer) error {
		if o.ext() == ".jsonl" {
			e := json.NewEncoder(w)
			e.SetEscapeHTML(false)
			for _, l := range lines {
				if err := e.Encode(l); err != nil {
					return err
				}
			}
			return nil
		}
		rows := [][]string{{"path", "label", "id"}}
		for _, l := range lines {
			rows = append(rows, []string{l.Path, fmt.Sprint(l.Label), l.ID})
		}
		return csv.NewWriter(w).WriteAll(rows)
	})
}
