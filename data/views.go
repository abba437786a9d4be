package data

import (
	"fmt"
	"slices"
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
