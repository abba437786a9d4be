package onnxio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"testing"
)

// outside returns the tensor as it is read from a data file.
func outside(t testing.TB, x *Tensor) *Tensor {
	t.Helper()
	m := smallNet(t)
	p := m.Graph.Edit()
	p.SetInitializer(x)
	apply(t, p)
	path := filepath.Join(t.TempDir(), "net.onnx")
	if err := m.Save(path, SaveOptions{External: true}); err != nil {
		t.Fatal(err)
	}
	m, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	y := m.Graph.Initializer(x.Name())
	if _, ok := y.src.(*external); !ok {
		t.Fatalf("%q does not lie outside", x.Name())
	}
	return y
}

func mustBytes(t testing.TB, x *Tensor) []byte {
	t.Helper()
	b, err := x.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestStretches: a tensor read through a window is the one in memory, where
// the window holds many rows, less than one, or a part of several.
func TestStretches(t *testing.T) {
	t.Parallel()
	for _, dims := range [][]int64{{37, 3, 700}, {5, 40000}, {100003}, {40000, 3}, {2, 3, 4, 5000}} {
		t.Run(fmt.Sprint(dims), func(t *testing.T) {
			t.Parallel()
			x := ramp("w", dims...)
			y := outside(t, x)
			if !bytes.Equal(mustBytes(t, y), mustBytes(t, x)) {
				t.Error("the bytes differ")
			}
			var stream bytes.Buffer
			if err := y.writeTo(&stream); err != nil || !bytes.Equal(stream.Bytes(), mustBytes(t, x)) {
				t.Errorf("the stream differs: %v", err)
			}
			if digest(x) != digest(y) {
				t.Error("the digests differ")
			}
			v, err := x.AppendFloats([]float32{1, 2})
			if err != nil {
				t.Fatal(err)
			}
			if w, err := y.AppendFloats([]float32{1, 2}); err != nil || !slices.Equal(v, w) {
				t.Errorf("the floats differ: %v", err)
			}
			for mask := range 1 << len(dims) {
				index := make([][]int, len(dims))
				for k, n := range dims {
					if mask>>k&1 == 1 {
						index[k] = []int{int(n) - 1, 0, int(n) / 2, int(n) / 2}
					}
				}
				a, err := x.Gather(index)
				if err != nil {
					t.Fatal(err)
				}
				b, err := y.Gather(index)
				if err != nil || !bytes.Equal(mustBytes(t, a), mustBytes(t, b)) {
					t.Errorf("what is gathered along %b differs: %v", mask, err)
				}
				one := x
				for k, list := range index {
					if list != nil {
						if one, err = one.Take(k, list); err != nil {
							t.Fatal(err)
						}
					}
				}
				if !bytes.Equal(mustBytes(t, one), mustBytes(t, a)) || !slices.Equal(one.Dims(), a.Dims()) {
					t.Errorf("axis by axis along %b it is another", mask)
				}
			}
		})
	}
}

func TestZeroOutside(t *testing.T) {
	t.Parallel()
	x := ramp("w", 60, 7, 50)
	for name, base := range map[string]*Tensor{"memory": x, "outside": outside(t, x)} {
		z, err := base.ZeroOutside(0, []int{3, 59})
		if err == nil {
			z, err = z.ZeroOutside(2, []int{0, 1, 48})
		}
		if err != nil {
			t.Fatal(err)
		}
		want, err := x.Floats()
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if a, c := i/350, i%50; a != 3 && a != 59 || c > 1 && c != 48 {
				want[i] = 0
			}
		}
		if got, err := z.Floats(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: floats are wrong, %v", name, err)
		}
		m := smallNet(t)
		p := m.Graph.Edit()
		p.SetInitializer(z.Renamed("z"))
		apply(t, p)
		for _, y := range []*Tensor{outside(t, z), parse(t, marshal(t, m)).Graph.Initializer("z")} {
			if got, err := y.Floats(); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: the file holds others, %v", name, err)
			}
		}
	}
	for _, tc := range []struct {
		x     *Tensor
		axis  int
		index []int
	}{{x, 3, nil}, {x, -1, nil}, {x, 0, []int{60}}, {x, 1, []int{-1}}, {RawTensor("q", Int4, []int64{2}, []byte{0}), 0, nil}} {
		if _, err := tc.x.ZeroOutside(tc.axis, tc.index); err == nil {
			t.Errorf("axis %d, %v: no error", tc.axis, tc.index)
		}
	}
	empty, err := RawTensor("e", Float32, []int64{3, 0}, nil).ZeroOutside(1, nil)
	if err != nil || len(mustBytes(t, empty)) > 0 {
		t.Errorf("of nothing: %v", err)
	}
}

func TestFilled(t *testing.T) {
	t.Parallel()
	x, err := Filled("c", []int64{3, windowSize}, NewTensor("", []int64{1}, []int64{0x0102030405060708}))
	if err != nil {
		t.Fatal(err)
	}
	v, err := x.Ints()
	if err != nil || len(v) != 3*windowSize || slices.Min(v) != 0x0102030405060708 || slices.Max(v) != slices.Min(v) {
		t.Errorf("%d elements from %x to %x, %v", len(v), slices.Min(v), slices.Max(v), err)
	}
	if digest(x) != digest(NewTensor("c", x.Dims(), v)) {
		t.Error("the digest is not that of the elements")
	}
}

// TestWriteOfAnySize: what no file can hold is written with its weights
// outside, and never held as a whole.
func TestWriteOfAnySize(t *testing.T) {
	t.Parallel()
	m := smallNet(t)
	x, err := Filled("large", []int64{1 << 29}, Scalar[float32]("", 0.5))
	if err != nil {
		t.Fatal(err)
	}
	p := m.Graph.Edit()
	p.SetInitializer(x)
	apply(t, p)
	sizes := map[string]int64{}
	create := func(path string, write func(io.Writer) error) error {
		return write(counting{sizes, path})
	}
	if _, err := m.Write("a/net.onnx", SaveOptions{}, create); !errors.Is(err, ErrTooLarge) || len(sizes) > 0 {
		t.Errorf("error %v, wrote %v", err, sizes)
	}
	size, err := m.Write("a/net.onnx", SaveOptions{External: true}, create)
	if err != nil || len(sizes) != 2 || sizes["a/net.onnx.data"] < 1<<31 || size != sizes["a/net.onnx"]+sizes["a/net.onnx.data"] {
		t.Errorf("size %d of %v, %v", size, sizes, err)
	}
}

type counting struct {
	sizes map[string]int64
	path  string
}

func (c counting) Write(b []byte) (int, error) {
	c.sizes[c.path] += int64(len(b))
	return len(b), nil
}

func TestDataFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "sub/w.bin"), make([]byte, 8))
	m, err := Load(externalModel(t, dir, "location", "sub/w.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.DataFiles(), []string{filepath.Join(dir, "sub", "w.bin")}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := smallNet(t).DataFiles(); len(got) > 0 {
		t.Errorf("%v of a model in memory", got)
	}
}
