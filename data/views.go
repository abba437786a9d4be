package data

import (
	"errors"
	"fmt"
	"slices"
	"sort"
)

// Subset returns the samples of s at the given indices, in that order. Closing
// it closes s. An index outside of s is a mistake of the caller and panics.
func Subset(s Set, indices []int) Set {
	for _, i := range indices {
		if i < 0 || i >= s.Len() {
			panic(fmt.Sprintf("BUG: index %d of a set of %d samples", i, s.Len()))
		}
	}
	return &subset{s, slices.Clone(indices)}
}

type subset struct {
	Set
	indices []int
}

func (s *subset) Len() int                        { return len(s.indices) }
func (s *subset) ID(i int) string                 { return s.Set.ID(s.indices[i]) }
func (s *subset) Label(i int) int                 { return s.Set.Label(s.indices[i]) }
func (s *subset) Read(i int, dst []float32) error { return s.Set.Read(s.indices[i], dst) }
func (s *subset) Close() error                    { return Close(s.Set) }

// Concat returns the samples of all sets, one set after the other. Their shapes
// and, where known, their class names must agree. Unique IDs are the caller's
// concern. Closing it closes them all.
func Concat(sets ...Set) (Set, error) {
	if len(sets) == 0 {
		return nil, errors.New("concatenate: no sets")
	}
	if len(sets) == 1 {
		return sets[0], nil
	}
	c := &concat{sets: sets}
	for i, s := range sets {
		if s.Shape() != sets[0].Shape() {
			return nil, fmt.Errorf("concatenate: samples of %v and of %v", sets[0].Shape(), s.Shape())
		}
		switch {
		case c.classes == nil:
			c.classes = s.Classes()
		case s.Classes() != nil && !slices.Equal(c.classes, s.Classes()):
			return nil, fmt.Errorf("concatenate: set %d has other classes than those before it", i)
		}
		c.ends = append(c.ends, c.Len()+s.Len())
	}
	return c, nil
}

type concat struct {
	sets    []Set
	ends    []int // of each set, in the indices of the whole
	classes []string
}

func (c *concat) Len() int {
	if len(c.ends) == 0 {
		return 0
	}
	return c.ends[len(c.ends)-1]
}

// at returns which set sample i is in, and its index there.
func (c *concat) at(i int) (set, index int) {
	k := sort.SearchInts(c.ends, i+1)
	if k > 0 {
		i -= c.ends[k-1]
	}
	return k, i
}

func (c *concat) Shape() Shape      { return c.sets[0].Shape() }
func (c *concat) Classes() []string { return c.classes }
func (c *concat) ID(i int) string   { k, i := c.at(i); return c.sets[k].ID(i) }
func (c *concat) Label(i int) int   { k, i := c.at(i); return c.sets[k].Label(i) }
func (c *concat) Close() error {
	errs := make([]error, len(c.sets))
	for i, s := range c.sets {
		errs[i] = Close(s)
	}
	return errors.Join(errs...)
}

func (c *concat) Read(i int, dst []float32) error {
	k, i := c.at(i)
	return c.sets[k].Read(i, dst)
}

// WithLabels returns s with other labels, -1 for none, and other class names,
// nil for unknown. Where there are class names no label may be beyond them.
func WithLabels(s Set, labels []int, classes []string) (Set, error) {
	if len(labels) != s.Len() {
		return nil, fmt.Errorf("%d labels for %d samples", len(labels), s.Len())
	}
	for i, l := range labels {
		if l < -1 || len(classes) > 0 && l >= len(classes) {
			return nil, fmt.Errorf("label %d of sample %s out of range: there are %d classes", l, s.ID(i), len(classes))
		}
	}
	return &relabelled{s, slices.Clone(labels), classes}, nil
}

// withClasses names the classes of a set that keeps its labels.
func withClasses(s Set, classes []string) (Set, error) {
	labels := make([]int, s.Len())
	for i := range labels {
		labels[i] = s.Label(i)
	}
	return WithLabels(s, labels, classes)
}

type relabelled struct {
	Set
	labels  []int
	classes []string
}

func (r *relabelled) Label(i int) int   { return r.labels[i] }
func (r *relabelled) Classes() []string { return r.classes }
func (r *relabelled) Close() error      { return Close(r.Set) }
