package onnxio

import (
	"errors"
	"fmt"
	"slices"
)

// reindex checks the graph, orders its nodes and builds the index.
func (g *Graph) reindex() error {
	made := make(map[string]*Node, len(g.nodes))
	for _, n := range g.nodes {
		for _, o := range n.Outputs() {
			switch {
			case o == "":
			case made[o] != nil:
				return fmt.Errorf("value %q is made by %v and by %v", o, made[o], n)
			case g.inits[o] != nil:
				return fmt.Errorf("value %q is made by %v and is an initializer", o, n)
			default:
				made[o] = n
			}
		}
	}
	available := make(map[string]bool, len(g.inputs)+len(g.inits))
	for _, v := range g.inputs {
		name := v.GetName()
		switch {
		case name == "":
			return errors.New("a graph input has no name")
		case available[name]:
			return fmt.Errorf("graph input %q is listed twice", name)
		case made[name] != nil:
			return fmt.Errorf("value %q is made by %v and is a graph input", name, made[name])
		}
		available[name] = true
	}
	for name := range g.inits {
		available[name] = true
	}
	for _, v := range g.outputs {
		if name := v.GetName(); made[name] == nil && !available[name] {
			return fmt.Errorf("graph output %q is made by no node", name)
		}
	}
	if err := g.order(made, available); err != nil {
		return err
	}
	g.index()
	return nil
}

// order sorts the nodes topologically, keeping the available order wherever it
// is already one.
func (g *Graph) order(made map[string]*Node, available map[string]bool) error {
	const visiting, done = 1, 2
	state := make(map[*Node]int, len(g.nodes))
	sorted := make([]*Node, 0, len(g.nodes))
	type frame struct {
		n    *Node
		deps []string
	}
	for _, root := range g.nodes {
		if state[root] == done {
			continue
		}
		stack := []frame{{root, reads(root)}}
		state[root] = visiting
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.deps) == 0 {
				state[top.n] = done
				sorted = append(sorted, top.n)
				stack = stack[:len(stack)-1]
				continue
			}
			name := top.deps[0]
			top.deps = top.deps[1:]
			m := made[name]
			switch {
			case name == "" || available[name]:
			case m == nil:
				return fmt.Errorf("%v reads %q, which nothing makes", top.n, name)
			case state[m] == visiting:
				return errors.New("the graph has a cycle through " + m.String())
			case state[m] == 0:
				state[m] = visiting
				stack = append(stack, frame{m, reads(m)})
			}
		}
	}
	g.nodes = sorted
	return nil
}

// dropStaleTypes forgets the stated types of values that no node makes, which
// edits leave behind.
func (g *Graph) dropStaleTypes() {
	g.typeNames = slices.DeleteFunc(g.typeNames, func(name string) bool {
		if g.producer[name] != nil {
			return false
		}
		delete(g.types, name)
		return true
	})
}

func reads(n *Node) []string {
	if c := n.Captures(); len(c) > 0 {
		return append(slices.Clone(n.Inputs()), c...)
	}
	return n.Inputs()
}
