package data

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// splitNames are the names of folders and files that hold a split, in lower case,
// the usual one first.
var splitNames = map[string][]string{
	"train": {"train", "training"},
	"val":   {"val", "valid", "validation", "dev"},
	"test":  {"test", "testing"},
}

// splitOf tells which split a name stands for, "" for none.
func splitOf(name string) string {
	for split, names := range splitNames {
		if slices.Contains(names, strings.ToLower(name)) {
			return split
		}
	}
	return ""
}

// systemFolders are kept by operating systems and tools beside one's own.
var systemFolders = []string{
	"@eadir", "@recycle", "@recently-snapshot", "@__thumb", "@tmp", "#recycle", "#snapshot", "$recycle.bin", "recycler",
	"system volume information", "__macosx", "lost+found", "_thumbs", "__pycache__",
}

// ofSystem reports whether a folder is none of the user's.
func ofSystem(name string) bool {
	return strings.HasPrefix(name, ".") || slices.Contains(systemFolders, strings.ToLower(name))
}

// systemFile reports whether a file is none of the user's.
func systemFile(name string) bool {
	return strings.HasPrefix(name, ".") || strings.EqualFold(name, "thumbs.db") || strings.EqualFold(name, "desktop.ini")
}

// splitFolder returns the folder of the split that is asked for where root holds
// splits in folders: by itself one of train, or several beside each other. Without
// such folders it returns root. The split is "" where that is.
func splitFolder(root fs.FS, opts Options) (dir fs.FS, split string, err error) {
	_, folders, _, err := readFolder(root, ".")
	if err != nil {
		return nil, "", err
	}
	at := map[string][]string{}
	var others []string
	for _, name := range folders {
		if s := splitOf(name); s != "" {
			at[s] = append(at[s], name)
		} else if holdsImages(root, name, 0) {
			others = append(others, name)
		}
	}
	wanted := opts.Split
	if wanted == "" && !splits(root, at, others) {
		return root, "", nil
	}
	if wanted == "" && len(others) > 0 {
		return nil, "", fmt.Errorf("its folders %s are named as splits are, and %s as classes: name one of the former, or move them apart",
			strings.Join(all(at), ", "), strings.Join(others[:min(3, len(others))], ", "))
	}
	split = wanted
	if split == "" {
		split = "train"
	}
	names := at[split]
	if split == "test" && len(names) == 0 && len(at["val"]) > 0 {
		names = at["val"]
		opts.note("there is no split test: val is taken for it")
	}
	switch {
	case len(names) > 1:
		return nil, "", fmt.Errorf("its folders %s both hold the split %s: name one of them", strings.Join(names, " and "), split)
	case len(names) == 0 && len(at) > 0:
		return nil, "", fmt.Errorf("it has no split %s, but %s: name the one to take", split, strings.Join(all(at), ", "))
	case len(names) == 0 && wanted == "train":
		return root, "", nil
	case len(names) == 0:
		return nil, "", fmt.Errorf("it has no split %s", split)
	}
	dir, err = fs.Sub(root, names[0])
	return dir, split, err
}

// splits reports whether folders named as splits are ones. A single one beside
// others may be a class of that name, as of vehicles; it is none where it has
// folders of its own.
func splits(root fs.FS, at map[string][]string, others []string) bool {
	names := all(at)
	if len(names) != 1 || len(others) == 0 {
		return len(names) > 0
	}
	_, folders, _, err := readFolder(root, names[0])
	return err == nil && len(folders) > 0
}

// holdsImages reports whether there is an image in a folder or below.
func holdsImages(root fs.FS, dir string, depth int) bool {
	images, folders, _, err := readFolder(root, dir)
	if err != nil || len(images) > 0 || depth > maxDepth {
		return err == nil && len(images) > 0
	}
	return slices.ContainsFunc(folders, func(f string) bool { return holdsImages(root, f, depth+1) })
}

func all(at map[string][]string) (names []string) {
	for _, list := range at {
		names = append(names, list...)
	}
	slices.Sort(names)
	return names
}

// metadataFiles name the images of a folder and their labels, as Hugging Face's
// image folders and Tiny ImageNet have them.
const (
	metadataCSV     = "metadata.csv"
	metadataJSONL   = "metadata.jsonl"
	tinyAnnotations = "val_annotations.txt"
)

// describedImages opens a folder whose images are listed by a file in it; nil where
// there is no such file, or it has no labels.
func describedImages(root fs.FS, opts Options) (Set, error) {
	for name, form := range map[string]string{metadataCSV: formCSV, metadataJSONL: formJSONL, tinyAnnotations: formTiny} {
		f, err := root.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		defer f.Close()
		m, err := readManifestFile(f, form, opts)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if m.labels == nil {
			opts.note("%s has no column of labels and is passed over", name)
			return nil, nil
		}
		m.open = root.Open
		if form == formTiny {
			m.folder = "images"
		}
		opts.note("labels of %s", name)
		return asSet(newImageSet(m, opts))
	}
	return nil, nil
}
