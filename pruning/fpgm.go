package pruning

import (
	"context"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// fpgm is the sum of a filter's Euclidean distances to all other filters of
// its layer: what lies near the others can be made up for by them (He et al.,
// "Filter Pruning via Geometric Median", CVPR 2019). Filters are the slices
// of a kernel or matrix by its output channels; of a group that only has
// weights that read it, the slices by input channel.
func fpgm(_ context.Context, a *Analysis, _ Evidence) ([][]float64, error) {
	made := map[*use][]bool{} // by axis: whether its indices are outputs
	makes := map[*Group]bool{}
	for _, g := range a.Groups {
		for _, m := range g.Members {
			if made[m.use] == nil {
				for _, sum := range a.contracted(m.use) {
					made[m.use] = append(made[m.use], !sum)
				}
			}
			makes[g] = makes[g] || (kernel(m.use, m.Axis) && made[m.use][m.Axis])
		}
	}
	scores := make([][]float64, len(a.Groups))
	for _, outputs := range []bool{true, false} {
		of := func(u *use, k int) bool { return kernel(u, k) && made[u][k] == outputs }
		each, _, err := a.mean(of, distances)
		if err != nil {
			return nil, err
		}
		for i, g := range a.Groups {
			if makes[g] == outputs {
				scores[i] = each[i]
			}
		}
	}
	return scores, nil
}

// distanceBlock is how many slices are compared with as many others at once.
const distanceBlock = 128

// distances is, for every index of an axis, the sum of the Euclidean
// distances of the tensor's slice there to all others.
func distances(u *use, w []float32, axis int) []float64 {
	dims := u.tensor.Dims()
	n := int(dims[axis])
	inner := 1
	for _, d := range dims[axis+1:] {
		inner *= int(d)
	}
	norms := sumsAlong(w, dims, axis, square)
	size := len(w) / n
	rows := func(from int, buf []float64) blas64.General {
		count := min(distanceBlock, n-from)
		for i := range count {
			row := buf[i*size : (i+1)*size]
			for j := range row {
				outer, in := j/inner, j%inner
				row[j] = float64(w[(outer*n+from+i)*inner+in])
			}
		}
		return blas64.General{Rows: count, Cols: size, Stride: size, Data: buf[:count*size]}
	}
	sums := make([]float64, n)
	bufA, bufB := make([]float64, distanceBlock*size), make([]float64, distanceBlock*size)
	dots := make([]float64, distanceBlock*distanceBlock)
	for p := 0; p < n; p += distanceBlock {
		x := rows(p, bufA)
		for q := p; q < n; q += distanceBlock {
			y := rows(q, bufB)
			c := blas64.General{Rows: x.Rows, Cols: y.Rows, Stride: y.Rows, Data: dots[:x.Rows*y.Rows]}
			blas64.Gemm(blas.NoTrans, blas.Trans, 1, x, y, 0, c)
			for i := range x.Rows {
				for j := range y.Rows {
					if q+j <= p+i {
						continue // met before, the other way round
					}
					d := math.Sqrt(max(norms[p+i]+norms[q+j]-2*c.Data[i*c.Stride+j], 0))
					sums[p+i] += d
					sums[q+j] += d
				}
			}
		}
	}
	return sums
}
