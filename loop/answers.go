package loop

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/labelling"
	"github.com/prunefuse/prunefuse/loop/config"
)

// answersConfig is how answers for a run are read.
func answersConfig(l config.Label, classes data.Classes) labelling.Config {
	c := labelling.Config{FromName: "choice", ToName: "image", Classes: classes, Skip: l.Skip, Run: true}
	c.Disagreement, c.SkipTies = l.Decision()
	return c
}

// answers reads all files that people handed in, and the tables of the batches that
// they filled in.
func (f folder) answers(c labelling.Config) (*labelling.Result, error) {
	paths, err := f.answerFiles()
	if err != nil {
		return nil, err
	}
	return labelling.ReadFiles(paths, c)
}

func (f folder) answerFiles() ([]string, error) {
	tables, err := f.tables()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(f.path(AnswersFolder))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() {
			return nil, fmt.Errorf("%s is a folder: put the files themselves into %s", filepath.Join(f.path(AnswersFolder), e.Name()), f.path(AnswersFolder))
		}
		if !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "~") {
			tables = append(tables, filepath.Join(f.path(AnswersFolder), e.Name()))
		}
	}
	slices.Sort(tables)
	return tables, nil
}

// tables are the files of all batches that people may fill in.
func (f folder) tables() ([]string, error) {
	var out []string
	for _, name := range []string{batchTable, batchLines} {
		found, err := filepath.Glob(filepath.Join(escapeGlob(string(f)), "*", batchDir, name))
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// escapeGlob makes a pattern that matches a path alone.
func escapeGlob(path string) string {
	return strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// filledIn refuses to replace a run whose batches people have filled in.
func (f folder) filledIn() error {
	tables, err := f.tables()
	if err != nil {
		return err
	}
	for _, table := range tables {
		r, err := labelling.ReadFiles([]string{table}, labelling.Config{FromName: "choice", ToName: "image"})
		if err != nil || len(r.Annotations) > 0 {
			return fmt.Errorf("%s has labels that people gave, which --force would remove: move it to %s first, where a new run finds it", table, f.path(AnswersFolder))
		}
	}
	return nil
}
