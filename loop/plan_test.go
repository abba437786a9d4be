package loop

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/loop/config"
)

func specOf(t *testing.T, name string, change func(*config.Config)) Spec {
	t.Helper()
	c := config.DemoConfig()
	c.Arms, c.Proxy.Arch = config.Arms(), "mlp"
	if change != nil {
		change(&c)
	}
	for _, arm := range Specs(c) {
		if arm.Name == name {
			return arm.Spec
		}
	}
	t.Fatalf("no arm %s", name)
	return Spec{}
}

// The order of work of each arm.
func TestPlan(t *testing.T) {
	t.Parallel()
	synced := func(c *config.Config) { c.Label.Sync = 2 }
	for _, tc := range []struct {
		arm    string
		change func(*config.Config)
		want   string
	}{
		{config.ArmPruneFuse, nil, `build first/draw first/label round-000/prune
			round-000/train round-000/evaluate-selector round-000/score round-000/choose round-000/label
			round-001/train round-001/evaluate-selector round-001/score round-001/choose round-001/label
			round-002/train round-002/evaluate-selector round-002/fuse round-002/evaluate-fused train-final round-002/evaluate-final judge export`},
		{config.ArmPruneFuse, synced, `build first/draw first/label round-000/prune
			round-000/train round-000/evaluate-selector round-000/score round-000/choose round-000/label
			round-001/train round-001/evaluate-selector round-001/score round-001/choose round-001/label
			round-001/fuse round-001/train-parent round-002/prune
			round-002/train round-002/evaluate-selector round-002/judge round-002/fuse round-002/evaluate-fused train-final round-002/evaluate-final judge export`},
		{config.ArmScratch, nil, `share train-final round-002/evaluate-final price`},
		{config.ArmDense, synced, `share
			round-000/train round-000/evaluate-selector round-000/score round-000/choose round-000/label
			round-001/train round-001/evaluate-selector round-001/score round-001/choose round-001/label
			train-final round-002/evaluate-final`},
		{config.ArmProxy, nil, `share build-proxy
			round-000/train round-000/evaluate-selector round-000/score round-000/choose round-000/label
			round-001/train round-001/evaluate-selector round-001/score round-001/choose round-001/label
			train-final round-002/evaluate-final`},
		{config.ArmRandom, nil, `share round-000/prune round-000/draw round-000/label round-001/draw round-001/label
			round-002/train round-002/evaluate-selector round-002/fuse round-002/evaluate-fused train-final round-002/evaluate-final`},
	} {
		spec := specOf(t, tc.arm, tc.change)
		var got []string
		for s := (State{}); ; s.Done++ {
			step, more := Next(spec, s)
			if !more {
				break
			}
			got = append(got, step.Name())
		}
		if want := strings.Fields(tc.want); !slices.Equal(got, want) {
			t.Errorf("%s: steps %v\nwant %v", tc.arm, got, want)
		}
		if sorted := slices.Sorted(slices.Values(got)); len(slices.Compact(sorted)) != len(got) {
			t.Errorf("%s: a name stands for two steps: %v", tc.arm, got)
		}
	}
}

// Every kind of event survives the log, and an event of the future is refused.
func TestEventsAreReadBack(t *testing.T) {
	t.Parallel()
	for kind, make := range bodies {
		body := make()
		if body.kind() != kind {
			t.Errorf("%T is of the kind %s, and decoded for %s", body, body.kind(), kind)
		}
		want := Event{Arm: "a", Step: "s", Work: Work{Module: "train", MACs: 1 << 60}, Body: body, Seconds: 0.5, Waited: 0.25}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readEvent(rundir.Line{Seconds: 0.5, Waited: 0.25, Event: text})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", kind, got, err, want)
		}
	}
	for text, want := range map[string]string{
		`{"kind":"dreamt","body":{}}`:               `kind "dreamt"`,
		`{"kind":"labelled","body":{"strange":1}}`:  "strange",
		`{"kind":"labelled","extra":1,"body":null}`: "extra",
	} {
		if _, err := readEvent(rundir.Line{Event: json.RawMessage(text)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", text, err)
		}
	}
}

// Apply leaves the state that it is called on as it was, and what was made of it
// before.
func TestApplyIsPure(t *testing.T) {
	t.Parallel()
	batch := func(n int) Event { return Event{Body: &labelled{Batch: Batch{Samples: n}}} }
	a := State{}.Apply(batch(1))
	b, c := a.Apply(batch(2)), a.Apply(batch(3))
	if a.Labelled() != 1 || b.Labelled() != 3 || c.Labelled() != 4 || b.Done != 2 {
		t.Errorf("labels %d, %d, %d", a.Labelled(), b.Labelled(), c.Labelled())
	}
}
