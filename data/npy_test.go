package data

import (
	"bytes"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sbinet/npyio"
)

// npyBytes makes a file of format 1.0 with the given dictionary.
func npyBytes(dict string, values ...byte) []byte {
	out := append([]byte(npyMagic), 1, 0, byte(len(dict)), byte(len(dict)>>8))
	return append(append(out, dict...), values...)
}

func header(descr, shape string) string {
	return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }\n"
}

func encode[T Element](t testing.TB, shape []int, values []T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := EncodeNPY(&b, shape, values); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What we write, npyio reads, in shape, type and value.
func TestNPYWriterAgainstNpyio(t *testing.T) {
	t.Parallel()
	big := make([]float32, 3*7000)
	for i := range big {
		big[i] = float32(i) * 0.5
	}
	for name, c := range map[string]struct {
		content []byte
		shape   []int
		values  any
	}{
		"f4":     {encode(t, []int{3, 7000}, big), []int{3, 7000}, big},
		"i8":     {encode(t, []int{3}, []int64{-1, 0, 1 << 40}), []int{3}, []int64{-1, 0, 1 << 40}},
		"u1":     {encode(t, []int{2, 1, 2}, []uint8{0, 1, 254, 255}), []int{2, 1, 2}, []uint8{0, 1, 254, 255}},
		"scalar": {encode(t, []int{}, []int64{7}), []int{}, []int64{7}},
	} {
		r, err := npyio.NewReader(bytes.NewReader(c.content))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := r.Header.Descr.Shape; !slices.Equal(got, c.shape) {
			t.Errorf("%s: npyio reads shape %v, want %v", name, got, c.shape)
		}
		got := reflect.New(reflect.TypeOf(c.values))
		if err := r.Read(got.Interface()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got.Elem().Interface(), c.values) {
			t.Errorf("%s: npyio reads other values", name)
		}
		if n := bytes.IndexByte(c.content, '\n') + 1; n%64 != 0 {
			t.Errorf("%s: the values begin at byte %d", name, n)
		}
	}
}

// What npyio writes, we read.
func TestNPYReaderAgainstNpyio(t *testing.T) {
	t.Parallel()
	for name, values := range map[string]any{
		"f4": []float32{1.5, -2, float32(math.Inf(1))},
		"f8": []float64{1.5, -2, math.Inf(1)},
	} {
		var b bytes.Buffer
		if err := npyio.Write(&b, values); err != nil {
			t.Fatal(err)
		}
		a, err := NewNPY(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := make([]float32, a.Len())
		if err := a.ReadFloats(0, got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, []float32{1.5, -2, float32(math.Inf(1))}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestNPYRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := WriteNPY(path, []int{2, 2}, []int64{1, -2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	a, err := OpenNPY(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	got := make([]int64, 2)
	if err := a.ReadInts(1, got); err != nil || !slices.Equal(got, []int64{-2, 3}) {
		t.Errorf("%v, %v", got, err)
	}
	if err := a.ReadInts(3, got); err == nil {
		t.Error("read beyond the end")
	}
	if err := WriteNPY(path, []int{3, 2}, []int64{1}); err == nil {
		t.Error("wrote 1 value as 3×2")
	}
}

func TestHalfToFloat(t *testing.T) {
	t.Parallel()
	for h, want := range map[uint16]float32{
		0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0400: 1.0 / (1 << 14),
		0x0001: 1.0 / (1 << 24), 0x83ff: -1023.0 / (1 << 24), 0x3555: 0.333251953125,
		0x7c00: float32(math.Inf(1)), 0xfc00: float32(math.Inf(-1)),
	} {
		if got := halfToFloat(h); got != want {
			t.Errorf("%#04x: %v, want %v", h, got, want)
		}
	}
	if v := halfToFloat(0x7e00); v == v {
		t.Errorf("NaN became %v", v)
	}
	if v := halfToFloat(0x8000); math.Float32bits(v) != 1<<31 {
		t.Errorf("-0 became %v", v)
	}
}

func TestNPYErrors(t *testing.T) {
	t.Parallel()
	good := header("<f4", "(1, 2)")
	for _, c := range []struct {
		content []byte
		want    string
	}{
		{nil, "truncated"},
		{[]byte(npyMagic), "truncated"},
		{[]byte("not an npy file"), "does not begin"},
		{append([]byte(npyMagic), 9, 0, 1, 0, 0, 0), "version 9"},
		{append([]byte(npyMagic), 2, 0, 255, 255, 255, 255), "claims 4294967295 bytes"},
		{npyBytes(good, ramp(7, 0)...), "truncated"},
		{npyBytes(good, ramp(9, 0)...), "longer"},
		{npyBytes(good)[:30], "truncated"},
		{npyBytes("junk"), "not a dictionary"},
		{npyBytes("{'descr': '<f4'}"), "missing"},
		{npyBytes("{'descr': '<f4', 'descr': '<f4', 'shape': (1,)}"), "twice"},
		{npyBytes("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}"), "fortran_order"},
		{npyBytes("{'descr' '<f4'}"), "no value"},
		{npyBytes("{'descr: }"), "quote"},
		{npyBytes("{'other': 1}"), "unknown key"},
		{npyBytes(header(">f4", "(1,)"), ramp(4, 0)...), `">f4"`},
		{npyBytes(header("<c8", "(1,)"), ramp(8, 0)...), `"<c8"`},
		{npyBytes("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }"), "records"},
		{npyBytes(header("<f4", "(-1,)")), `"-1"`},
		{npyBytes(header("<f4", "(99999999999, 99999999999)")), "claims dimensions"},
		{npyBytes(strings.Replace(good, "False", "True", 1), ramp(8, 0)...), "Fortran"},
	} {
		_, err := NewNPY(bytes.NewReader(c.content), int64(len(c.content)))
		wantError(t, err, c.want)
	}
}

func TestNPYSet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "nchw.npy", npyBytes(header("|u1", "(2, 3, 2, 2)"), ramp(24, 0)...))
	put(t, dir, "nhwc.npy", npyBytes(header("|u1", "(2, 2, 2, 3)"), ramp(24, 0)...))
	put(t, dir, "grey.npy", npyBytes(header("|u1", "(6, 2, 2)"), ramp(24, 0)...))
	put(t, dir, "both.npy", npyBytes(header("|u1", "(1, 3, 2, 3)"), ramp(18, 0)...))
	put(t, dir, "flat.npy", encode(t, []int{2, 3}, []float32{1, 2, 3, -4, 5, 300}))
	put(t, dir, "none.npy", encode(t, []int{0, 3}, []float32{}))
	put(t, dir, "one.npy", encode(t, []int{1}, []float32{1}))

	nchw := mustOpen(t, filepath.Join(dir, "nchw.npy"), Options{})
	if !nchw.Shape().Equal(Shape{3, 2, 2}) || nchw.Label(1) != -1 || nchw.ID(1) != "nchw/1" {
		t.Errorf("%v, label %d, ID %s", nchw.Shape(), nchw.Label(1), nchw.ID(1))
	}
	wantBytes(t, nchw, 1, ramp(12, 12))
	nhwc := mustOpen(t, filepath.Join(dir, "nhwc.npy"), Options{})
	wantBytes(t, nhwc, 1, []byte{12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23})
	wantBytes(t, mustOpen(t, filepath.Join(dir, "grey.npy"), Options{}), 5, ramp(4, 20))

	flat := mustOpen(t, filepath.Join(dir, "flat.npy"), Options{})
	if got := mustRead(t, flat, 1); !flat.Shape().Equal(Shape{3}) || !slices.Equal(got, []float32{-4, 5, 300}) {
		t.Errorf("floats are not as stored: %v of %v", got, flat.Shape())
	}

	both := filepath.Join(dir, "both.npy")
	_, err := Open(both, Options{})
	wantError(t, err, "nchw or nhwc")
	if s := mustOpen(t, both, Options{Layout: "nhwc"}); !s.Shape().Equal(Shape{3, 3, 2}) {
		t.Errorf("nhwc: %v", s.Shape())
	}
	_, err = Open(filepath.Join(dir, "none.npy"), Options{})
	wantError(t, err, "holds no samples")
	_, err = Open(filepath.Join(dir, "one.npy"), Options{})
	wantError(t, err, "[1]", "axes of their own")
}

// Samples have any number of axes. Those of two are a series where a model takes
// one, else an image of one channel.
func TestNPYShapes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		array        string
		expect, want Shape
	}{
		{"(2, 30)", nil, Shape{30}},
		{"(2, 5, 6)", nil, Shape{1, 5, 6}},
		{"(2, 5, 6)", Shape{5, 6}, Shape{5, 6}},
		{"(2, 5, 6)", Shape{0, 6}, Shape{5, 6}},
		{"(2, 5, 6)", Shape{1, 5, 6}, Shape{1, 5, 6}},
		{"(2, 5, 6)", Shape{30}, Shape{1, 5, 6}},
		{"(2, 5, 6, 7)", Shape{5, 6, 7}, Shape{5, 6, 7}},
		{"(2, 5, 6, 7)", Shape{7, 5, 6}, Shape{7, 5, 6}},
		{"(2, 3, 5, 6, 7)", nil, Shape{3, 5, 6, 7}},
	} {
		n := 2 * c.want.Size()
		x := put(t, dir, "x.npy", npyBytes(header("|u1", c.array), ramp(n, 0)...))
		set := mustOpen(t, x, Options{Expect: c.expect})
		if !set.Shape().Equal(c.want) {
			t.Errorf("%s for %v: samples of %v, want %v", c.array, c.expect, set.Shape(), c.want)
			continue
		}
		if len(c.want) != 3 {
			wantBytes(t, set, 1, ramp(n/2, n/2))
		}
	}
	series := mustOpen(t, put(t, dir, "x.npy", npyBytes(header("|u1", "(2, 5, 6)"), ramp(60, 0)...)), Options{Expect: Shape{5, 6}})
	mean, std, err := Stats(t.Context(), series, 0)
	if err != nil || len(mean) != 5 || len(std) != 5 {
		t.Fatalf("%d means, %d deviations, %v, want one a channel", len(mean), len(std), err)
	}
	p, err := Prepare(series, Preprocess{Mean: mean, Std: std, Layout: "NCHW"})
	if err != nil || !slices.Equal(p.Shape(), []int{5, 6}) {
		t.Fatalf("prepared: %v, %v", p, err)
	}
	_, err = Open(filepath.Join(dir, "x.npy"), Options{Expect: Shape{5, 6}, Size: [2]int{2, 2}})
	wantError(t, err, "5×6 are no images")
}

func TestNPYLabels(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	x := put(t, dir, "x.npy", npyBytes(header("|u1", "(3, 1, 2)"), ramp(6, 0)...))
	put(t, dir, "labels.npy", encode(t, []int{3}, []int64{5, -1, 0}))
	set := mustOpen(t, x, Options{})
	if set.Label(0) != 5 || set.Label(1) != -1 || set.Label(2) != 0 {
		t.Errorf("labels %d, %d, %d", set.Label(0), set.Label(1), set.Label(2))
	}
	wantError(t, CheckLabels(set, 5), "x/0", "label 5 out of range", "5 classes")
	if set := mustOpen(t, x, Options{Labels: "none"}); set.Label(0) != -1 {
		t.Error("none did not drop the labels")
	}
	other := put(t, dir, "other.npy", npyBytes(header("<i4", "(3, 1)"), 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0))
	if set := mustOpen(t, x, Options{Labels: other}); set.Label(2) != 3 {
		t.Errorf("label %d from another file", set.Label(2))
	}
	for name, labels := range map[string][]byte{
		"floats":     encode(t, []int{3}, []float32{1, 2.5, 3}),
		"below":      encode(t, []int{3}, []int64{1, -2, 3}),
		"dimensions": encode(t, []int{1, 3}, []int64{1, 2, 3}),
	} {
		if _, err := Open(x, Options{Labels: put(t, dir, name+".npy", labels)}); err == nil {
			t.Errorf("%s passed", name)
		}
	}
	put(t, dir, "labels.npy", encode(t, []int{2}, []int64{5, 1}))
	_, err := Open(x, Options{})
	wantError(t, err, "labels.npy", "2 labels for 3 samples")
}

func FuzzNPY(f *testing.F) {
	f.Add(npyBytes(header("<f4", "(1, 2)"), ramp(8, 0)...))
	f.Add(npyBytes(header("|u1", "(2, 3, 2, 2)"), ramp(24, 0)...))
	f.Add(npyBytes(header("<f2", "(1, 2, 2, 3)"), ramp(24, 0)...))
	f.Add(npyBytes(header("<i8", "(3,)"), ramp(24, 0)...))
	f.Add(append([]byte(npyMagic), 2, 0, 2, 0, 0, 0, '{', '}'))
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := NewNPY(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return
		}
		_, _, _ = a.labels(Options{}, strconv.Itoa)
		set, err := newNPYSet(a, "fuzz.npy", "fuzz/", Options{})
		if err != nil {
			return
		}
		mustRead(t, set, 0)
		mustRead(t, set, set.Len()-1)
	})
}
