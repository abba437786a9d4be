package models_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
)

// parameters counts what is learned: every initializer but the running
// statistics.
func parameters(m *onnxio.Model) int64 {
	n := int64(0)
	for _, w := range m.Graph.Initializers() {
		if !strings.Contains(w.Name(), ".running_") {
			n += w.Len()
		}
	}
	return n
}

// macs counts the multiply-accumulates of convolutions and fully connected
// layers for one image, following the sizes of the maps through the graph.
func macs(t *testing.T, m *onnxio.Model) int64 {
	t.Helper()
	in, _ := m.Graph.Inputs()[0].Type.Shape[2:].Ints()
	area := map[string][2]int64{"input": {in[0], in[1]}}
	n := int64(0)
	for _, node := range m.Graph.Nodes() {
		size := area[node.Input(0)]
		switch node.Op() {
		case "Conv", "MaxPool":
			k, s, p := node.Ints("kernel_shape"), node.Ints("strides"), node.Ints("pads")
			for i := range size {
				size[i] = (size[i]+p[i]+p[i+2]-k[i])/s[i] + 1
			}
			if node.Op() == "Conv" {
				n += m.Graph.Initializer(node.Input(1)).Len() * size[0] * size[1]
			}
		case "Gemm":
			n += m.Graph.Initializer(node.Input(1)).Len()
		}
		area[node.Output(0)] = size
	}
	return n
}

// The paper's network and its three pruned sizes, whose floors Width gives.
func TestPaperSizes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		width        float64
		params, macs int64
	}{
		{1, 855_578, 125_747_840},
		{0.5, 215_186, 31_547_712},
		{0.3, 73_756, 9_674_110},
		{0.2, 30_871, 4_488_312},
	} {
		m := build(t, "preresnet56", models.Options{Width: c.width})
		if p, n := parameters(m), macs(t, m); p != c.params || n != c.macs {
			t.Errorf("width %v: %d parameters, %d MACs; want %d and %d", c.width, p, n, c.params, c.macs)
		}
	}
}

// Counts that the literature or torchvision publishes for the default input
// and classes.
func TestPublishedParameters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arch  string
		width float64
		want  int64
	}{
		{"resnet18", 1, 11_689_512},        // torchvision
		{"resnet34", 1, 21_797_672},        // torchvision
		{"resnet50", 1, 25_557_032},        // torchvision
		{"resnet101", 1, 44_549_160},       // torchvision
		{"resnet18-cifar", 1, 11_173_962},  // torchvision with a 3×3 first kernel and 10 classes
		{"resnet50-cifar", 1, 23_520_842},  // likewise
		{"vgg11-bn", 1, 9_225_984 + 5_130}, // torchvision's features, and 512·10+10
		{"vgg16-bn", 1, 14_723_136 + 5_130},
		{"vgg19-bn", 1, 20_035_392 + 5_130},
		{"mobilenetv2", 1, 3_504_872}, // torchvision
		{"mobilenetv2", 0.35, 1_677_128},
		{"mobilenetv2", 0.5, 1_968_680},
		{"mobilenetv2", 1.4, 6_108_776},
		{"mobilenetv2-cifar", 1, 2_236_682}, // torchvision with 10 classes
		{"resnet20", 1, 272_474},            // option B
		{"resnet164", 1, 1_704_154},
		{"preresnet164", 1, 1_703_258},
		{"wrn-16-4", 1, 2_748_890},
		{"wrn-28-10", 1, 36_479_194},
		{"wrn-40-4", 1, 8_949_210},
		{"lenet", 1, 61_706},
		{"mlp", 1, (784+1)*256 + (256+1)*128 + (128+1)*10},
	} {
		t.Run(fmt.Sprintf("%s/%v", c.arch, c.width), func(t *testing.T) {
			if got := parameters(build(t, c.arch, models.Options{Width: c.width})); got != c.want {
				t.Errorf("%d parameters, want %d", got, c.want)
			}
		})
	}
}

func TestPublishedMACs(t *testing.T) {
	t.Parallel()
	for arch, want := range map[string]int64{
		"resnet18": 1_814_073_344, "resnet50": 4_089_184_256, "mobilenetv2": 300_774_272, // torchvision
		"lenet": 416_520,
	} {
		if got := macs(t, build(t, arch, models.Options{})); got != want {
			t.Errorf("%s: %d MACs, want %d", arch, got, want)
		}
	}
}

// The CIFAR families at every listed depth, against their sums written out.
func TestCIFARParameters(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{1, 3, 5, 9, 18} {
		for _, k := range []int64{10, 100} {
			conv := int64(27 * 16)
			norms, preNorms, shortcuts := int64(2*16), int64(0), int64(0)
			in := int64(16)
			for _, c := range []int64{16, 32, 64} {
				conv += 9*in*c + (2*n-1)*9*c*c
				norms += 2 * n * 2 * c
				preNorms += 2*in + (2*n-1)*2*c
				if in != c {
					shortcuts += in * c
					norms += 2 * c
				}
				in = c
			}
			preNorms += 2 * 64
			fc := 64*k + k
			o := models.Options{Classes: int(k)}
			depth := 6*n + 2
			if got, want := parameters(build(t, fmt.Sprintf("resnet%d", depth), o)), conv+norms+shortcuts+fc; got != want {
				t.Errorf("resnet%d, %d classes: %d parameters, want %d", depth, k, got, want)
			}
			pre := conv + preNorms + shortcuts + fc
			if got := parameters(build(t, fmt.Sprintf("preresnet%d", depth), o)); got != pre {
				t.Errorf("preresnet%d, %d classes: %d parameters, want %d", depth, k, got, pre)
			}
			// A Wide-ResNet of factor 1 is the pre-activation network; its depth
			// counts the two shortcuts and one more convolution.
			if got := parameters(build(t, fmt.Sprintf("wrn-%d-1", depth+2), o)); got != pre {
				t.Errorf("wrn-%d-1, %d classes: %d parameters, want %d", depth+2, k, got, pre)
			}
		}
	}
}
