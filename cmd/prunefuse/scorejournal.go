package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/scoring"
)

// settleShard checks the flags of a pass over a part of a pool, and of one that
// goes on.
func (o *scoreOptions) settleShard() (err error) {
	if o.shard, err = parseShard(o.shardText, os.Getenv); err != nil {
		return fmt.Errorf("--shard: %w", err)
	}
	sharded := o.shard.n > 0
	switch {
	case sharded && (o.out.path == "" || o.out.path == stdStream):
		return errors.New("--shard needs a file for the scores: --output (-o)")
	case sharded && scoring.Format(o.format) != scoring.JSONL:
		return fmt.Errorf("a shard is written as jsonl, not as %s; merge writes any form", o.format)
	case sharded && o.choice.chooses():
		return errors.New("--strategy needs the whole pool: score all shards, fold them with \"prunefuse merge\" and use \"prunefuse select\"")
	case !sharded && (strings.Contains(o.out.path, shardMark) || strings.Contains(o.embeddings, shardMark) || strings.Contains(o.softmax, shardMark)):
		return fmt.Errorf("%s in a file's name needs --shard", shardMark)
	case o.resume && o.output() == "":
		return errors.New("--resume needs a file beside which the interrupted run left its own: --output (-o), --embeddings, --probabilities or --selected")
	}
	return nil
}

// output is the file beside which the journal is kept, "" where there is none.
func (o *scoreOptions) output() string {
	for _, path := range []string{o.out.path, o.embeddings, o.softmax, o.choice.path} {
		if path == "" || path == stdStream {
			continue
		}
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			continue // a device or a pipe
		}
		return path
	}
	return ""
}

// checkOutputs refuses outputs that exist, but for those of the run that this
// one goes on from: it may have been killed when some of them were there.
func (o *scoreOptions) checkOutputs() error {
	out := o.out
	out.force = out.force || o.resume && o.output() != "" && fileSize(partialOf(o.output())) > 0
	return out.check(o.choice.path, o.embeddings, o.softmax)
}

// part says what is scored, and by what.
func (s *scorer) part(m *onnxio.Model) (scoring.Part, error) {
	p := scoring.Part{
		Shard: max(1, s.o.shard.i), Shards: max(1, s.o.shard.n), First: s.first, End: s.end, Pool: s.pool.Len(),
		Provider: s.g.provider, Seed: s.g.seed, Sample: s.firstSample(),
	}
	p.Embeddings, p.Probabilities = s.beside(s.o.embeddings), s.beside(s.o.softmax)
	var err error
	if p.Model, err = m.Fingerprint(); err != nil {
		return p, err
	}
	if s.o.passes > 0 {
		p.Settings = append(p.Settings, fmt.Sprintf("%d passes with Dropout on", s.o.passes))
	}
	for _, path := range s.o.committee {
		member, err := onnxio.Load(path)
		if err != nil {
			return p, err
		}
		id, err := member.Fingerprint()
		if err != nil {
			return p, fmt.Errorf("%s: %w", path, err)
		}
		p.Settings = append(p.Settings, "with "+id)
	}
	return p, nil
}

// beside is the path of a file from the folder of the scores, "" for none.
func (s *scorer) beside(path string) string {
	if path == "" {
		return ""
	}
	if rel, err := filepath.Rel(filepath.Dir(s.o.output()), path); err == nil {
		path = rel
	}
	return filepath.ToSlash(path)
}

