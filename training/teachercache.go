package training

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// cacheCheck is how many samples of a cache are compared with the teacher.
const cacheCheck = 32

// cacheTolerance is how far, relative to the largest logit, a cache may be off:
// enough for another processor, far too little for another teacher.
const cacheTolerance = 1e-3

// openCache opens the cache where one is asked for, and writes it first where
// there is none.
func (t *teacher) openCache(ctx context.Context, batch int) error {
	if t.Cache == "" {
		return nil
	}
	a, err := data.OpenNPY(t.Cache)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := t.writeCache(ctx, batch); err != nil {
			return fmt.Errorf("write the teacher's answers: %w", err)
		}
		a, err = data.OpenNPY(t.Cache)
	case err == nil:
		t.cached = a
		err = t.checkCache(ctx)
	}
	if err != nil {
		return fmt.Errorf("the teacher's answers in %s: %w", t.Cache, err)
	}
	t.cached = a
	return nil
}

func (t *teacher) writeCache(ctx context.Context, batch int) error {
	n := t.source.set.Len()
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	return atomicfile.Write(t.Cache, 0o666, func(w io.Writer) error {
		if err := data.EncodeNPYHeader[float32](w, []int{n, t.outputs}); err != nil {
			return err
		}
		for from := 0; from < n; from += batch {
			to := min(from+batch, n)
			logits, err := t.ask(ctx, index[from:to])
			if err != nil {
				return err
			}
			if err := binary.Write(w, binary.LittleEndian, logits); err != nil {
				return err
			}
			if t.Progress != nil {
				t.Progress(to, n)
			}
		}
		return nil
	})
}

// checkCache compares the cache with the teacher on samples from all over the
// set.
func (t *teacher) checkCache(ctx context.Context) error {
	n := t.source.set.Len()
	if !slices.Equal(t.cached.Shape, []int{n, t.outputs}) {
		return fmt.Errorf("its shape is %v, want [%d %d]: it is of another set or another teacher; remove it or name another file", t.cached.Shape, n, t.outputs)
	}
	var index []int
	for k := range min(cacheCheck, n) {
		index = append(index, k*n/min(cacheCheck, n))
	}
	want, err := t.ask(ctx, index)
	if err != nil {
		return err
	}
	got := make([]float32, t.outputs)
	for k, i := range index {
		row := want[k*t.outputs:][:t.outputs]
		if err := t.cached.ReadFloats(i*t.outputs, got); err != nil {
			return err
		}
		scale := 1.0
		for _, v := range row {
			scale = max(scale, math.Abs(float64(v)))
		}
		for c, v := range got {
			if !(math.Abs(float64(v)-float64(row[c])) <= cacheTolerance*scale) {
				return fmt.Errorf("sample %d has the logit %v where the teacher says %v: it is of other samples or another teacher; remove it or name another file", i, v, row[c])
			}
		}
	}
	return nil
}

// ask returns the teacher's logits for samples as they are.
func (t *teacher) ask(ctx context.Context, index []int) ([]float32, error) {
	shape := []int64{int64(len(index))}
	for _, d := range t.source.sample {
		shape = append(shape, int64(d))
	}
	samples, err := ort.Zeros(onnxio.Float32, shape...)
	if err != nil {
		return nil, err
	}
	defer samples.Close()
	logits, err := ort.Zeros(onnxio.Float32, int64(len(index)), int64(t.outputs))
	if err != nil {
		return nil, err
	}
	defer logits.Close()
	x, size := ort.Data[float32](samples), t.source.size
	for k, i := range index {
		if err := errors.Join(ctx.Err(), t.source.plain(i, x[k*size:][:size:size])); err != nil {
			return nil, err
		}
	}
	if err := t.answer(ctx, samples, logits); err != nil {
		return nil, err
	}
	return slices.Clone(ort.Data[float32](logits)), nil
}
