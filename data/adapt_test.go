package data

import (
	"math"
	"testing"
	"testing/fstest"
)

// Channels and size are converted alike for image files and other sources.
func TestAdapt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pixels := ramp(30, 100)
	x := put(t, dir, "x.npy", npyBytes(header("|u1", "(1, 5, 6)"), pixels...))
	opts := Options{Size: [2]int{3, 4}, Color: "rgb"}
	fromArray := mustOpen(t, x, opts)
	fromImage, err := ImageFolder(fstest.MapFS{"x.png": {Data: pngBytes(t, greyImage(6, 5, pixels...))}}, opts)
	if err != nil {
		t.Fatal(err)
	}
	if !fromArray.Shape().Equal(Shape{3, 3, 4}) || !fromImage.Shape().Equal(fromArray.Shape()) {
		t.Fatalf("shapes %v, %v", fromArray.Shape(), fromImage.Shape())
	}
	a, b := mustRead(t, fromArray, 0), mustRead(t, fromImage, 0)
	for i := range a {
		if a[i] != b[i] || a[i] != a[i%12] {
			t.Errorf("value %d: %v from the array, %v from the image, %v in the first channel", i, a[i], b[i], a[i%12])
		}
	}
	colour := put(t, dir, "colour.npy", encode(t, []int{1, 3, 1, 2}, []float32{1, 0.5, 0, 0.5, 0, 0.5}))
	grey := mustRead(t, mustOpen(t, colour, Options{Color: "grey"}), 0)
	if len(grey) != 2 || math.Abs(float64(grey[0])-0.299) > 1e-6 || grey[1] != 0.5 {
		t.Errorf("grey %v, want [0.299 0.5]", grey)
	}
	five := put(t, dir, "five.npy", encode(t, []int{1, 5, 1, 1}, make([]float32, 5)))
	_, err = Open(five, Options{Layout: "nchw", Color: "rgb"})
	wantError(t, err, "5×1×1", "no colours")
}
