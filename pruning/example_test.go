package pruning_test

import (
	"fmt"
	"log"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/pruning"
)

func ExamplePrune() {
	dense, err := models.Build("resnet20", models.Options{Classes: 10})
	if err != nil {
		log.Fatal(err)
	}
	r, err := pruning.Prune(dense, pruning.Config{Ratio: 0.7, ParentName: "dense.onnx"})
	if err != nil {
		log.Fatal(err)
	}
	g := r.Plan.Groups[0] // the residual stream of the first stage
	fmt.Printf("%d weights are cut together, %d of %d channels stay\n", len(g.Members), len(g.Kept), g.Size)
	const name = "layer1.0.conv1.weight"
	fmt.Println(name, "is left with", r.Model.Graph.Initializer(name).Shape())
	// Output:
	// 25 weights are cut together, 4 of 16 channels stay
	// layer1.0.conv1.weight is left with [4,4,3,3]
}

func ExampleAnalyze() {
	dense, err := models.Build("lenet", models.Options{})
	if err != nil {
		log.Fatal(err)
	}
	a, err := pruning.Analyze(dense, pruning.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, g := range a.Groups {
		fmt.Println(g.Size, g.Members)
	}
	for _, p := range a.Pinned {
		if p.Initializer == "fc3.weight" {
			fmt.Printf("%s:%d cannot be pruned: %s\n", p.Initializer, p.Axis, p.Reason)
		}
	}
	// Output:
	// 6 [conv1.weight:0 conv1.bias:0 conv2.weight:1]
	// 16 [conv2.weight:0 conv2.bias:0 fc1.weight:1]
	// 120 [fc1.weight:0 fc1.bias:0 fc2.weight:1]
	// 84 [fc2.weight:0 fc2.bias:0 fc3.weight:1]
	// fc3.weight:0 cannot be pruned: graph output "logits", axis 1
}
