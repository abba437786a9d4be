package pruning_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// shared is a net with a bias that two convolutions share, a flattened block
// and a weight in a Constant node.
func shared(t testing.TB) *onnxio.Model {
	b := newNet(t, 20)
	b.input("x", 0, 1, 2, 2)
	b.weight("b", 4)
	b.convOf("a", "x", []string{b.weight("a.w", 4, 1, 3, 3), "b"}, 3, 1)
	b.convOf("c", "a", []string{b.constant("c.w", b.random("", 4, 4, 1, 1)), "b"}, 1, 1)
	b.op("Flatten", "f", []string{"c"})
	b.gemm("y", "f", 16, 2)
	b.output("y", 0, 2)
	return b.model()
}

func TestPlanJSON(t *testing.T) {
	t.Parallel()
	m := shared(t)
	a := analyze(t, m, pruning.Options{})
	wantGroups(t, a, "4 [a.w:0 b:0 c.w:1]", "4 [c.w:0 b:0 y.w:1]")
	out, plan, err := a.Apply(pruning.Selection{{0, 2, 3}, {1}}, "dense.onnx")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := m.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schema":"prunefuse.plan/1","parent":{"sha256":"` + sum + `","name":"dense.onnx"},"initializers":{` +
		`"a.w":{"shape":[4,1,3,3],"kept":{"0":[0,2,3]}},` +
		`"b":{"shape":[4],"kept":{"0":[0,2,3]}},` +
		`"b_1":{"from":"b","shape":[4],"kept":{"0":[1]}},` +
		`"c.w":{"shape":[4,4,1,1],"kept":{"0":[1],"1":[0,2,3]}},` +
		`"y.w":{"shape":[2,16],"kept":{"1":[4,5,6,7]}}},` +
		`"groups":[{"id":0,"size":4,"kept":[0,2,3],"members":[["a.w",0],["b",0],["c.w",1]]},` +
		`{"id":1,"size":4,"kept":[1],"members":[["c.w",0],["b_1",0],["y.w",1]]}]}`
	got, err := plan.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("plan\n%s\nwant\n%s", got, want)
	}
	if inFile, _ := out.Meta(pruning.PlanKey); inFile != want {
		t.Errorf("the file says\n%s\nwant\n%s", inFile, want)
	}
	// And back, through the file.
	again, err := onnxio.Parse(marshal(t, out), "")
	if err != nil {
		t.Fatal(err)
	}
	read, err := pruning.ReadPlan(again)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := read.JSON(); err != nil || string(b) != want {
		t.Errorf("read back as\n%s, %v", b, err)
	}
	if p, err := pruning.ReadPlan(m); p != nil || err != nil {
		t.Errorf("an unpruned model has the plan %v, %v", p, err)
	}
}

// TestEmptyPlan: pruning nothing is a plan too.
func TestEmptyPlan(t *testing.T) {
	t.Parallel()
	m := build(t, "mlp", models.Options{Width: 0.1})
	r := prune(t, m, pruning.Config{Ratio: 0})
	b, err := r.Plan.JSON()
	if err != nil || !strings.Contains(string(b), `"initializers":{},"groups":[{"id":0,`) {
		t.Errorf("%s, %v", b, err)
	}
	if x, y := fingerprint(t, m), fingerprint(t, r.Model); x != y {
		t.Error("the model changed")
	}
}

