package jpeg

import (
	"bytes"
	"encoding/binary"
)

// lookBits is the number of bits that are looked up at once: most codes with
// the bits of their value, at the qualities that photos are kept in.
const lookBits = 10

// huffman is a table of codes. An entry of look, found by the next bits, has
//
//	bits 0–4   how many bits the code and its value take, 0 if they are more
//	           than were looked up; then
//	bits 5–9   how many the code alone takes, 0 if it, too, is longer
//	bits 10–15 the zeros before the value, 0 for DC; endOfBlock for that
//	bits 16–31 the value; of an incomplete entry the symbol
type huffman struct {
	defined bool
	ac      bool
	spec    []byte // counts of the codes of each length, then the symbols

	look [1 << lookBits]uint32
	// For codes longer than lookBits, by length: the first number, left-aligned
	// in 16 bits, that no code of the length or less begins, and what to add to a
	// code for the index of its symbol.
	limit  [17]uint32
	offset [17]int
}

// endOfBlock is the run of an entry that ends a block. It leads past it.
const endOfBlock = 63

// set makes the table of a specification (B.2.4.2), unless it is the last one
// again. It reports whether that is one.
func (t *huffman) set(spec []byte, ac bool) bool {
	if t.ac == ac && bytes.Equal(t.spec, spec) {
		t.defined = true
		return true
	}
	t.spec = t.spec[:0]
	t.ac, t.look = ac, [1 << lookBits]uint32{}
	counts, symbols := spec[:16], spec[16:]
	code, k := uint32(0), 0
	for length := 1; length <= 16; length++ {
		t.offset[length] = k - int(code)
		for range counts[length-1] {
			if code>>length != 0 || !t.enter(code, length, symbols[k]) {
				return false
			}
			code++
			k++
		}
		t.limit[length] = code << (16 - length)
		code <<= 1
	}
	t.spec, t.defined = append(t.spec, spec...), true
	return true
}

// enter fills in the entries that begin with a code.
func (t *huffman) enter(code uint32, length int, symbol byte) bool {
	if symbol&15 > 11 && !t.ac || !t.ac && symbol > 15 {
		return false // a DC difference has 11 bits at most (table F.1)
	}
	if length > lookBits {
		return true
	}
	spare := lookBits - length
	size := int(symbol & 15)
	for rest := range uint32(1) << spare {
		e := uint32(symbol)<<16 | uint32(length)<<5
		if size <= spare {
			e = t.entry(symbol, length, int32(rest>>(spare-size)))
		}
		t.look[code<<spare|rest] = e
	}
	return true
}

// entry is a complete one, of a symbol and the bits of its value.
func (t *huffman) entry(symbol byte, length int, bits int32) uint32 {
	run, size := uint32(symbol>>4), int(symbol&15)
	if t.ac && size == 0 && run != 15 {
		run = endOfBlock
	}
	return uint32(extend(bits, size))<<16 | run<<10 | uint32(length+size)
}

// extend makes a number of its bits, which are those of an unsigned one where
// the first is set, and count from the lowest negative one else (figure F.12).
func extend(bits int32, size int) int32 {
	if size > 0 && bits < 1<<(size-1) {
		return bits - 1<<size + 1
	}
	return bits
}

// reader reads bits from bytes without stuffing, after which eight zeros stand.
// What is read beyond them is zero.
type reader struct {
	buf   []byte
	end   int    // of the bytes
	pos   int    // of the next to be taken into bits
	bits  uint64 // the next ones, from the highest
	count int    // how many are good
}

// refill makes at least 56 bits good.
func (r *reader) refill() {
	p := min(r.pos, r.end)
	r.bits |= binary.BigEndian.Uint64(r.buf[p:]) >> (r.count & 63)
	r.pos += (63 - r.count) >> 3
	r.count |= 56
}

// used is the number of bits that have been read.
func (r *reader) used() int { return 8*r.pos - r.count }

// incomplete is what an entry stands for that has not room for it, and the
// number of its bits, 0 where no code begins with those that are next.
func (t *huffman) incomplete(r *reader, e uint32) (value int32, run, n int) {
	length, symbol := int(e>>5&31), byte(e>>16)
	if length == 0 {
		next := uint32(r.bits >> 48)
		for length = lookBits + 1; next >= t.limit[length]; length++ {
			if length == 16 {
				return 0, 0, 0
			}
		}
		at := t.offset[length] + int(next>>(16-length))
		symbol = t.spec[16:][at]
	}
	size := int(symbol & 15)
	e = t.entry(symbol, length, int32(r.bits<<length>>1>>(63-size)))
	return int32(e) >> 16, int(e >> 10 & 63), length + size
}
