package pixel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/tiff"
)

// Formats beside the usual ones give the pixels that they hold.
func TestFormats(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	want := make([]uint8, 18)
	ppm, plain := []byte("P6 3 2 255\n"), "P3\n# a comment\n3 2\n255\n"
	for p := range 6 {
		c := color.NRGBA{uint8(10 * p), uint8(100 + p), uint8(200 - 9*p), 255}
		img.SetNRGBA(p%3, p/3, c)
		want[p], want[6+p], want[12+p] = c.R, c.G, c.B
		ppm = append(ppm, c.R, c.G, c.B)
		plain += fmt.Sprintln(c.R, c.G, c.B)
	}
	var packed, bare bytes.Buffer
	if err := tiff.Encode(&packed, img, &tiff.Options{Compression: tiff.Deflate, Predictor: true}); err != nil {
		t.Fatal(err)
	}
	if err := tiff.Encode(&bare, img, nil); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"deflated.tif": packed.Bytes(), "bare.tif": bare.Bytes(), "x.ppm": ppm, "plain.ppm": []byte(plain)} {
		if got, s := decodeRGB(t, content, Geometry{}); s != (Shape{3, 2, 3}) || !slices.Equal(got, want) {
			t.Errorf("%s: %v of %v, want %v", name, got, s, want)
		}
		if !Recognize(content) {
			t.Errorf("%s is not recognised", name)
		}
	}
	pgm := []byte("P5 2 1 255\n\x07\xf0")
	if o, err := Look(pgm); err != nil || !o.Grey {
		t.Errorf("%+v, %v of a grey image", o, err)
	}
	if got, _ := decodeRGB(t, pgm, Geometry{}); !slices.Equal(got, []uint8{7, 0xf0, 7, 0xf0, 7, 0xf0}) {
		t.Errorf("%v of a grey image", got)
	}
}

// Formats that are not read are named.
func TestForeignFormats(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic": "HEIC images are not read; convert it to PNG or JPEG",
		"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avif":     "AVIF images",
		"\xff\x0a\x00\x00": "JPEG XL images", "\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a": "JPEG XL images",
		"\x00\x00\x00\x0cjP  \x0d\x0a": "JPEG 2000 images", "text": "unknown format",
	} {
		_, err := Look([]byte(content))
		wantError(t, err, want)
		if Recognize([]byte(content)) != (content != "text") {
			t.Errorf("%q: recognised %v", content, content == "text")
		}
	}
}

// animated makes a file with two frames on a canvas, the first at a place, of the
// chunks of a still one.
func animated(still []byte, w, h, x, y, canvasW, canvasH int) []byte {
	body := still[12:]
	if string(body[:4]) == "VP8X" {
		body = body[18:]
	}
	uint24 := func(v int) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16)} }
	chunk := func(name string, content []byte) []byte {
		b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(content)))
		return append(append(b, content...), make([]byte, len(content)&1)...)
	}
	frame := slices.Concat(uint24(x/2), uint24(y/2), uint24(w-1), uint24(h-1), uint24(100), []byte{0}, body)
	out := slices.Concat(
		[]byte("WEBP"), chunk("VP8X", slices.Concat([]byte{2, 0, 0, 0}, uint24(canvasW-1), uint24(canvasH-1))),
		chunk("ANIM", make([]byte, 6)), chunk("ANMF", frame), chunk("ANMF", frame),
	)
	return slices.Concat(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(out))), out)
}

func TestAnimatedWebP(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, f := range readPIL(t).Files {
		if !strings.HasSuffix(f.Name, ".webp") || strings.HasPrefix(f.Name, "turned") {
			continue
		}
		seen++
		h, w := f.Size[0], f.Size[1]
		still, _ := decodeRGB(t, f.Content, Geometry{})
		if got, _ := decodeRGB(t, animated(f.Content, w, h, 0, 0, w, h), Geometry{}); !slices.Equal(got, still) {
			t.Errorf("%s: the first frame is not the still image", f.Name)
		}
		// A frame that covers a part lies on black.
		got, s := decodeRGB(t, animated(f.Content, w, h, 2, 4, w+4, h+4), Geometry{})
		if s != (Shape{3, h + 4, w + 4}) {
			t.Fatalf("%s: %v", f.Name, s)
		}
		for i, v := range still {
			c, y, x := i/(h*w), i/w%h, i%w
			if g := got[(c*s.H+y+4)*s.W+x+2]; g != v {
				t.Fatalf("%s: %d at %d, %d, want %d", f.Name, g, y, x, v)
			}
		}
		if got[0] != 0 {
			t.Errorf("%s: %d beside the frame", f.Name, got[0])
		}
		_, err := Look(animated(f.Content, w, h, 2, 2, w, h))
		wantError(t, err, "another size")
		for cut := range 60 {
			_, _ = Look(animated(f.Content, w, h, 0, 0, w, h)[:cut])
		}
	}
	if seen == 0 {
		t.Error("there is no WebP file to animate")
	}
}
