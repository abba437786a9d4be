package scoring

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/internal/seeded"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/scoring/scoringtest"
)

// dropoutNet is convNet with Dropout before the Conv, before the Gemm or
// after the Relu, whose output goes around it and is added again.
func dropoutNet(t testing.TB, where string, ratio float32, batch int64) *onnxio.Model {
	t.Helper()
	m := convNet(t, batch, false)
	p := m.Graph.Edit()
	p.SetInitializer(onnxio.Scalar("ratio", ratio))
	drop := func(from string) {
		p.Add(onnxio.NodeSpec{Op: "Dropout", Name: "drop", Inputs: []string{from, "ratio"}, Outputs: []string{"dropped"}})
	}
	node := func(name string) *onnxio.Node {
		for _, n := range m.Graph.Nodes() {
			if n.Name() == name {
				return n
			}
		}
		t.Fatalf("no node %q", name)
		return nil
	}
	switch where {
	case "input":
		p.SetInput(node("conv"), 0, "dropped")
		drop("image")
	case "features":
		p.SetInput(node("fc"), 0, "dropped")
		drop("f")
	case "branch":
		p.SetInput(node("gap"), 0, "sum")
		drop("r")
		p.Add(onnxio.NodeSpec{Op: "Add", Name: "add", Inputs: []string{"dropped", "r"}, Outputs: []string{"sum"}})
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

func openDropout(t *testing.T, m *onnxio.Model, o ModelOptions, passes int, seed uint64) *DropoutModel {
	t.Helper()
	orttest.Need(t)
	d, err := NewDropoutModel(context.Background(), m, o, passes, seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func images(n int) ([]float32, []uint64) {
	rng := rand.New(rand.NewPCG(9, 9))
	x, keys := make([]float32, n*50), make([]uint64, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	for i := range keys {
		keys[i] = seeded.Key(fmt.Sprint("image-", i))
	}
	return x, keys
}

func memberLogits(t *testing.T, d *DropoutModel, x []float32, keys []uint64) []float32 {
	t.Helper()
	n := len(keys)
	out := make([]float32, n*d.Members()*d.Classes())
	if err := d.MemberLogits(context.Background(), x, n, keys, out, nil); err != nil {
		t.Fatal(err)
	}
	return out
}

// Before the last layer the definition can be worked out: each feature is 0
// or 1/(1−ratio) times itself, and then comes the Gemm.
func TestDropoutEqualsDefinition(t *testing.T) {
	t.Parallel()
	m := dropoutNet(t, "features", 0.4, 0)
	const n, passes = 6, 5
	d := openDropout(t, m, ModelOptions{Features: "f"}, passes, 11)
	if d.halves.trunk == nil || d.halves.samples {
		t.Fatal("the Conv is run in every pass")
	}
	x, keys := images(n)
	logits, features := make([]float32, n*passes*4), make([]float32, n*3)
	if err := d.MemberLogits(context.Background(), x, n, keys, logits, features); err != nil {
		t.Fatal(err)
	}
	dropped := 0
	for i := range n {
		for member := range passes {
			draw := make([]float32, 3)
			fillDraws(draw, streamOf(11, member, 0), keys[i:i+1])
			f := make([]float32, 3)
			for k := range f {
				if draw[k] < 0.4 {
					dropped++
				} else {
					f[k] = features[i*3+k] / 0.6
				}
			}
			for c, want := range last(t, m, f) {
				if got := logits[(i*passes+member)*4+c]; math.Abs(float64(got)-want) > 1e-5 {
					t.Errorf("sample %d, member %d, class %d: %g, want %g", i, member, c, got, want)
				}
			}
		}
	}
	if share := float64(dropped) / (n * passes * 3); share < 0.25 || share > 0.55 {
		t.Errorf("%g of the features were dropped, want about 0.4", share)
	}
}

// What is dropped follows the sample, not the batch, the shard or the batch
// that the file insists on.
func TestDropoutFollowsTheSample(t *testing.T) {
	t.Parallel()
	const n = 9
	for _, where := range []string{"input", "features", "branch"} {
		x, keys := images(n)
		d := openDropout(t, dropoutNet(t, where, 0.5, 0), ModelOptions{}, 4, 3)
		want := memberLogits(t, d, x, keys)
		width := d.Members() * d.Classes()
		for i := range n {
			for k, v := range memberLogits(t, d, x[i*50:(i+1)*50], keys[i:i+1]) {
				if math.Abs(float64(v-want[i*width+k])) > 1e-5 {
					t.Fatalf("%s: sample %d alone: %g, in a batch %g", where, i, v, want[i*width+k])
				}
			}
		}
		fixed := openDropout(t, dropoutNet(t, where, 0.5, 4), ModelOptions{}, 4, 3)
		for k, v := range memberLogits(t, fixed, x, keys) {
			if math.Abs(float64(v-want[k])) > 1e-5 {
				t.Fatalf("%s, fixed batch: value %d is %g, want %g", where, k, v, want[k])
			}
		}
		other := memberLogits(t, openDropout(t, dropoutNet(t, where, 0.5, 0), ModelOptions{}, 4, 4), x, keys)
		if fmt.Sprint(other) == fmt.Sprint(want) {
			t.Errorf("%s: two seeds drop the same", where)
		}
	}
}

// BALD of a model in inference mode is 0 everywhere, and its ranking that of
// rounding errors: the fault of tools that forget to switch Dropout on.
func TestFaultEvalModeBALD(t *testing.T) {
	t.Parallel()
	x, _ := images(20)
	p := make(scoringtest.Rows, 20)
	for i := range p {
		p[i] = x[i*50 : (i+1)*50]
	}
	d := openDropout(t, dropoutNet(t, "features", 0.5, 0), ModelOptions{}, 20, 1)
	shaped := imagePool{p}
	distinct := map[float64]bool{}
	for _, r := range collect(t, d, shaped, Options{Batch: 6}) {
		bald, spread := scoreOf(t, r, "bald"), scoreOf(t, r, "mean-std")
		if bald < 1e-4 || spread < 1e-4 {
			t.Errorf("sample %d: bald %g, mean-std %g", r.Index, bald, spread)
		}
		distinct[bald] = true
	}
	if len(distinct) < 20 {
		t.Errorf("%d different values for 20 samples", len(distinct))
	}
}

type imagePool struct{ scoringtest.Rows }

func (imagePool) Shape() []int { return []int{2, 5, 5} }

func TestDropoutRefuses(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	for name, c := range map[string]struct {
		model  *onnxio.Model
		passes int
		says   string
	}{
		"no Dropout":    {convNet(t, 0, false), 5, "no Dropout that drops anything"},
		"drops nothing": {dropoutNet(t, "features", 0, 0), 5, "no Dropout that drops anything"},
		"one pass":      {dropoutNet(t, "features", 0.5, 0), 1, "1 passes"},
	} {
		_, err := NewDropoutModel(context.Background(), c.model, ModelOptions{Session: ort.SessionOptions{Threads: 1}}, c.passes, 0)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}
