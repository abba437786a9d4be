package jpeg

import "encoding/binary"

// The inverse transform of Loeffler, Ligtenberg and Moschytz ("Practical fast
// 1-D DCT algorithms with 11 multiplications", ICASSP 1989) in the fixed point
// of libjpeg's jidctint.c: columns first, kept with two bits behind the point,
// then rows.

const (
	pointBits = 13 // behind the point of a factor
	keptBits  = 2  // behind that of what the columns give

	// Factors, rounded to pointBits: those of the paper, in sums and differences.
	f0298 = 2446  // 0.298631336
	f0390 = 3196  // 0.390180644
	f0541 = 4433  // 0.541196100
	f0765 = 6270  // 0.765366865
	f0899 = 7373  // 0.899976223
	f1175 = 9633  // 1.175875602
	f1501 = 12299 // 1.501321110
	f1847 = 15137 // 1.847759065
	f1961 = 16069 // 1.961570560
	f2053 = 16819 // 2.053119869
	f2562 = 20995 // 2.562915447
	f3072 = 25172 // 3.072711026
)

// inverse writes the 8×8 samples of a block to pix. Last is the position of the
// last coefficient in the order of the file that is not zero.
func inverse(block *[64]int32, last int, pix []uint8, stride int) {
	if last == 0 {
		flat(block[0], pix, stride)
		return
	}
	const (
		first  = pointBits - keptBits     // to shift after the columns
		second = pointBits + keptBits + 3 // after the rows; three bits are the 8 of the definition
	)
	var kept [64]int32
	for x := range 8 {
		c := block[x : x+57 : x+57]
		if c[8]|c[16]|c[24]|c[32]|c[40]|c[48]|c[56] == 0 {
			v := c[0] << keptBits
			for y := 0; y < 64; y += 8 {
				kept[y+x] = v
			}
			continue
		}
		o0, o1, o2, o3, o4, o5, o6, o7 := eight(1<<(first-1),
			int(c[0]), int(c[8]), int(c[16]), int(c[24]), int(c[32]), int(c[40]), int(c[48]), int(c[56]))
		k := kept[x : x+57 : x+57]
		k[0], k[8], k[16], k[24] = int32(o0>>first), int32(o1>>first), int32(o2>>first), int32(o3>>first)
		k[32], k[40], k[48], k[56] = int32(o4>>first), int32(o5>>first), int32(o6>>first), int32(o7>>first)
	}
	for y := range 8 {
		c := kept[8*y : 8*y+8 : 8*y+8]
		o0, o1, o2, o3, o4, o5, o6, o7 := eight(257<<(second-1), // 128 and a half
			int(c[0]), int(c[1]), int(c[2]), int(c[3]), int(c[4]), int(c[5]), int(c[6]), int(c[7]))
		row := pix[y*stride:][:8:8]
		row[0], row[1], row[2], row[3] = clamp(o0>>second), clamp(o1>>second), clamp(o2>>second), clamp(o3>>second)
		row[4], row[5], row[6], row[7] = clamp(o4>>second), clamp(o5>>second), clamp(o6>>second), clamp(o7>>second)
	}
}

func clamp(v int) uint8 { return uint8(min(max(v, 0), 255)) }

// flat is inverse where only the mean is not zero.
func flat(mean int32, pix []uint8, stride int) {
	v := uint64(clamp(int(mean+4)>>3+128)) * 0x0101010101010101
	for y := range 8 {
		binary.LittleEndian.PutUint64(pix[y*stride:], v)
	}
}

// eight transforms eight values and adds a constant to each of the results.
func eight(add, c0, c1, c2, c3, c4, c5, c6, c7 int) (o0, o1, o2, o3, o4, o5, o6, o7 int) {
	turn := (c2 + c6) * f0541
	low, high := turn-c6*f1847, turn+c2*f0765
	sum, difference := (c0+c4)<<pointBits+add, (c0-c4)<<pointBits+add
	e0, e1, e2, e3 := sum+high, difference+low, difference-low, sum-high

	a, b, c, d := (c7+c1)*-f0899, (c5+c3)*-f2562, c7+c3, c5+c1
	all := (c + d) * f1175
	c, d = all-c*f1961, all-d*f0390
	d0, d1, d2, d3 := c1*f1501+a+d, c3*f3072+b+c, c5*f2053+b+d, c7*f0298+a+c
	return e0 + d0, e1 + d1, e2 + d2, e3 + d3, e3 - d3, e2 - d2, e1 - d1, e0 - d0
}
