package report

import (
	"encoding/base64"
	"testing"
)

// sample is a run of the whole method in one round, as `demo` makes it, with
// invented numbers.
func sample(t *testing.T) *Report {
	t.Helper()
	value := 0.8415
	r := &Report{
		Title:   "The whole method on Fashion-MNIST",
		Command: "prunefuse demo -o out",
		Version: "v0.1.0",
		Seed:    7,
		TestSet: "held-out Fashion-MNIST images",
		Models: []Model{
			{Role: "dense", File: "dense.onnx", Params: 272_186, MACs: 31_070_000, Bytes: 1_110_000, SHA256: "5f2b8c1d9e0a"},
			{Role: "selector", File: "selector.onnx", Params: 68_946, MACs: 7_870_000, Bytes: 291_000, SHA256: "77aa01c4e3b2"},
			{Role: "fused", File: "fused.onnx", Params: 272_186, MACs: 31_070_000, Bytes: 1_112_000, Accuracy: &value},
		},
		Accuracies: []Accuracy{
			{Role: RoleSelector, Name: "selector", Labels: 1000, Correct: 1602, Total: 2000},
			{Role: RoleFused, Name: "fused, before fine-tuning", Labels: 1000, Correct: 1187, Total: 2000},
			{Role: RoleFineTuned, Name: "fused, fine-tuned", Labels: 1000, Correct: 1683, Total: 2000},
			{Role: RoleDenseScratch, Name: "dense, from scratch", Labels: 1000, Correct: 1651, Total: 2000},
			{Role: RoleRandom, Name: "fused, random labels", Labels: 1000, Correct: 1622, Total: 2000},
		},
		CostRatio: &CostRatio{
			SelectorSeconds: 9.7, DenseSeconds: 27.3, SelectorMACs: 1_416_000_000_000, DenseMACs: 5_590_000_000_000,
			Basis: "Both were measured on the same pool.",
		},
		Layers: []Layer{
			{Name: "layer1.0.conv1.weight", Channels: 16, Kept: 8, Indices: []int{0, 1, 4, 6, 9, 10, 13, 15}},
			{Name: "fc.weight", Channels: 64, Kept: 32},
		},
		Selection: &Selection{Strategy: "margin", Chosen: 750, Pool: 5000, Thumbs: []Thumb{
			{ID: "train/17", PNG: dot(t), Rank: 1, Score: -0.000123456, Predicted: "Shirt", Label: "Coat"},
			{ID: "train/4", PNG: dot(t), Rank: 2, Score: 0.013, Predicted: "Bag", Label: "Bag"},
		}},
		Classes: []string{"Bag", "Coat", "Shirt"},
		Rounds: []Round{
			{Arm: "prunefuse", Name: "first labels", Strategy: "random", Pool: 6000, Chosen: 250, Labels: 249, NoLabel: 1, Counts: []int{0, 124, 125}},
			{
				Arm: "prunefuse", Name: "round 0", Strategy: "margin", Pool: 5750, Chosen: 250, Labels: 499, Counts: []int{50, 0, 200},
				Thumbs: []Thumb{{ID: "train/9", PNG: dot(t), Rank: 1, Score: -0.5, Predicted: "Bag", Label: "Coat"}},
			},
			{Arm: "prunefuse", Name: "round 1", Strategy: "margin", Pool: 5500, Chosen: 750},
			{Arm: "random", Name: "first labels", Chosen: 250, Labels: 249, NoLabel: 1, Counts: []int{0, 124, 125}, Shared: true},
			{Arm: "random", Name: "round 0", Strategy: "random", Pool: 5750, Chosen: 250, Labels: 499, Counts: []int{84, 83, 83}},
		},
		People: &People{
			Annotators: []Annotator{
				{Name: "ann", Labels: 400, Skipped: 1, Late: 3, Shared: 180, Right: 171},
				{Name: "someone whose name is as long as an address can be", Labels: 99, Unsure: 14, Shared: 180, Right: 150},
				{Name: "zoe", Skipped: 2},
			},
			Alpha: &value, Shared: 180, Disagreed: 22,
		},
		Curves: []Curve{
			{Name: "selector", Kind: "networks that choose", Arm: "prunefuse", Steps: []int{16, 32, 48, 60}, Loss: []float64{1.61, 0.93, 0.71, 0.58}, Accuracy: []float64{0.42, 0.66, 0.74, 0.79}, Rate: []float64{0.1, 0.1, 0.01, 0.001}},
			{Name: "the same again", Kind: "networks that choose", Arm: "prunefuse", Steps: []int{16, 32, 60}, Loss: []float64{1.9, 1.2, 0.8}, Rate: []float64{0.1, 0.1, 0.001}},
			{Name: "fine-tuning", Loss: []float64{0.82, 0.55}, Accuracy: []float64{0.71, 0.81}, Rate: []float64{0.01, 0.001}},
		},
		Notes:    []string{"One run: no claim is made beyond this seed."},
		Config:   []Setting{{"ratio", "0.5"}, {"rest", "init"}},
		Versions: []Setting{{"ONNX Runtime", "1.28.2"}, {"platform", "linux/amd64, 2 cores"}},
		Inputs:   []File{{Name: "images.idx.gz", Bytes: 4_402_112, SHA256: "00c0ffee00"}},
	}
	r.Spend(Cost{Module: "prune", Network: "dense", Seconds: 0.021})
	r.Spend(Cost{Module: "train", Network: "selector", Seconds: 4, Waited: 0.012, MACs: 700_000_000_000, Samples: 20_000})
	r.Spend(Cost{Module: "train", Network: "selector", Seconds: 4.4, Waited: 0.003, MACs: 680_000_000_000, Samples: 20_000})
	r.Spend(Cost{Module: "score", Network: "selector", Seconds: 1.3, MACs: 39_000_000_000, Samples: 5000})
	r.Spend(Cost{Module: "rank", Seconds: 0.0004, Samples: 5000})
	r.Spend(Cost{Module: "train", Network: "dense", Seconds: 24.1, MACs: 5_400_000_000_000, Samples: 40_000, Comparison: true})
	return r
}

// rounds is a run of several rounds over three seeds, with one method that was
// run once.
func rounds() *Report {
	return &Report{
		Title: "CIFAR-10, five rounds",
		Choosing: []Choosing{
			{Arm: "prunefuse", Seconds: 40.5, MACs: 1_400_000_000, Analytic: 0.25},
			{Arm: "dense", Seconds: 120, MACs: 5_200_000_000},
			{Arm: "random", Seconds: 0.01},
		},
		Seeds: []uint64{1, 2, 3},
		Series: []Series{
			{Role: RoleFineTuned, Name: "fused, fine-tuned", Points: []Point{{Labels: 2000, Values: []float64{0.82, 0.84, 0.83}}}},
			{Role: RoleRandom, Name: "fused, random labels", Points: []Point{{Labels: 2000, Values: []float64{0.81, 0.79}}}},
			{Name: "PruneFuse, margin", Points: []Point{
				{Labels: 500, Values: []float64{0.61, 0.63, 0.62}},
				{Labels: 1000, Values: []float64{0.70, 0.72, 0.71}},
				{Labels: 2000, Values: []float64{0.79, 0.80, 0.81}},
			}},
			{Name: "random", Points: []Point{
				{Labels: 500, Accuracy: 0.62},
				{Labels: 2000, Accuracy: 0.77},
			}},
		},
	}
}

// dot is a PNG file of one grey pixel.
func dot(t *testing.T) []byte {
	t.Helper()
	png, err := base64.StdEncoding.DecodeString(
		"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")
	if err != nil {
		t.Fatal(err)
	}
	return png
}
