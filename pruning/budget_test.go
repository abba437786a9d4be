package pruning_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/pruning"
)

func count(t testing.TB, m *onnxio.Model) op.Stats {
	t.Helper()
	facts, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return op.Count(m, facts)
}

// figure is what a budget is of.
func figure(of pruning.Quantity, s op.Stats) int64 {
	if of == pruning.Parameters {
		return s.Parameters
	}
	return s.MACs
}

// TestBudgets: a budget is met from below, by less than the next channel or
// step of the rounding would take, and what was counted on the way is what
// the pruned file costs.
func TestBudgets(t *testing.T) {
	for i, arch := range []string{
		"resnet20", "preresnet56", "vgg16-bn", "mobilenetv2", "mobilenetv2-cifar", "wrn-16-8", "resnet18", "resnet50", "lenet", "mlp", "resnet110",
	} {
		t.Run(arch, func(t *testing.T) {
			t.Parallel()
			dense := build(t, arch, models.Options{})
			before := count(t, dense)
			for j, c := range []pruning.Config{
				{Budget: pruning.Budget{Of: pruning.MACs, Share: 0.5}},
				{Budget: pruning.Budget{Of: pruning.Parameters, Share: 0.35}, Scope: pruning.Global, Limits: pruning.Limits{MaxRatio: 0.9}},
				{Budget: pruning.Budget{Of: pruning.MACs, Amount: before.MACs * 2 / 5}, Scope: pruning.Isomorphic, Limits: pruning.Limits{RoundTo: 8}},
			} {
				if testing.Short() && (i+j)%3 != 0 {
					continue
				}
				inBudget(t, dense, before, c)
			}
		})
	}
}

func inBudget(t *testing.T, dense *onnxio.Model, before op.Stats, c pruning.Config) {
	t.Helper()
	r := prune(t, dense, c)
	got := figure(c.Budget.Of, count(t, r.Model))
	whole := figure(c.Budget.Of, before)
	limit := c.Budget.Amount
	if limit == 0 {
		limit = int64(c.Budget.Share * float64(whole))
	}
	if r.Reached.Got != got || r.Reached.Dense != whole || r.Reached.Limit != limit {
		t.Errorf("%+v: reached %+v, but the file has %d of %d", c.Budget, r.Reached, got, whole)
	}
	if got > limit {
		t.Errorf("%+v: %d is above %d", c.Budget, got, limit)
	}
	// With one more step in some group the budget would not hold.
	for i, g := range r.Analysis.Groups {
		step := max(c.Limits.RoundTo, 1)
		if n := len(r.Selection[i]); n == g.Size {
			continue
		} else if step > 1 && g.Size > step && n%step != 0 {
			t.Errorf("%s keeps %d of %d, no multiple of %d", g.Name(), n, g.Size, step)
		}
		more := slices.Clone(r.Selection)
		more[i] = slices.Clone(more[i])
		for k := 0; k < g.Size && len(more[i]) < min(len(r.Selection[i])+step, g.Size); k++ {
			if !slices.Contains(more[i], k) {
				more[i] = append(more[i], k)
			}
		}
		m, _, err := r.Analysis.Apply(more, "")
		if err != nil {
			t.Fatal(err)
		}
		if figure(c.Budget.Of, count(t, m)) > limit {
			return
		}
	}
	t.Errorf("%+v: %d leaves room for a step in every group", c.Budget, got)
}

// TestBudgetsOfOthers counts networks with vectors that several layers share,
// channels that are concatenated and split, and run-time shapes.
func TestBudgetsOfOthers(t *testing.T) {
	for _, file := range []string{"resnet20-cifar10", "squeezenet-fp16", "mobilefacenet", "convnet-cifar10", "ultraface-rfb-320"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("..", "..", "shared", "models", file+".onnx")
			if _, err := os.Stat(path); err != nil {
				t.Skip(err)
			}
			m, err := onnxio.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			before := count(t, m)
			inBudget(t, m, before, pruning.Config{Budget: pruning.Budget{Of: pruning.MACs, Share: 0.5}})
			inBudget(t, m, before, pruning.Config{Budget: pruning.Budget{Of: pruning.Parameters, Share: 0.5}, Criterion: "lamp", Scope: pruning.Global})
		})
	}
}

