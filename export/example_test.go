package export_test

import (
	"context"
	"fmt"

	"github.com/prunefuse/prunefuse/export"
	"github.com/prunefuse/prunefuse/models"
)

// BatchNormalization disappears into the convolutions; what is left computes
// the same.
func ExampleModel() {
	m, err := models.Build("resnet20", models.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	out, rep, err := export.Model(context.Background(), m, export.Options{SkipVerify: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rep.FoldedBatchNorm, "folded,", rep.NodesBefore, "nodes before,", len(out.Graph.Nodes()), "after")
	// Output: 21 folded, 73 nodes before, 52 after
}
