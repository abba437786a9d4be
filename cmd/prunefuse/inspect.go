package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/pruning"
)

type inspectOptions struct {
	text   bool
	ignore []string
	shapes inputShapeOptions
}

func (o *inspectOptions) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.text, "text", false, "print the graph as text, one line a tensor and a node")
	fs.StringSliceVar(&o.ignore, "ignore", nil, "`node` whose outputs keep all their channels, as in prune; may be repeated")
	o.shapes.addFlags(fs)
}

func newInspectCommand(g *globals) *cobra.Command {
	var o inspectOptions
	cmd := &cobra.Command{
		Use:     "inspect MODEL",
		GroupID: groupModels, SuggestFor: []string{"info", "show", "summary"},
		Short: "Show what a network is made of and what can be pruned",
		Long: withExitStatus(`
Show a network's inputs, outputs and operators, its parameters and its
multiply-accumulates (MACs) for one sample, also where the batch is fixed; the
groups of coupled channels that can be pruned, with what is at stake; and for
every axis of a weight that cannot be, the reason.

A group is a number of channels and the weight axes, written weight:axis, that
lose an index with each channel that goes. At stake is what is saved where the
group alone loses one channel, or half of them as with --ratio 0.5. Of many
groups those with the most MACs at stake are shown, and reasons are counted by
kind; -v lists all.

MACs hang on the size of the inputs. Where that is open, --input-shape gives one.

With --json, one object:
  schema, file, fingerprint, producer, ir_version, opset, metadata, pruned_from
  inputs, outputs    [{name, type, shape}]; shape is null for an unknown rank
  operators          [{op, domain, count, known}], the most frequent first
  parameters, macs   macs is null where an input of open size leaves it unknown
  uncounted_nodes    nodes that are not in macs, as their cost is not known
  open_inputs        inputs of open size that --input-shape does not settle
  groups             [{id, name, size, members, one, half}]; one and half are
                     what is saved, {parameters, macs}
  pinned             [{weight, axis, extent, kind, reason}], the axes that cannot
                     be pruned`,
			exitOK, exitFailed, exitUsage, exitInterrupted),
		Args: exactArgs("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.text && g.json {
				return usageIn(cmd, fmt.Errorf("--text and --json exclude each other"))
			}
			if err := o.shapes.settle(); err != nil {
				return usageIn(cmd, err)
			}
			return runInspect(g, o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// inspection is what inspect prints; its JSON is the command's schema.
type inspection struct {
	Schema      string           `json:"schema"`
	File        string           `json:"file"`
	Fingerprint string           `json:"fingerprint"`
	Producer    string           `json:"producer"`
	IRVersion   int64            `json:"ir_version"`
	Opset       int64            `json:"opset"`
	Inputs      []inspectedValue `json:"inputs"`
	Outputs     []inspectedValue `json:"outputs"`
	Metadata    []string         `json:"metadata"`
	Plan        *pruning.Parent  `json:"pruned_from,omitempty"`
	Operators   []inspectedOp    `json:"operators"`
	modelSize
	Groups []inspectedGroup `json:"groups"`
	Pinned []inspectedPin   `json:"pinned"`
}

type inspectedValue struct {
	Name  string   `json:"name"`
	Type  string   `json:"type"`
	Shape []string `json:"shape"` // nil for an unknown rank
}

func (v inspectedValue) String() string {
	if v.Shape == nil {
		return v.Name + " " + v.Type
	}
	return v.Name + " " + v.Type + "[" + strings.Join(v.Shape, ",") + "]"
}

type inspectedOp struct {
	Op     string `json:"op"`
	Domain string `json:"domain,omitempty"`
	Count  int    `json:"count"`
	Known  bool   `json:"known"` // to the operator table
}

type inspectedGroup struct {
	ID      int      `json:"id"`
	Name    string   `json:"name"`
	Size    int      `json:"size"`
	Members []string `json:"members"`
	One     saving   `json:"one"`  // by one channel less
	Half    saving   `json:"half"` // by half of them
}

type saving struct {
	Parameters int64  `json:"parameters"`
	MACs       *int64 `json:"macs"` // nil where they are not known
}

type inspectedPin struct {
	Weight string `json:"weight"`
	Axis   int    `json:"axis"`
	Extent int    `json:"extent"`
	Kind   string `json:"kind"` // the reason without the node
	Reason string `json:"reason"`
}

func runInspect(g *globals, o inspectOptions, path string) error {
	m, err := onnxio.Load(path)
	if err != nil {
		return err
	}
	if o.text {
		return m.WriteText(g.stdout)
	}
	out, err := inspect(m, o)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	out.File, out.Bytes = path, fileBytes(path, m)
	if g.json {
		return g.printJSON(out)
	}
	return printInspection(g, out)
}

func inspect(m *onnxio.Model, o inspectOptions) (*inspection, error) {
	a, err := pruning.Analyze(m, pruning.Options{Ignore: o.ignore})
	if err != nil {
		return nil, err
	}
	name, version := m.Producer()
	out := &inspection{
		Schema: "prunefuse.inspect/1", Producer: strings.TrimSpace(name + " " + version),
		IRVersion: m.IRVersion(), Opset: m.Opset(""), Metadata: slices.Clone(m.MetaKeys()),
		Inputs: inspectValues(m.Graph.Inputs()), Outputs: inspectValues(m.Graph.Outputs()),
		Operators: inspectOps(m), Groups: []inspectedGroup{}, Pinned: []inspectedPin{},
	}
	if out.Fingerprint, err = m.Fingerprint(); err != nil {
		return nil, err
	}
	if out.modelSize, err = measure(m, o.shapes.shapes); err != nil {
		return nil, err
	}
	plan, err := pruning.ReadPlan(m)
	if err != nil {
		return nil, err
	}
	if plan != nil {
		out.Plan = &plan.Parent
	}
	if err := out.addGroups(a, o); err != nil {
		return nil, err
	}
	for _, p := range a.Pinned {
		out.Pinned = append(out.Pinned, inspectedPin{p.Initializer, p.Axis, p.Extent, kindOf(p.Reason), p.Reason})
	}
	return out, nil
}

func (in *inspection) addGroups(a *pruning.Analysis, o inspectOptions) error {
	stakes, stats, err := a.Stakes(o.shapes.shapes)
	if err != nil {
		return err
	}
	known := func(s pruning.Saving) saving {
		if !stats.MACsKnown() {
			return saving{Parameters: s.Parameters}
		}
		return saving{s.Parameters, &s.MACs}
	}
	for i, group := range a.Groups {
		ig := inspectedGroup{
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

func inspectValues(values []onnxio.Value) []inspectedValue {
	out := []inspectedValue{}
	for _, v := range values {
		iv := inspectedValue{Name: v.Name, Type: v.Type.Elem.String()}
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
func inspectOps(m *onnxio.Model) []inspectedOp {
	at := map[[2]string]int{}
	out := []inspectedOp{}
	for _, n := range m.Graph.Nodes() {
		k := [2]string{n.Domain(), n.Op()}
		i, seen := at[k]
		if !seen {
			i = len(out)
			at[k] = i
			out = append(out, inspectedOp{Op: n.Op(), Domain: n.Domain(), Known: op.Lookup(n, m.Opset("")) != nil})
		}
		out[i].Count++
	}
	slices.SortStableFunc(out, func(a, b inspectedOp) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Op, b.Op))
	})
	return out
}
