package onnxio

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// InputShapes are extents for inputs, by name, whose models leave more axes
// open than the batch.
type InputShapes map[string][]int64

// ParseInputShapes reads shapes as "image:1,3,480,640". A name may hold colons
// itself.
func ParseInputShapes(texts []string) (InputShapes, error) {
	s := InputShapes{}
	for _, text := range texts {
		colon := strings.LastIndex(text, ":")
		if colon < 1 {
			return nil, fmt.Errorf("%q: want name:1,3,224,224", text)
		}
		var shape []int64
		for field := range strings.SplitSeq(text[colon+1:], ",") {
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil || n < 1 {
				return nil, fmt.Errorf("%q: %q is no extent; want name:1,3,224,224", text, field)
			}
			shape = append(shape, n)
		}
		s[text[:colon]] = shape
	}
	return s, nil
}

// Shape settles the extents of an input. Its first axis, where it is open, has
// the extent batch; 0 is what the shape given says, or 1. An error names the
// input.
func (s InputShapes) Shape(v Value, batch int64) ([]int64, error) {
	shape, err := s.shape(v, batch)
	if err != nil {
		return nil, fmt.Errorf("input %q (%v): %w", v.Name, v.Type, err)
	}
	return shape, nil
}

func (s InputShapes) shape(v Value, batch int64) ([]int64, error) {
	declared := v.Type.Shape
	given, ok := s[v.Name]
	switch {
	case !ok && declared == nil:
		return nil, errors.New("its rank is not stated; give its shape")
	case ok && declared != nil && len(given) != len(declared):
		return nil, fmt.Errorf("the shape given, %v, has another number of axes", given)
	case !ok:
		given = make([]int64, len(declared))
	}
	shape := slices.Clone(given)
	for k := range shape {
		fixed, known := int64(0), false
		if declared != nil {
			fixed, known = declared[k].Value()
		}
		switch {
		case known && ok && given[k] != fixed:
			return nil, fmt.Errorf("axis %d is fixed and cannot be %d", k, given[k])
		case known:
			shape[k] = fixed
		case k == 0 && (batch > 0 || !ok):
			shape[k] = max(batch, 1)
		case !ok:
			return nil, fmt.Errorf("axis %d is free; give the input's shape", k)
		}
	}
	return shape, nil
}

// Of returns the shapes of those inputs that there are.
func (s InputShapes) Of(inputs []Value) InputShapes {
	out := InputShapes{}
	for _, v := range inputs {
		if shape, ok := s[v.Name]; ok {
			out[v.Name] = shape
		}
	}
	return out
}

// Check is an error where a shape is of an input that there is not.
func (s InputShapes) Check(inputs []Value) error {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if !slices.ContainsFunc(inputs, func(v Value) bool { return v.Name == name }) {
			return fmt.Errorf("there is no input %q to give a shape", name)
		}
	}
	return nil
}

// Sample gives the inputs' shapes for one sample: those that s names have the
// extents given, and all have a batch of one where it is open. Open are the
// inputs that s leaves with other open axes. Without any shape the inputs keep
// their own.
func (s InputShapes) Sample(inputs []Value) (shapes map[string]Shape, open []string, err error) {
	if err := s.Check(inputs); err != nil {
		return nil, nil, err
	}
	shapes = map[string]Shape{}
	for _, v := range inputs {
		_, given := s[v.Name]
		if !given && openBeyondBatch(v) {
			open = append(open, v.Name)
			continue
		}
		if len(s) == 0 {
			continue
		}
		dims, err := s.Shape(v, 1)
		if err != nil {
			return nil, nil, err
		}
		shapes[v.Name] = ShapeOf(dims...)
	}
	return shapes, open, nil
}

// openBeyondBatch reports whether an input has open axes besides the first.
func openBeyondBatch(v Value) bool {
	s := v.Type.Shape
	return s == nil || len(s) > 1 && slices.ContainsFunc(s[1:], func(d Dim) bool { return !d.IsKnown() })
}
