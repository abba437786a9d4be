package models_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/models/modeltest"
	"github.com/prunefuse/prunefuse/onnxio"
)

var build = modeltest.Build

var update = flag.Bool("update", false, "rewrite the golden files")

func marshal(t testing.TB, m *onnxio.Model) []byte {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// narrow returns an option set under which every architecture is small.
func narrow(i models.Info) models.Options {
	side := max(i.MinSide, 16)
	return models.Options{Classes: 3, Input: [3]int{2, side, side + 5}, Seed: 7, Width: 0.125}
}

func TestModelIsWellFormed(t *testing.T) {
	t.Parallel()
	for _, info := range models.List() {
		t.Run(info.Name, func(t *testing.T) {
			t.Parallel()
			o := narrow(info)
			m := build(t, info.Name, o)
			if m.IRVersion() != 8 || m.Opset("") != 17 {
				t.Errorf("ir_version %d opset %d, want 8 and 17", m.IRVersion(), m.Opset(""))
			}
			in, out := m.Graph.Inputs(), m.Graph.Outputs()
			n := onnxio.Symbol("N")
			wantIn := onnxio.Shape{n, onnxio.Known(2), onnxio.Known(int64(o.Input[1])), onnxio.Known(int64(o.Input[2]))}
			if len(in) != 1 || in[0].Name != "input" || in[0].Type.Elem != onnxio.Float32 || !in[0].Type.Shape.Equal(wantIn) {
				t.Errorf("inputs %v", in)
			}
			if len(out) != 1 || out[0].Name != "logits" || !out[0].Type.Shape.Equal(onnxio.Shape{n, onnxio.Known(3)}) {
				t.Errorf("outputs %v", out)
			}
			for _, w := range m.Graph.Initializers() {
				if uses := m.Graph.Consumers(w.Name()); len(uses) != 1 {
					t.Errorf("initializer %q is read %d times", w.Name(), len(uses))
				}
			}
			names := map[string]bool{}
			for _, node := range m.Graph.Nodes() {
				if names[node.Name()] {
					t.Errorf("two nodes are named %q", node.Name())
				}
				names[node.Name()] = true
				if o := node.Output(0); !m.Graph.IsOutput(o) && len(m.Graph.Consumers(o)) == 0 {
					t.Errorf("nothing reads %q", o)
				}
			}
		})
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, info := range models.List() {
		t.Run(info.Name, func(t *testing.T) {
			t.Parallel()
			m := build(t, info.Name, narrow(info))
			b := marshal(t, m)
			back, err := onnxio.Parse(b, "")
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(marshal(t, back), b) {
				t.Error("bytes differ after a round trip")
			}
			f, _ := m.Fingerprint()
			g, _ := back.Fingerprint()
			if f != g {
				t.Errorf("fingerprint %s became %s", f, g)
			}
		})
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	for _, info := range models.List() {
		t.Run(info.Name, func(t *testing.T) {
			t.Parallel()
			o := narrow(info)
			a, b := build(t, info.Name, o), build(t, info.Name, o)
			if !bytes.Equal(marshal(t, a), marshal(t, b)) {
				t.Error("the same seed gives different bytes")
			}
			o.Seed++
			c := build(t, info.Name, o)
			for _, w := range a.Graph.Initializers() {
				if !strings.HasSuffix(w.Name(), ".weight") || w.Rank() == 1 {
					continue
				}
				if slices.Equal(floats(t, w), floats(t, c.Graph.Initializer(w.Name()))) {
					t.Errorf("%s does not depend on the seed", w.Name())
				}
			}
		})
	}
}

// A weight depends on the seed, its name and its shape, not on the layers
// around it.
func TestWeightsStandAlone(t *testing.T) {
	t.Parallel()
	a := build(t, "resnet8", models.Options{Seed: 3})
	b := build(t, "resnet14", models.Options{Seed: 3, Classes: 100})
	for _, w := range a.Graph.Initializers() {
		other := b.Graph.Initializer(w.Name())
		if same := slices.Equal(floats(t, w), floats(t, other)); same == strings.HasPrefix(w.Name(), "fc.") {
			t.Errorf("%s: equal is %v", w.Name(), same)
		}
	}
	x, y := floats(t, a.Graph.Initializer("layer1.0.conv1.weight")), floats(t, a.Graph.Initializer("layer1.0.conv2.weight"))
	if slices.Equal(x, y) {
		t.Error("two weights of one shape are equal")
	}
}

func TestBuildErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arch string
		o    models.Options
		want string
	}{
		{"resent20", models.Options{}, `build "resent20": unknown architecture; did you mean resnet20, `},
		{"ResNet56", models.Options{}, "did you mean resnet56, "},
		{"vgg16", models.Options{}, "vgg16-bn"},
		{"", models.Options{}, "unknown architecture"},
		{"resnet21", models.Options{}, "build resnet21: depth 21 is not 6n+2 from 8 to 1202; the nearest are 20 and 26"},
		{"resnet020", models.Options{}, "unknown architecture"},
		{"preresnet2", models.Options{}, "nearest are 8 and 14"},
		{"preresnet9999", models.Options{}, "nearest are 1196 and 1202"},
		{"wrn-18-2", models.Options{}, "not 6n+4 from 10 to 1198; the nearest are 16 and 22"},
		{"wrn-4-2", models.Options{}, "not 6n+4"},
		{"wrn-16-0", models.Options{}, "unknown architecture"},
		{"wrn-16-101", models.Options{}, "above 100"},
		{"lenet", models.Options{Classes: -1}, "build lenet: -1 classes"},
		{"lenet", models.Options{Input: [3]int{1, 11, 28}}, "input 1×11×28 is too small; give at least 12×12 pixels"},
		{"vgg11-bn", models.Options{Input: [3]int{3, 32, 31}}, "at least 32×32"},
		{"mlp", models.Options{Input: [3]int{0, 28, 28}}, "input 0×28×28"},
		{"mlp", models.Options{Input: [3]int{1, 28, 1 << 20}}, "to 65536"},
		{"mlp", models.Options{Input: [3]int{60000, 60000, 60000}}, "2 GiB"},
		{"wrn-1000-100", models.Options{}, "2 GiB"},
		{"resnet20", models.Options{Width: -1}, "width -1"},
		{"resnet20", models.Options{Width: 65}, "at most 64"},
	} {
		m, err := models.Build(c.arch, c.o)
		if err == nil || m != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Build(%q, %+v): error %v, want one with %q", c.arch, c.o, err, c.want)
		}
	}
}

