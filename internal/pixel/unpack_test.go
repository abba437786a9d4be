package pixel

import (
	"bytes"
	"image"
	"image/color"
	"testing"
)

// Every kind of image in memory gives the pixels of its At method; where chroma
// is interpolated there is one value of it.
func TestUnpackImageTypes(t *testing.T) {
	t.Parallel()
	rect := image.Rect(3, 2, 8, 6)
	ycbcr := image.NewYCbCr(rect, image.YCbCrSubsampleRatio444)
	copy(ycbcr.Y, ramp(len(ycbcr.Y), 40))
	copy(ycbcr.Cb, ramp(len(ycbcr.Cb), 90))
	copy(ycbcr.Cr, ramp(len(ycbcr.Cr), 150))
	images := []image.Image{ycbcr, ycbcr.SubImage(image.Rect(4, 3, 7, 5))}
	for ratio := image.YCbCrSubsampleRatio422; ratio <= image.YCbCrSubsampleRatio410; ratio++ {
		flat := image.NewYCbCr(rect, ratio)
		copy(flat.Y, ramp(len(flat.Y), 40))
		for i := range flat.Cb {
			flat.Cb[i], flat.Cr[i] = 100, 170
		}
		images = append(images, flat, flat.SubImage(image.Rect(4, 2, 7, 5)), &image.NYCbCrA{YCbCr: *flat, A: bytes.Repeat([]byte{255}, len(flat.Y)), AStride: flat.YStride})
	}
	nrgba, rgba, opaque := image.NewNRGBA(rect), image.NewRGBA(rect), image.NewRGBA(rect)
	nrgba64, opaque64 := image.NewNRGBA64(rect), image.NewRGBA64(rect)
	grey, grey16, cmyk := image.NewGray(rect), image.NewGray16(rect), image.NewCMYK(rect)
	paletted := image.NewPaletted(rect, color.Palette{color.NRGBA{1, 2, 3, 255}, color.NRGBA{250, 9, 100, 77}})
	for i, p := 0, 0; i < rect.Dx()*rect.Dy(); i++ {
		x, y, v := rect.Min.X+i%rect.Dx(), rect.Min.Y+i/rect.Dx(), byte(7*i)
		nrgba.SetNRGBA(x, y, color.NRGBA{v, v + 9, v / 2, 77})
		nrgba64.Set(x, y, color.NRGBA64{uint16(v) * 250, uint16(v) * 3, 500, 3000})
		rgba.SetRGBA(x, y, color.RGBA{v / 3, v / 4, v / 5, 100})
		opaque.SetRGBA(x, y, color.RGBA{v, v / 4, v / 5, 255})
		opaque64.Set(x, y, color.NRGBA64{uint16(v) * 250, uint16(v) * 3, 500, 0xffff})
		grey.SetGray(x, y, color.Gray{v})
		grey16.SetGray16(x, y, color.Gray16{uint16(v)*257 - 1})
		cmyk.SetCMYK(x, y, color.CMYK{v, v * 3, v * 5, v / 2})
		paletted.SetColorIndex(x, y, uint8(p))
		p = 1 - p
	}
	images = append(images, nrgba, nrgba64, rgba, opaque, opaque64, grey, grey16, cmyk, paletted,
		grey.SubImage(image.Rect(4, 3, 7, 5)), nrgba.SubImage(image.Rect(4, 3, 7, 5)),
		paletted.SubImage(image.Rect(4, 3, 7, 5)), cmyk.SubImage(image.Rect(4, 3, 7, 5)), grey16.SubImage(image.Rect(4, 3, 7, 5)))
	for _, img := range images {
		checkUnpacked(t, img)
	}
}

func checkUnpacked(t *testing.T, img image.Image) {
	t.Helper()
	b := img.Bounds()
	n := b.Dx() * b.Dy()
	all := unpack(decoded{img: img}, false, make([]uint8, 3*n), new(Scratch))
	one := unpack(decoded{img: img}, true, make([]uint8, 3*n), new(Scratch))
	if all.h != b.Dy() || all.w != b.Dx() || one.c != 1 {
		t.Fatalf("%T: %d×%d×%d and %d planes of an image of %v", img, all.c, all.h, all.w, one.c, b)
	}
	for i := range n {
		c := color.NRGBAModel.Convert(img.At(b.Min.X+i%b.Dx(), b.Min.Y+i/b.Dx())).(color.NRGBA)
		r, g, bl := c.R, c.G, c.B
		if all.c == 3 {
			for k, want := range []uint8{r, g, bl} {
				if got := all.pix[k*n+i]; max(got, want)-min(got, want) > 1 {
					t.Fatalf("%T: pixel %d, channel %d: %d, want %d", img, i, k, got, want)
				}
			}
			r, g, bl = all.pix[i], all.pix[n+i], all.pix[2*n+i]
		}
		if got, want := int(one.pix[i]), luma(float32(r), float32(g), float32(bl)); float32(got) < want-1 || float32(got) > want+1 {
			t.Fatalf("%T: pixel %d: grey %d, want %v", img, i, got, want)
		}
	}
}
