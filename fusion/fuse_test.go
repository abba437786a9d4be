package fusion_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// filePlan is as much of the plan as reading a fusion back needs, decoded
// here and not by the code that wrote it.
type filePlan struct {
	Initializers map[string]struct {
		From  string
		Shape []int
		Kept  map[int][]int
	}
}

// wantSelectorIn reads the selector's weights out of the fused file, by the
// two files and the plan alone, and compares them bit for bit.
func wantSelectorIn(t *testing.T, fused, selector *onnxio.Model) {
	t.Helper()
	text, ok := selector.Meta("prunefuse.plan")
	if !ok {
		t.Fatal("the selector has no plan")
	}
	var plan filePlan
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		t.Fatal(err)
	}
	for _, w := range selector.Graph.Initializers() {
		whole := fused.Graph.Initializer(w.Name())
		if whole == nil {
			t.Errorf("%q is not in the fused file", w.Name())
			continue
		}
		want, have := bytesOf(t, w), bytesOf(t, whole)
		dims := ints(whole.Dims())
		index := make([][]int, len(dims))
		for k, n := range dims {
			index[k] = make([]int, n)
			for i := range n {
				index[k][i] = i
			}
		}
		if e, ok := plan.Initializers[w.Name()]; ok {
			if !slices.Equal(dims, e.Shape) {
				t.Errorf("%q has shape %v, the plan says %v", w.Name(), dims, e.Shape)
				continue
			}
			for k, kept := range e.Kept {
				index[k] = kept
			}
		}
		size := len(want) / max(1, int(w.Len()))
		var got []byte
		var walk func(k, at int)
		walk = func(k, at int) {
			if k == len(index) {
				got = append(got, have[at*size:(at+1)*size]...)
				return
			}
			for _, j := range index[k] {
				walk(k+1, at*dims[k]+j)
			}
		}
		walk(0, 0)
		if !bytes.Equal(got, want) {
			t.Errorf("%q: the fused file's values at the kept indices are not the selector's", w.Name())
		}
	}
}

func ints(v []int64) []int {
	out := make([]int, len(v))
	for i, n := range v {
		out[i] = int(n)
	}
	return out
}

// wantSameLogits runs both models.
func wantSameLogits(t *testing.T, a, b *onnxio.Model) {
	t.Helper()
	orttest.Need(t)
	v, err := pruning.Compare(context.Background(), a, b, pruning.VerifyOptions{Inputs: 2, Seed: 3, Session: ort.SessionOptions{Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if !v.Equal() || v.Scale == 0 {
		t.Errorf("logits up to %g differ by %g", v.Scale, v.MaxDiff)
	}
}

// TestFusedHoldsSelector fuses a trained selector in every way and reads it
// back out of the files.
func TestFusedHoldsSelector(t *testing.T) {
	t.Parallel()
	for _, arch := range []string{"preresnet20", "resnet20", "resnet50", "mobilenetv2", "vgg11-bn", "lenet", "mlp"} {
		dir := t.TempDir()
		dense := viaFile(t, dir, "dense.onnx", build(t, arch, models.Options{Classes: 3, Width: 0.25, Seed: 1}))
		selector := viaFile(t, dir, "selector.onnx", trained(t, prune(t, dense, 2), 3))
		for _, rest := range fusion.Rests {
			fused := viaFile(t, dir, "fused.onnx", fuse(t, dense, selector, fusion.Options{Rest: rest, Seed: 4}))
			wantSelectorIn(t, fused, selector)
			wantTwin(t, fused, dense)
		}
	}
}

// wantTwin holds a fused model to the dense one's nodes, types and names.
func wantTwin(t *testing.T, fused, dense *onnxio.Model) {
	t.Helper()
	if a, b := len(fused.Graph.Nodes()), len(dense.Graph.Nodes()); a != b {
		t.Errorf("%d nodes, the dense model has %d", a, b)
	}
	for _, w := range dense.Graph.Initializers() {
		if x := fused.Graph.Initializer(w.Name()); x == nil || x.Type().String() != w.Type().String() {
			t.Errorf("%q of %v is %v in the fused model", w.Name(), w.Type(), x)
		}
	}
}

// TestPreserve: with the new-to-old weights at zero the fused network
// computes what the selector does, for every architecture of the zoo.
func TestPreserve(t *testing.T) {
	for i, info := range models.List() {
		t.Run(info.Name, func(t *testing.T) {
			t.Parallel()
			side := max(info.MinSide, 12)
			dense := build(t, info.Name, models.Options{
				Classes: 3, Input: [3]int{info.Input[0], side, side + 5}, Seed: 7, Width: 0.25,
			})
			selector := trained(t, prune(t, trained(t, dense, 1), uint64(i)), 2)
			dense = trained(t, dense, 1)
			fused := fuse(t, dense, selector, fusion.Options{Rest: fusion.Preserve})
			wantSameLogits(t, selector, fused)
			if x, y := fingerprint(t, fused), fingerprint(t, dense); x == y {
				t.Error("the fused model is the dense one")
			}
		})
	}
}

// TestRandomNets fuses and preserves over random wirings, with shared and
// Constant weights.
func TestRandomNets(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dense := trained(t, randomNet(t, seed), seed)
			selector := trained(t, prune(t, dense, seed), seed+1)
			for _, rest := range fusion.Rests {
				fused := fuse(t, dense, selector, fusion.Options{Rest: rest, Seed: seed})
				wantSelectorIn(t, fused, selector)
				if rest == fusion.Preserve {
					wantSameLogits(t, selector, fused)
				}
			}
		})
	}
}

