package data

import (
	"bytes"
	"image/color"
	"slices"
	"testing"
	"testing/fstest"
)

// unknown is a set of which nothing is known but the interface.
type unknown struct{ Set }

// 8-bit samples are normalised by a table with the very results of Apply,
// through whatever views.
func TestPrepareBytes(t *testing.T) {
	t.Parallel()
	shape := Shape{3, 2, 2}
	set := &byteSet{shape: shape, count: 4, stride: 12, r: bytes.NewReader(ramp(48, 200))}
	both, err := join([]Set{set, Subset(set, []int{3, 1})})
	if err != nil {
		t.Fatal(err)
	}
	labelled, err := WithLabels(both, make([]int, 6), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := Preprocess{Mean: []float32{0.485, 0.456, 0.406}, Std: []float32{0.229, 0.224, 0.225}}
	fast, err := Prepare(labelled, p)
	if err != nil {
		t.Fatal(err)
	}
	slow, err := Prepare(unknown{labelled}, p)
	if err != nil {
		t.Fatal(err)
	}
	if fast.pixels == nil || slow.pixels != nil {
		t.Fatal("the two ways are one")
	}
	a, b := make([]float32, 12), make([]float32, 12)
	for i := range labelled.Len() {
		if err := fast.Read(i, a); err != nil {
			t.Fatal(err)
		}
		if err := slow.Read(i, b); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a, b) {
			t.Errorf("sample %d: %v, want %v", i, a, b)
		}
	}
	wantError(t, fast.Read(0, a[:5]), "into 5 values")
}

// A model may take the blue channel first and the channels last.
func TestPrepareLayout(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"x.png": {Data: pngBytes(t, colourImage(2, 1, color.NRGBA{30, 20, 10, 255}))}}
	set, err := ImageFolder(fsys, Options{Color: "bgr"})
	if err != nil {
		t.Fatal(err)
	}
	wantBytes(t, set, 0, []byte{10, 10, 20, 20, 30, 30})
	p, err := Prepare(set, Preprocess{Layout: "NHWC", Mean: []float32{0, 0, 0}, Std: []float32{1, 0.5, 1}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.Shape(), []int{1, 2, 3}) {
		t.Errorf("shape %v", p.Shape())
	}
	got := make([]float32, 6)
	if err := p.Read(0, got); err != nil {
		t.Fatal(err)
	}
	want := []float32{unit[10], unit[20] / 0.5, unit[30], unit[10], unit[20] / 0.5, unit[30]}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestPreprocessToSize(t *testing.T) {
	t.Parallel()
	imagenet, err := Preset("imagenet")
	if err != nil {
		t.Fatal(err)
	}
	var o Options
	if err := imagenet.ToSize(&o); err != nil {
		t.Fatal(err)
	}
	if o.Size != [2]int{256, 0} || o.Crop != [2]int{224, 224} || o.Color != "rgb" {
		t.Errorf("options %+v", o)
	}
	for want, p := range map[string]Preprocess{
		"resized to [0]":  {Resize: []int{0}},
		"3 sides":         {Resize: []int{1, 2, 3}},
		`filter "lanczos`: {Filter: "lanczos"},
		`color "cmyk"`:    {Color: "cmyk"},
		"larger than":     {Resize: []int{5, 5}, Crop: [2]int{6, 6}},
	} {
		wantError(t, p.ToSize(&o), want)
	}
}
