package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/scoring"
)

// Merge makes of the shard files of a pool, in any order, the files that one run
// over the pool would have written, byte for byte. Rows are joined where o names a
// file for them; a selection is not made. Files that exist are replaced where
// replace is set. Shards that are missing, there twice, not complete or of another
// run are named, and nothing is written.
func Merge(ctx context.Context, shards []string, o Output, replace bool) (*Result, error) {
	if err := o.applyDefaults(); err != nil {
		return nil, err
	}
	for _, path := range []string{o.Scores, o.Features, o.Probabilities} {
		if path == "" || path == Stream {
			continue
		}
		if err := atomicfile.CheckAbsent(path, replace); err != nil {
			return nil, err
		}
	}
	m, err := openShards(shards)
	if err != nil {
		return nil, err
	}
	defer m.close()
	out := files{atomicfile.Group{Stream: o.Stream}}
	defer out.Discard()
	if err := out.write(o.Scores, func(w io.Writer) error { return m.scores(ctx, w, o.Format) }); err != nil {
		return nil, err
	}
	for _, rows := range []struct {
		path, what string
		of         func(Header) string
	}{
		{o.Features, "features", func(h Header) string { return h.Embeddings }},
		{o.Probabilities, "class probabilities", func(h Header) string { return h.Probabilities }},
	} {
		if rows.path == "" {
			continue
		}
		if err := out.write(rows.path, func(w io.Writer) error { return m.rows(ctx, w, rows.what, rows.of) }); err != nil {
			return nil, err
		}
	}
	if err := out.Commit(); err != nil {
		return nil, err
	}
	return &Result{Total: m.scored + len(m.skipped), Scored: m.scored, Skipped: m.skipped}, nil
}

// shardFile is a shard file that is read.
type shardFile struct {
	*ShardReader
	path string
	file *os.File
}

func openShard(path string) (*shardFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := NewShardReader(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return &shardFile{r, path, f}, nil
}

// merger folds shards, which are in the order of the pool.
type merger struct {
	shards  []*shardFile
	scored  int
	skipped []scoring.Skipped
}

func (m *merger) close() {
	for _, s := range m.shards {
		s.file.Close()
	}
}

// openShards reads the first lines, and finds whether they make up a pool.
func openShards(paths []string) (*merger, error) {
	var all merger
	var heads []Header
	for _, path := range paths {
		s, err := openShard(path)
		if err != nil {
			all.close()
			return nil, err
		}
		all.shards = append(all.shards, s)
		heads = append(heads, s.Head)
	}
	order, err := CheckShards(heads, paths)
	if err != nil {
		all.close()
		return nil, err
	}
	var m merger
	for _, i := range order {
		m.shards = append(m.shards, all.shards[i])
	}
	return &m, nil
}

// scores writes the score file.
func (m *merger) scores(ctx context.Context, w io.Writer, f scoring.Format) error {
	out := scoring.NewFileWriter(w, f)
	for _, s := range m.shards {
		if err := m.fold(ctx, s, out); err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
	}
	if m.scored == 0 {
		return errors.New("the shards hold not one sample that could be scored")
	}
	return out.Close()
}

func (m *merger) fold(ctx context.Context, s *shardFile, out scoring.FileWriter) error {
	for ctx.Err() == nil {
		e, err := s.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, ErrCut):
			return &CutError{First: s.Head.First, End: s.Head.End, Missing: s.Missing(), Shard: s.Head.Shard}
		case err != nil:
			return err
		case e.Skipped != nil:
			m.skipped = append(m.skipped, *e.Skipped)
			continue
		}
		m.scored++
		if err := out.Write(e.Record); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// A CutError says from which sample on a shard file lacks its samples. It matches
// ErrCut.
type CutError struct{ First, End, Missing, Shard int }

func (e *CutError) Error() string {
	return fmt.Sprintf("%v: sample %d of %d to %d is the first that is missing; run shard %d again", ErrCut, e.Missing, e.First, e.End-1, e.Shard)
}

func (e *CutError) Unwrap() error { return ErrCut }

// rows joins the arrays of a kind that the shards name.
func (m *merger) rows(ctx context.Context, w io.Writer, what string, of func(Header) string) error {
	dim, total := 0, m.shards[0].Head.Pool
	for _, s := range m.shards {
		rows, err := s.rows(what, of(s.Head))
		if err != nil || rows == nil {
			if err != nil {
				return fmt.Errorf("%s: %w", s.path, err)
			}
			continue
		}
		if dim == 0 {
			dim = rows.dim
			err = data.EncodeNPYHeader[float32](w, []int{total, dim})
		} else if rows.dim != dim {
			err = fmt.Errorf("%s: rows of %d values, those before it of %d", rows.path, rows.dim, dim)
		}
		if err == nil {
			err = rows.copyTo(ctx, w)
		}
		if err := errors.Join(err, rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

// rows opens a file that the shard names; a shard of no samples has none.
func (s *shardFile) rows(what, name string) (*rowFile, error) {
	h := s.Head
	switch {
	case name == "":
		return nil, fmt.Errorf("the shard was scored without a file of %s", what)
	case h.First == h.End:
		return nil, nil
	}
	path := filepath.FromSlash(name)
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(s.path), path)
	}
	rows, err := openRows(path)
	if err != nil {
		return nil, err
	}
	if rows.rows != h.End-h.First {
		err := fmt.Errorf("%s: %d rows for %d samples", path, rows.rows, h.End-h.First)
		return nil, errors.Join(err, rows.Close())
	}
	return rows, nil
}