// The least size each entry promises is enough.
func TestMinSide(t *testing.T) {
	t.Parallel()
	for _, info := range models.List() {
		side := max(1, info.MinSide)
		build(t, info.Name, models.Options{Input: [3]int{1, side, side}, Width: 0.125})
	}
}

func TestListedNamesBuildWhatTheySay(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, info := range models.List() {
		if seen[info.Name] || info.Summary == "" || info.Source == "" || info.Classes == 0 || info.Input == [3]int{} {
			t.Errorf("entry %+v is repeated or incomplete", info)
		}
		seen[info.Name] = true
	}
	for _, name := range []string{
		"resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet164", "preresnet20", "preresnet32", "preresnet44",
		"preresnet56", "preresnet110", "preresnet164", "wrn-16-4", "wrn-28-10", "resnet18", "resnet50", "vgg11-bn", "vgg16-bn",
		"vgg19-bn", "mobilenetv2", "lenet", "mlp",
	} {
		if !seen[name] {
			t.Errorf("%s is not listed", name)
		}
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arch string
		o    models.Options
	}{
		{"lenet", models.Options{Seed: 1}},
		{"mlp", models.Options{Seed: 1, Width: 0.25}},
	} {
		var got bytes.Buffer
		if err := build(t, c.arch, c.o).WriteText(&got); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", c.arch+".golden")
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s: text form differs from %s (rewrite it with -update):\n%s", c.arch, path, got.String())
		}
	}
}

func floats(t testing.TB, w *onnxio.Tensor) []float32 {
	t.Helper()
	v, err := w.Floats()
	if err != nil {
		t.Fatal(err)
	}
	return v
}
