package job

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// The schemas of the lines of a shard file, beside scoring.ShardSchema, which its
// first line has, and scoring.RecordSchema.
const (
	SkippedSchema = "prunefuse.score.skipped/1"
	EndSchema     = "prunefuse.score.end/1"
)

// maxShards bounds what a file may say, for the sake of memory.
const maxShards = 1 << 20

// Header is the first line of a shard file: which samples were scored, and by
// what. A shard file holds a line for each of its samples in the order of the pool,
// a record or the reason why there is none, and a last line that counts both.
type Header struct {
	Schema string `json:"schema"`
	Shard  int    `json:"shard"` // from 1
	Shards int    `json:"shards"`
	First  int    `json:"first"` // index of its first sample
	End    int    `json:"end"`   // and of the one after its last
	Pool   int    `json:"pool"`  // samples in the pool
	// Model and Sample are SHA-256: of what the model computes, and of the
	// pool's first sample as the model takes it.
	Model  string `json:"model"`
	Sample string `json:"sample"`
	// Labels and Classes are SHA-256: of the labels of all samples of the pool, and
	// of the names of their classes. Both are empty where no sample has a label,
	// and Classes where the classes have no names.
	Labels   string `json:"labels,omitempty"`
	Classes  string `json:"classes,omitempty"`
	Provider string `json:"provider"`
	Seed     uint64 `json:"seed"`
	// Settings are what else the scores depend on.
	Settings []string `json:"settings,omitempty"`
	// Embeddings and Probabilities are .npy files with a row a sample, named
	// from the folder of the shard file.
	Embeddings    string `json:"embeddings,omitempty"`
	Probabilities string `json:"probabilities,omitempty"`
}

// SameRun returns nil where both are of shards of one pass over one pool, and else says
// what differs.
func (h Header) SameRun(o Header) error {
	for _, f := range []struct{ name, a, b string }{
		{"model", h.Model, o.Model},
		{"number of samples", strconv.Itoa(h.Pool), strconv.Itoa(o.Pool)},
		{"first sample or how it is prepared", h.Sample, o.Sample},
		{"labels", orNone(h.Labels), orNone(o.Labels)},
		{"names of the classes", orNone(h.Classes), orNone(o.Classes)},
		{"provider", h.Provider, o.Provider},
		{"seed", strconv.FormatUint(h.Seed, 10), strconv.FormatUint(o.Seed, 10)},
		{"settings", fmt.Sprint(h.Settings), fmt.Sprint(o.Settings)},
		{"number of shards", strconv.Itoa(h.Shards), strconv.Itoa(o.Shards)},
	} {
		if f.a != f.b {
			return fmt.Errorf("they differ in the %s: %.16s and %.16s", f.name, f.a, f.b)
		}
	}
	return nil
}

func orNone(digest string) string {
	if digest == "" {
		return "none"
	}
	return digest
}

// check refuses a shard that no pool has.
func (h Header) check() error {
	if h.Shards < 1 || h.Shards > maxShards || h.Shard < 1 || h.Shard > h.Shards || h.First < 0 || h.First > h.End || h.End > h.Pool {
		return fmt.Errorf("shard %d of %d with samples %d to %d of %d", h.Shard, h.Shards, h.First, h.End, h.Pool)
	}
	return nil
}

// SameShard returns nil where both are of the same shard of the same pass.
func (h Header) SameShard(o Header) error {
	if err := h.SameRun(o); err != nil {
		return err
	}
	if h.Shard != o.Shard || h.First != o.First || h.End != o.End || h.Embeddings != o.Embeddings || h.Probabilities != o.Probabilities {
		return fmt.Errorf("shard %d with samples [%d, %d), embeddings %q and probabilities %q, not %d with [%d, %d), %q and %q",
			o.Shard, o.First, o.End, o.Embeddings, o.Probabilities, h.Shard, h.First, h.End, h.Embeddings, h.Probabilities)
	}
	return nil
}

// ErrNoPool says that shards do not make up a pool.
var ErrNoPool = errors.New("the shards do not make up the pool")

// CheckShards finds whether the shard files, whose first lines these are, make up
// one pass over a pool, and returns their order. Names are for the error; a file
// beyond them goes by its number.
func CheckShards(heads []Header, names []string) ([]int, error) {
	if len(heads) == 0 {
		return nil, fmt.Errorf("%w: there are none", ErrNoPool)
	}
	for i := len(names); i < len(heads); i++ {
		names = append(slices.Clip(names), fmt.Sprintf("file %d", i+1))
	}
	for i, h := range heads {
		if err := h.check(); err != nil {
			return nil, fmt.Errorf("%s: the first line is wrong: %w", names[i], err)
		}
	}
	at := make([]int, heads[0].Shards+1) // 1 + position, by shard
	for i, h := range heads {
		if err := heads[0].SameRun(h); err != nil {
			return nil, fmt.Errorf("%s and %s are not of the same run: %w", names[0], names[i], err)
		}
		if at[h.Shard] != 0 {
			return nil, fmt.Errorf("%w: shard %d is there twice, as %s and %s", ErrNoPool, h.Shard, names[at[h.Shard]-1], names[i])
		}
		if first, end := (Shard{h.Shard, h.Shards}).Range(h.Pool); first != h.First || end != h.End {
			return nil, fmt.Errorf("%s: shard %d of %d has samples [%d, %d), want [%d, %d)", names[i], h.Shard, h.Shards, h.First, h.End, first, end)
		}
		at[h.Shard] = 1 + i
	}
	var order, missing []int
	for shard, i := range at[1:] {
		if i == 0 {
			missing = append(missing, shard+1)
		} else {
			order = append(order, i-1)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%w: of %d shards %s", ErrNoPool, heads[0].Shards, listed(missing))
	}
	return slices.Clip(order), nil
}

// listed returns "2, 5 and 7 are missing", of many only the first.
func listed(shards []int) string {
	const most = 10
	if len(shards) == 1 {
		return fmt.Sprintf("%d is missing", shards[0])
	}
	text := strconv.Itoa(shards[0])
	for i, n := range shards[1:] {
		switch {
		case i+1 == most:
			return text + fmt.Sprintf(" and %d more are missing", len(shards)-most)
		case i+2 == len(shards):
			return text + fmt.Sprintf(" and %d are missing", n)
		}
		text += ", " + strconv.Itoa(n)
	}
	return text
}
