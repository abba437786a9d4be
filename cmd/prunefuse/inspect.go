package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/pruning"
)

type inspectOptions struct {
	text   bool
	ignore []string
}

func (o *inspectOptions) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.text, "text", false, "print the graph as text, one line a tensor and a node")
	fs.StringSliceVar(&o.ignore, "ignore", nil, "`node` whose outputs keep all their channels, as in prune; may be repeated")
}

func newInspectCommand(g *globals) *cobra.Command {
	var o inspectOptions
	cmd := &cobra.Command{
		Use:     "inspect MODEL",
		GroupID: groupModels,
		Short:   "Show what a network is made of and what can be pruned",
		Long: withExitStatus(`
Show a network's inputs, outputs and operators, its parameters and its
multiply-accumulates (MACs) for one sample; the groups of coupled channels that
can be pruned; and for every axis of a weight that cannot be, the reason.

A group is a number of channels and the weight axes, written weight:axis, that
lose an index with each channel that goes.`,
			exitOK, exitFailed, exitUsage, exitInterrupted),
		Args: exactArgs("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.text && g.json {
				return usageIn(cmd, fmt.Errorf("--text and --json exclude each other"))
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
	Size    int      `json:"size"`
	Members []string `json:"members"`
}

type inspectedPin struct {
	Weight string `json:"weight"`
	Axis   int    `json:"axis"`
	Extent int    `json:"extent"`
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
	if out.modelSize, err = measure(m, nil); err != nil {
		return nil, err
	}
	plan, err := pruning.ReadPlan(m)
	if err != nil {
		return nil, err
	}
	if plan != nil {
		out.Plan = &plan.Parent
	}
	for _, group := range a.Groups {
		ig := inspectedGroup{ID: group.ID, Size: group.Size}
		for _, member := range group.Members {
			ig.Members = append(ig.Members, member.String())
		}
		out.Groups = append(out.Groups, ig)
	}
	for _, p := range a.Pinned {
		out.Pinned = append(out.Pinned, inspectedPin{p.Initializer, p.Axis, p.Extent, p.Reason})
	}
	return out, nil
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

func printInspection(g *globals, in *inspection) error {
	rows := [][]string{
		{"file", in.File + ", " + term.Bytes(in.Bytes)},
		{"producer", cmp.Or(in.Producer, "–")},
		{"version", fmt.Sprintf("opset %d, ir_version %d", in.Opset, in.IRVersion)},
	}
	for _, v := range in.Inputs {
		rows = append(rows, []string{"input", v.String()})
	}
	for _, v := range in.Outputs {
		rows = append(rows, []string{"output", v.String()})
	}
	rows = append(rows,
		[]string{"parameters", term.Count(in.Parameters)},
		[]string{"MACs", in.macs()},
		[]string{"fingerprint", in.Fingerprint},
	)
	if in.Plan != nil {
		rows = append(rows, []string{"pruned from", fmt.Sprintf("%s, fingerprint %s", in.Plan.Name, in.Plan.SHA256)})
	}
	if len(in.Metadata) > 0 {
		rows = append(rows, []string{"metadata", strings.Join(in.Metadata, ", ")})
	}
	if err := term.Table(g.stdout, nil, rows, []term.Align{term.Left, term.Left}); err != nil {
		return err
	}
	return printSections(g, in)
}

// section is a titled table; one without rows says so.
type section struct {
	title  string
	header []string
	rows   [][]string
	align  []term.Align
}

func printSections(g *globals, in *inspection) error {
	pinned := section{
		"Weight axes that cannot be pruned, by reason (-v lists each)",
		[]string{"axes", "reason", "which"},
		pinRows(in.Pinned),
		[]term.Align{term.Right, term.Left, term.Left},
	}
	if g.verbose {
		pinned = section{
			"Weight axes that cannot be pruned",
			[]string{"weight axis", "extent", "reason"},
			pinList(in.Pinned),
			[]term.Align{term.Left, term.Right, term.Left},
		}
	}
	for _, s := range []section{
		{"Operators", []string{"operator", "nodes", ""}, opRows(in.Operators), []term.Align{term.Left, term.Right, term.Left}},
		{
			"Groups that can be pruned",
			[]string{"group", "channels", "weight axes"},
			groupRows(in.Groups),
			[]term.Align{term.Right, term.Right, term.Left},
		},
		pinned,
	} {
		if _, err := fmt.Fprintf(g.stdout, "\n%s\n", s.title); err != nil {
			return err
		}
		if len(s.rows) == 0 {
			s.header, s.rows = nil, [][]string{{"none"}}
		}
		if err := term.Table(g.stdout, s.header, s.rows, s.align); err != nil {
			return err
		}
	}
	return nil
}

func opRows(ops []inspectedOp) [][]string {
	var rows [][]string
	for _, o := range ops {
		remark := ""
		if !o.Known {
			remark = "not in the operator table: pins what it touches"
		}
		name := o.Op
		if o.Domain != "" {
			name = o.Domain + "." + name
		}
		rows = append(rows, []string{name, strconv.Itoa(o.Count), remark})
	}
	return rows
}

func groupRows(groups []inspectedGroup) [][]string {
	var rows [][]string
	for _, group := range groups {
		rows = append(rows, []string{strconv.Itoa(group.ID), strconv.Itoa(group.Size), someOf(group.Members)})
	}
	return rows
}

// pinRows lists the axes that cannot be pruned by reason: nodes of one
// operator give the same one many times over.
func pinRows(pins []inspectedPin) [][]string {
	var rows [][]string
	at := map[string]int{}
	axes := [][]string{}
	for _, p := range pins {
		reason := p.Reason
		if _, why, ok := strings.Cut(reason, "): "); ok && strings.HasPrefix(reason, "node ") {
			reason = why
		}
		i, seen := at[reason]
		if !seen {
			i = len(rows)
			at[reason] = i
			rows, axes = append(rows, []string{"", reason, ""}), append(axes, nil)
		}
		axes[i] = append(axes[i], fmt.Sprintf("%s:%d", p.Weight, p.Axis))
	}
	for i := range rows {
		rows[i][0], rows[i][2] = strconv.Itoa(len(axes[i])), someOf(axes[i])
	}
	return rows
}

// pinList lists the axes that cannot be pruned one by one.
func pinList(pins []inspectedPin) [][]string {
	var rows [][]string
	for _, p := range pins {
		rows = append(rows, []string{fmt.Sprintf("%s:%d", p.Weight, p.Axis), strconv.Itoa(p.Extent), p.Reason})
	}
	return rows
}

// namesShown bounds a list of names within a line.
const namesShown = 4

func someOf(names []string) string {
	out := strings.Join(names[:min(namesShown, len(names))], " ")
	if more := len(names) - namesShown; more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out
}
