package jpeg

import (
	"bytes"
	"image"
)

// readScan decodes all MCUs, between restart markers one segment after the
// other.
func (d *Decoder) readScan() error {
	columns, rows := d.mcus()
	total := columns * rows
	rest := d.scan
	for done, number := 0, 0; done < total; number++ {
		n := total - done
		if d.restart > 0 {
			n = min(n, d.restart)
		}
		marker := byte(endOfImage)
		if done+n < total {
			marker = firstRestart + byte(number%8)
		}
		r, after, ok := d.nextSegment(rest, marker)
		if !ok || !d.readSegment(&r, done, done+n, columns) {
			return ErrOther
		}
		// The rest of the last byte is ones.
		if left := 8*r.end - r.used(); left < 0 || left > 7 {
			return ErrOther
		}
		rest = after
		done += n
	}
	return nil
}

// nextSegment returns what is before the next marker, without the zeros that
// stand after bytes of ones, and what comes after the marker, which has to be
// the wanted one.
func (d *Decoder) nextSegment(rest []byte, marker byte) (r reader, after []byte, ok bool) {
	buf := d.segment[:0]
	for {
		i := bytes.IndexByte(rest, 0xff)
		if i < 0 || i+1 == len(rest) {
			return r, nil, false
		}
		if rest[i+1] == 0 {
			buf = append(buf, rest[:i+1]...)
			rest = rest[i+2:]
			continue
		}
		buf = append(buf, rest[:i]...)
		end := len(buf)
		d.segment = append(buf, 0, 0, 0, 0, 0, 0, 0, 0)
		return reader{buf: d.segment, end: end}, rest[i+2:], rest[i+1] == marker
	}
}

// readSegment decodes the MCUs first ≤ i < end.
func (d *Decoder) readSegment(r *reader, first, end, columns int) bool {
	var before [3]int // the last DC value of each component
	var block [64]int32
	for i := first; i < end; i++ {
		my, mx := i/columns, i%columns
		for k, c := range d.components {
			p := &d.planes[k]
			dc, ac, q := &d.tables[0][c.dc], &d.tables[1][c.ac], &d.quant[c.quant].factors
			for j := range c.h * c.v {
				x, y := mx*c.h+j%c.h, my*c.v+j/c.h
				last, ok := readBlock(r, dc, ac, q, &before[k], &block)
				if !ok {
					return false
				}
				if (image.Point{X: x, Y: y}).In(p.need) {
					inverse(&block, last, p.pix[blockSide*(y*p.stride+x):], p.stride)
				}
				if last > 0 {
					block = [64]int32{}
				}
			}
		}
	}
	return true
}

// largest bounds a coefficient. Those of 8-bit samples are within 1024 before
// they are rounded; beyond this, results would depend on how wide a decoder's
// numbers are.
const largest = 1 << 13

// readBlock reads the coefficients of a block (F.2.2), in zigzag order in the
// file, and multiplies them by their factors. The block is zero before, but for
// the first. It returns the position in the file's order of the last one that
// is not zero.
func readBlock(r *reader, dc, ac *huffman, q *[64]int, before *int, block *[64]int32) (last int, ok bool) {
	r.refill()
	e := dc.look[r.bits>>(64-lookBits)]
	value, n := int32(e)>>16, int(e&31)
	if n == 0 {
		if value, _, n = dc.incomplete(r, e); n == 0 {
			return 0, false
		}
	}
	r.bits <<= n
	r.count -= n
	*before += int(value)
	v := *before * q[0]
	if uint(*before+largest) > 2*largest || uint(v+largest) > 2*largest {
		return 0, false
	}
	block[0] = int32(v)
	bits, count := r.bits, r.count // in registers
	for k := 1; k < 64; k++ {
		if count < 32 { // the longest code and value have 31
			r.bits, r.count = bits, count
			r.refill()
			bits, count = r.bits, r.count
		}
		e := ac.look[bits>>(64-lookBits)]
		value, run, n := int32(e)>>16, int(e>>10&63), int(e&31)
		if n == 0 {
			r.bits, r.count = bits, count
			if value, run, n = ac.incomplete(r, e); n == 0 {
				return 0, false
			}
		}
		bits <<= n
		count -= n
		k += run
		if value == 0 {
			continue // fifteen zeros and this one, or the end
		}
		if k > 63 {
			return 0, false
		}
		v := int(value) * q[k&63]
		if uint(v+largest) > 2*largest {
			return 0, false
		}
		block[zigzag[k&63]&63] = int32(v)
		last = k
	}
	r.bits, r.count = bits, count
	return last, true
}

// zigzag is the place of each coefficient of the file in a block of rows
// (figure A.6).
var zigzag = func() (t [64]uint8) {
	x, y := 0, 0
	for k := range t {
		t[k] = uint8(8*y + x)
		switch up := (x+y)%2 == 0; {
		case up && x == 7:
			y++
		case up && y == 0:
			x++
		case up:
			x, y = x+1, y-1
		case y == 7:
			x++
		case x == 0:
			y++
		default:
			x, y = x-1, y+1
		}
	}
	return t
}()
