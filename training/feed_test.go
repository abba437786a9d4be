package training

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// batches are the first n batches that a run with these options would take.
func batches(t *testing.T, set Set, o Options, n int, look func(step int, b *Batch)) {
	t.Helper()
	tr, err := newTrainer(tiny(t), set, o)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	f, err := tr.newFeed()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.run(ctx) }()
	for step := range n {
		b := <-f.out
		look(step, b)
		f.give(b)
	}
	cancel()
	if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	f.close()
}

// Samples and targets are blended alike, and with the same neighbour.
func TestFeedMixes(t *testing.T) {
	orttest.Need(t)
	set := tinySet(tinySamples)
	plain, err := newReader(set, set.shape, 4, Augment{}, tinyOptions().Normalize)
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]Augment{"mixup": {Mixup: 0.8}, "cutmix": {Cutmix: 1}} {
		o := tinyOptions()
		o.Augment, o.Workers = a, 3
		var keeps []float64
		batches(t, set, o, 6, func(_ int, b *Batch) {
			n, size := b.Len(), 128
			plane := make([]float32, 2*size)
			for at := range n {
				i, j := b.index[at], b.index[(at+n-1)%n]
				one, other := plane[:size], plane[size:]
				for k, v := range []int{i, j} {
					dst := plane[k*size:][:size]
					if err := plain.plain(v, dst); err != nil {
						t.Fatal(err)
					}
				}
				if set.labels[i] == set.labels[j] {
					continue
				}
				row := b.row(b.target, at)
				keep := float64(row[set.labels[i]])
				keeps = append(keeps, keep)
				if math.Abs(keep+float64(row[set.labels[j]])-1) > 1e-6 {
					t.Fatalf("%s: the targets are %v", name, row)
				}
				kept := 0
				for k, v := range b.Samples()[at*size:][:size] {
					if a.Mixup > 0 {
						if want := keep*float64(one[k]) + (1-keep)*float64(other[k]); math.Abs(float64(v)-want) > 1e-5 {
							t.Fatalf("%s: value %d is %v, want %v", name, k, v, want)
						}
						continue
					}
					if v == one[k] {
						kept++
					} else if v != other[k] {
						t.Fatalf("%s: value %d is of neither sample", name, k)
					}
				}
				if a.Cutmix > 0 && math.Abs(float64(kept)/float64(size)-keep) > 1e-6 {
					t.Fatalf("%s: %d of %d values kept for a target of %v", name, kept, size, keep)
				}
			}
		})
		if first := keeps[0]; len(keeps) < 20 || keeps[len(keeps)-1] == first {
			t.Errorf("%s: the shares are %v", name, keeps)
		}
	}
}

// BenchmarkFeed reads batches of 128 images without a step that takes them.
func BenchmarkFeed(b *testing.B) {
	orttest.Need(b)
	set, err := data.Open("demo", data.Options{})
	if err != nil {
		b.Fatal(err)
	}
	ready, err := data.Prepare(set, data.Preprocess{})
	if err != nil {
		b.Fatal(err)
	}
	for name, a := range map[string]Augment{"plain": {}, "crop,flip": {Pad: 2, Flip: true}, "resized-crop,cutmix": {Scale: [2]float64{0.1, 1}, Cutmix: 1}} {
		b.Run(name, func(b *testing.B) {
			tr, err := newTrainer(twoLayers(1, 784, 4, 10), ready, Options{
				Augment: a, Normalize: Normalize{Mean: []float32{0.3}, Std: []float32{0.4}}, Steps: b.N,
			})
			if err != nil {
				b.Fatal(err)
			}
			defer tr.Close()
			f, err := tr.newFeed()
			if err != nil {
				b.Fatal(err)
			}
			done := make(chan error, 1)
			b.ResetTimer()
			b.ReportAllocs()
			go func() { done <- f.run(context.Background()) }()
			samples := 0
			for batch := range f.out {
				samples += batch.Len()
				f.give(batch)
			}
			if err := <-done; err != nil {
				b.Fatal(err)
			}
			f.close()
			b.ReportMetric(float64(samples)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}
