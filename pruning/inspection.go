package pruning

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Inspection is what a model is made of and what of it can be pruned. Its JSON
// is the result of the command inspect.
type Inspection struct {
	Schema      string           `json:"schema"`
	File        string           `json:"file"`
	Fingerprint string           `json:"fingerprint"`
	Producer    string           `json:"producer"`
	IRVersion   int64            `json:"ir_version"`
	Opset       int64            `json:"opset"`
	Inputs      []InspectedValue `json:"inputs"`
	Outputs     []InspectedValue `json:"outputs"`
	Metadata    []string         `json:"metadata"`
	Plan        *Parent          `json:"pruned_from,omitempty"`
	Operators   []InspectedOp    `json:"operators"`
	op.Size
	Groups []InspectedGroup `json:"groups"`
	Pinned []InspectedPin   `json:"pinned"`
}

// InspectedValue is an input or output of a model.
type InspectedValue struct {
	Name  string   `json:"name"`
	Type  string   `json:"type"`
	Shape []string `json:"shape"` // nil for an unknown rank
}

func (v InspectedValue) String() string {
	if v.Shape == nil {
		return v.Name + " " + v.Type
	}
	return v.Name + " " + v.Type + "[" + strings.Join(v.Shape, ",") + "]"
}

// InspectedOp is an operator and how many nodes have it.
type InspectedOp struct {
	Op     string `json:"op"`
	Domain string `json:"domain,omitempty"`
	Count  int    `json:"count"`
	Known  bool   `json:"known"` // to the operator table
}

// InspectedGroup is a group of coupled channels, with what is saved where it
// alone loses some.
type InspectedGroup struct {
	ID      int             `json:"id"`
	Name    string          `json:"name"`
	Size    int             `json:"size"`
	Members []string        `json:"members"`
	One     InspectedSaving `json:"one"`  // by one channel less
	Half    InspectedSaving `json:"half"` // by half of them
}

// InspectedSaving is what is saved.
type InspectedSaving struct {
	Parameters int64  `json:"parameters"`
	MACs       *int64 `json:"macs"` // nil where they are not known
}

// Compare orders savings, by MACs where they are known.
func (s InspectedSaving) Compare(o InspectedSaving) int {
	if s.MACs != nil && o.MACs != nil && *s.MACs != *o.MACs {
		return cmp.Compare(*s.MACs, *o.MACs)
	}
	return cmp.Compare(s.Parameters, o.Parameters)
}

// InspectedPin is an axis of a weight that cannot be pruned.
type InspectedPin struct {
	Weight string `json:"weight"`
	Axis   int    `json:"axis"`
	Extent int    `json:"extent"`
	Kind   string `json:"kind"` // the reason without the node
	Reason string `json:"reason"`
}

// Inspect analyses a model and counts it at the shapes given for inputs of open
// size. The caller fills in the file and its bytes.
func Inspect(m *onnxio.Model, o Options, shapes onnxio.InputShapes) (*Inspection, error) {
	a, err := Analyze(m, o)
	if err != nil {
		return nil, err
	}
	name, version := m.Producer()
	out := &Inspection{
		Schema: "prunefuse.inspect/1", Producer: strings.TrimSpace(name + " " + version),
		IRVersion: m.IRVersion(), Opset: m.Opset(""), Metadata: slices.Clone(m.MetaKeys()),
		Inputs: inspectValues(m.Graph.Inputs()), Outputs: inspectValues(m.Graph.Outputs()),
		Operators: inspectOps(m), Groups: []InspectedGroup{}, Pinned: []InspectedPin{},
	}
	if out.Fingerprint, err = m.Fingerprint(); err != nil {
		return nil, err
	}
	if out.Size, err = op.SizeOf(m, shapes); err != nil {
		return nil, err
	}
	plan, err := ReadPlan(m)
	if err != nil {
		return nil, err
	}
	if plan != nil {
		out.Plan = &plan.Parent
	}
	if err := out.addGroups(a, shapes); err != nil {
		return nil, err
	}
	for _, p := range a.Pinned {
		out.Pinned = append(out.Pinned, InspectedPin{p.Initializer, p.Axis, p.Extent, kindOf(p.Reason), p.Reason})
	}
	return out, nil
}

func (in *Inspection) addGroups(a *Analysis, shapes onnxio.InputShapes) error {
	stakes, stats, err := a.Stakes(shapes)
	if err != nil {
		return err
	}
	known := func(s Saving) InspectedSaving {
		if !stats.MACsKnown() {
			return InspectedSaving{Parameters: s.Parameters}
		}
		return InspectedSaving{s.Parameters, &s.MACs}
	}
	for i, group := range a.Groups {
		ig := InspectedGroup{
			ID: group.ID, Name: group.Name(), Size: group.Size, One: known(stakes[i].One), Half: known(stakes[i].Half),
		}
		for _, member := range group.Members {
			ig.Members = append(ig.Members, member.String())
		}
		in.Groups = append(in.Groups, ig)
	}
	return nil
}

// ofNode is how a reason begins that an operator gives.
var ofNode = regexp.MustCompile(`^node ".*?" \((.+?)\): `)

// kindOf is a reason without the node, which many of one operator give.
func kindOf(reason string) string {
	m := ofNode.FindStringSubmatch(reason)
	if m == nil {
		return reason
	}
	why := reason[len(m[0]):]
	if strings.Contains(why, m[1]) {
		return why
	}
	return m[1] + ": " + why
}

func inspectValues(values []onnxio.Value) []InspectedValue {
	out := []InspectedValue{}
	for _, v := range values {
		iv := InspectedValue{Name: v.Name, Type: v.Type.Elem.String()}
		if v.Type.Shape != nil {
			iv.Shape = []string{}
		}
		for _, d := range v.Type.Shape {
			iv.Shape = append(iv.Shape, d.String())
		}
		out = append(out, iv)
	}
	return out
}

// inspectOps counts the operators, the most frequent first.
func inspectOps(m *onnxio.Model) []InspectedOp {
	at := map[[2]string]int{}
	out := []InspectedOp{}
	for _, n := range m.Graph.Nodes() {
		k := [2]string{n.Domain(), n.Op()}
		i, seen := at[k]
		if !seen {
			i = len(out)
			at[k] = i
			out = append(out, InspectedOp{Op: n.Op(), Domain: n.Domain(), Known: op.Lookup(n, m.Opset("")) != nil})
		}
		out[i].Count++
	}
	slices.SortStableFunc(out, func(a, b InspectedOp) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Op, b.Op))
	})
	return out
}
