package loop

import (
	"testing"

	"github.com/prunefuse/prunefuse/loop/config"
)

// spent is an arm after all its steps, or before any.
func spent(t *testing.T, name string, done bool, costs ...Cost) Arm {
	t.Helper()
	arm := Arm{Name: name, Spec: specOf(t, name, nil)}
	if done {
		arm.State = State{Done: len(arm.Spec.Plan()), Costs: costs}
	}
	return arm
}

func choosingCost(module string, seconds float64, macs int64) Cost {
	return Cost{Work: Work{Module: module, Samples: 10, MACs: macs, Choosing: true}, Seconds: seconds}
}

// The headline has the figures of the table, synchronisation and all.
func TestCostRatioIsThatOfTheTable(t *testing.T) {
	t.Parallel()
	method := spent(t, config.ArmPruneFuse, true,
		choosingCost("prune", 1, 0), choosingCost("train", 2, 20), choosingCost("score", 3, 30), choosingCost("synchronise", 10, 100))
	scratch := spent(t, config.ArmScratch, true, Cost{Work: Work{Module: "train", Samples: 5, MACs: 40}, Seconds: 4})
	dense := spent(t, config.ArmDense, true, choosingCost("train", 4, 60), choosingCost("score", 4, 40))

	arms := []Arm{method, scratch, dense}
	table, c := choosing(arms), costRatio(arms)
	if len(table) != 2 || c == nil {
		t.Fatalf("table %+v, ratio %+v", table, c)
	}
	if c.SelectorSeconds != table[0].Seconds || c.SelectorMACs != table[0].MACs || c.DenseSeconds != table[1].Seconds || c.DenseMACs != table[1].MACs || c.Estimated {
		t.Errorf("ratio %+v, table %+v", c, table)
	}
	if c.SelectorSeconds != 16 || c.SelectorMACs != 150 || c.DenseSeconds != 8 {
		t.Errorf("ratio %+v", c)
	}

	arms[2] = spent(t, config.ArmDense, false)
	if c := costRatio(arms); c == nil || !c.Estimated || c.SelectorSeconds != 16 || c.DenseSeconds != 8 || c.DenseMACs != 80 {
		t.Errorf("estimate %+v", c)
	}
	if table := choosing(arms); len(table) != 1 || table[0].Arm != config.ArmPruneFuse {
		t.Errorf("table %+v has arms that have not run", table)
	}
	if unfinished(arms) == "" || unfinished(arms[:2]) != "" {
		t.Errorf("unfinished: %q, %q", unfinished(arms), unfinished(arms[:2]))
	}
}
