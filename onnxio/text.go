package onnxio

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteText writes the model in a form for people and golden tests: a line
// an operator set, input, initializer (with a digest of its elements), node
// and output. It is one-way; the order is the file's, with attributes sorted.
func (m *Model) WriteText(w io.Writer) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "model ir=%d", m.IRVersion())
	for _, o := range m.pb.GetOpsetImport() {
		d := o.GetDomain()
		if domain(d) == "" {
			d = "ai.onnx"
		}
		fmt.Fprintf(b, " %s=%d", d, o.GetVersion())
	}
	fmt.Fprintf(b, "\ngraph %q\n", m.Graph.Name())
	for _, v := range m.Graph.Inputs() {
		fmt.Fprintf(b, "  in  %s: %s\n", v.Name, v.Type)
	}
	for _, t := range m.Graph.Initializers() {
		fmt.Fprintf(b, "  var %s: %s#%s\n", t.Name(), t.Type(), digest(t))
	}
	for _, n := range m.Graph.Nodes() {
		b.WriteString("  " + nodeText(n) + "\n")
	}
	for _, v := range m.Graph.Outputs() {
		fmt.Fprintf(b, "  out %s: %s\n", v.Name, v.Type)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func nodeText(n *Node) string {
	op := n.Op()
	if n.Domain() != "" {
		op = n.Domain() + "." + op
	}
	var attrs []string
	for _, a := range n.Attrs() {
		attrs = append(attrs, a.String())
	}
	slices.Sort(attrs)
	if len(attrs) > 0 {
		op += "{" + strings.Join(attrs, " ") + "}"
	}
	return strings.Join(n.Outputs(), ", ") + " = " + op + "(" + strings.Join(n.Inputs(), ", ") + ")"
}
