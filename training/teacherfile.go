package training

import (
	"cmp"
	"fmt"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
)

// OpenTeacher loads the teacher of a student that takes samples of a shape as
// student says and tells classes apart, which must be the teacher's. Note, which
// may be nil, is told what had to be assumed: that the input is normalised as the
// student's where the file does not say how, and that the classes are in the same
// order where only one of the two has names for them.
func OpenTeacher(path string, student data.Preprocess, classes data.Classes, shape data.Shape, note func(data.Note)) (*Teacher, error) {
	m, err := onnxio.Load(path)
	if err != nil {
		return nil, fmt.Errorf("teacher: %w", err)
	}
	in, err := data.InputOf(m)
	if err != nil {
		return nil, fmt.Errorf("teacher %s: %w", path, err)
	}
	own := student
	if in.KnowsPixels {
		own = in.Preprocess
	}
	if err := data.Same(in.Classes, classes); err != nil {
		return nil, fmt.Errorf("teacher %s, and its student: %w", path, err)
	}
	if own.Color != "" && own.Color != student.Color {
		return nil, fmt.Errorf("teacher %s: it takes images as %s, the student as %s", path, own.Color, cmp.Or(student.Color, "their channels say"))
	}
	if err := own.Check(shape); err != nil {
		return nil, fmt.Errorf("teacher %s: %w", path, err)
	}
	if note != nil && !in.KnowsPixels {
		note(data.Note{Text: path + " does not say how its input is normalised; it gets it as the student does"})
	}
	if note != nil && (len(in.Classes.Names) > 0) != (len(classes.Names) > 0) {
		note(data.Note{Text: fmt.Sprintf("%s and its student are taken to number the classes alike: those of the teacher are %v, those of the student %v",
			path, in.Classes, classes)})
	}
	return &Teacher{Model: m, Normalize: Normalize{Mean: own.Mean, Std: own.Std}}, nil
}
