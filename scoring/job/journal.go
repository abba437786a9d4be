package job

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

// Errors of a journal.
var (
	// ErrJournalExists says that an interrupted run left a journal.
	ErrJournalExists = errors.New("exists, of an interrupted run")
	// ErrOtherRun says that a journal is of a run with other samples, another
	// model or other settings.
	ErrOtherRun = errors.New("it is of another run")
)

// journal keeps what a pass has found: a file in the form of a shard's, and where
// features or class probabilities are asked for a file of each beside it, a row a
// sample. The journal of a shard becomes the shard's file in the end.
type journal struct {
	path    string
	head    Header
	next    int // the first sample that is not in it
	start   int // next when it was opened
	file    *os.File
	entries *ShardWriter
	rows    []*journalRows // features and class probabilities, where they are asked for
	err     error          // the first failure to keep a sample that was skipped
}

// JournalOf names the journal that [Run] keeps beside an output.
func JournalOf(output string) string { return output + ".partial" }

// openJournal begins a journal, or goes on with the one that an earlier run left.
// Rows are those to keep.
func openJournal(path string, head Header, rows []*journalRows, resume, replace bool) (*journal, error) {
	j := &journal{path: path, head: head, next: head.First}
	if !resume && !replace {
		if err := atomicfile.CheckAbsent(j.path, false); errors.Is(err, atomicfile.ErrExists) {
			return nil, fmt.Errorf("%s %w", j.path, ErrJournalExists)
		} else if err != nil {
			return nil, err
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
	if err := j.recover(); err != nil {
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

// recover finds up to which sample all files are complete, cuts off what comes
// after it and makes ready to write there.
func (j *journal) recover() error {
	r, err := NewShardReader(j.file)
	if errors.Is(err, ErrCut) {
		return j.begin()
	}
	if err != nil {
		return err
	}
	if err := j.head.SameShard(r.Head); err != nil {
		return fmt.Errorf("%w: %w", ErrOtherRun, err)
	}
	limit := j.head.End
	for _, rows := range j.rows {
		limit = min(limit, j.head.First+rows.count)
	}
	offset := r.Offset()
	for r.Missing() < limit {
		if _, err := r.Next(); errors.Is(err, ErrCut) {
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
	j.entries = r.Continue(j.file)
	return j.cutRows()
}

func (j *journal) begin() (err error) {
	if err := cutAt(j.file, 0); err != nil {
		return err
	}
	if err := j.cutRows(); err != nil {
		return err
	}
	j.entries, err = NewShardWriter(j.file, j.head)
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
	r, err := NewShardReader(f)
	for err == nil && r.Missing() < j.start {
		var e Entry
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
	return errors.Join(j.err, j.entries.Record(r))
}

// skip adds a sample that has no score.
func (j *journal) skip(s scoring.Skipped) {
	j.next = s.Index + 1
	for _, rows := range j.rows {
		j.err = errors.Join(j.err, rows.append(nil))
	}
	j.err = errors.Join(j.err, j.entries.Skip(s))
}

// end completes the file.
func (j *journal) end() error { return errors.Join(j.err, j.entries.End()) }

// keep makes the journal the output of its shard.
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

// close leaves the files for a run that goes on.
func (j *journal) close() error {
	var err error
	if j.file != nil {
		if j.entries != nil {
			err = j.entries.Flush()
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