// firstSample is the SHA-256 of the pool's first sample as the model takes it,
// or what there is to say of it, so that neither another pool nor other
// preprocessing goes unnoticed.
func (s *scorer) firstSample() string {
	n := 1
	for _, d := range s.pool.Shape() {
		n *= d
	}
	values := make([]float32, n)
	h := sha256.New()
	_, _ = io.WriteString(h, s.pool.ID(0))
	if s.pool.Read(0, values) == nil {
		var raw []byte
		for _, v := range values {
			bits := math.Float32bits(v)
			raw = append(raw, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		}
		_, _ = h.Write(raw)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (s *scorer) openJournal(m *onnxio.Model) error {
	output := s.o.output()
	if output == "" {
		return nil
	}
	head, err := s.part(m)
	if err != nil {
		return err
	}
	var rows []*keptRows
	if s.features() {
		rows = append(rows, &keptRows{suffix: ".features", dim: s.model.FeatureLen(), of: func(r *scoring.Record) *[]float32 { return &r.Features }})
	}
	if s.distribution() {
		rows = append(rows, &keptRows{suffix: ".probabilities", dim: s.model.Classes(), of: func(r *scoring.Record) *[]float32 { return &r.Probabilities }})
	}
	if s.journal, err = openJournal(output, head, rows, s.o.resume, s.o.out.force); err != nil {
		return err
	}
	if n := s.journal.next - s.first; n > 0 {
		s.g.note("%s samples are scored already", term.Count(int64(n)))
	}
	return nil
}

// journaled are the records of the pool: those that the journal has, and those
// of the pass that goes on from there, which go into it.
func (s *scorer) journaled(ctx context.Context, t *term.Term, bar *term.Bar) iter.Seq2[scoring.Record, error] {
	skip := func(sk scoring.Skipped) {
		s.skipped = append(s.skipped, sk)
		_, _ = fmt.Fprintf(t, "skipped: %s\n", oneLine(sk.Error()))
	}
	o := scoring.Options{
		Batch: int(s.o.batch), Seed: s.g.seed, Probabilities: s.head.Probabilities, Features: s.features(), Distribution: s.distribution(),
		First: s.first, End: s.end, Skip: skip, Progress: counter(bar),
	}
	if s.journal == nil {
		return scoring.Score(ctx, s.model, s.pool, o)
	}
	return func(yield func(scoring.Record, error) bool) {
		for r, err := range s.journal.replay(skip) {
			if err == nil && s.pool.ID(r.Index) != r.ID {
				err = fmt.Errorf("%s: sample %d is %q, but in the pool %q", s.journal.path, r.Index, r.ID, s.pool.ID(r.Index))
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		bar.Add(int64(s.journal.next - s.first))
		if s.journal.next == s.end {
			return
		}
		o.First = s.journal.next
		o.Skip = func(sk scoring.Skipped) {
			skip(sk)
			s.journal.skip(sk)
		}
		for r, err := range scoring.Score(ctx, s.model, s.pool, o) {
			if err == nil {
				err = s.journal.record(r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// left is the error of a run that did not end, and says how it can go on.
func (s *scorer) left(ctx context.Context, err error) error {
	j := s.journal
	if j == nil {
		return err
	}
	if j.next == s.first {
		s.dropJournal()
		return err
	}
	if closeErr := j.close(); closeErr != nil {
		return errors.Join(err, closeErr)
	}
	if ctx.Err() != nil {
		err = errInterrupted
	}
	return fmt.Errorf("%w after %d of %d samples; the same command with --resume goes on from %s",
		err, j.next-s.first, s.end-s.first, j.path)
}

// dropJournal leaves nothing to go on from.
func (s *scorer) dropJournal() {
	if s.journal != nil {
		s.journal.remove()
		s.journal = nil
	}
}

// already reports on a shard that an earlier run has completed.
func (s *scorer) already(m *onnxio.Model) error {
	head, err := s.part(m)
	if err != nil {
		return err
	}
	f, err := os.Open(s.o.out.path)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := scoring.NewPartReader(f)
	if err == nil {
		err = head.SamePart(r.Head)
	}
	for err == nil {
		var e scoring.Entry
		if e, err = r.Next(); err == nil && e.Skipped != nil {
			s.skipped = append(s.skipped, *e.Skipped)
		} else if err == nil {
			s.scored++
		}
	}
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s exists and is not what this command writes; --force (-f) replaces it: %w", s.o.out.path, err)
	}
	s.g.note("%s is complete already", s.o.out.path)
	return s.report()
}
