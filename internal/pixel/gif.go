package pixel

import (
	"bytes"
	"image"
	"slices"
)

// opaqueGIF returns a GIF file whose first frame has no transparent colour, so that
// the pixels of that keep it, as PIL's convert("RGB") has it; and which index is
// that colour, 0 where there is none. Pixels beside the frame have it, too. The
// blocks are those of the GIF89a specification.
func opaqueGIF(content []byte) (opaque []byte, index int) {
	const header, descriptor, extension, control = 13, 0x2c, 0x21, 0xf9
	if len(content) < header || !bytes.HasPrefix(content, []byte("GIF8")) {
		return content, 0
	}
	at := header
	if flags := content[10]; flags&0x80 != 0 {
		at += 3 << (flags&7 + 1)
	}
	for at+8 <= len(content) && content[at] == extension {
		if content[at+1] == control && content[at+3]&1 != 0 {
			index = int(content[at+6])
			content = slices.Clone(content)
			content[at+3] &^= 1
		}
		for at += 2; at < len(content) && content[at] != 0; {
			at += 1 + int(content[at])
		}
		at++
	}
	if at < len(content) && content[at] != descriptor {
		return content, 0
	}
	return content, index
}

// fill is the colour of the pixels beside a frame.
func fill(img image.Image, index int) [3]uint8 {
	p, ok := img.(*image.Paletted)
	if !ok || index >= len(p.Palette) {
		return [3]uint8{}
	}
	r, g, b, _ := p.Palette[index].RGBA()
	return [3]uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)}
}
