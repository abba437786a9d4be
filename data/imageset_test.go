package data

import (
	"bytes"
	"image/color"
	"image/jpeg"
	"testing"
	"testing/fstest"
)

// BenchmarkReadJPEG is a photo-sized JPEG to 3×224×224, beside the standard
// library's decoding alone.
func BenchmarkReadJPEG(b *testing.B) {
	img := colourImage(500, 375, color.NRGBA{0, 0, 0, 255})
	for i := range img.Pix {
		img.Pix[i] ^= byte(i*i>>7) & 63
	}
	var content bytes.Buffer
	if err := jpeg.Encode(&content, img, &jpeg.Options{Quality: 90}); err != nil {
		b.Fatal(err)
	}
	fsys := fstest.MapFS{"x.jpg": {Data: content.Bytes()}}
	set, err := ImageFolder(fsys, Options{Size: [2]int{224, 224}, Color: "rgb"})
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]float32, set.Shape().Size())
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := set.Read(0, dst); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("image/jpeg alone", func(b *testing.B) {
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(content.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
}
