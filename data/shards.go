package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// maxShards bounds what a pattern stands for.
const maxShards = 1 << 20

// isPattern reports whether a name may stand for several files.
func isPattern(name string) bool { return strings.ContainsAny(name, "{*?[") }

// expandPattern returns the files that a pattern stands for: {000..012} and
// {a,b} for each of what they list, in that order, and *, ? and [ ] for the
// files that are there, sorted.
func expandPattern(pattern string) ([]string, error) {
	expanded, err := expandBraces(pattern)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, name := range expanded {
		if !strings.ContainsAny(name, "*?[") {
			paths = append(paths, name)
			continue
		}
		found, err := filepath.Glob(name)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("no file is named %s", name)
		}
		paths = append(paths, found...)
	}
	return paths, nil
}

func expandBraces(pattern string) ([]string, error) {
	before, rest, ok := strings.Cut(pattern, "{")
	if !ok {
		return []string{pattern}, nil
	}
	inner, after, ok := strings.Cut(rest, "}")
	if !ok {
		return nil, errors.New("a brace is not closed")
	}
	tails, err := expandBraces(after)
	if err != nil {
		return nil, err
	}
	choices, err := braceChoices(inner)
	if err != nil {
		return nil, err
	}
	if len(choices) > maxShards/len(tails) {
		return nil, fmt.Errorf("it stands for more than %d files", maxShards)
	}
	all := make([]string, 0, len(choices)*len(tails))
	for _, c := range choices {
		for _, tail := range tails {
			all = append(all, before+c+tail)
		}
	}
	return all, nil
}

// braceChoices lists 007..012, whose zeros are kept, or a,b,c.
func braceChoices(inner string) ([]string, error) {
	from, to, ok := strings.Cut(inner, "..")
	if !ok {
		return strings.Split(inner, ","), nil
	}
	first, err := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	if err != nil || err2 != nil || first < 0 || last < first || last-first >= maxShards {
		return nil, fmt.Errorf("{%s} is no range as {000..012}", inner)
	}
	digits := 0
	if from[0] == '0' {
		digits = len(from)
	}
	all := make([]string, 0, last-first+1)
	for n := first; n <= last; n++ {
		all = append(all, fmt.Sprintf("%0*d", digits, n))
	}
	return all, nil
}

// binaries are the names of the files in a folder that are no images, by
// extension, sorted.
type binaries struct {
	cifar, tar, parquet []string
	images              bool // there are images or folders, too
}

// binariesIn looks a folder through, which may hold a million images.
func binariesIn(dir string) (b binaries, err error) {
	err = eachEntry(os.DirFS(dir), ".", func(e fs.DirEntry) {
		switch name := e.Name(); {
		case strings.HasPrefix(name, "."):
		case e.IsDir() || isImageName(name):
			b.images = true
		case strings.EqualFold(filepath.Ext(name), ".bin"):
			b.cifar = append(b.cifar, name)
		case isTarName(name):
			b.tar = append(b.tar, name)
		case strings.EqualFold(filepath.Ext(name), ".parquet"):
			b.parquet = append(b.parquet, name)
		}
	})
	slices.Sort(b.cifar)
	slices.Sort(b.tar)
	slices.Sort(b.parquet)
	return b, err
}

// shardsOf picks the files of a split. Where names begin with those of splits
// (train-00000-of-00002.parquet), it takes those of the one that is asked for, or
// of train.
func shardsOf(all []string, opts Options) []string {
	of := func(splits ...string) (files []string) {
		for _, name := range all {
			if slices.ContainsFunc(splits, func(s string) bool {
				return strings.HasPrefix(name, s+"-") || strings.HasPrefix(name, s+".")
			}) {
				files = append(files, name)
			}
		}
		return files
	}
	files := map[string][]string{"train": of("train"), "test": of("test"), "val": of("val", "validation")}
	there := map[string]bool{}
	for split, names := range files {
		there[split] = len(names) > 0
	}
	if opts.Split == "" && !(there["train"] && (there["test"] || there["val"])) {
		return all
	}
	if opts.Split == "train" && !there["train"] {
		return all
	}
	return files[chooseSplit(opts, there)]
}

// inFolder puts the path of a folder before names.
func inFolder(dir string, names []string) []string {
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = filepath.Join(dir, name)
	}
	return paths
}

// openBinaries opens the CIFAR files of a folder, or the tar archives or Parquet
// files that it or its folder data, where Hugging Face puts the latter, consists
// of; nil for none.
func openBinaries(dir string, opts Options) (Set, error) {
	b, err := binariesIn(dir)
	if err != nil {
		return nil, err
	}
	if files := cifarFiles(b.cifar, opts); len(files) > 0 {
		return openCIFAR(inFolder(dir, files)...)
	}
	if files := shardsOf(b.tar, opts); len(files) > 0 && !b.images {
		return openTar(inFolder(dir, files), opts)
	}
	if len(b.parquet) == 0 && b.images {
		dir = filepath.Join(dir, "data")
		if b, err = binariesIn(dir); err != nil {
			return nil, nil // there is no such folder
		}
	}
	if files := shardsOf(b.parquet, opts); len(files) > 0 && !b.images {
		return openParquet(inFolder(dir, files), opts)
	}
	return nil, nil
}

// openShards opens the files of a pattern, which are all tar archives or all
// Parquet files.
func openShards(pattern string, opts Options) (Set, error) {
	paths, err := expandPattern(pattern)
	if err != nil {
		return nil, err
	}
	ext := strings.ToLower(filepath.Ext(paths[0]))
	for _, path := range paths {
		if strings.ToLower(filepath.Ext(path)) != ext {
			return nil, fmt.Errorf("it stands for %s and %s, which differ in kind", paths[0], path)
		}
	}
	switch ext {
	case ".tar":
		return openTar(paths, opts)
	case ".parquet":
		return openParquet(paths, opts)
	}
	return nil, fmt.Errorf("it stands for %s; only tar archives and Parquet files are read by several", paths[0])
}

// shardName is what the IDs of a shard's samples begin with.
func shardName(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// uniqueShards refuses shards whose samples would have the same IDs.
func uniqueShards(paths []string) error {
	n := new(names)
	for _, path := range paths {
		n.add(shardName(path))
	}
	if err := n.checkUnique(); err != nil {
		return fmt.Errorf("two files go by one name: %w", err)
	}
	return nil
}
