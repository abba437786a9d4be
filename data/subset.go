package data

import (
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/internal/spelling"
)

// Select returns the samples of a set that the file only names, or all where it
// is empty, less those that the file exclude names, as [ReadNames] reads them. A file
// exclude that names no sample excludes none; a file only has to name one. The
// memory goes with what the files name, not with the set.
func Select(s Set, only, exclude string) (Set, error) {
	if only == "" && exclude == "" {
		return s, nil
	}
	take, err := readNameSet(only)
	if err != nil {
		return nil, err
	}
	leave, err := readNameSet(exclude)
	if err != nil && !errors.Is(err, errNoNames) {
		return nil, err
	}
	var indices []int
	for i := range s.Len() {
		id := s.ID(i)
		taken, left := take.has(id), leave.has(id)
		if (taken || only == "") && !left {
			indices = append(indices, i)
		}
	}
	if err := errors.Join(take.unknown(), leave.unknown()); err != nil {
		return nil, err
	}
	if len(indices) == 0 {
		return nil, errors.New("no sample is left of the data")
	}
	return Subset(s, indices), nil
}

// nameSet are the names of a file, each with whether a sample has it.
type nameSet struct {
	path  string
	names []string
	found map[string]bool // by the composed name
}

func readNameSet(path string) (*nameSet, error) {
	n := &nameSet{path: path, found: map[string]bool{}}
	if path == "" {
		return n, nil
	}
	var err error
	if n.names, err = ReadNames(path); err != nil {
		return n, err
	}
	for _, name := range n.names {
		n.found[spelling.Composed(name)] = false
	}
	return n, nil
}

// has reports whether the file names a sample, and remembers that there is one.
func (n *nameSet) has(id string) bool {
	id = spelling.Composed(id)
	found, named := n.found[id]
	if named && !found {
		n.found[id] = true
	}
	return named
}

// unknown is an error for the first name that no sample has.
func (n *nameSet) unknown() error {
	missing, first := 0, ""
	for _, name := range n.names {
		if !n.found[spelling.Composed(name)] {
			if missing++; missing == 1 {
				first = name
			}
		}
	}
	switch missing {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s: the data has no sample %q", n.path, first)
	}
	return fmt.Errorf("%s: the data has no sample %q, nor %d more of the %d that are named", n.path, first, missing-1, len(n.names))
}
