package pixel

import "encoding/binary"

// lanes has a bit for each of the two values that a 64-bit number holds here,
// and pairs the lowest eight of each.
const (
	lanes = 1<<32 | 1
	pairs = 255 * lanes
)

// blend makes rows of weighted sums of the rows of src, of which the first is
// row top. Rows are width long.
//
// A 64-bit number holds the sums of two columns, of 32 bits each, and one
// multiplication adds to both. Sums of bilinear weights stay in 0…255 (and the
// fraction). Others may leave it on both sides, so 256 is added to keep the lanes
// apart, and taken off at the end.
func blend(src []uint8, top, width int, k *weights, dst []uint8) {
	start := uint64(lanes << (fraction - 1))
	if k.bicubic {
		start += lanes << (fraction + 8)
	}
	from := 0
	for o, first := range k.first {
		values := k.values[from:k.ends[o]]
		from = int(k.ends[o])
		rows, out := src[(int(first)-top)*width:], dst[o*width:][:width]
		if len(values) <= 4 {
			sumFour(rows, width, values, start, k.bicubic, out)
		} else {
			sumMany(rows, width, values, start, k.bicubic, out)
		}
		for x := width &^ 7; x < width; x++ {
			sum := start % (1 << 32)
			for t, w := range values {
				sum += w * uint64(rows[t*width+x])
			}
			sum %= 1 << 32
			if k.bicubic {
				sum = clipped(sum)
			} else {
				sum >>= fraction
			}
			out[x] = uint8(sum)
		}
	}
}

// sumFour adds up to four rows. Those that are missing count nothing.
func sumFour(rows []uint8, width int, values []uint64, start uint64, bicubic bool, out []uint8) {
	var w [4]uint64
	var r [4][]uint8
	copy(w[:], values)
	for t := range r {
		r[t] = rows[min(t, len(values)-1)*width:][:width]
	}
	w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
	r0, r1, r2, r3, out := r[0], r[1][:len(r[0])], r[2][:len(r[0])], r[3][:len(r[0])], out[:len(r[0])]
	for x := 0; x+8 <= len(r0); x += 8 {
		v0, v1 := binary.LittleEndian.Uint64(r0[x:x+8]), binary.LittleEndian.Uint64(r1[x:x+8])
		v2, v3 := binary.LittleEndian.Uint64(r2[x:x+8]), binary.LittleEndian.Uint64(r3[x:x+8])
		a := start + w0*(v0&pairs) + w1*(v1&pairs) + w2*(v2&pairs) + w3*(v3&pairs)
		b := start + w0*(v0>>8&pairs) + w1*(v1>>8&pairs) + w2*(v2>>8&pairs) + w3*(v3>>8&pairs)
		c := start + w0*(v0>>16&pairs) + w1*(v1>>16&pairs) + w2*(v2>>16&pairs) + w3*(v3>>16&pairs)
		d := start + w0*(v0>>24&pairs) + w1*(v1>>24&pairs) + w2*(v2>>24&pairs) + w3*(v3>>24&pairs)
		binary.LittleEndian.PutUint64(out[x:x+8], packed(a, b, c, d, bicubic))
	}
}

// sumMany adds any number of rows, two at a step.
func sumMany(rows []uint8, width int, values []uint64, start uint64, bicubic bool, out []uint8) {
	even := len(values) &^ 1
	for x := 0; x+8 <= width; x += 8 {
		a, b, c, d := start, start, start, start
		at := x
		for t := 0; t+1 < len(values); t += 2 {
			w0, w1 := values[t], values[t+1]
			v0 := binary.LittleEndian.Uint64(rows[at : at+8])
			v1 := binary.LittleEndian.Uint64(rows[at+width : at+width+8])
			a += w0*(v0&pairs) + w1*(v1&pairs)
			b += w0*(v0>>8&pairs) + w1*(v1>>8&pairs)
			c += w0*(v0>>16&pairs) + w1*(v1>>16&pairs)
			d += w0*(v0>>24&pairs) + w1*(v1>>24&pairs)
			at += 2 * width
		}
		if even < len(values) {
			w, v := values[even], binary.LittleEndian.Uint64(rows[at:at+8])
			a += w * (v & pairs)
			b += w * (v >> 8 & pairs)
			c += w * (v >> 16 & pairs)
			d += w * (v >> 24 & pairs)
		}
		binary.LittleEndian.PutUint64(out[x:x+8], packed(a, b, c, d, bicubic))
	}
}

// packed makes eight bytes of the sums of every fourth of them.
func packed(a, b, c, d uint64, bicubic bool) uint64 {
	if bicubic {
		return clipped(a) | clipped(b)<<8 | clipped(c)<<16 | clipped(d)<<24
	}
	return a>>fraction&pairs | b>>fraction&pairs<<8 | c>>fraction&pairs<<16 | d>>fraction&pairs<<24
}

// clipped takes the added 256 and the fraction off two sums and limits them to
// 8 bits.
func clipped(sums uint64) uint64 {
	low, high := int(sums>>fraction&1023)-256, int(sums>>(fraction+32))-256
	return uint64(min(max(low, 0), 255)) | uint64(min(max(high, 0), 255))<<32
}