// TestFuseAfterTwoPrunes: the composed plan leads to the first dense model.
func TestFuseAfterTwoPrunes(t *testing.T) {
	t.Parallel()
	dense := trained(t, build(t, "resnet20", models.Options{}), 1)
	middle := trained(t, prune(t, dense, 2), 2)
	selector := trained(t, prune(t, middle, 3), 3)
	fused := fuse(t, dense, selector, fusion.Options{Rest: fusion.Preserve})
	wantSelectorIn(t, fused, selector)
	wantSameLogits(t, selector, fused)
	if _, err := fusion.Fuse(middle, selector, fusion.Options{}); err == nil {
		t.Error("fused into the model in between")
	}
}

// TestNothingElseIsTouched: fusing changes neither of its arguments.
func TestNothingElseIsTouched(t *testing.T) {
	t.Parallel()
	dense := build(t, "lenet", models.Options{})
	dense.SetMeta("author", "someone")
	selector := trained(t, prune(t, dense, 1), 2)
	selector.SetMeta("prunefuse.preprocess", `{"mean":[0.5]}`)
	selector.SetMeta("prunefuse.round", "3")
	x, y := marshal(t, dense), marshal(t, selector)
	fused := fuse(t, dense, selector, fusion.Options{Rest: fusion.Reinit})
	if !bytes.Equal(x, marshal(t, dense)) || !bytes.Equal(y, marshal(t, selector)) {
		t.Error("a model that was fused changed")
	}
	want := map[string]string{
		"author": "someone", "prunefuse.preprocess": `{"mean":[0.5]}`, "prunefuse.round": "3",
		fusion.LineageKey: fmt.Sprintf(`{"schema":"prunefuse.fused/1","dense":%q,"pruned":%q,"rest":"reinit"}`, fingerprint(t, dense), fingerprint(t, selector)),
	}
	for _, key := range fused.MetaKeys() {
		if got, _ := fused.Meta(key); got != want[key] {
			t.Errorf("metadata %q is %q, want %q", key, got, want[key])
		}
	}
	if len(fused.MetaKeys()) != len(want) {
		t.Errorf("metadata %q", fused.MetaKeys())
	}
}

