package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Limits on a configuration file.
const (
	maxBytes = 1 << 20
	maxNodes = 100_000 // with every alias written out
)

// checkDocument refuses a file that the decoder would read as something else
// than is written: more than one document, numbers that it would round or take
// for "not set", and aliases that grow beyond all bounds.
func checkDocument(b []byte) error {
	if len(b) > maxBytes {
		return fmt.Errorf("it has %d bytes, more than the %d that a configuration may have", len(b), maxBytes)
	}
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		return errors.New(yaml.FormatError(err, false, false))
	}
	var documents []*ast.DocumentNode
	for _, d := range file.Docs {
		if d.Body != nil {
			documents = append(documents, d)
		}
	}
	if len(documents) > 1 {
		return fmt.Errorf("%s there is a second document; a configuration is one", position(documents[1].Body))
	}
	for _, d := range documents {
		c := &documentCheck{anchors: map[string]ast.Node{}}
		c.count(d.Body, reflect.TypeFor[Config]())
		if c.problem != nil {
			return c.problem
		}
	}
	return nil
}

// documentCheck counts nodes and keeps the first problem.
type documentCheck struct {
	anchors map[string]ast.Node
	problem error
}

func (c *documentCheck) refuse(n ast.Node, format string, args ...any) {
	if c.problem == nil {
		c.problem = fmt.Errorf("%s %s", position(n), fmt.Sprintf(format, args...))
	}
}

// count returns the number of nodes of a tree whose aliases are written out. It
// is decoded to a value of type t, nil for one that is not known.
func (c *documentCheck) count(n ast.Node, t reflect.Type) int {
	if c.problem != nil {
		return 0
	}
	total := 1
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			total += c.count(v, t)
		}
	case *ast.MappingValueNode:
		if !n.Key.IsMergeKey() {
			t = field(t, n.Key.String())
		}
		total += c.count(n.Value, t)
	case *ast.SequenceNode:
		for _, v := range n.Values {
			total += c.count(v, element(t))
		}
	case *ast.AnchorNode:
		c.anchors[n.Name.String()] = n.Value
		total += c.count(n.Value, t)
	case *ast.AliasNode:
		total += c.count(c.anchors[n.Value.String()], t)
	case *ast.TagNode:
		total += c.count(n.Value, t)
	case *ast.NanNode:
		c.refuse(n, "%s is not a number", n)
	case *ast.FloatNode, *ast.StringNode, *ast.BoolNode, *ast.InfinityNode:
		if whole(t) {
			c.refuse(n, "%s is not a whole number that can be taken as it is", n)
		}
	}
	if total > maxNodes {
		c.refuse(n, "aliases make more than %d values of this", maxNodes)
		return 0
	}
	return total
}

// field is the type of a key's value, nil where there is none.
func field(t reflect.Type, key string) reflect.Type {
	if t = pointee(t); t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == key {
			return f.Type
		}
		if options == "inline" {
			if found := field(f.Type, key); found != nil {
				return found
			}
		}
	}
	return nil
}

func element(t reflect.Type) reflect.Type {
	if t = pointee(t); t == nil || t.Kind() != reflect.Slice {
		return nil
	}
	return t.Elem()
}

func pointee(t reflect.Type) reflect.Type {
	if t != nil && t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// whole reports whether a type takes whole numbers alone. The decoder would
// round others, and numbers that are too large, to something else than is
// written.
func whole(t reflect.Type) bool {
	t = pointee(t)
	return t != nil && (t.Kind() == reflect.Int || t.Kind() == reflect.Uint64)
}

// position is where a node begins, as the decoder's own errors write it.
func position(n ast.Node) string {
	p := n.GetToken().Position
	return fmt.Sprintf("[%d:%d]", p.Line, p.Column)
}
