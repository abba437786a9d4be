package op

// standard is a value brought to variance 1 along some axes, as the
// gradients of the normalisations need it.
type standard struct {
	hat     string // (x−μ)/σ, or x/σ where it was not centred
	inv     string // 1/σ, of extent 1 along the axes
	axes    []int64
	centred bool
}

// standardize brings x to variance 1 along axes; epsilon is added to the
// variance before its root is taken.
func (e *Emit) standardize(x string, centred bool, epsilon float32, axes ...int64) standard {
	if centred {
		x = e.Sub(x, e.Mean(x, true, axes...))
	}
	variance := e.Mean(e.Square(x), true, axes...)
	inv := e.InverseRoot(e.Add(variance, e.Scalar(epsilon)))
	return standard{e.Mul(x, inv), inv, axes, centred}
}

// unstandardize returns the gradient by x given that by x̂, which is d:
// (d − mean d − x̂·mean(d·x̂))/σ.
func (e *Emit) unstandardize(s standard, d string) string {
	along := e.Mul(s.hat, e.Mean(e.Mul(d, s.hat), true, s.axes...))
	if s.centred {
		d = e.Sub(d, e.Mean(d, true, s.axes...))
	}
	return e.Mul(e.Sub(d, along), s.inv)
}

// axesFrom lists the axes from first on of a value of the given rank.
func axesFrom(first, rank int) []int64 {
	axes := []int64{}
	for k := first; k < rank; k++ {
		axes = append(axes, int64(k))
	}
	return axes
}

// perChannel adds up along all axes but axis 1 of a value of the given rank.
func (e *Emit) perChannel(x string, rank int) string {
	return e.Sum(x, false, append([]int64{0}, axesFrom(2, rank)...)...)
}

// column reshapes a vector so that it lies along axis 1 of a value of the
// given rank.
func (e *Emit) column(v string, rank int) string {
	if rank == 2 {
		return v
	}
	shape := []int64{-1}
	for range rank - 2 {
		shape = append(shape, 1)
	}
	return e.Reshape(v, shape...)
}