func TestFuseErrors(t *testing.T) {
	t.Parallel()
	dense := build(t, "lenet", models.Options{})
	selector := prune(t, dense, 1)
	fc := selector.Graph.Initializer("fc3.bias")
	if fc == nil {
		t.Fatal("lenet has no fc3.bias")
	}
	conv := selector.Graph.Initializer("conv2.weight")
	wider := set(t, selector, onnxio.NewTensor("fc3.bias", []int64{fc.Len() + 1}, make([]float32, fc.Len()+1)))
	double := set(t, selector, onnxio.NewTensor("fc3.bias", fc.Dims(), make([]float64, fc.Len())))
	cut, err := conv.Take(0, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	extra := set(t, selector, onnxio.NewTensor("ema", []int64{1}, []float32{1}))
	broken := selector.Clone()
	broken.SetMeta(pruning.PlanKey, "no plan")
	for want, in := range map[string][2]*onnxio.Model{
		"fuse: the pruned model carries no plan (metadata prunefuse.plan); prune it with prunefuse": {dense, dense},
		"fuse: the plan is of another parent: it was made from \"dense.onnx\" with fingerprint":     {build(t, "lenet", models.Options{Seed: 1}), selector},
		"fuse: weight \"fc3.bias\": plan cuts [10] to [10], but":                                    {dense, wider},
		"fuse: weight \"conv2.weight\": plan cuts":                                                  {dense, set(t, selector, cut)},
		"fuse: scatter into tensor \"fc3.bias\" of float32: the source is float64":                  {dense, double},
		"fuse: the pruned model has a weight \"ema\" that the dense one lacks":                      {dense, extra},
		"fuse: read plan: invalid character":                                                        {dense, broken},
	} {
		m, err := fusion.Fuse(in[0], in[1], fusion.Options{})
		if m != nil || err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := fusion.Fuse(dense, dense, fusion.Options{}); !errors.Is(err, fusion.ErrNoPlan) {
		t.Errorf("%v is not ErrNoPlan", err)
	}
	if _, err := fusion.Fuse(dense, selector, fusion.Options{Rest: "ones"}); err == nil || err.Error() != `fuse: unknown rest "ones"; want init, reinit, zero or preserve` {
		t.Errorf("%v", err)
	}
	if r, err := fusion.ParseRest(""); r != fusion.Init || err != nil {
		t.Errorf("the default is %q, %v", r, err)
	}
}

// TestPreserveRefusesMixing: across an operator that mixes values along a
// pruned axis no zero keeps new channels from changing the old ones.
func TestPreserveRefusesMixing(t *testing.T) {
	t.Parallel()
	dense := build(t, "mlp", models.Options{})
	p := dense.Graph.Edit()
	p.SetInitializer(onnxio.NewTensor("axes", []int64{1}, []int64{1}))
	for _, n := range dense.Graph.Nodes() {
		if n.Name() == "relu1" {
			p.Add(onnxio.NodeSpec{Op: "ReduceSum", Name: "mix", Inputs: []string{n.Output(0), "axes"}, Outputs: []string{"sum"}})
			p.Add(onnxio.NodeSpec{Op: "Sub", Name: "centre", Inputs: []string{n.Output(0), "sum"}, Outputs: []string{"centred"}})
			p.Redirect(n.Output(0), "centred")
		}
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	selector := prune(t, dense, 1)
	const want = `fuse: rest preserve is not possible: node "mix" (ReduceSum) mixes values along a pruned axis`
	if _, err := fusion.Fuse(dense, selector, fusion.Options{Rest: fusion.Preserve}); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
	wantSelectorIn(t, fuse(t, dense, selector, fusion.Options{}), selector)
}

// TestFuseOldFormat: in IR version 3 the fused model's own copy of a weight
// that the dense one shares is a graph input too.
func TestFuseOldFormat(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		dense := oldFormat(t, trained(t, randomNet(t, seed), 1))
		selector := trained(t, prune(t, dense, 2), 3)
		fused := fuse(t, dense, selector, fusion.Options{Rest: fusion.Preserve})
		listed := 0
		for _, v := range decode(t, fused).GetGraph().GetInput() {
			if fused.Graph.Initializer(v.GetName()) != nil {
				listed++
			}
		}
		if listed != len(fused.Graph.Initializers()) {
			t.Errorf("%d of %d initializers are graph inputs", listed, len(fused.Graph.Initializers()))
		}
		wantSameLogits(t, selector, fused)
	}
}

func decode(t *testing.T, m *onnxio.Model) *onnxpb.ModelProto {
	t.Helper()
	pb := &onnxpb.ModelProto{}
	if err := proto.Unmarshal(marshal(t, m), pb); err != nil {
		t.Fatal(err)
	}
	return pb
}

// oldFormat is the model as IR version 3 has it.
func oldFormat(t *testing.T, m *onnxio.Model) *onnxio.Model {
	t.Helper()
	p := m.Graph.Edit()
	for _, w := range m.Graph.Initializers() {
		p.SetInputType(w.Name(), w.Type())
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	pb := decode(t, m)
	pb.IrVersion = proto.Int64(3)
	pb.OpsetImport[0].Version = proto.Int64(9)
	b, err := proto.Marshal(pb)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = onnxio.Parse(b, ""); err != nil {
		t.Fatal(err)
	}
	return m
}

func fingerprint(t testing.TB, m *onnxio.Model) string {
	t.Helper()
	sum, err := m.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func marshal(t testing.TB, m *onnxio.Model) []byte {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func BenchmarkFuse(b *testing.B) {
	dense := build(b, "resnet50", models.Options{})
	selector := prune(b, dense, 1)
	for _, rest := range fusion.Rests {
		b.Run(string(rest), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				fuse(b, dense, selector, fusion.Options{Rest: rest})
			}
		})
	}
}
