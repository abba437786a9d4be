package show

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/pruning"
)

// Inspection prints a model taken apart. With all it lists every group and every axis
// that cannot be pruned, else those with the most at stake.
func Inspection(w io.Writer, in *pruning.Inspection, all bool) error {
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
		[]string{"MACs", MACs(in.Size)},
		[]string{"prunable", prunable(in)},
		[]string{"fingerprint", in.Fingerprint},
	)
	if in.Plan != nil {
		rows = append(rows, []string{"pruned from", fmt.Sprintf("%s, fingerprint %s", in.Plan.Name, in.Plan.SHA256)})
	}
	if len(in.Metadata) > 0 {
		rows = append(rows, []string{"metadata", strings.Join(in.Metadata, ", ")})
	}
	if err := term.Table(w, nil, rows, []term.Align{term.Left, term.Left}); err != nil {
		return err
	}
	return printSections(w, in, all)
}

// section is a titled table; one without rows says so.
type section struct {
	title  string
	header []string
	rows   [][]string
	align  []term.Align
}

func printSections(w io.Writer, in *pruning.Inspection, all bool) error {
	for _, s := range []section{
		{"Operators", []string{"operator", "nodes", ""}, opRows(in.Operators), []term.Align{term.Left, term.Right, term.Left}},
		groupSection(in, all),
		pinSection(in, all),
	} {
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
		if err := term.Title(w, s.title); err != nil {
			return err
		}
		if len(s.rows) == 0 {
			s.header, s.rows = nil, [][]string{{"none"}}
		}
		if err := term.Table(w, s.header, s.rows, s.align); err != nil {
			return err
		}
	}
	return nil
}

// prunable tells in a line how much of the network can be pruned.
func prunable(in *pruning.Inspection) string {
	channels := 0
	for _, group := range in.Groups {
		channels += group.Size
	}
	return fmt.Sprintf("%d groups of %s channels; %d weight axes cannot be", len(in.Groups), term.Count(int64(channels)), len(in.Pinned))
}

func opRows(ops []pruning.InspectedOp) [][]string {
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

// groupsShown is how many groups are listed unless all are wanted.
const groupsShown = 20

func groupSection(in *pruning.Inspection, all bool) section {
	s := section{
		title:  "Groups that can be pruned, and what is saved without one channel or half of them",
		header: []string{"group", "channels", "one: parameters", "one: MACs", "half: parameters", "half: MACs", "weight axes"},
		align:  []term.Align{term.Right, term.Right, term.Right, term.Right, term.Right, term.Right, term.Left},
	}
	shown := in.Groups
	if !all && len(shown) > groupsShown {
		s.title += fmt.Sprintf("; the %d of %d with the most at stake (-v lists all)", groupsShown, len(shown))
		shown = slices.SortedStableFunc(slices.Values(shown), func(x, y pruning.InspectedGroup) int { return y.Half.Compare(x.Half) })[:groupsShown]
	}
	for _, group := range shown {
		s.rows = append(s.rows, []string{
			strconv.Itoa(group.ID), strconv.Itoa(group.Size),
			term.Count(group.One.Parameters), savedMACs(group.One), term.Count(group.Half.Parameters), savedMACs(group.Half), someOf(group.Members, 2),
		})
	}
	return s
}

func savedMACs(s pruning.InspectedSaving) string {
	if s.MACs == nil {
		return "–"
	}
	return term.MACs(*s.MACs)
}

func pinSection(in *pruning.Inspection, all bool) section {
	if all {
		return section{
			"Weight axes that cannot be pruned",
			[]string{"weight axis", "extent", "reason"},
			pinList(in.Pinned),
			[]term.Align{term.Left, term.Right, term.Left},
		}
	}
	return section{
		"Weight axes that cannot be pruned, by reason (-v lists each)",
		[]string{"axes", "reason", "which"},
		pinRows(in.PinKinds()),
		[]term.Align{term.Right, term.Left, term.Left},
	}
}

func pinRows(kinds []pruning.PinKind) [][]string {
	var rows [][]string
	for _, k := range kinds {
		rows = append(rows, []string{strconv.Itoa(len(k.Axes)), k.Reason, someOf(k.Axes, 4)})
	}
	return rows
}

// pinList lists the axes that cannot be pruned one by one.
func pinList(pins []pruning.InspectedPin) [][]string {
	var rows [][]string
	for _, p := range pins {
		rows = append(rows, []string{fmt.Sprintf("%s:%d", p.Weight, p.Axis), strconv.Itoa(p.Extent), p.Reason})
	}
	return rows
}

// someOf lists so many names, and how many there are besides.
func someOf(names []string, shown int) string {
	out := strings.Join(names[:min(shown, len(names))], " ")
	if more := len(names) - shown; more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out
}
