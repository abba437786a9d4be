package data

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/internal/spelling"
)

// labelsFor reads the labels of the options for a set, and the names of classes where
// the file has such.
func labelsFor(set Set, opts Options) (labels []int, names []string, err error) {
	path := opts.Labels
	if path == noLabels {
		labels = make([]int, set.Len())
		for i := range labels {
			labels[i] = -1
		}
		return labels, nil, nil
	}
	form, listed := manifestForm(path)
	if !listed {
		return readLabelFile(path, opts, positionOr(set))
	}
	var texts labelTexts
	if form == formPaths {
		err = readLines(path, &texts)
	} else {
		err = readList(path, form, set, opts, &texts)
	}
	if err == nil && len(texts.at) != set.Len() {
		err = fmt.Errorf("%d labels for %d samples", len(texts.at), set.Len())
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read labels %s: %w", path, bare(err, path))
	}
	if labels, names, err = texts.ints(opts, set.ID); err != nil {
		return nil, nil, fmt.Errorf("read labels %s: %w", path, err)
	}
	return labels, names, nil
}

// positionOr names the samples of a set by their IDs, and what is beyond them by its
// position: a file may have more labels than there are samples.
func positionOr(set Set) func(i int) string {
	return func(i int) string {
		if i < set.Len() {
			return set.ID(i)
		}
		return fmt.Sprint(i)
	}
}

// readLines reads a label a line; an empty line is none.
func readLines(path string, texts *labelTexts) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := strings.TrimPrefix(strings.TrimSuffix(string(content), "\n"), string(byteOrderMark))
	for line := range strings.SplitSeq(text, "\n") {
		texts.add(line)
	}
	return nil
}

// readList reads labels of samples by their names. Those that are not listed have
// none.
func readList(path, form string, set Set, opts Options, texts *labelTexts) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	byName := map[string]string{}
	opts.onlyLabels = true
	labelled, err := readManifest(bufio.NewReader(f), form, opts, func(e entry, hasID bool) {
		if name := e.path; hasID {
			byName[spelling.Composed(strings.Clone(e.id))] = e.label
		} else {
			byName[spelling.Composed(strings.Clone(name))] = e.label
		}
	})
	if err == nil && !labelled {
		err = fmt.Errorf("it has no column of labels")
	}
	if err != nil {
		return err
	}
	for i := range set.Len() {
		id := spelling.Composed(set.ID(i))
		texts.add(byName[id])
		delete(byName, id)
	}
	if len(byName) > 0 {
		return fmt.Errorf("the data has no sample %q, nor others of %d that it names", slices.Min(slices.Collect(maps.Keys(byName))), len(byName))
	}
	return nil
}