func fingerprint(t testing.TB, m *onnxio.Model) string {
	t.Helper()
	sum, err := m.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestParsePlanRefuses(t *testing.T) {
	t.Parallel()
	weight := func(entry string) string {
		return `{"schema":"prunefuse.plan/1","initializers":{"a":{"shape":[2],"kept":{}},"w":` + entry + `}}`
	}
	group := func(g string) string { return `{"schema":"prunefuse.plan/1","groups":[` + g + `]}` }
	for in, want := range map[string]string{
		"":                                       "unexpected end of JSON input",
		"[]":                                     "cannot unmarshal array",
		"{}":                                     `schema "", want "prunefuse.plan/1"`,
		`{"schema":"prunefuse.plan/2"}`:          `schema "prunefuse.plan/2"`,
		`{"schema":"prunefuse.plan/1"} {}`:       "after top-level value",
		weight(`{"shape":[4],"kept":{"1":[0]}}`): `weight "w": axis "1" of shape [4]`,
		weight(`{"shape":[4],"kept":{"-1":[0]}}`):                 `weight "w": axis "-1" of shape [4]`,
		weight(`{"shape":[4],"kept":{"00":[0]}}`):                 `weight "w": axis "00" of shape [4]`,
		weight(`{"shape":[4],"kept":{"x":[0]}}`):                  `weight "w": axis "x" of shape [4]`,
		weight(`{"shape":[4],"kept":{"0":[4]}}`):                  `weight "w": axis 0: [4] is kept of 4: want ascending indices`,
		weight(`{"shape":[4],"kept":{"0":[-1]}}`):                 `want ascending indices`,
		weight(`{"shape":[4],"kept":{"0":[2,1]}}`):                `want ascending indices`,
		weight(`{"shape":[4],"kept":{"0":[1,1]}}`):                `want ascending indices`,
		weight(`{"shape":[4],"kept":{"0":[]}}`):                   `weight "w": axis 0: nothing is kept`,
		weight(`{"shape":[4],"kept":{"0":[1.5]}}`):                `cannot unmarshal number 1.5`,
		group(`{"id":3,"size":2,"kept":[2]}`):                     `group 3: [2] is kept of 2`,
		group(`{"id":3,"size":2,"kept":[]}`):                      `group 3: nothing is kept`,
		group(`{"id":3,"size":2,"kept":[0],"members":[["w"]]}`):   `group 3: member [w <nil>], want a weight's name and an axis`,
		group(`{"id":3,"size":2,"kept":[0],"members":[[0,"w"]]}`): `group 3: member [0 w]`,
	} {
		p, err := pruning.ParsePlan([]byte(in))
		if p != nil || err == nil || !strings.HasPrefix(err.Error(), "read plan: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", in, err, want)
		}
	}
	if _, err := pruning.ParsePlan([]byte(`{"schema":"prunefuse.plan/1","initializers":{"w":{"shape":[4,2],"kept":{"0":[0,3]}}},"more":1}`)); err != nil {
		t.Errorf("a plan of a later minor version is refused: %v", err)
	}
}

// TestCompose prunes up to three times by random selections; the plan then
// looks every weight up in the first parent.
func TestCompose(t *testing.T) {
	t.Parallel()
	for name, dense := range map[string]*onnxio.Model{
		"shared":      shared(t),
		"resnet20":    build(t, "resnet20", models.Options{}),
		"resnet50":    build(t, "resnet50", models.Options{Width: 0.25}),
		"mobilenetv2": build(t, "mobilenetv2", models.Options{Width: 0.5}),
		"lenet":       build(t, "lenet", models.Options{}),
		"vgg11-bn":    build(t, "vgg11-bn", models.Options{Width: 0.125, Input: [3]int{3, 64, 64}}),
	} {
		dense = wild(t, dense, 1)
		rng := rand.New(rand.NewPCG(4, 4))
		m := dense
		for step := range 3 {
			a := analyze(t, m, pruning.Options{})
			if len(a.Groups) == 0 {
				break // the small net is down to single channels
			}
			var plan *pruning.Plan
			var err error
			m, plan, err = a.Apply(randomSelection(a, rng, 0.75), fmt.Sprint(name, step))
			if err != nil {
				t.Fatal(err)
			}
			if plan.Parent.Name != name+"0" || plan.CheckParent(dense) != nil {
				t.Errorf("%s: after prune %d the plan's parent is %v", name, step+1, plan.Parent)
			}
			wantFromDense(t, dense, m, plan)
			wantGroupsAgree(t, plan)
			if direct, err := pruning.PruneByPlan(dense, plan, name+"0"); err != nil {
				t.Errorf("%s: prune %d at once: %v", name, step+1, err)
			} else if step == 0 && !bytes.Equal(marshal(t, direct.Model), marshal(t, m)) {
				t.Errorf("%s: the plan gives another file", name)
			} else if fingerprint(t, direct.Model) != fingerprint(t, m) {
				t.Errorf("%s: after prune %d the plan gives another model", name, step+1)
			}
		}
	}
}

// wantFromDense takes every weight of the pruned model out of the dense one.
func wantFromDense(t *testing.T, dense, pruned *onnxio.Model, plan *pruning.Plan) {
	t.Helper()
	cut := 0
	for _, got := range pruned.Graph.Initializers() {
		e, ok := plan.Initializers[got.Name()]
		want, _ := dense.Graph.Constant(e.Source(got.Name()))
		if want == nil {
			t.Errorf("%q is of no weight of the parent", got.Name())
			continue
		}
		if ok {
			cut++
			if !slices.Equal(want.Dims(), e.Shape) {
				t.Errorf("%q: plan says %v, the parent has %v", got.Name(), e.Shape, want.Dims())
			}
			for k := range e.Shape {
				var err error
				if want, err = want.Take(k, e.Axis(k)); err != nil {
					t.Fatal(err)
				}
			}
		}
		x, err := want.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		y, err := got.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(x, y) || !slices.Equal(want.Dims(), got.Dims()) {
			t.Errorf("%q is not what the plan takes from the parent", got.Name())
		}
	}
	if cut != len(plan.Initializers) || cut == 0 {
		t.Errorf("the plan has %d weights, the model %d of them", len(plan.Initializers), cut)
	}
}

