package fusion_test

import (
	"fmt"
	"log"

	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/pruning"
)

func ExampleFuse() {
	dense, err := models.Build("resnet20", models.Options{Classes: 10})
	if err != nil {
		log.Fatal(err)
	}
	pruned, err := pruning.Prune(dense, pruning.Config{Ratio: 0.5, ParentName: "dense.onnx"})
	if err != nil {
		log.Fatal(err)
	}
	selector := pruned.Model // trained in between; the plan travels in its metadata

	fused, err := fusion.Fuse(dense, selector, fusion.Options{Rest: fusion.Preserve})
	if err != nil {
		log.Fatal(err)
	}
	const name = "layer1.0.conv1.weight"
	fmt.Println(name, "in the selector:", selector.Graph.Initializer(name).Shape())
	fmt.Println(name, "in the fused network:", fused.Graph.Initializer(name).Shape())
	fmt.Println("holds the selector bit for bit:", fusion.Verify(fused, selector) == nil)
	// Output:
	// layer1.0.conv1.weight in the selector: [8,8,3,3]
	// layer1.0.conv1.weight in the fused network: [16,16,3,3]
	// holds the selector bit for bit: true
}
