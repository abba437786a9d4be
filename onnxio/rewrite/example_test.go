package rewrite_test

import (
	"fmt"
	"log"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

func ExampleFoldBatchNorm() {
	m, err := models.Build("resnet20", models.Options{})
	if err != nil {
		log.Fatal(err)
	}
	folded, layers, err := rewrite.FoldBatchNorm(m)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(m.Graph.Nodes()), "nodes,", len(folded.Graph.Nodes()), "after folding")
	fmt.Println(layers[0].Source, "became", layers[0].Weight, "and", layers[0].Bias)
	// Output:
	// 73 nodes, 52 after folding
	// conv1.weight became conv1.weight.folded and conv1.weight.folded_bias
}
