package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/internal/term"
)

// spent is the time in one operator of a step.
type spent struct {
	Model    string  `json:"model"`
	Operator string  `json:"operator"`
	Nodes    int     `json:"nodes"`
	MS       float64 `json:"ms"` // mean of the steps
}

// profiles prints where our step spends its time in each network.
func (o options) profiles(ctx context.Context, nets []network, stdout io.Writer) error {
	if !o.json {
		if err := term.MarkdownHeader(stdout, "network", "operator", "nodes", "ms"); err != nil {
			return err
		}
	}
	for _, n := range nets {
		ops, err := o.profileOf(ctx, n)
		if err != nil {
			return fmt.Errorf("%v: %w", n, err)
		}
		for _, s := range ops {
			if o.json {
				err = json.NewEncoder(stdout).Encode(s)
			} else {
				err = term.MarkdownRow(stdout, s.Model, s.Operator, fmt.Sprint(s.Nodes), fmt.Sprintf("%.1f", s.MS))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// profileOf takes the warm-up steps and the rounds, and reads what the
// runtime wrote on the latter. The last line is the sum.
func (o options) profileOf(ctx context.Context, n network) (ops []spent, err error) {
	dir, err := os.MkdirTemp("", "prunefuse-train-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	t, err := o.newTrainer(ctx, n, filepath.Join(dir, "profile"))
	if err != nil {
		return nil, err
	}
	for range warmUp + o.rounds {
		if _, err := t.take(ctx); err != nil {
			return nil, errors.Join(err, t.close())
		}
	}
	if err := t.close(); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "profile*.json"))
	if err != nil || len(files) != 1 {
		return nil, fmt.Errorf("the runtime wrote %d profiles: %w", len(files), err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		return nil, err
	}
	return o.byOperator(n, b)
}

func (o options) byOperator(n network, profile []byte) ([]spent, error) {
	var events []struct {
		Category string  `json:"cat"`
		Name     string  `json:"name"`
		US       float64 `json:"dur"`
		Args     struct {
			Op string `json:"op_name"`
		} `json:"args"`
	}
	if err := json.Unmarshal(profile, &events); err != nil {
		return nil, fmt.Errorf("what the runtime wrote: %w", err)
	}
	runs := map[string]int{} // of each node, so far
	ops := map[string]*spent{}
	sum := &spent{Model: n.String(), Operator: "all"}
	for _, e := range events {
		if e.Category != "Node" || !strings.HasSuffix(e.Name, "_kernel_time") {
			continue
		}
		s := ops[e.Args.Op]
		if s == nil {
			s = &spent{Model: n.String(), Operator: e.Args.Op}
			ops[e.Args.Op] = s
		}
		runs[e.Name]++
		switch {
		case runs[e.Name] > warmUp:
			s.MS += e.US / 1e3 / float64(o.rounds)
			sum.MS += e.US / 1e3 / float64(o.rounds)
		case runs[e.Name] == 1:
			s.Nodes++
			sum.Nodes++
		}
	}
	var list []spent
	for _, s := range ops {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b spent) int {
		return cmp.Or(cmp.Compare(b.MS, a.MS), strings.Compare(a.Operator, b.Operator))
	})
	return append(list, *sum), nil
}
