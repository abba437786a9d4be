package pixel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"
)

// extensions are those of the files that are taken for images.
var extensions = []string{
	".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".dib", ".webp", ".tif", ".tiff",
	".pbm", ".pgm", ".ppm", ".pnm", ".pam",
	".heic", ".heif", ".avif", ".jxl", ".jp2", // to be refused by name
}

// HasExtension reports whether a file is taken for an image by its extension, in
// either case. Such files may be of formats that [Look] and Decode refuse by name.
func HasExtension(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	return dot >= 0 && slices.Contains(extensions, strings.ToLower(name[dot:]))
}

// Recognize reports whether a file begins as an image does, whatever its name.
func Recognize(head []byte) bool {
	_, _, err := image.DecodeConfig(bytes.NewReader(head))
	return !errors.Is(err, image.ErrFormat) || foreign(head) != ""
}

// foreign names the format of an image that is not read, "" where it is none that
// is known.
func foreign(content []byte) string {
	if bytes.HasPrefix(content, []byte{0xff, 0x0a}) || bytes.HasPrefix(content, []byte("\x00\x00\x00\x0cJXL ")) {
		return "JPEG XL"
	}
	if bytes.HasPrefix(content, []byte("\x00\x00\x00\x0cjP  ")) {
		return "JPEG 2000"
	}
	if len(content) < 12 || string(content[4:8]) != "ftyp" {
		return ""
	}
	switch brand := string(content[8:12]); brand {
	case "avif", "avis":
		return "AVIF"
	case "heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1":
		return "HEIC"
	}
	return ""
}

// unreadable words why an image of no known format cannot be read.
func unreadable(content []byte, err error) error {
	if name := foreign(content); name != "" && errors.Is(err, image.ErrFormat) {
		return fmt.Errorf("%s images are not read; convert it to PNG or JPEG", name)
	}
	return truncated(err)
}

// stillWebP returns the first frame of an animated WebP file as a file of its own,
// with where it lies on the canvas; ok is false of other files. The container is
// that of developers.google.com/speed/webp/docs/riff_container.
func stillWebP(content []byte) (still []byte, canvas, at image.Rectangle, ok bool) {
	const header = 12
	if len(content) < header+18 || string(content[:4]) != "RIFF" || string(content[8:16]) != "WEBPVP8X" || content[20]&2 == 0 {
		return nil, canvas, at, false
	}
	uint24 := func(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
	canvas = image.Rect(0, 0, uint24(content[24:])+1, uint24(content[27:])+1)
	for rest := content[header:]; len(rest) >= 8; {
		size := uint64(binary.LittleEndian.Uint32(rest[4:]))
		end := min(8+size+size&1, uint64(len(rest)))
		if string(rest[:4]) != "ANMF" {
			rest = rest[end:]
			continue
		}
		frame := rest[8:end]
		if len(frame) < 16 {
			break
		}
		x, y := 2*uint24(frame), 2*uint24(frame[3:])
		w, h := uint24(frame[6:])+1, uint24(frame[9:])+1
		at = image.Rect(x, y, x+w, y+h)
		body := frame[16:]
		var out bytes.Buffer
		out.WriteString("RIFF\x00\x00\x00\x00WEBP")
		if bytes.HasPrefix(body, []byte("ALPH")) {
			out.WriteString("VP8X\x0a\x00\x00\x00\x10\x00\x00\x00")
			out.Write([]byte{byte(w - 1), byte((w - 1) >> 8), byte((w - 1) >> 16), byte(h - 1), byte((h - 1) >> 8), byte((h - 1) >> 16)})
		}
		out.Write(body)
		still = out.Bytes()
		binary.LittleEndian.PutUint32(still[4:], uint32(len(still)-8))
		return still, canvas, at, true
	}
	return nil, canvas, at, false
}