func TestUnreachableBudget(t *testing.T) {
	t.Parallel()
	dense := build(t, "resnet20", models.Options{})
	_, err := pruning.Prune(dense, pruning.Config{
		Budget: pruning.Budget{Of: pruning.MACs, Share: 0.01}, Limits: pruning.Limits{MaxRatio: 0.75},
	})
	var e *pruning.UnreachableError
	if !errors.As(err, &e) {
		t.Fatalf("error %v", err)
	}
	r := prune(t, dense, pruning.Config{Ratio: 0.75})
	if least := count(t, r.Model).MACs; e.Least != least || e.Limit != count(t, dense).MACs/100 {
		t.Errorf("the least is said to be %d, and is %d", e.Least, least)
	}
	if len(e.Bounds) != 3 || e.Bounds[0].Kept != 4 || e.Bounds[0].Size != 16 || strings.Contains(err.Error(), "\n") ||
		!strings.HasPrefix(err.Error(), "macs: 408.13 k is out of reach; the least is ") {
		t.Errorf("%v: %+v", err, e.Bounds)
	}
	if _, err := pruning.Prune(dense, pruning.Config{Budget: pruning.Budget{Of: pruning.Parameters, Amount: 1e9}}); err == nil ||
		!strings.HasPrefix(err.Error(), "params: the model has ") {
		t.Errorf("error %v for a budget that is met already", err)
	}
}

func TestParseBudget(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		of   pruning.Quantity
		text string
		want pruning.Budget
	}{
		{pruning.MACs, "50%", pruning.Budget{Share: 0.5}},
		{pruning.MACs, "12.5 %", pruning.Budget{Share: 0.125}},
		{pruning.MACs, "12.5M", pruning.Budget{Amount: 12_500_000}},
		{pruning.MACs, "1.1 G", pruning.Budget{Amount: 1_100_000_000}},
		{pruning.Parameters, "100k", pruning.Budget{Amount: 100_000}},
		{pruning.Parameters, "73756", pruning.Budget{Amount: 73_756}},
		{pruning.Parameters, "1e5", pruning.Budget{Amount: 100_000}},
		{pruning.Latency, "3.2ms", pruning.Budget{Amount: 3_200_000}},
		{pruning.Latency, "850 µs", pruning.Budget{Amount: 850_000}},
	} {
		tc.want.Of = tc.of
		if got, err := pruning.ParseBudget(tc.of, tc.text); err != nil || got != tc.want {
			t.Errorf("%s %q: %+v, %v, want %+v", tc.of, tc.text, got, err, tc.want)
		}
	}
	for _, tc := range []struct {
		of   pruning.Quantity
		text string
	}{
		{pruning.MACs, ""},
		{pruning.MACs, "%"},
		{pruning.MACs, "0%"},
		{pruning.MACs, "100%"},
		{pruning.MACs, "-5%"},
		{pruning.MACs, "NaN%"},
		{pruning.MACs, "0"},
		{pruning.MACs, "-3M"},
		{pruning.MACs, "Inf"},
		{pruning.MACs, "NaN"},
		{pruning.MACs, "3ms"},
		{pruning.MACs, "12MM"},
		{pruning.MACs, "1e30"},
		{pruning.Latency, "3"},
		{pruning.Latency, "-3ms"},
		{pruning.Latency, "3M"},
	} {
		if b, err := pruning.ParseBudget(tc.of, tc.text); err == nil {
			t.Errorf("%s %q: %+v", tc.of, tc.text, b)
		}
	}
}
