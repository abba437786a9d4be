package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/internal/filelock"
	"github.com/prunefuse/prunefuse/scoring"
)

// journal keeps what a pass has found, in files beside its output, so that an
// interrupted pass can go on: a part of a score file, and where features or
// class probabilities are asked for a file of each, a row a sample. A shard's
// part is its output in the end.
type journal struct {
	path  string
	head  scoring.Part
	next  int // the first sample that is not in it
	start int // next when it was opened
	file  *os.File
	part  *scoring.PartWriter
	rows  []*keptRows // features and class probabilities, where they are asked for
	err   error       // the first failure to note a sample that was skipped
}

// partialOf names the journal of an output.
func partialOf(output string) string { return output + ".partial" }

// openJournal begins a journal, or goes on with the one that an earlier
// command left. Rows are those to keep.
func openJournal(output string, head scoring.Part, rows []*keptRows, resume, force bool) (*journal, error) {
	j := &journal{path: partialOf(output), head: head, next: head.First}
	if !resume && !force {
		if err := atomicfile.CheckAbsent(j.path, false); err != nil {
			return nil, fmt.Errorf("%w, of an interrupted run: --resume goes on from it, --force (-f) starts anew", err)
		}
	}
	flags := os.O_RDWR | os.O_CREATE
	if !resume {
		flags |= os.O_TRUNC
	}
	var err error
	if j.file, err = openAlone(j.path); err != nil {
		return nil, err
	}
	if !resume {
		if err := cutAt(j.file, 0); err != nil {
			return nil, errors.Join(err, j.close())
		}
	}
	for _, r := range rows {
		if err := r.open(j.path, flags); err != nil {
			return nil, errors.Join(err, j.close())
		}
		j.rows = append(j.rows, r)
	}
	if err := j.settle(); err != nil {
		err = fmt.Errorf("%s: %w", j.path, err)
		return nil, errors.Join(err, j.close())
	}
	j.start = j.next
	return j, nil
}

// openAlone keeps other processes from the file where the file system can.
func openAlone(path string) (*os.File, error) {
	f, err := filelock.Open(path)
	if errors.Is(err, errors.ErrUnsupported) {
		return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	}
	return f, err
}

// settle finds where the files end that are whole, cuts off the rest and makes
// ready to write there.
func (j *journal) settle() error {
	r, err := scoring.NewPartReader(j.file)
	if errors.Is(err, scoring.ErrCut) {
		return j.begin()
	}
	if err != nil {
		return err
	}
	if err := j.head.SamePart(r.Head); err != nil {
		return fmt.Errorf("it is of another run; --force (-f) without --resume starts anew: %w", err)
	}
	limit := j.head.End
	for _, rows := range j.rows {
		limit = min(limit, j.head.First+rows.count)
	}
	offset := r.Offset()
	for r.Missing() < limit {
		if _, err := r.Next(); errors.Is(err, scoring.ErrCut) {
			break
		} else if err != nil {
			return err
		}
		offset = r.Offset()
	}
	j.next = r.Missing()
	if err := cutAt(j.file, offset); err != nil {
		return err
	}
	j.part = r.Continue(j.file)
	return j.cutRows()
}

func (j *journal) begin() (err error) {
	if err := cutAt(j.file, 0); err != nil {
		return err
	}
	if err := j.cutRows(); err != nil {
		return err
	}
	j.part, err = scoring.NewPartWriter(j.file, j.head)
	return err
}

// cutRows leaves the rows of the samples before next.
func (j *journal) cutRows() error {
	for _, rows := range j.rows {
		if err := rows.cut(j.next - j.head.First); err != nil {
			return err
		}
	}
	return nil
}

// cutAt shortens a file and goes to its end.
func cutAt(f *os.File, offset int64) error {
	if err := f.Truncate(offset); err != nil {
		return err
	}
	_, err := f.Seek(offset, io.SeekStart)
	return err
}

// replay yields the records that were there when the journal was opened, and
// tells skip of the samples that have none.
func (j *journal) replay(skip func(scoring.Skipped)) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		if j.start == j.head.First {
			return
		}
		if err := j.replayTo(skip, func(r scoring.Record) bool { return yield(r, nil) }); err != nil {
			yield(scoring.Record{}, fmt.Errorf("%s: %w", j.path, err))
		}
	}
}

func (j *journal) replayTo(skip func(scoring.Skipped), yield func(scoring.Record) bool) error {
	f, err := os.Open(j.path)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := scoring.NewPartReader(f)
	for err == nil && r.Missing() < j.start {
		var e scoring.Entry
		if e, err = r.Next(); err != nil {
			break
		}
		if e.Skipped != nil {
			skip(*e.Skipped)
			continue
		}
		for _, rows := range j.rows {
			row, readErr := rows.read(e.Index() - j.head.First)
			*rows.of(&e.Record), err = row, errors.Join(err, readErr)
		}
		if err != nil || !yield(e.Record) {
			break
		}
	}
	return err
}

// record adds a sample that was scored.
func (j *journal) record(r scoring.Record) error {
	j.next = r.Index + 1
	for _, rows := range j.rows {
		if err := rows.append(*rows.of(&r)); err != nil {
			return err
		}
	}
	return errors.Join(j.err, j.part.Record(r))
}

// skip adds a sample that has no score.
func (j *journal) skip(s scoring.Skipped) {
	j.next = s.Index + 1
	for _, rows := range j.rows {
		j.err = errors.Join(j.err, rows.append(nil))
	}
	j.err = errors.Join(j.err, j.part.Skip(s))
}

// end completes the part.
func (j *journal) end() error { return errors.Join(j.err, j.part.End()) }

// keep makes the part the output that it is of.
func (j *journal) keep(output string) error {
	if err := errors.Join(j.file.Sync(), j.close()); err != nil {
		return err
	}
	if err := os.Rename(j.path, output); err != nil {
		return err
	}
	j.removeRows()
	return nil
}

// close leaves the files for a command that goes on.
func (j *journal) close() error {
	var err error
	if j.file != nil {
		if j.part != nil {
			err = j.part.Flush()
		}
		err = errors.Join(err, j.file.Close())
		j.file = nil
	}
	for _, rows := range j.rows {
		err = errors.Join(err, rows.close())
	}
	return err
}

// remove leaves nothing.
func (j *journal) remove() {
	_ = j.close()
	os.Remove(j.path)
	j.removeRows()
}

func (j *journal) removeRows() {
	for _, rows := range j.rows {
		os.Remove(rows.path)
	}
}
