package ort_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

func session(t testing.TB, model []byte, opts ort.SessionOptions) *ort.Session {
	t.Helper()
	orttest.Need(t)
	s, err := ort.NewSession(model, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func tensor[T ort.Element](t testing.TB, shape []int64, data ...T) *ort.Tensor {
	t.Helper()
	x, err := ort.NewTensor(shape, data)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func equal[T ort.Element](t *testing.T, x *ort.Tensor, shape []int64, want ...T) {
	t.Helper()
	if !slices.Equal(x.Shape(), shape) || !slices.Equal(ort.Data[T](x), want) {
		t.Errorf("got %v %v, want %v %v", x, ort.Data[T](x), shape, want)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	s := session(t, addModel(), ort.SessionOptions{})
	if got := fmt.Sprint(s.Inputs(), s.Outputs()); got != "[a float32[N,3] b float32[N,3]] [c float32[N,3] d float32[N,3]]" {
		t.Errorf("signature is %s", got)
	}
	memory := []float32{1, 2, 3}
	a, b := tensor(t, []int64{1, 3}, memory...), tensor[float32](t, []int64{1, 3}, -5, 5, 0)
	c := tensor(t, []int64{1, 3}, make([]float32, 3)...)
	out := []*ort.Tensor{c, nil}
	if err := s.Run(context.Background(), []*ort.Tensor{a, b}, out); err != nil {
		t.Fatal(err)
	}
	equal[float32](t, c, []int64{1, 3}, -4, 7, 3)
	equal[float32](t, out[1], []int64{1, 3}, 0, 7, 3)

	// The same memory, changed, and the result of the last run as input of the next.
	memory[0] = 10
	if err := s.Run(context.Background(), []*ort.Tensor{c, a}, []*ort.Tensor{b, out[1]}); err != nil {
		t.Fatal(err)
	}
	equal[float32](t, b, []int64{1, 3}, 6, 9, 6)

	// Another batch size.
	a2 := tensor[float32](t, []int64{2, 3}, 1, 1, 1, 2, 2, 2)
	out = []*ort.Tensor{nil, nil}
	if err := s.Run(context.Background(), []*ort.Tensor{a2, a2}, out); err != nil {
		t.Fatal(err)
	}
	equal[float32](t, out[0], []int64{2, 3}, 2, 2, 2, 4, 4, 4)
}

func TestOutputsInTheOrderAsked(t *testing.T) {
	t.Parallel()
	s := session(t, addModel(), ort.SessionOptions{Outputs: []string{"d", "c"}, Threads: 1, Optimization: ort.OptimizeNone})
	a := tensor[float32](t, []int64{1, 3}, -1, 0, 1)
	out := make([]*ort.Tensor, 2)
	if err := s.Run(context.Background(), []*ort.Tensor{a, a}, out); err != nil {
		t.Fatal(err)
	}
	equal[float32](t, out[0], []int64{1, 3}, 0, 0, 2)
	equal[float32](t, out[1], []int64{1, 3}, -2, 0, 2)
}

// Every element type goes in and comes out, allocated by either side.
func TestElementTypes(t *testing.T) {
	t.Parallel()
	t.Run("float32", identity[float32](1.5, -2))
	t.Run("float64", identity[float64](1.5, -2))
	t.Run("float16", identity[ort.Float16](0x3c00, 0xc000))
	t.Run("int8", identity[int8](1, -2))
	t.Run("int16", identity[int16](1, -2))
	t.Run("int32", identity[int32](1, -2))
	t.Run("int64", identity[int64](1, -2))
	t.Run("uint8", identity[uint8](1, 255))
	t.Run("uint16", identity[uint16](1, 65535))
	t.Run("uint32", identity[uint32](1, 2))
	t.Run("uint64", identity[uint64](1, 2))
	t.Run("bool", identity(true, false))
}

func identity[T ort.Element](data ...T) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		orttest.Need(t)
		x := tensor(t, []int64{2}, data...)
		s := session(t, model([]node{{op: "Identity", in: []string{"x"}, out: []string{"y"}}},
			[]ort.IO{value("x", x.Elem(), "N")}, []ort.IO{value("y", x.Elem(), "N")}), ort.SessionOptions{})
		y, err := ort.FromBytes(x.Elem(), []int64{2}, make([]byte, len(x.Bytes())))
		if err != nil {
			t.Fatal(err)
		}
		out := []*ort.Tensor{nil}
		for _, out := range [][]*ort.Tensor{{y}, out} {
			if err := s.Run(context.Background(), []*ort.Tensor{x}, out); err != nil {
				t.Fatal(err)
			}
			equal(t, out[0], []int64{2}, data...)
		}
		none := tensor(t, []int64{0}, data[:0]...)
		out[0] = nil
		if err := s.Run(context.Background(), []*ort.Tensor{none}, out); err != nil {
			t.Fatal(err)
		}
		equal(t, out[0], []int64{0}, data[:0]...)
	}
}

// A scalar may be declared, or of a rank that only the run shows.
func TestScalars(t *testing.T) {
	t.Parallel()
	for _, shape := range []onnxio.Shape{{}, nil} {
		t.Run(shape.String(), func(t *testing.T) {
			t.Parallel()
			product, sum := value("product", onnxio.Float32), value("sum", onnxio.Float32)
			product.Shape, sum.Shape = shape, shape
			s := session(t, model(
				[]node{
					{op: "ReduceSum", in: []string{"x"}, out: []string{"sum"}, ints: map[string]int64{"keepdims": 0}},
					{op: "Mul", in: []string{"sum", "k"}, out: []string{"product"}},
					{op: "Identity", in: []string{"x"}, out: []string{"copy"}},
				},
				[]ort.IO{value("x", onnxio.Float32, "N"), value("k", onnxio.Float32)},
				[]ort.IO{value("copy", onnxio.Float32, "N"), sum, product}), ort.SessionOptions{})
			x, k := tensor[float32](t, []int64{3}, 1, 2, 3), tensor[float32](t, nil, 2)
			out := make([]*ort.Tensor, 3)
			for _, factor := range []float32{2, 5} {
				ort.Data[float32](k)[0] = factor
				if err := s.Run(context.Background(), []*ort.Tensor{x, k}, out); err != nil {
					t.Fatal(err)
				}
				equal[float32](t, out[1], nil, 6)
				equal(t, out[2], nil, 6*factor)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	s := session(t, addModel(), ort.SessionOptions{Outputs: []string{"c"}})
	good := func() *ort.Tensor { return tensor[float32](t, []int64{1, 3}, 1, 2, 3) }
	shared := good()
	dead := good()
	if once, twice := dead.Close(), dead.Close(); once != nil || twice != nil {
		t.Errorf("closing a tensor gives %v, then %v", once, twice)
	}
	for name, c := range map[string]struct {
		in, out []*ort.Tensor
		want    string
	}{
		"too few inputs":   {[]*ort.Tensor{good()}, []*ort.Tensor{nil}, `1 inputs given, want 2: "a", "b"`},
		"too many outputs": {[]*ort.Tensor{good(), good()}, make([]*ort.Tensor, 2), `2 outputs given, want 1`},
		"nil input":        {[]*ort.Tensor{good(), nil}, []*ort.Tensor{nil}, `input "b" is nil`},
		"element type":     {[]*ort.Tensor{good(), tensor[int64](t, []int64{1, 3}, 1, 2, 3)}, []*ort.Tensor{nil}, `input "b": tensor is int64[1 3], want float32[N,3]`},
		"rank":             {[]*ort.Tensor{good(), tensor[float32](t, []int64{3}, 1, 2, 3)}, []*ort.Tensor{nil}, `tensor is float32[3], want float32[N,3]`},
		"extent":           {[]*ort.Tensor{good(), tensor[float32](t, []int64{1, 1}, 1)}, []*ort.Tensor{nil}, `tensor is float32[1 1]`},
		"broadcast batch":  {[]*ort.Tensor{tensor(t, []int64{2, 3}, make([]float32, 6)...), tensor(t, []int64{4, 3}, make([]float32, 12)...)}, []*ort.Tensor{nil}, "Add"},
		"output type":      {[]*ort.Tensor{good(), good()}, []*ort.Tensor{tensor[int32](t, []int64{1, 3}, 1, 2, 3)}, `output "c": tensor is int32`},
		"output shape":     {[]*ort.Tensor{good(), good()}, []*ort.Tensor{tensor(t, []int64{2, 3}, make([]float32, 6)...)}, `shape`},
		"in and out":       {[]*ort.Tensor{good(), shared}, []*ort.Tensor{shared}, `output "c": tensor is in use`},
		"closed tensor":    {[]*ort.Tensor{good(), dead}, []*ort.Tensor{nil}, `input "b": tensor is closed`},
	} {
		err := s.Run(context.Background(), c.in, c.out)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error is %v, want one line with %s", name, err, c.want)
		}
		if len(c.out) == 1 && c.out[0] != nil && c.out[0] != shared && c.out[0].Close() != nil {
			t.Errorf("%s: the output stays claimed", name)
		}
	}
	if err := s.Run(context.Background(), []*ort.Tensor{shared, shared}, []*ort.Tensor{nil}); err != nil {
		t.Errorf("a good run after the refused ones: %v", err)
	}
	if once, twice := s.Close(), s.Close(); once != nil || twice != nil {
		t.Errorf("closing the session gives %v, then %v", once, twice)
	}
	if err := s.Run(context.Background(), []*ort.Tensor{shared, shared}, []*ort.Tensor{nil}); !errors.Is(err, ort.ErrClosed) {
		t.Errorf("run of a closed session: %v", err)
	}
}

func TestNewSessionRefuses(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	text := value("s", onnxio.String, "N")
	for name, c := range map[string]struct {
		model []byte
		opts  ort.SessionOptions
		want  string
	}{
		"empty":          {nil, ort.SessionOptions{}, "not an ONNX model"},
		"text":           {[]byte("hello, world"), ort.SessionOptions{}, "not an ONNX model"},
		"truncated":      {addModel()[:60], ort.SessionOptions{}, "not an ONNX model"},
		"operator":       {model([]node{{op: "Nonesuch", in: []string{"x"}, out: []string{"y"}}}, []ort.IO{value("x", onnxio.Float32, 1)}, []ort.IO{value("y", onnxio.Float32, 1)}), ort.SessionOptions{}, "Nonesuch"},
		"strings":        {model([]node{{op: "Identity", in: []string{"s"}, out: []string{"y"}}}, []ort.IO{text}, []ort.IO{value("y", onnxio.String, "N")}), ort.SessionOptions{}, `"s" is a string`},
		"no inputs":      {model(nil, nil, []ort.IO{value("y", onnxio.Float32, 1)}), ort.SessionOptions{}, "no inputs"},
		"unknown output": {addModel(), ort.SessionOptions{Outputs: []string{"z"}}, `output "z" is not in the model, which has "c", "d"`},
		"output twice":   {addModel(), ort.SessionOptions{Outputs: []string{"c", "c"}}, "twice"},
		"provider":       {addModel(), ort.SessionOptions{Provider: "tpu"}, `"tpu"`},
		"threads":        {addModel(), ort.SessionOptions{Threads: -1}, "-1 threads"},
		"optimization":   {addModel(), ort.SessionOptions{Optimization: 9}, "level 9"},
	} {
		s, err := ort.NewSession(c.model, c.opts)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error is %v, want one line with %s", name, err, c.want)
		}
	}
	missing := filepath.Join(t.TempDir(), "none.onnx")
	if _, err := ort.OpenSession(missing, ort.SessionOptions{}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("open a missing file: %v", err)
	}
}

func TestOpenSessionWithProfile(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "add.onnx")
	if err := os.WriteFile(path, addModel(), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := ort.OpenSession(path, ort.SessionOptions{Profile: filepath.Join(dir, "profile")})
	if err != nil {
		t.Fatal(err)
	}
	a := tensor[float32](t, []int64{1, 3}, 1, 2, 3)
	if err := s.Run(context.Background(), []*ort.Tensor{a, a}, make([]*ort.Tensor, 2)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if found, _ := filepath.Glob(filepath.Join(dir, "profile*.json")); len(found) != 1 {
		t.Errorf("profiles %v, want one", found)
	}
}

// chain is n products of x with itself.
func chain(n int) []byte {
	nodes := make([]node, n)
	in := "x"
	for i := range nodes {
		out := fmt.Sprintf("y%d", i)
		nodes[i] = node{op: "MatMul", in: []string{in, "x"}, out: []string{out}}
		in = out
	}
	return model(nodes, []ort.IO{value("x", onnxio.Float32, "N", "N")}, []ort.IO{value(in, onnxio.Float32, "N", "N")})
}

func TestCancelStopsARun(t *testing.T) {
	t.Parallel()
	const side = 512
	s := session(t, chain(4000), ort.SessionOptions{Threads: 1, Optimization: ort.OptimizeNone})
	x, err := ort.Zeros(onnxio.Float32, side, side)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.Run(ctx, []*ort.Tensor{x}, []*ort.Tensor{nil}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error is %v, want %v", err, context.DeadlineExceeded)
	}
	// The session and its kept call are whole.
	small, err := ort.Zeros(onnxio.Float32, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	if err := s.Run(ctx, []*ort.Tensor{small}, []*ort.Tensor{nil}); err != nil {
		t.Error(err)
	}
	cancel()
	if err := s.Run(ctx, []*ort.Tensor{small}, []*ort.Tensor{nil}); !errors.Is(err, context.Canceled) {
		t.Errorf("run after cancel: %v", err)
	}
}

func TestManyGoroutines(t *testing.T) {
	t.Parallel()
	s := session(t, addModel(), ort.SessionOptions{Outputs: []string{"c"}, Threads: 1})
	a := tensor[float32](t, []int64{1, 3}, 1, 2, 3)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 50 {
				out := []*ort.Tensor{nil}
				if err := s.Run(context.Background(), []*ort.Tensor{a, a}, out); err != nil {
					t.Error(err)
					return
				}
				equal[float32](t, out[0], []int64{1, 3}, 2, 4, 6)
				if i%10 == 0 {
					runtime.GC() // frees the handles of tensors that nobody closed
				}
			}
		})
	}
	wg.Wait()
}

// The training graphs need these two beside the plain operators.
func TestTrainingOperators(t *testing.T) {
	t.Parallel()
	s := session(t, model(
		[]node{{op: "FusedMatMul", domain: "com.microsoft", in: []string{"a", "b"}, out: []string{"c"}, ints: map[string]int64{"transA": 1}}},
		[]ort.IO{value("a", onnxio.Float32, 2, 1), value("b", onnxio.Float32, 2, 1)},
		[]ort.IO{value("c", onnxio.Float32, 1, 1)}), ort.SessionOptions{})
	a, b := tensor[float32](t, []int64{2, 1}, 1, 2), tensor[float32](t, []int64{2, 1}, 3, 4)
	out := []*ort.Tensor{nil}
	if err := s.Run(context.Background(), []*ort.Tensor{a, b}, out); err != nil {
		t.Fatal(err)
	}
	equal[float32](t, out[0], []int64{1, 1}, 11)

	s = session(t, model(
		[]node{{op: "BatchNormalization", in: []string{"x", "s", "z", "m", "v"}, out: []string{"y", "m2", "v2"}, ints: map[string]int64{"training_mode": 1}}},
		[]ort.IO{value("x", onnxio.Float32, "N", 1), value("s", onnxio.Float32, 1), value("z", onnxio.Float32, 1), value("m", onnxio.Float32, 1), value("v", onnxio.Float32, 1)},
		[]ort.IO{value("y", onnxio.Float32, "N", 1), value("m2", onnxio.Float32, 1), value("v2", onnxio.Float32, 1)}), ort.SessionOptions{})
	one, zero := tensor[float32](t, []int64{1}, 1), tensor[float32](t, []int64{1}, 0)
	out = make([]*ort.Tensor, 3)
	if err := s.Run(context.Background(), []*ort.Tensor{tensor[float32](t, []int64{2, 1}, 1, 3), one, zero, zero, one}, out); err != nil {
		t.Fatal(err)
	}
	if m := ort.Data[float32](out[1])[0]; m < 0.19 || m > 0.21 { // 0.9·0 + 0.1·2
		t.Errorf("running mean is %v, want 0.2", m)
	}
}

func BenchmarkRun(b *testing.B) {
	for _, n := range []int{1, 300} {
		b.Run(fmt.Sprintf("tensors=%d", n), func(b *testing.B) {
			var nodes []node
			var ins, outs []ort.IO
			for i := range n {
				x, y := fmt.Sprintf("x%d", i), fmt.Sprintf("y%d", i)
				nodes = append(nodes, node{op: "Relu", in: []string{x}, out: []string{y}})
				ins, outs = append(ins, value(x, onnxio.Float32, 1)), append(outs, value(y, onnxio.Float32, 1))
			}
			s := session(b, model(nodes, ins, outs), ort.SessionOptions{Threads: 1})
			in, out := make([]*ort.Tensor, n), make([]*ort.Tensor, n)
			for i := range n {
				in[i], out[i] = tensor[float32](b, []int64{1}, 1), tensor[float32](b, []int64{1}, 1)
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Run(ctx, in, out); err != nil {
					b.Fatal(err)
				}
				in, out = out, in
			}
		})
	}
}
