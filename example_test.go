package prunefuse_test

import (
	"context"
	"fmt"
	"os"

	"github.com/prunefuse/prunefuse"
	"github.com/prunefuse/prunefuse/loop"
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
	err := prunefuse.Run(ctx, config.DemoConfig(), prunefuse.Options{
		Dir: "out",
		Progress: func(p loop.Progress) {
			fmt.Fprintf(os.Stderr, "%s %d/%d %s\n", p.Stage, p.Done, p.Total, p.Note)
		},
	})
	if err != nil {
		fmt.Println(err)
	}
}
