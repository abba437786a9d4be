package jpeg

import (
	"encoding/binary"
	"image"
)

// Markers, the second byte of each (table B.1).
const (
	startOfImage    = 0xd8
	endOfImage      = 0xd9
	startOfBaseline = 0xc0
	startOfExtended = 0xc1 // sequential as well, with more tables
	defineHuffman   = 0xc4
	defineQuant     = 0xdb
	defineRestart   = 0xdd
	startOfScan     = 0xda
	firstRestart    = 0xd0
	firstApp        = 0xe0
	adobeApp        = 0xee
	lastApp         = 0xef
	comment         = 0xfe
)

// frame is what the segments before the scan say, apart from tables.
type frame struct {
	width, height int
	components    []component
	maxH, maxV    int
	ratio         image.YCbCrSubsampleRatio
	restart       int // MCUs from one restart marker to the next, 0 for none
	storage       [3]component
}

// component is a kind of samples.
type component struct {
	id     byte
	h, v   int // blocks in an MCU, across and down
	quant  int // the number of its table
	dc, ac int // the same
}

// quantTable holds the factors in the order of the file.
type quantTable struct {
	defined bool
	factors [64]int
}

// Header reads everything before the samples.
func (d *Decoder) Header(content []byte) (width, height int, err error) {
	d.frame, d.scan = frame{}, nil
	for i := range d.quant {
		d.quant[i].defined = false
	}
	for i := range d.tables {
		for j := range d.tables[i] {
			d.tables[i][j].defined = false
		}
	}
	if len(content) < 2 || content[0] != 0xff || content[1] != startOfImage {
		return 0, 0, ErrOther
	}
	for rest := content[2:]; ; {
		if len(rest) < 4 || rest[0] != 0xff {
			return 0, 0, ErrOther
		}
		marker, length := rest[1], int(binary.BigEndian.Uint16(rest[2:]))
		if length < 2 || len(rest) < 2+length {
			return 0, 0, ErrOther
		}
		body := rest[4 : 2+length]
		rest = rest[2+length:]
		if !d.segmentBefore(marker, body) {
			return 0, 0, ErrOther
		}
		if marker == startOfScan {
			d.scan = rest
			return d.width, d.height, nil
		}
	}
}

// segmentBefore takes in a segment up to the start of the scan, and reports
// whether it can.
func (d *Decoder) segmentBefore(marker byte, body []byte) bool {
	switch {
	case marker == startOfBaseline, marker == startOfExtended:
		return d.startFrame(body)
	case marker == defineHuffman:
		return d.huffmanTables(body)
	case marker == defineQuant:
		return d.quantTables(body)
	case marker == defineRestart:
		if len(body) != 2 {
			return false
		}
		d.restart = int(binary.BigEndian.Uint16(body))
		return true
	case marker == startOfScan:
		return d.startScan(body)
	case marker == adobeApp:
		// Transform 1 says YCbCr, which is what is taken for granted elsewhere.
		return len(body) < 12 || string(body[:5]) != "Adobe" || body[11] == 1
	case marker >= firstApp && marker <= lastApp, marker == comment:
		return true
	}
	return false
}

func (d *Decoder) startFrame(body []byte) bool {
	if len(d.components) > 0 || len(body) < 6 || body[0] != 8 {
		return false
	}
	d.height, d.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	n := int(body[5])
	if d.width == 0 || d.height == 0 || n != 1 && n != 3 || len(body) != 6+3*n {
		return false
	}
	d.components = d.storage[:n]
	for i := range d.components {
		b := body[6+3*i:]
		c := component{id: b[0], h: int(b[1] >> 4), v: int(b[1] & 15), quant: int(b[2])}
		if c.quant > 3 {
			return false
		}
		d.components[i] = c
	}
	return d.sampling()
}

// sampling settles how many samples the components have for a pixel.
func (d *Decoder) sampling() bool {
	c := d.components
	if len(c) == 1 {
		// One component has one block in an MCU, whatever its factors say (A.2.2).
		if c[0].h < 1 || c[0].h > 4 || c[0].v < 1 || c[0].v > 4 {
			return false
		}
		c[0].h, c[0].v, d.maxH, d.maxV = 1, 1, 1, 1
		return true
	}
	if string([]byte{c[0].id, c[1].id, c[2].id}) == "RGB" || c[0].id == c[1].id || c[0].id == c[2].id || c[1].id == c[2].id {
		return false
	}
	if c[1].h != 1 || c[1].v != 1 || c[2].h != 1 || c[2].v != 1 {
		return false
	}
	d.maxH, d.maxV = c[0].h, c[0].v
	switch [2]int{c[0].h, c[0].v} {
	case [2]int{1, 1}:
		d.ratio = image.YCbCrSubsampleRatio444
	case [2]int{2, 1}:
		d.ratio = image.YCbCrSubsampleRatio422
	case [2]int{2, 2}:
		d.ratio = image.YCbCrSubsampleRatio420
	case [2]int{1, 2}:
		d.ratio = image.YCbCrSubsampleRatio440
	case [2]int{4, 1}:
		d.ratio = image.YCbCrSubsampleRatio411
	case [2]int{4, 2}:
		d.ratio = image.YCbCrSubsampleRatio410
	default:
		return false
	}
	return true
}

func (d *Decoder) quantTables(body []byte) bool {
	for len(body) > 0 {
		wide, id := int(body[0]>>4), body[0]&15 // factors of 8 or 16 bits
		n := 1 + 64<<(wide&1)
		if wide > 1 || id > 3 || len(body) < n {
			return false
		}
		q := &d.quant[id]
		for i := range q.factors {
			if wide == 1 {
				q.factors[i] = int(binary.BigEndian.Uint16(body[1+2*i:]))
			} else {
				q.factors[i] = int(body[1+i])
			}
		}
		q.defined = true
		body = body[n:]
	}
	return true
}

func (d *Decoder) huffmanTables(body []byte) bool {
	for len(body) > 0 {
		if len(body) < 17 {
			return false
		}
		class, id := body[0]>>4, body[0]&15
		n := 17
		for _, count := range body[1:17] {
			n += int(count)
		}
		if class > 1 || id > 1 || n > len(body) || n-17 > 256 {
			return false
		}
		if !d.tables[class][id].set(body[1:n], class == 1) {
			return false
		}
		body = body[n:]
	}
	return true
}

// startScan wants all components in the order of the frame.
func (d *Decoder) startScan(body []byte) bool {
	n := len(d.components)
	if n == 0 || len(body) != 4+2*n || int(body[0]) != n {
		return false
	}
	for i := range d.components {
		c := &d.components[i]
		b := body[1+2*i:]
		c.dc, c.ac = int(b[1]>>4), int(b[1]&15)
		if b[0] != c.id || c.dc > 1 || c.ac > 1 || !d.quant[c.quant].defined ||
			!d.tables[0][c.dc].defined || !d.tables[1][c.ac].defined {
			return false
		}
	}
	rest := body[1+2*n:]
	return rest[0] == 0 && rest[1] == 63 && rest[2] == 0
}

// mcus is the number of minimum coded units, across and down.
func (d *Decoder) mcus() (columns, rows int) {
	w, h := blockSide*d.maxH, blockSide*d.maxV
	return (d.width + w - 1) / w, (d.height + h - 1) / h
}

// blocks is the number of blocks of a component, across and down.
func (d *Decoder) blocks(c component) (columns, rows int) {
	columns, rows = d.mcus()
	return columns * c.h, rows * c.v
}
