package ort_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

func TestInitAndDescribe(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	info := ort.Describe()
	if info.Version == "" || info.Library == "" || info.Source == "" || info.Threads < 1 || info.GOOS != runtime.GOOS || info.GOARCH != runtime.GOARCH {
		t.Errorf("incomplete: %+v", info)
	}
	if last := info.Tried[len(info.Tried)-1]; last.Path != info.Library || last.Problem != "" {
		t.Errorf("last place is %v, want the library in use", last)
	}
	for _, p := range info.Tried[:len(info.Tried)-1] {
		if p.Problem == "" {
			t.Errorf("%v was passed over without a reason", p)
		}
	}
	if len(info.Providers) != 2 || info.Providers[0] != (ort.ProviderStatus{Name: ort.CPU, Available: true}) {
		t.Errorf("providers are %v", info.Providers)
	}
	if cuda := info.Providers[1]; cuda.Available == (cuda.Problem != "") {
		t.Errorf("cuda is %+v", cuda)
	}
	if err := ort.Init(context.Background(), ort.Options{Lib: info.Library}); err != nil {
		t.Errorf("the same library again: %v", err)
	}
	if err := ort.Init(context.Background(), ort.Options{Lib: t.TempDir()}); err == nil {
		t.Error("another library was accepted")
	}
}

func TestInitHammer(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := ort.Init(context.Background(), ort.Options{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if err := ort.Init(done, ort.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that ended: %v", err)
	}
}

// Without cgo nothing runs, and every way in says so.
func TestWithoutRuntime(t *testing.T) {
	if err := ort.Init(context.Background(), ort.Options{Offline: true}); err == nil {
		t.Skip("there is a runtime")
	}
	_, tensorErr := ort.NewTensor([]int64{1}, []float32{1})
	_, zerosErr := ort.Zeros(onnxio.Float32, 2)
	_, sessionErr := ort.NewSession(addModel(), ort.SessionOptions{})
	for _, err := range []error{tensorErr, zerosErr, sessionErr, ort.Init(context.Background(), ort.Options{Offline: true})} {
		if !errors.Is(err, ort.ErrNoRuntime) {
			t.Errorf("error %v does not match ErrNoRuntime", err)
		}
	}
	if info := ort.Describe(); info.Version != "" || info.Providers != nil {
		t.Errorf("a runtime is described: %+v", info)
	}
}

func TestTensorRefuses(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	for name, err := range map[string]error{
		"length":   second(ort.NewTensor([]int64{2, 2}, make([]float32, 3))),
		"negative": second(ort.NewTensor([]int64{-1, 2}, make([]float32, 2))),
		"overflow": second(ort.Zeros(onnxio.Float64, 1<<40, 1<<40)),
		"string":   second(ort.Zeros(onnxio.String, 1)),
		"half":     second(ort.Zeros(onnxio.Float16)),
		"bytes":    second(ort.FromBytes(onnxio.Float32, []int64{2}, make([]byte, 7))),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	x := tensor[int64](t, []int64{2}, 1, 2)
	defer func() {
		if recover() == nil {
			t.Error("Data of another type was given")
		}
	}()
	ort.Data[float32](x)
}

func second(_ *ort.Tensor, err error) error { return err }
