package data

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"

	_ "image/gif"  // registers the format with image.Decode
	_ "image/jpeg" // registers the format with image.Decode
	_ "image/png"  // registers the format with image.Decode

	_ "golang.org/x/image/bmp"  // registers the format with image.Decode
	_ "golang.org/x/image/webp" // registers the format with image.Decode
)

// maxPixels bounds what a small file may unpack to.
const maxPixels = 1 << 27

// maxSide bounds the size that samples are resized to.
const maxSide = 1 << 14

// decodeImage decodes content after its header has been found acceptable.
func decodeImage(content []byte) (image.Image, error) {
	header, err := imageHeader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	img, format, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	if b := img.Bounds(); b.Dx() <= 0 || b.Dy() <= 0 {
		return nil, fmt.Errorf("the %s image is empty", format)
	}
	if screen := image.Rect(0, 0, header.Width, header.Height); img.Bounds() != screen {
		// The first frame of a GIF may cover only a part of its screen.
		full := image.NewNRGBA(screen)
		draw.Draw(full, img.Bounds(), img, img.Bounds().Min, draw.Src)
		return full, nil
	}
	return img, nil
}

// imageHeader reads size and colour model and refuses sizes out of bounds.
func imageHeader(r io.Reader) (image.Config, error) {
	cfg, _, err := image.DecodeConfig(r)
	if err != nil {
		return cfg, err
	}
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > maxPixels/cfg.Height {
		return cfg, fmt.Errorf("an image of %d×%d pixels", cfg.Width, cfg.Height)
	}
	return cfg, nil
}

// isGrey reports whether images of this colour model have one channel.
func isGrey(m color.Model) bool { return m == color.GrayModel || m == color.Gray16Model }

// planes writes img to dst as channels (1 or 3) planes of values in [0, 1].
// Grey is the luma of ITU-R 601, 0.299 R + 0.587 G + 0.114 B.
func planes(img image.Image, channels int, dst []float32) {
	b := img.Bounds()
	w, plane := b.Dx(), b.Dx()*b.Dy()
	rgb := make([]uint8, 3*w)
	for y := range b.Dy() {
		out := dst[y*w:]
		if grey, ok := img.(*image.Gray); ok {
			for x, v := range grey.Pix[y*grey.Stride:][:w] {
				out[x] = unit[v]
			}
			for c := 1; c < channels; c++ {
				copy(dst[c*plane+y*w:][:w], out)
			}
			continue
		}
		rgbRow(img, b.Min.Y+y, rgb)
		if channels == 1 {
			for x := range w {
				out[x] = luma(unit[rgb[3*x]], unit[rgb[3*x+1]], unit[rgb[3*x+2]])
			}
			continue
		}
		for c := range 3 {
			row := dst[c*plane+y*w:][:w]
			for x := range row {
				row[x] = unit[rgb[3*x+c]]
			}
		}
	}
}

func luma(r, g, b float32) float32 {
	if r == g && g == b {
		return r // exactly
	}
	return 0.299*r + 0.587*g + 0.114*b
}

// rgbRow writes row y of img to rgb as 8-bit triples, without alpha.
func rgbRow(img image.Image, y int, rgb []uint8) {
	b := img.Bounds()
	switch src := img.(type) {
	case *image.YCbCr:
		ycbcrRow(src, y, rgb)
	case *image.NRGBA:
		dropAlpha(src.Pix[src.PixOffset(b.Min.X, y):], rgb)
	case *image.RGBA:
		if src.Opaque() {
			dropAlpha(src.Pix[src.PixOffset(b.Min.X, y):], rgb)
			return
		}
		anyRow(img, y, rgb)
	default:
		anyRow(img, y, rgb)
	}
}

func ycbcrRow(src *image.YCbCr, y int, rgb []uint8) {
	shift := 0 // of a column to its chroma sample
	switch src.SubsampleRatio {
	case image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420:
		shift = 1
	case image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410:
		shift = 2
	}
	left := src.Rect.Min.X
	chroma := src.COffset(left, y) - left>>shift
	for x, luma := range src.Y[src.YOffset(left, y):][:len(rgb)/3] {
		c := chroma + (left+x)>>shift
		out := rgb[3*x : 3*x+3 : 3*x+3]
		out[0], out[1], out[2] = color.YCbCrToRGB(luma, src.Cb[c], src.Cr[c])
	}
}

func dropAlpha(rgba, rgb []uint8) {
	for i, o := 0, 0; o < len(rgb); i, o = i+4, o+3 {
		rgb[o], rgb[o+1], rgb[o+2] = rgba[i], rgba[i+1], rgba[i+2]
	}
}

func anyRow(img image.Image, y int, rgb []uint8) {
	b := img.Bounds()
	for x := range b.Dx() {
		c := color.NRGBAModel.Convert(img.At(b.Min.X+x, y)).(color.NRGBA)
		rgb[3*x], rgb[3*x+1], rgb[3*x+2] = c.R, c.G, c.B
	}
}
