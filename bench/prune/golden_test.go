package main

import (
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// The networks that models has of torchvision keep as many channels of every
// layer as with Torch-Pruning: parameters that are equal to the last say so.
func TestGoldenParameters(t *testing.T) {
	t.Parallel()
	for ours, theirs := range map[string]string{
		"resnet18": "resnet18", "resnet34": "resnet34", "resnet50": "resnet50", "mobilenetv2": "mobilenet_v2",
	} {
		t.Run(ours, func(t *testing.T) {
			t.Parallel()
			dense, err := models.Build(ours, models.Options{})
			if err != nil {
				t.Fatal(err)
			}
			r, err := pruning.Prune(dense, pruning.Config{Ratio: peerRatio})
			if err != nil {
				t.Fatal(err)
			}
			peer := torchPruning[theirs]
			o := &outcome{
				Before: sizes{Unmerged: unmerged(dense)}, After: sizes{Unmerged: unmerged(r.Model)},
				TorchPruning: &peer, asPeer: true,
			}
			if !o.comparable() {
				t.Fatalf("%d parameters, want %d", o.Before.Unmerged, peer.Dense)
			}
			if o.After.Unmerged != peer.Pruned {
				t.Errorf("%d parameters are left, want %d", o.After.Unmerged, peer.Pruned)
			}
		})
	}
}

func TestGoldenCell(t *testing.T) {
	t.Parallel()
	peer := torchPruning["resnet18"]
	for name, test := range map[string]struct {
		before, after int64
		asPeer        bool
		want          string
	}{
		"equal":    {peer.Dense, peer.Pruned, true, "3,055,880, equal"},
		"more":     {peer.Dense, peer.Pruned + 7, true, "3,055,880, differs by +7"},
		"folded":   {peer.Dense - 4800, peer.Pruned - 2400, true, "3,055,880, of another form of the network"},
		"narrower": {peer.Dense, peer.Pruned, false, "–"},
	} {
		o := &outcome{Before: sizes{Unmerged: test.before}, After: sizes{Unmerged: test.after}, TorchPruning: &peer, asPeer: test.asPeer}
		if got := o.golden(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// A vector that an exporter merged counts for each of its readers, a kernel
// that two layers share once, a running statistic not at all.
func TestUnmerged(t *testing.T) {
	t.Parallel()
	m := onnxio.New("merged")
	p := m.Graph.Edit()
	image := onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1, 2, 4, 4)}
	p.SetInputType("x", image)
	p.SetOutputType("y", image)
	for name, dims := range map[string][]int64{"w": {2, 2, 1, 1}, "b": {2}, "mean": {2}, "scale": {2, 1, 1}} {
		ones, err := onnxio.Filled(name, dims, onnxio.Scalar[float32]("", 1))
		if err != nil {
			t.Fatal(err)
		}
		p.SetInitializer(ones)
	}
	for _, n := range []onnxio.NodeSpec{
		{Op: "Conv", Inputs: []string{"x", "w", "b"}, Outputs: []string{"a"}},
		{Op: "Conv", Inputs: []string{"a", "w", "b"}, Outputs: []string{"c"}},
		{Op: "Mul", Inputs: []string{"c", "scale"}, Outputs: []string{"s"}},
		{Op: "Mul", Inputs: []string{"s", "scale"}, Outputs: []string{"r"}},
		{Op: "BatchNormalization", Inputs: []string{"r", "b", "b", "mean", "b"}, Outputs: []string{"y"}},
	} {
		p.Add(n)
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	if got, want := unmerged(m), int64(4+2+2+2+2+2+2); got != want {
		t.Errorf("%d parameters, want %d", got, want)
	}
}
