package pixel

import (
	"image"
	"image/color"
)

// unpack writes an image to pix, which has room for three planes: one plane where the
// image is grey or grey is asked for, else red, green and blue. Samples of 16
// bits keep their upper 8; alpha is dropped, as PIL's convert("RGB") does.
func unpack(d decoded, grey bool, pix []uint8, s *Scratch) raster {
	b := d.img.Bounds()
	h, w := b.Dy(), b.Dx()
	plane := h * w
	r := raster{c: 1, h: h, w: w, pix: pix[:plane], top: b.Min.Y, left: b.Min.X}
	switch img := d.img.(type) {
	case *image.Gray:
		for y := range h {
			copy(pix[y*w:][:w], img.Pix[y*img.Stride:])
		}
		return r
	case *image.Gray16:
		for y := range h {
			row := img.Pix[y*img.Stride:][:2*w]
			for x := range w {
				pix[y*w+x] = row[2*x]
			}
		}
		return r
	}
	red, green, blue := pix[:plane], pix[plane:2*plane], pix[2*plane:3*plane]
	convert := rowConverter(d, s)
	for y := range h {
		at := y * w
		convert(y, red[at:at+w], green[at:at+w], blue[at:at+w])
	}
	if grey {
		greyOf(red, green, blue)
		return r
	}
	r.c, r.pix = 3, pix[:3*plane]
	return r
}

// greyOf turns red into the luma of ITU-R 601, rounded as PIL's convert("L").
func greyOf(red, green, blue []uint8) {
	green, blue = green[:len(red)], blue[:len(red)]
	for i, r := range red {
		red[i] = uint8((19595*uint32(r) + 38470*uint32(green[i]) + 7471*uint32(blue[i]) + 1<<15) >> 16)
	}
}

// rowConverter returns what writes a row of an image, the first being 0, as three
// rows of equal length.
func rowConverter(d decoded, s *Scratch) func(y int, r, g, b []uint8) {
	switch img := d.img.(type) {
	case *image.YCbCr:
		return ycbcrRows(img, d.studio, s)
	case *image.NYCbCrA:
		return ycbcrRows(&img.YCbCr, d.studio, s)
	case *image.NRGBA:
		return strided(img.Pix, img.Stride, 4, 1)
	case *image.NRGBA64:
		return strided(img.Pix, img.Stride, 8, 2)
	case *image.RGBA:
		if img.Opaque() {
			return strided(img.Pix, img.Stride, 4, 1)
		}
	case *image.RGBA64:
		if img.Opaque() {
			return strided(img.Pix, img.Stride, 8, 2)
		}
	case *image.Paletted:
		return palettedRows(img)
	case *image.CMYK:
		return cmykRows(img)
	}
	return anyRows(d.img)
}

// ycbcrRows is for the colours of JPEG and WebP.
func ycbcrRows(img *image.YCbCr, studio bool, s *Scratch) func(y int, r, g, b []uint8) {
	u := newUpsampler(img, s)
	convert := colourRow
	if studio {
		convert = studioRow
	}
	return func(y int, r, g, b []uint8) {
		luma := img.Y[img.YOffset(img.Rect.Min.X, img.Rect.Min.Y+y):][:len(r)]
		convert(luma, u.row(y), r, g, b)
	}
}

// strided is for red, green and blue that stand between bytes to be left out:
// pixel bytes from pixel to pixel, step from colour to colour.
func strided(pix []uint8, stride, pixel, step int) func(y int, r, g, b []uint8) {
	return func(y int, r, g, b []uint8) {
		g, b = g[:len(r)], b[:len(r)]
		row := pix[y*stride:]
		for x := range r {
			p := row[x*pixel:][: 2*step+1 : 2*step+1]
			r[x], g[x], b[x] = p[0], p[step], p[2*step]
		}
	}
}

func palettedRows(img *image.Paletted) func(y int, r, g, b []uint8) {
	var table [256][3]uint8 // an index beyond the palette is black
	for i, c := range img.Palette[:min(len(img.Palette), 256)] {
		v := color.NRGBAModel.Convert(c).(color.NRGBA)
		table[i] = [3]uint8{v.R, v.G, v.B}
	}
	return func(y int, r, g, b []uint8) {
		g, b = g[:len(r)], b[:len(r)]
		for x, i := range img.Pix[y*img.Stride:][:len(r)] {
			c := &table[i]
			r[x], g[x], b[x] = c[0], c[1], c[2]
		}
	}
}

func cmykRows(img *image.CMYK) func(y int, r, g, b []uint8) {
	return func(y int, r, g, b []uint8) {
		g, b = g[:len(r)], b[:len(r)]
		row := img.Pix[y*img.Stride:]
		for x := range r {
			p := row[4*x:][:4:4]
			r[x], g[x], b[x] = ink(p[0], p[3]), ink(p[1], p[3]), ink(p[2], p[3])
		}
	}
}

// ink is what a colour and black on white leave of light.
func ink(colour, black uint8) uint8 {
	light := 255 - uint32(black)
	t := uint32(colour)*light + 128
	return uint8(light - (t+t>>8)>>8) // t/255, rounded
}

func anyRows(img image.Image) func(y int, r, g, b []uint8) {
	bounds := img.Bounds()
	return func(y int, r, g, b []uint8) {
		for x := range r {
			c := color.NRGBAModel.Convert(img.At(bounds.Min.X+x, bounds.Min.Y+y)).(color.NRGBA)
			r[x], g[x], b[x] = c.R, c.G, c.B
		}
	}
}
