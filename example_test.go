package prunefuse_test

import (
	"context"
	"fmt"
	"os"

	"github.com/prunefuse/prunefuse"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// The whole method, on the images that are built in.
func ExampleRun() {
	ctx := context.Background()
	if err := ort.Init(ctx, ort.Options{Progress: os.Stderr}); err != nil {
		fmt.Println(err)
		return
	}
	err := prunefuse.Run(ctx, config.DemoConfig(), prunefuse.RunOptions{
		Dir: "out",
		Progress: func(e prunefuse.Event) {
			fmt.Fprintf(os.Stderr, "%s %d/%d %s\n", e.Stage, e.Done, e.Total, e.Note)
		},
	})
	if err != nil {
		fmt.Println(err)
	}
}
