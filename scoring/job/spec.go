package job

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/prunefuse/prunefuse/scoring"
)

// Spec says which samples to score, by what, and what to keep of each.
type Spec struct {
	Network
	// Pool holds the samples as the network takes them, as data.Prepare makes it.
	Pool scoring.Pool
	// Samples are those of the pool to score; nil is all. The caller does not
	// change them meanwhile. Records keep the indices that they have in the pool.
	Samples *Samples
	// Shard is the stretch of these to score.
	Shard Shard
	Seed  uint64
	Batch int // samples in a batch; 0 is the network's choice
	// Measures are named as in scoring.Options; nil is all.
	Measures []string
	// Features and Probabilities ask for the input of the last layer and for the
	// class probabilities in every record.
	Features, Probabilities bool

	// Journal is the file that keeps what is found, so that a pass that was
	// stopped can go on; "" keeps nothing. Where features and probabilities are
	// asked for, files beside it keep them.
	Journal string
	// Resume goes on with a journal that is there. Without it such a journal is
	// ErrJournalExists, or replaced where Replace is set.
	Resume, Replace bool

	Hooks
}

// Stages of a job, as Hooks.Progress is told of them.
const (
	StageScore    = "score"    // the pass over the pool
	StageLabelled = "labelled" // that over the labelled samples
)

// Hooks are told how a job goes on, each on the goroutine that takes the records.
// A nil one is not told.
type Hooks struct {
	// Progress is told how many samples of a stage are done; first that none is.
	Progress func(stage string, done, total int)
	// Skip is told of each sample that cannot be read or has no finite output.
	Skip func(scoring.Skipped)
	// Note is told what bears on the result and is not seen in it.
	Note func(text string)
}

func (h *Hooks) progress(stage string, done, total int) {
	if h.Progress != nil {
		h.Progress(stage, done, total)
	}
}

func (h *Hooks) note(format string, args ...any) {
	if h.Note != nil {
		h.Note(fmt.Sprintf(format, args...))
	}
}

// pool returns the pool of the samples to score.
func (s *Spec) pool() scoring.Pool {
	if s.Samples == nil {
		return s.Pool
	}
	return newSubset(s.Pool, s.Samples)
}

// check refuses what cannot be scored, before anything is opened.
func (s *Spec) check() error {
	switch {
	case s.Pool == nil:
		return errors.New("score: there is no pool")
	case s.Model == nil && s.Classifier == nil:
		return errors.New("score: there is no model")
	case s.Passes < 0 || s.Passes == 1:
		return fmt.Errorf("score in %d passes: opinions can differ from 2 on", s.Passes)
	case s.Passes > 0 && len(s.Committee) > 0:
		return errors.New("score: passes with Dropout on and a committee exclude each other")
	case s.Batch < 0:
		return fmt.Errorf("score in batches of %d samples", s.Batch)
	case s.Samples != nil && s.Samples.last() >= s.Pool.Len():
		return fmt.Errorf("score sample %d of a pool of %d: the samples are of another pool", s.Samples.last(), s.Pool.Len())
	case s.pool().Len() == 0:
		return errors.New("score: the pool is empty")
	case s.Shard.N != 0:
		return s.Shard.check()
	}
	return nil
}

// header tells which samples are scored, and by what.
func (s *Spec) header(p scoring.Pool) (Header, error) {
	h := Header{
		Shard: max(1, s.Shard.I), Shards: max(1, s.Shard.N), Pool: p.Len(), Seed: s.Seed, Sample: firstSample(p),
	}
	h.First, h.End = s.Shard.Range(p.Len())
	if h.Labels = labelsDigest(p); h.Labels != "" {
		h.Classes = classesDigest(s.Pool)
	}
	if err := s.identity(&h); err != nil {
		return h, err
	}
	if s.Samples != nil {
		h.Settings = append(h.Settings, "samples "+s.Samples.hash())
	}
	if s.Measures != nil {
		h.Settings = append(h.Settings, "measures "+strings.Join(s.Measures, ", "))
	}
	return h, nil
}

// firstSample returns the SHA-256 of the pool's first sample as the model takes it, or
// of its name alone where it cannot be read, so that neither another pool nor other
// preprocessing goes unnoticed.
func firstSample(p scoring.Pool) string {
	n := 1
	for _, d := range p.Shape() {
		n *= d
	}
	values := make([]float32, n)
	h := sha256.New()
	_, _ = io.WriteString(h, p.ID(0))
	if p.Read(0, values) == nil {
		var raw []byte
		for _, v := range values {
			bits := math.Float32bits(v)
			raw = append(raw, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		}
		_, _ = h.Write(raw)
	}
	return hex.EncodeToString(h.Sum(nil))
}
