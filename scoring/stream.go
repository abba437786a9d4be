package scoring

// stream is a sequence of random numbers that are looked up by place
// (SplitMix64; Steele et al. 2014), so that whoever needs one need not draw
// those before it.
type stream uint64

const golden = 0x9e3779b97f4a7c15

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// newStream is the stream of a seed for one purpose.
func newStream(seed uint64, purpose string) stream {
	return stream(mix(seed + golden ^ keyOf(purpose)))
}

// sub is stream number i of a stream.
func (s stream) sub(i int) stream { return stream(mix(uint64(s) + golden*uint64(i+1))) }

// uniform is number i, in (0, 1).
func (s stream) uniform(i int) float64 {
	return openUnit(mix(uint64(s) + golden*uint64(i+1)))
}

// openUnit makes a number in (0, 1) of the upper 53 bits.
func openUnit(bits uint64) float64 { return (float64(bits>>11) + 0.5) / (1 << 53) }
