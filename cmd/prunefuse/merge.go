package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/scoring"
)

type mergeOptions struct {
	out        outputOptions
	embeddings string
	softmax    string
	format     string
}

func (o *mergeOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs, "the score `file` to write, .jsonl, .csv or .parquet; - is stdout")
	fs.StringVar(&o.format, "format", "", "`form` of --output: jsonl, csv or parquet; empty goes by the file's name")
	fs.StringVar(&o.embeddings, "embeddings", "", "join the shards' embeddings, too, to an .npy `file`")
	fs.StringVar(&o.softmax, "probabilities", "", "join the shards' class probabilities, too, to an .npy `file`")
}

func newMergeCommand(g *globals) *cobra.Command {
	var o mergeOptions
	cmd := &cobra.Command{
		Use:     "merge SHARD... -o FILE",
		GroupID: groupData,
		Short:   "Fold the shards of a pool into one score file",
		Long: withExitStatus(`
Make of the files of "prunefuse score --shard", named in any order, the score
file that one run over the whole pool would have written, byte for byte. Shards
that are missing, there twice, not complete or of another run are named, and
nothing is written. Samples that the shards skipped are listed again.

Every strategy then works on the whole: those that rank by a score take the
score file, those that need features the embeddings as well:

  prunefuse merge part-*.jsonl -o scores.jsonl --embeddings emb.npy
  prunefuse select scores.jsonl --strategy k-center --embeddings emb.npy -k 1000`,
			exitOK, exitFailed, exitUsage, exitSkipped, exitInterrupted),
		Example: `  prunefuse merge part-*.jsonl -o scores.parquet`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageIn(cmd, errors.New("SHARD is missing"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.settle(); err != nil {
				return usageIn(cmd, err)
			}
			return runMerge(cmd.Context(), g, o, args)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func (o *mergeOptions) settle() error {
	if o.out.path == "" {
		return errors.New("name the file to write with --output (-o)")
	}
	if o.embeddings == stdStream || o.softmax == stdStream {
		return errors.New("--embeddings and --probabilities cannot go to stdout")
	}
	if o.format == "" {
		o.format = string(scoring.FormatOf(o.out.path))
	}
	if _, err := scoring.ParseFormat(o.format); err != nil {
		return fmt.Errorf("--format: %w", err)
	}
	return nil
}

// shardFile is a part that is read.
type shardFile struct {
	*scoring.PartReader
	path string
	file *os.File
}

func openShard(path string) (*shardFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := scoring.NewPartReader(f)
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

func runMerge(ctx context.Context, g *globals, o mergeOptions, paths []string) error {
	if err := o.out.check(o.embeddings, o.softmax); err != nil {
		return err
	}
	m, err := openShards(paths)
	if err != nil {
		return err
	}
	defer m.close()
	out := outputs{stdout: g.stdout}
	defer out.discard()
	err = out.write(o.out.path, func(w io.Writer) error { return m.scores(ctx, w, scoring.Format(o.format)) })
	for _, rows := range []struct {
		path, flag string
		of         func(scoring.Part) string
	}{
		{o.embeddings, "embeddings", func(p scoring.Part) string { return p.Embeddings }},
		{o.softmax, "probabilities", func(p scoring.Part) string { return p.Probabilities }},
	} {
		if err == nil && rows.path != "" {
			err = out.write(rows.path, func(w io.Writer) error { return m.rows(ctx, w, rows.flag, rows.of) })
		}
	}
	if err != nil {
		return err
	}
	if err := out.commit(); err != nil {
		return err
	}
	return m.report(g, o)
}

// openShards reads the first lines, and finds whether they make up a pool.
func openShards(paths []string) (*merger, error) {
	var all merger
	var heads []scoring.Part
	for _, path := range paths {
		s, err := openShard(path)
		if err != nil {
			all.close()
			return nil, err
		}
		all.shards = append(all.shards, s)
		heads = append(heads, s.Head)
	}
	order, err := scoring.CheckParts(heads, paths)
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

// scores writes the score file, and lists what was skipped.
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
		case errors.Is(err, scoring.ErrCut):
			return fmt.Errorf("%w: sample %d of %d to %d is the first that is missing; run shard %d again with --resume",
				err, s.Missing(), s.Head.First, s.Head.End-1, s.Head.Shard)
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
	return ctx.Err()
}

// rows joins the arrays of a kind, written with the flag, that the shards name.
func (m *merger) rows(ctx context.Context, w io.Writer, flag string, of func(scoring.Part) string) error {
	dim, total := 0, m.shards[0].Head.Pool
	for _, s := range m.shards {
		rows, err := s.rows(flag, of(s.Head))
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
func (s *shardFile) rows(flag, name string) (*rowFile, error) {
	h := s.Head
	switch {
	case name == "":
		return nil, fmt.Errorf("the shard was scored without --%s", flag)
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

// copyTo writes the values of all rows, also of those that are not finite.
func (e *rowFile) copyTo(ctx context.Context, w io.Writer) error {
	row := make([]float32, e.dim)
	raw := make([]byte, 0, 4*e.dim)
	for i := range e.rows {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := e.ReadFloats(i*e.dim, row); err != nil {
			return fmt.Errorf("%s: %w", e.path, err)
		}
		raw = raw[:0]
		for _, v := range row {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
		if _, err := w.Write(raw); err != nil {
			return err
		}
	}
	return nil
}

// report says what was done, as that of score does.
func (m *merger) report(g *globals, o mergeOptions) error {
	total := m.scored + len(m.skipped)
	for _, s := range m.skipped {
		g.note("skipped: %s", s.Error())
	}
	var err error
	switch {
	case g.json && o.out.path != stdStream:
		err = g.printJSON(struct {
			Schema     string          `json:"schema"`
			Scores     string          `json:"scores,omitempty"`
			Embeddings string          `json:"embeddings,omitempty"`
			Softmax    string          `json:"probabilities,omitempty"`
			Shards     int             `json:"shards"`
			Scored     int             `json:"scored"`
			Skipped    []skippedSample `json:"skipped"`
		}{"prunefuse.merge/1", o.out.path, o.embeddings, o.softmax, len(m.shards), m.scored, skippedSamples(m.skipped)})
	case o.out.path != stdStream:
		_, err = fmt.Fprintf(g.stdout, "%s: %s samples of %d shards\n", o.out.path, term.Count(int64(m.scored)), len(m.shards))
	}
	if err == nil && len(m.skipped) > 0 {
		err = &skippedError{len(m.skipped), total}
	}
	return err
}
