package job

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"math/bits"
	"sort"

	"github.com/prunefuse/prunefuse/scoring"
)

// Samples is a set of samples of a pool, by their indices. It takes a bit a sample
// of the pool, however many of them it holds. Not safe for concurrent use while it
// changes.
type Samples struct {
	words []uint64
	count int
	ranks []uint32 // samples before each block of words; nil after a change
}

// rankBlock is the number of words whose samples are counted together.
const rankBlock = 8

// NewSamples holds no sample of a pool of n.
func NewSamples(n int) *Samples { return &Samples{words: make([]uint64, (n+63)/64)} }

// AllSamples holds all samples of a pool of n.
func AllSamples(n int) *Samples {
	s := NewSamples(n)
	for i := range s.words {
		s.words[i] = ^uint64(0)
	}
	if n%64 != 0 {
		s.words[len(s.words)-1] = 1<<(n%64) - 1
	}
	s.count = n
	return s
}

// Add adds sample i.
func (s *Samples) Add(i int) {
	if !s.Has(i) {
		s.words[i/64] |= 1 << (i % 64)
		s.count, s.ranks = s.count+1, nil
	}
}

// Remove takes sample i out.
func (s *Samples) Remove(i int) {
	if s.Has(i) {
		s.words[i/64] &^= 1 << (i % 64)
		s.count, s.ranks = s.count-1, nil
	}
}

// Has reports whether sample i is held.
func (s *Samples) Has(i int) bool { return s.words[i/64]>>(i%64)&1 != 0 }

// Len counts the samples that are held.
func (s *Samples) Len() int { return s.count }

// All yields the samples in order.
func (s *Samples) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for w, word := range s.words {
			for ; word != 0; word &= word - 1 {
				if !yield(64*w + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}

// last returns the last sample, -1 where none is held.
func (s *Samples) last() int {
	for w := len(s.words) - 1; w >= 0; w-- {
		if word := s.words[w]; word != 0 {
			return 64*w + bits.Len64(word) - 1
		}
	}
	return -1
}

// index counts the samples before each block, for At.
func (s *Samples) index() {
	if s.ranks != nil {
		return
	}
	s.ranks = make([]uint32, 0, len(s.words)/rankBlock+1)
	before := 0
	for w, word := range s.words {
		if w%rankBlock == 0 {
			s.ranks = append(s.ranks, uint32(before))
		}
		before += bits.OnesCount64(word)
	}
}

// At returns the sample that k others come before.
func (s *Samples) At(k int) int {
	s.index()
	block := sort.Search(len(s.ranks), func(b int) bool { return int(s.ranks[b]) > k }) - 1
	rest := k - int(s.ranks[block])
	for w := block * rankBlock; ; w++ {
		word := s.words[w]
		if n := bits.OnesCount64(word); rest >= n {
			rest -= n
			continue
		}
		for ; rest > 0; rest-- {
			word &= word - 1
		}
		return 64*w + bits.TrailingZeros64(word)
	}
}

// hash tells sets of samples apart.
func (s *Samples) hash() string {
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, s.words)
	return hex.EncodeToString(h.Sum(nil))
}

// subset is a pool of some samples of another.
type subset struct {
	scoring.Pool
	labels  scoring.Labels // nil where the pool has none
	samples *Samples
}

func newSubset(p scoring.Pool, s *Samples) *subset {
	s.index() // before several goroutines ask for it
	labels, _ := p.(scoring.Labels)
	return &subset{p, labels, s}
}

func (s *subset) Len() int                        { return s.samples.Len() }
func (s *subset) ID(i int) string                 { return s.Pool.ID(s.samples.At(i)) }
func (s *subset) Read(i int, dst []float32) error { return s.Pool.Read(s.samples.At(i), dst) }

// Label implements scoring.Labels.
func (s *subset) Label(i int) int {
	if s.labels == nil {
		return -1
	}
	return s.labels.Label(s.samples.At(i))
}
