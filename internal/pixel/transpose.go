package pixel

import "encoding/binary"

// transpose writes the h×w values of src, whose rows are stride apart, as w rows
// of h to dst, whose rows are dstStride apart.
func transpose(src []uint8, stride, h, w int, dst []uint8, dstStride int) {
	if h < 8 || w < 8 {
		for y := range h {
			for x, v := range src[y*stride:][:w] {
				dst[x*dstStride+y] = v
			}
		}
		return
	}
	// The last blocks overlap those before them where eight does not divide.
	for y := 0; y < h; y += 8 {
		y := min(y, h-8)
		for x := 0; x < w; x += 8 {
			x := min(x, w-8)
			transposeBlock(src[y*stride+x:], stride, dst[x*dstStride+y:], dstStride)
		}
	}
}

// transposeBlock is transpose for 8×8 values: of 4×4 blocks, then of 2×2 ones in
// them, then of values in those.
func transposeBlock(src []uint8, stride int, dst []uint8, dstStride int) {
	le := binary.LittleEndian
	a, b := le.Uint64(src), le.Uint64(src[stride:])
	c, d := le.Uint64(src[2*stride:]), le.Uint64(src[3*stride:])
	e, f := le.Uint64(src[4*stride:]), le.Uint64(src[5*stride:])
	g, h := le.Uint64(src[6*stride:]), le.Uint64(src[7*stride:])
	const halves, quarters, eighths = 0x00000000ffffffff, 0x0000ffff0000ffff, 0x00ff00ff00ff00ff
	a, e = exchange(a, e, 32, halves)
	b, f = exchange(b, f, 32, halves)
	c, g = exchange(c, g, 32, halves)
	d, h = exchange(d, h, 32, halves)
	a, c = exchange(a, c, 16, quarters)
	b, d = exchange(b, d, 16, quarters)
	e, g = exchange(e, g, 16, quarters)
	f, h = exchange(f, h, 16, quarters)
	a, b = exchange(a, b, 8, eighths)
	c, d = exchange(c, d, 8, eighths)
	e, f = exchange(e, f, 8, eighths)
	g, h = exchange(g, h, 8, eighths)
	le.PutUint64(dst, a)
	le.PutUint64(dst[dstStride:], b)
	le.PutUint64(dst[2*dstStride:], c)
	le.PutUint64(dst[3*dstStride:], d)
	le.PutUint64(dst[4*dstStride:], e)
	le.PutUint64(dst[5*dstStride:], f)
	le.PutUint64(dst[6*dstStride:], g)
	le.PutUint64(dst[7*dstStride:], h)
}

// exchange swaps the upper parts of low with the lower parts of high.
func exchange(low, high uint64, shift uint, mask uint64) (uint64, uint64) {
	t := (low>>shift ^ high) & mask
	return low ^ t<<shift, high ^ t
}
