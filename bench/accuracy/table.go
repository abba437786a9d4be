package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/prunefuse/prunefuse/internal/term"
)

func printJSON(w io.Writer, o *outcome) error { return json.NewEncoder(w).Encode(o) }

// wayNames are the ways of compensation, as the columns of the table name them.
var wayNames = [ways]string{without: "as pruned", expected: "compensated by the model", measured: "compensated by samples"}

func printHeader(w io.Writer, o options) error {
	header := []string{"criterion", "parameters", "MACs"}
	header = append(header, wayNames[:]...)
	for _, name := range wayNames {
		switch o.epochs {
		case 0:
		case 1:
			header = append(header, name+", after 1 epoch")
		default:
			header = append(header, fmt.Sprintf("%s, after %d epochs", name, o.epochs))
		}
	}
	return term.MarkdownHeader(w, header...)
}

func printRow(w io.Writer, o *outcome) error {
	name := o.Criterion
	if name == "" {
		name = "(dense)"
	}
	cells := []string{name, term.Count(o.Parameters), term.MACs(o.MACs)}
	if o.Error != "" {
		cells = []string{name + " failed: " + o.Error, "", ""}
	}
	lists := [][]float64{o.Before}
	if o.Epochs > 0 {
		lists = append(lists, o.After)
	}
	for _, list := range lists {
		for way := range ways {
			cell := ""
			if way < len(list) {
				cell = term.Percent(list[way])
				if way < len(o.Left) && o.Left[way] > 0 {
					cell += fmt.Sprintf(" (%d layers without)", o.Left[way])
				}
			}
			cells = append(cells, cell)
		}
	}
	return term.MarkdownRow(w, cells...)
}
