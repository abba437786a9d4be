package data

import (
	"maps"
	"slices"
	"strings"
)

// chooseSplit decides which of the splits that a source holds under their names is
// taken, and says what was not asked for: train of itself, and of test and val the
// one for the other. It returns "" where there is none to take.
func chooseSplit(opts Options, there map[string]bool) string {
	split := opts.Split
	if split == "" {
		split = "train"
	}
	other := map[string]string{"test": "val", "val": "test"}[split]
	switch {
	case there[split] && opts.Split == "":
		if others := namesOf(there, split); others != "" {
			opts.note("split train; there is also %s", others)
		}
		return split
	case there[split]:
		return split
	case there[other]:
		opts.note("there is no split %s: %s is taken for it", split, other)
		return other
	}
	return ""
}

// namesOf lists the splits that there are but for one.
func namesOf(there map[string]bool, but string) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if there[name] && name != but {
			names = append(names, name)
		}
	}
	return strings.Join(names, " and ")
}
