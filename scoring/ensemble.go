package scoring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Ensemble is a Classifier with several opinions of a sample: a committee of
// models, or one model whose Dropout drops anew each time. Where a pass runs
// one, Row.Members has them all and everything else is of their mean.
type Ensemble interface {
	Classifier
	// Members is the number of opinions, at least 2.
	Members() int
	// MemberLogits is Logits with n×Members×Classes logits: those of a
	// sample follow each other, member by member. What is random in the
	// opinion of sample i depends on keys[i], the hash of its ID, and not on
	// its place in the pool or the batch.
	MemberLogits(ctx context.Context, batch []float32, n int, keys []uint64, logits, features []float32) error
}

// Committee is an Ensemble of models that take the same samples and tell
// the same classes apart. Logits and features are those of the first.
type Committee struct {
	Classifier // the first member
	others     []Classifier
	own        sync.Pool // of *[]float32, one member's logits for a batch
}

// NewCommittee makes a committee of two or more classifiers. Closing them is
// the caller's.
func NewCommittee(members ...Classifier) (*Committee, error) {
	if len(members) < 2 {
		return nil, errors.New("a committee has at least 2 members")
	}
	first := members[0]
	for i, m := range members[1:] {
		switch {
		case !fits(first.InputShape(), m.InputShape()) && !fits(m.InputShape(), first.InputShape()):
			return nil, fmt.Errorf("member %d of the committee takes samples of %s, the first of %s",
				i+2, shapeText(m.InputShape()), shapeText(first.InputShape()))
		case first.Classes() != m.Classes():
			return nil, fmt.Errorf("member %d of the committee tells %d classes apart, the first %d", i+2, m.Classes(), first.Classes())
		}
	}
	return &Committee{Classifier: first, others: members[1:]}, nil
}

// Members returns the number of models.
func (c *Committee) Members() int { return 1 + len(c.others) }

// Lanes implements Tuned: no member is used more than it can be.
func (c *Committee) Lanes() int {
	lanes, _ := tuning(c.Classifier)
	for _, m := range c.others {
		n, _ := tuning(m)
		lanes = min(lanes, n)
	}
	return lanes
}

// Batch implements Tuned: that of the member that wants the least.
func (c *Committee) Batch() int {
	_, batch := tuning(c.Classifier)
	for _, m := range c.others {
		_, n := tuning(m)
		batch = min(batch, n)
	}
	return batch
}

// MemberLogits implements Ensemble; nothing in it is random.
func (c *Committee) MemberLogits(ctx context.Context, batch []float32, n int, _ []uint64, logits, features []float32) error {
	classes, members := c.Classes(), c.Members()
	buffer, ok := c.own.Get().(*[]float32)
	if !ok {
		buffer = new([]float32)
	}
	defer c.own.Put(buffer)
	*buffer = slices.Grow((*buffer)[:0], n*classes)
	own := (*buffer)[:n*classes]
	for m := range members {
		member := c.Classifier
		if m > 0 {
			member, features = c.others[m-1], nil
		}
		if err := member.Logits(ctx, batch, n, own, features); err != nil {
			return fmt.Errorf("member %d of the committee: %w", m+1, err)
		}
		for i := range n {
			copy(logits[(i*members+m)*classes:(i*members+m+1)*classes], own[i*classes:])
		}
	}
	return nil
}
