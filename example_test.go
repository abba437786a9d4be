package prunefuse_test

import (
	"context"
	"fmt"
	"os"

	"github.com/prunefuse/prunefuse"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// The whole method, on the images that are built in.
func ExampleRun() {
	ctx := context.Background()
	if err := ort.Init(ctx, ort.Options{Progress: os.Stderr}); err != nil {
		fmt.Println(err)
		return
	}
	err := prunefuse.Run(ctx, prunefuse.DemoConfig(), prunefuse.RunOptions{
		Dir: "out",
		Progress: func(e prunefuse.Event) {
			fmt.Fprintf(os.Stderr, "%s %d/%d %s\n", e.Stage, e.Done, e.Total, e.Note)
		},
	})
	if err != nil {
		fmt.Println(err)
	}
}

// BatchNormalization disappears into the convolutions; what is left computes
// the same.
func ExampleExport() {
	m, err := models.Build("resnet20", models.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	out, rep, err := prunefuse.Export(context.Background(), m, prunefuse.ExportOptions{SkipVerify: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rep.FoldedBatchNorm, "folded,", rep.NodesBefore, "nodes before,", len(out.Graph.Nodes()), "after")
	// Output: 21 folded, 73 nodes before, 52 after
}
