package pruning

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
)

// PlanKey is the metadata property that holds a pruned model's plan.
const PlanKey = "prunefuse.plan"

// PlanSchema is the schema that a plan states.
const PlanSchema = "prunefuse.plan/1"

// Plan says how a pruned model came out of its parent: for every weight
// axis, the indices that were kept. Several prunes compose, so a plan always
// points to the first, dense parent.
type Plan struct {
	Schema       string           `json:"schema"`
	Parent       Parent           `json:"parent"`
	Initializers map[string]Entry `json:"initializers"`
	Groups       []PlanGroup      `json:"groups"`
	// Parts are those of the Options that the groups were found with.
	Parts Parts `json:"parts,omitempty"`
	// Compensated names the weights whose numbers make up for removed
	// channels and so are not the parent's.
	Compensated []string `json:"compensated,omitempty"`
	// Recovered names the weights that were fitted to the dense network's
	// outputs, with the biases and statistics that go with them.
	Recovered []string `json:"recovered,omitempty"`
	// Head says which new last layer the pruned network got since, nil where it
	// has the parent's. The shapes of its entries are those with the new layer;
	// Head.Was are the parent's.
	Head *head.Renewal `json:"head,omitempty"`
}

// Parent is the model that a plan starts from.
type Parent struct {
	// SHA256 is the parent's onnxio.Model.Fingerprint.
	SHA256 string `json:"sha256"`
	Name   string `json:"name"`
}

// Entry is what was kept of one weight, which goes by the name it has in the
// pruned file.
type Entry struct {
	// From names the weight in the parent where that is another name.
	From string `json:"from,omitempty"`
	// Shape is the parent's.
	Shape []int64 `json:"shape"`
	// Kept gives the parent's indices by axis; an axis that is not named is
	// whole.
	Kept map[string][]int `json:"kept"`
	// Added is set where the parent has no such weight. Shape is then what it
	// would have there.
	Added *Added `json:"added,omitempty"`
}

// Added says of a weight that compensation made it.
type Added struct {
	// From names the parent's weight that it is a copy of, which other nodes
	// read as well; "" where it is a bias that the parent does without.
	From string `json:"from,omitempty"`
}

// PlanGroup is a group of coupled channels and what was kept of it.
type PlanGroup struct {
	ID   int   `json:"id"`
	Size int   `json:"size"`
	Kept []int `json:"kept"`
	// Members are the weights, by their names in the pruned file, and axes.
	Members [][2]any `json:"members"`
	// At gives for each choice the least index that it stands for on the first
	// member's axis, as the parent has it; nil where that is the choice's own
	// number.
	At []int `json:"at,omitempty"`
}

// ReadPlan is the plan in a model's metadata; nil when it has none.
func ReadPlan(m *onnxio.Model) (*Plan, error) {
	s, ok := m.Meta(PlanKey)
	if !ok {
		return nil, nil
	}
	return ParsePlan([]byte(s))
}

// ParsePlan decodes a plan and checks that it is consistent.
func ParsePlan(b []byte) (*Plan, error) {
	p := &Plan{}
	if err := json.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	if p.Schema != PlanSchema {
		return nil, fmt.Errorf("read plan: schema %q, want %q", p.Schema, PlanSchema)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Initializers)) {
		if err := p.Initializers[name].check(); err != nil {
			return nil, fmt.Errorf("read plan: weight %q: %w", name, err)
		}
	}
	if err := p.checkHead(); err != nil {
		return nil, fmt.Errorf("read plan: new last layer: %w", err)
	}
	for _, g := range p.Groups {
		if err := checkKept(g.Kept, int64(g.Size)); err != nil {
			return nil, fmt.Errorf("read plan: group %d: %w", g.ID, err)
		}
		if len(g.At) > 0 && len(g.At) != g.Size {
			return nil, fmt.Errorf("read plan: group %d: %d places for %d choices", g.ID, len(g.At), g.Size)
		}
		for _, m := range g.Members {
			_, named := m[0].(string)
			if _, numbered := m[1].(float64); !named || !numbered {
				return nil, fmt.Errorf("read plan: group %d: member %v, want a weight's name and an axis", g.ID, m)
			}
		}
	}
	return p, nil
}

func (e Entry) check() error {
	for key, kept := range e.Kept {
		k, err := strconv.Atoi(key)
		if err != nil || strconv.Itoa(k) != key || k < 0 || k >= len(e.Shape) {
			return fmt.Errorf("axis %q of shape %v", key, e.Shape)
		}
		if err := checkKept(kept, e.Shape[k]); err != nil {
			return fmt.Errorf("axis %s: %w", key, err)
		}
	}
	return nil
}

func (e Entry) equal(o Entry) bool {
	return e.From == o.From && slices.Equal(e.Shape, o.Shape) && maps.EqualFunc(e.Kept, o.Kept, slices.Equal[[]int])
}

func checkKept(kept []int, n int64) error {
	if len(kept) == 0 {
		return errors.New("nothing is kept")
	}
	for i, j := range kept {
		if j < 0 || int64(j) >= n || (i > 0 && j <= kept[i-1]) {
			return fmt.Errorf("%v is kept of %d: want ascending indices", kept, n)
		}
	}
	return nil
}

// fits is an error unless the plan's weights are in the model, at the shapes
// that the plan leaves.
func (p *Plan) fits(m *onnxio.Model) error {
	for _, name := range slices.Sorted(maps.Keys(p.Initializers)) {
		e := p.Initializers[name]
		if t := m.Graph.Initializer(name); t == nil || !slices.Equal(t.Dims(), e.Dims()) {
			return fmt.Errorf("the plan in the model's metadata (%s) leaves %v of weight %q, which the model does not have; drop that plan or use the file it came with", PlanKey, e.Dims(), name)
		}
	}
	return nil
}

// Axis is what is kept of axis k: the parent's indices, all of them where
// the plan does not name the axis.
func (e Entry) Axis(k int) []int {
	if kept, ok := e.Kept[strconv.Itoa(k)]; ok {
		return kept
	}
	return iota(int(e.Shape[k]))
}

// Dims is the shape after the cut.
func (e Entry) Dims() []int64 {
	out := slices.Clone(e.Shape)
	for k := range out {
		if kept, ok := e.Kept[strconv.Itoa(k)]; ok {
			out[k] = int64(len(kept))
		}
	}
	return out
}

// Source is the weight's name in the parent.
func (e Entry) Source(name string) string {
	if e.From != "" {
		return e.From
	}
	return name
}

// JSON is the plan as it stands in the file: keys sorted, no blanks.
func (p *Plan) JSON() ([]byte, error) { return json.Marshal(p) }

func pick(from, index []int) []int {
	out := make([]int, len(index))
	for i, j := range index {
		out[i] = from[j]
	}
	return out
}

func iota(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
