// Command library is the method as a program of your own, by public packages alone.
//
//	go run . IMAGES OUT    # a folder of JPEG files, one folder a class; a folder for the results
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/export"
	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
	"github.com/prunefuse/prunefuse/scoring/job"
	"github.com/prunefuse/prunefuse/scoring/selection"
	"github.com/prunefuse/prunefuse/training"
)

func main() {
	ctx, images, out := context.Background(), os.Args[1], os.Args[2]
	must(0, ort.Init(ctx, ort.Options{Progress: os.Stderr}))

	// A network for the classes of the folder, and the folder as the network takes images.
	classes := must(data.Open(images, data.Options{Size: [2]int{32, 32}})).Classes()
	dense := must(models.Build("resnet8", models.Options{Input: [3]int{3, 32, 32}, Classes: len(classes)}))
	must(0, data.Preprocess{Mean: []float32{0.5}, Resize: []int{32, 32}, Color: "rgb", Classes: classes}.Write(dense))
	pool := must(data.OpenFor(dense, data.Options{Labelled: true}, images))
	defer data.Close(pool.Set)

	// A pruned copy learns from every fifth image: these alone are labelled so far.
	unlabelled, labelled := job.AllSamples(pool.Len()), []int{}
	for i := 0; i < pool.Len(); i += 5 {
		unlabelled.Remove(i)
		labelled = append(labelled, i)
	}
	selector := train(ctx, must(pruning.Prune(dense, pruning.Config{Ratio: 0.5})).Model, pool.Subset(labelled))

	// A pass over the others is stopped half way, and goes on from its journal.
	score := func(ctx context.Context, name string, shard job.Shard, progress func(string, int, int)) (job.Output, error) {
		o := files(filepath.Join(out, name))
		_, err := job.Run(ctx, job.Task{Output: o, Spec: job.Spec{
			Network: job.Network{Model: selector}, Pool: pool, Samples: unlabelled, Shard: shard,
			Batch: 4, Resume: true, Hooks: job.Hooks{Progress: progress},
		}})
		return o, err
	}
	stoppable, stop := context.WithCancel(ctx)
	_, err := score(stoppable, "scores", job.Shard{}, func(_ string, done, total int) {
		if done > total/2 {
			stop()
		}
	})
	fmt.Println("stopped:", err)
	must(score(ctx, "scores", job.Shard{}, nil))

	// The same in three shards, as on three machines, and merged into the same files.
	var shards []string
	for i := range 3 {
		shards = append(shards, must(score(ctx, fmt.Sprint("shard-", i+1), job.Shard{I: i + 1, N: 3}, nil)).Scores)
	}
	all := files(filepath.Join(out, "merged"))
	must(job.Merge(ctx, shards, all, false))

	// Badge chooses the images that people are to label next.
	scores, rows := must(os.Open(all.Scores)), job.Files{Features: all.Features, Probabilities: all.Probabilities}
	for _, s := range must(job.Choose(ctx, scores, rows, job.Files{}, selection.Choice{Strategy: "badge", K: unlabelled.Len() / 4})) {
		fmt.Println("label next:", s.Record.ID)
		labelled = append(labelled, unlabelled.At(s.Record.Index))
	}

	// The selector goes back into the full network, which learns from all labels.
	fused := train(ctx, must(fusion.Fuse(dense, selector, fusion.Options{})), pool.Subset(labelled))
	final, report, err := export.Model(ctx, fused, export.Options{})
	must(final, err)
	must(0, final.Save(filepath.Join(out, "final.onnx"), onnxio.SaveOptions{}))
	fmt.Printf("final.onnx: %d layers folded, %d nodes\n", report.FoldedBatchNorm, len(final.Graph.Nodes()))
}

func train(ctx context.Context, m *onnxio.Model, set training.Set) *onnxio.Model {
	out, _, err := training.Train(ctx, m, set, training.Options{Batch: 8, Schedule: training.StepDecay(12, 0.05, 0.1, 9)})
	return must(out, err)
}

func files(path string) job.Output {
	return job.Output{Scores: path + ".jsonl", Features: path + "-features.npy", Probabilities: path + "-probabilities.npy"}
}

// must returns v, and ends the program at an error.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