// wantGroupsAgree: a group's kept indices are those of its members that it
// cuts index by index.
func wantGroupsAgree(t *testing.T, plan *pruning.Plan) {
	t.Helper()
	for _, g := range plan.Groups {
		first := plan.Initializers[g.Members[0][0].(string)]
		if k := g.Members[0][1].(int); len(first.Shape) > 0 && first.Shape[k] != int64(g.Size) {
			t.Errorf("group %d of %d begins with %v of %v", g.ID, g.Size, g.Members[0], first.Shape)
		}
		for i, m := range g.Members {
			if slices.Contains(g.Members[:i], m) {
				t.Errorf("group %d has %v twice", g.ID, m)
			}
			e, cut := plan.Initializers[m[0].(string)]
			k := m[1].(int)
			if cut && e.Shape[k] == int64(g.Size) && !slices.Equal(e.Axis(k), g.Kept) {
				t.Errorf("group %d keeps %v, its member %v %v", g.ID, g.Kept, m, e.Axis(k))
			}
		}
	}
}

func TestPlanErrors(t *testing.T) {
	t.Parallel()
	dense := build(t, "lenet", models.Options{Width: 0.5})
	other := build(t, "lenet", models.Options{Width: 0.5, Seed: 1})
	r := prune(t, dense, pruning.Config{Ratio: 0.5, ParentName: "dense.onnx"})
	edit := func(f func(*pruning.Plan)) *pruning.Plan {
		b, err := r.Plan.JSON()
		if err != nil {
			t.Fatal(err)
		}
		p, err := pruning.ParsePlan(b)
		if err != nil {
			t.Fatal(err)
		}
		f(p)
		return p
	}
	tampered := r.Model.Clone()
	b, err := edit(func(p *pruning.Plan) { p.Initializers["ghost"] = pruning.Entry{Shape: []int64{1 << 60}} }).JSON()
	if err != nil {
		t.Fatal(err)
	}
	tampered.SetMeta(pruning.PlanKey, string(b))
	broken := r.Model.Clone()
	broken.SetMeta(pruning.PlanKey, "{}")
	for want, call := range map[string]func() error{
		`the plan is of another parent: it was made from "dense.onnx" with fingerprint`: func() error {
			_, err := pruning.PruneByPlan(other, r.Plan, "")
			return err
		},
		`prune: the plan cuts weight "conv1.weight" in a way that its coupled channels do not allow`: func() error {
			_, err := pruning.PruneByPlan(dense, edit(func(p *pruning.Plan) { delete(p.Initializers, "conv1.bias") }), "")
			return err
		},
		`prune: the plan cuts weight "ghost" in a way`: func() error {
			_, err := pruning.PruneByPlan(dense, edit(func(p *pruning.Plan) { p.Initializers["ghost"] = pruning.Entry{Shape: []int64{4}} }), "")
			return err
		},
		`prune: the plan in the model's metadata (prunefuse.plan) leaves [1152921504606846976] of weight "ghost"`: func() error {
			_, err := pruning.Prune(tampered, pruning.Config{Ratio: 0.5})
			return err
		},
		`prune: read plan: schema ""`: func() error {
			_, err := pruning.Prune(broken, pruning.Config{Ratio: 0.5})
			return err
		},
	} {
		if err := call(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// FuzzParsePlan: any bytes are a plan that can be asked for its shapes, or an
// error.
func FuzzParsePlan(f *testing.F) {
	f.Add([]byte(`{"schema":"prunefuse.plan/1","initializers":{"w":{"shape":[4,2],"kept":{"0":[0,3]}}},"groups":[{"id":0,"size":2,"kept":[1],"members":[["w",0]]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := pruning.ParsePlan(b)
		if err != nil {
			return
		}
		for name, e := range p.Initializers {
			if len(e.Dims()) != len(e.Shape) || (e.From == "" && e.Source(name) != name) {
				t.Errorf("%q: %+v", name, e)
			}
		}
		again, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pruning.ParsePlan(again); err != nil {
			t.Errorf("%s does not parse again: %v", again, err)
		}
	})
}
