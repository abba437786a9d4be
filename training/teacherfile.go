package training

import (
	"cmp"
	"fmt"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
)

// OpenTeacher loads the teacher of a student that takes samples of a shape as
// student says and tells classes apart, which must be the teacher's. Where the
// file does not say how its input is normalised, which assumed reports, the
// teacher gets it as the student does.
func OpenTeacher(path string, student data.Preprocess, classes data.Classes, shape data.Shape) (t *Teacher, assumed bool, err error) {
	m, err := onnxio.Load(path)
	if err != nil {
		return nil, false, fmt.Errorf("teacher: %w", err)
	}
	in, err := data.InputOf(m)
	if err != nil {
		return nil, false, fmt.Errorf("teacher %s: %w", path, err)
	}
	own := student
	if in.KnowsPixels {
		own = in.Preprocess
	}
	if err := data.Same(in.Classes, classes); err != nil {
		return nil, false, fmt.Errorf("teacher %s, and its student: %w", path, err)
	}
	if own.Color != "" && own.Color != student.Color {
		return nil, false, fmt.Errorf("teacher %s: it takes images as %s, the student as %s", path, own.Color, cmp.Or(student.Color, "their channels say"))
	}
	if err := own.Check(shape); err != nil {
		return nil, false, fmt.Errorf("teacher %s: %w", path, err)
	}
	return &Teacher{Model: m, Normalize: Normalize{Mean: own.Mean, Std: own.Std}}, !in.KnowsPixels, nil
}
