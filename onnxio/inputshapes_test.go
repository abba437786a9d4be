package onnxio_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
)

func TestParseInputShapes(t *testing.T) {
	t.Parallel()
	got, err := onnxio.ParseInputShapes([]string{"image:1,3,48,64", "a:b:7"})
	if err != nil || fmt.Sprint(got) != "map[a:b:[7] image:[1 3 48 64]]" {
		t.Errorf("%v, %v", got, err)
	}
	for text, want := range map[string]string{
		"image": "want name:1,3,224,224", ":1,3": "want name:", "image:": `"" is no extent`,
		"image:1,0": `"0" is no extent`, "image:1,x": `"x" is no extent`,
	} {
		if got, err := onnxio.ParseInputShapes([]string{text}); got != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %q", text, got, err, want)
		}
	}
}

func TestInputShapesSample(t *testing.T) {
	t.Parallel()
	n, h := onnxio.Symbol("N"), onnxio.Symbol("H")
	inputs := []onnxio.Value{
		{Name: "image", Type: onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{n, onnxio.Known(3), h, h}}},
		{Name: "scale", Type: onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{n, onnxio.Known(2)}}},
		{Name: "any", Type: onnxio.Type{Elem: onnxio.Float32}},
	}
	for name, test := range map[string]struct {
		given   onnxio.InputShapes
		want    string
		open    []string
		problem string
	}{
		"none":             {want: "map[]", open: []string{"image", "any"}},
		"one":              {given: onnxio.InputShapes{"image": {8, 3, 6, 4}}, want: "map[image:[1,3,6,4] scale:[1,2]]", open: []string{"any"}},
		"all":              {given: onnxio.InputShapes{"image": {1, 3, 6, 4}, "any": {5}}, want: "map[any:[1] image:[1,3,6,4] scale:[1,2]]"},
		"a stranger":       {given: onnxio.InputShapes{"x": {1}}, problem: `there is no input "x" to give a shape`},
		"what is fixed":    {given: onnxio.InputShapes{"image": {1, 4, 6, 6}}, problem: `input "image" (float32[N,3,H,H]): axis 1 is fixed and cannot be 4`},
		"too few axes":     {given: onnxio.InputShapes{"image": {1, 3}}, problem: "another number of axes"},
		"one of two wrong": {given: onnxio.InputShapes{"scale": {1, 3}, "image": {1, 3, 6, 4}}, problem: `input "scale"`},
	} {
		shapes, open, err := test.given.Sample(inputs)
		if test.problem != "" {
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("%s: error %v, want %q", name, err, test.problem)
			}
			continue
		}
		if err != nil || fmt.Sprint(shapes) != test.want || !slices.Equal(open, test.open) {
			t.Errorf("%s: %v, open %v, error %v; want %s, open %v", name, shapes, open, err, test.want, test.open)
		}
	}
}
