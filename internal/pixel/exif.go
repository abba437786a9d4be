package pixel

import (
	"bytes"
	"encoding/binary"
)

// upright is the EXIF orientation of an image that is shown as it is stored.
const upright = 1

// orientation returns the EXIF orientation of an encoded JPEG, PNG, WebP or TIFF, 1 to
// 8: [upright] where there is none, or none that makes sense.
func orientation(content []byte) int {
	o := tiffOrientation(exifBlock(content))
	if o < 1 || o > 8 {
		return upright
	}
	return o
}

// turned reports whether an orientation swaps height and width.
func turned(orientation int) bool { return orientation >= 5 }

// exifBlock finds the TIFF structure that holds the EXIF fields, nil for none.
func exifBlock(content []byte) []byte {
	switch {
	case bytes.HasPrefix(content, []byte{0xff, 0xd8}):
		return exifInJPEG(content[2:])
	case bytes.HasPrefix(content, []byte("\x89PNG\r\n\x1a\n")):
		return exifInPNG(content[8:])
	case bytes.HasPrefix(content, []byte("II*\x00")), bytes.HasPrefix(content, []byte("MM\x00*")):
		return content // a TIFF file
	case len(content) >= 12 && string(content[:4]) == "RIFF" && string(content[8:12]) == "WEBP":
		return exifInWebP(content[12:])
	}
	return nil
}

var exifMark = []byte("Exif\x00\x00")

// exifInJPEG goes over the segments before the first scan. The length of a
// segment counts its own two bytes.
func exifInJPEG(rest []byte) []byte {
	const (
		startOfScan = 0xda
		app1        = 0xe1
	)
	for len(rest) >= 4 && rest[0] == 0xff {
		marker := rest[1]
		if marker == 0xff { // a fill byte
			rest = rest[1:]
			continue
		}
		length := int(binary.BigEndian.Uint16(rest[2:]))
		if marker == startOfScan || length < 2 || len(rest) < 2+length {
			return nil
		}
		body := rest[4 : 2+length]
		if marker == app1 && bytes.HasPrefix(body, exifMark) {
			return body[len(exifMark):]
		}
		rest = rest[2+length:]
	}
	return nil
}

// exifInPNG goes over the chunks: length, type, that many bytes, checksum.
func exifInPNG(rest []byte) []byte {
	for len(rest) >= 12 {
		length := uint64(binary.BigEndian.Uint32(rest))
		if length > uint64(len(rest)-12) {
			return nil
		}
		if string(rest[4:8]) == "eXIf" {
			return rest[8 : 8+length]
		}
		rest = rest[12+length:]
	}
	return nil
}

// exifInWebP goes over the chunks: type, length, that many bytes, padded to an
// even number.
func exifInWebP(rest []byte) []byte {
	for len(rest) >= 8 {
		length := uint64(binary.LittleEndian.Uint32(rest[4:]))
		if length > uint64(len(rest)-8) {
			return nil
		}
		if string(rest[:4]) == "EXIF" {
			return bytes.TrimPrefix(rest[8:8+length], exifMark)
		}
		rest = rest[min(8+length+length&1, uint64(len(rest))):]
	}
	return nil
}

// tiffOrientation reads the orientation from the first directory of a TIFF
// structure, 0 where it is not there.
func tiffOrientation(tiff []byte) int {
	const (
		tagOrientation = 0x0112
		typeShort      = 3
		entrySize      = 12
	)
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(tiff[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entrySize {
			return 0
		}
		if order.Uint16(entries) == tagOrientation && order.Uint16(entries[2:]) == typeShort {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[entrySize:]
	}
	return 0
}
