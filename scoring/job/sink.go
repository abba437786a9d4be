package job

import (
	"io"
	"strconv"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/scoring"
)

// files are the outputs of one run, which appear together or not at all.
type files struct{ atomicfile.Group }

// write adds a file; Stream is written at once.
func (f *files) write(path string, write func(io.Writer) error) error {
	return f.Write(path, 0o666, write)
}

// writeAll adds several files that are written at the same time. do gets a writer
// for each path, nil for an empty one.
func (f *files) writeAll(paths []string, do func([]io.Writer) error) error {
	if len(paths) == 0 {
		return do(nil)
	}
	first := func(w io.Writer) error {
		return f.writeAll(paths[1:], func(others []io.Writer) error { return do(append([]io.Writer{w}, others...)) })
	}
	if paths[0] == "" {
		return first(nil)
	}
	return f.write(paths[0], first)
}

// sink writes the records of a pass: their scores as a score file, their features
// and their class probabilities as rows of .npy arrays, each where it is asked for.
type sink struct {
	scores                  scoring.FileWriter
	features, probabilities *rowWriter
}

// newSink writes to up to three files: scores, features, probabilities. One that is
// not asked for is nil.
func newSink(w []io.Writer, f scoring.Format, j *Job) (*sink, error) {
	first, end := j.header.First, j.header.End
	s := &sink{}
	if w[0] != nil {
		s.scores = scoring.NewFileWriter(w[0], f)
	}
	var err error
	if s.features, err = newRowWriter(w[1], first, end, j.network.FeatureLen()); err != nil {
		return nil, err
	}
	s.probabilities, err = newRowWriter(w[2], first, end, j.network.Classes())
	return s, err
}

func (s *sink) put(r scoring.Record) error {
	if s.scores != nil {
		if err := s.scores.Write(r); err != nil {
			return err
		}
	}
	if err := s.features.put(r.Index, r.Features); err != nil {
		return err
	}
	return s.probabilities.put(r.Index, r.Probabilities)
}

// end completes the files.
func (s *sink) end() error {
	if s.scores != nil {
		if err := s.scores.Close(); err != nil {
			return err
		}
	}
	if err := s.features.end(); err != nil {
		return err
	}
	return s.probabilities.end()
}

// count groups the digits of a number for a note.
func count(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
