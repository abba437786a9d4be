package pixel

import (
	"encoding/binary"
	"testing"
)

// tiffBlock is a structure whose first directory holds an orientation after another
// field.
func tiffBlock(order binary.AppendByteOrder, mark string, orientation uint16) []byte {
	b := order.AppendUint32([]byte(mark), 8)
	b = order.AppendUint16(b, 2)
	for _, field := range [][2]uint16{{0x010f, 7}, {0x0112, orientation}} {
		b = order.AppendUint16(b, field[0])
		b = order.AppendUint16(b, 3)
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(b, field[1])
		b = order.AppendUint16(b, 0)
	}
	return b
}

func jpegSegment(marker byte, body []byte) []byte {
	b := []byte{0xff, marker}
	return append(binary.BigEndian.AppendUint16(b, uint16(2+len(body))), body...)
}

func TestOrientation(t *testing.T) {
	t.Parallel()
	little, big := tiffBlock(binary.LittleEndian, "II*\x00", 6), tiffBlock(binary.BigEndian, "MM\x00*", 8)
	jpeg := func(segments ...[]byte) []byte {
		b := []byte{0xff, 0xd8}
		for _, s := range segments {
			b = append(b, s...)
		}
		return b
	}
	exif := func(body []byte) []byte { return jpegSegment(0xe1, append([]byte("Exif\x00\x00"), body...)) }
	for name, c := range map[string]struct {
		content []byte
		want    int
	}{
		"little endian":        {jpeg(exif(little)), 6},
		"big endian":           {jpeg(exif(big)), 8},
		"behind others":        {jpeg(jpegSegment(0xe0, []byte("JFIF")), jpegSegment(0xe1, []byte("http://ns.adobe.com")), []byte{0xff}, exif(big)), 8},
		"after the scan":       {jpeg(jpegSegment(0xda, nil), exif(big)), 1},
		"out of range":         {jpeg(exif(tiffBlock(binary.LittleEndian, "II*\x00", 9))), 1},
		"cut in the segment":   {jpeg(exif(big)[:20]), 1},
		"cut in the directory": {jpeg(exif(big[:20])), 1},
		"no segment":           {jpeg(), 1},
		"no image":             {[]byte("Exif"), 1},
		"nothing":              {nil, 1},
	} {
		if got := orientation(c.content); got != c.want {
			t.Errorf("%s: orientation %d, want %d", name, got, c.want)
		}
	}
}

func FuzzOrientation(f *testing.F) {
	for _, c := range []string{"turned6.jpg", "turned.png", "turned.webp"} {
		for _, file := range readPIL(f).Files {
			if file.Name == c {
				f.Add(file.Content)
			}
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if o := orientation(content); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
