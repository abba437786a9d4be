package seeded

// Stream is a sequence of random numbers that are looked up by place
// (SplitMix64; Steele et al. 2014).
type Stream uint64

const golden = 0x9e3779b97f4a7c15

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// NewStream returns the stream of a seed for one purpose.
func NewStream(seed uint64, purpose string) Stream {
	return Stream(mix(seed + golden ^ Key(purpose)))
}

// Sub returns stream number i of a stream.
func (s Stream) Sub(i int) Stream { return Stream(mix(uint64(s) + golden*uint64(i+1))) }

// Uniform returns number i, in (0, 1).
func (s Stream) Uniform(i int) float64 {
	return openUnit(mix(uint64(s) + golden*uint64(i+1)))
}
