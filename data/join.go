package data

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// Join returns the samples of all sets, one set after the other. Their shapes
// must agree, and no two samples may have one ID. Classes go by name: those of
// all sets together, sorted where every set's are, else in the order in which they
// first occur. A set with names and one whose labels are bare numbers do not go
// together. Closing it closes them all.
func Join(sets ...Set) (Set, error) {
	s, err := join(sets)
	if err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	if j, ok := s.(*joined); ok {
		if first, _, found := sameText(j.Len(), j.ID); found {
			return nil, fmt.Errorf("join: two samples are named %q", j.ID(first))
		}
	}
	return s, nil
}

// join is Join of sets whose IDs are known to differ.
func join(sets []Set) (Set, error) {
	switch len(sets) {
	case 0:
		return nil, errors.New("no sets")
	case 1:
		return sets[0], nil
	}
	names, err := joinedClasses(sets)
	if err != nil {
		return nil, err
	}
	j := &joined{classes: names}
	for i, s := range sets {
		if !s.Shape().Equal(sets[0].Shape()) {
			return nil, fmt.Errorf("the samples of set %d are %v and those of the first %v", i+1, s.Shape(), sets[0].Shape())
		}
		if s.Classes() != nil {
			m, err := matchNames(Classes{Names: names}, Classes{Names: s.Classes()})
			if err != nil {
				return nil, err
			}
			if m != nil {
				s = &matched{s, m, names}
			}
		}
		j.sets = append(j.sets, s)
		j.ends = append(j.ends, j.Len()+s.Len())
	}
	return j, nil
}

// joinedClasses are the names of the classes of several sets together.
func joinedClasses(sets []Set) ([]string, error) {
	var all [][]string
	var numbered *Classes
	for _, s := range sets {
		switch c := ClassesOf(s); {
		case len(c.Names) > 0:
			all = append(all, c.Names)
		case c.Count > 0:
			numbered = &c
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	if numbered != nil {
		return nil, fmt.Errorf("one set names its classes %s and another numbers %d of them: which is which is not known; give both names, or both numbers",
			quoted(all[0]), numbered.Count)
	}
	return union(all), nil
}

// union lists the names of all lists: sorted where each of them is, else in the
// order in which they first occur.
func union(lists [][]string) []string {
	var names []string
	sorted := true
	seen := map[string]bool{}
	for k, list := range lists {
		sorted = sorted && slices.IsSorted(list)
		for _, name := range list {
			if k == 0 || !seen[name] {
				names = append(names, name)
			}
			seen[name] = true
		}
	}
	if sorted {
		slices.Sort(names)
	}
	return names
}

// apart puts the names of the files that sets were read from before the IDs of
// their samples where some of these are the same.
func apart(sets []Set, specs []string) []Set {
	all := &joined{sets: sets, ends: endsOf(sets)}
	if _, _, found := sameText(all.Len(), all.ID); !found {
		return sets
	}
	out := make([]Set, len(sets))
	for i, s := range sets {
		out[i] = &prefixed{s, shardName(filepath.Clean(specs[i])) + "/"}
	}
	return out
}

func endsOf(sets []Set) (ends []int) {
	n := 0
	for _, s := range sets {
		n += s.Len()
		ends = append(ends, n)
	}
	return ends
}

type prefixed struct {
	Set
	prefix string
}

func (p *prefixed) ID(i int) string { return p.prefix + p.Set.ID(i) }
func (p *prefixed) Close() error    { return Close(p.Set) }

type joined struct {
	sets    []Set
	ends    []int // of each set, in the indices of all samples
	classes []string
}

func (j *joined) Len() int {
	if len(j.ends) == 0 {
		return 0
	}
	return j.ends[len(j.ends)-1]
}

// at returns which set sample i is in, and its index there.
func (j *joined) at(i int) (set, index int) {
	k := sort.SearchInts(j.ends, i+1)
	if k > 0 {
		i -= j.ends[k-1]
	}
	return k, i
}

func (j *joined) Shape() Shape      { return j.sets[0].Shape() }
func (j *joined) Classes() []string { return j.classes }
func (j *joined) ID(i int) string   { k, i := j.at(i); return j.sets[k].ID(i) }
func (j *joined) Label(i int) int   { k, i := j.at(i); return j.sets[k].Label(i) }
func (j *joined) Close() error      { return closeAll(j.sets) }

func (j *joined) Read(i int, dst []float32) error {
	k, i := j.at(i)
	return j.sets[k].Read(i, dst)
}

// describe names several specs in messages.
func describe(specs []string) string { return strings.Join(specs, ", ") }
