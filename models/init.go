package models

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// sampler draws one weight.
type sampler func(*rand.Rand) float32

// initial is how a layer's weight and bias start.
type initial struct{ weight, bias sampler }

func constant(v float32) sampler { return func(*rand.Rand) float32 { return v } }

func normal(deviation float64) sampler {
	return func(r *rand.Rand) float32 { return float32(r.NormFloat64() * deviation) }
}

func uniform(bound float64) sampler {
	return func(r *rand.Rand) float32 { return float32((2*r.Float64() - 1) * bound) }
}

// fanOutNormal keeps the variance of gradients through ReLU (He et al., arXiv
// 1502.01852, §2.2): PyTorch's kaiming_normal_ with mode="fan_out". Like
// PyTorch it counts all output channels, also of a grouped convolution.
func fanOutNormal(out, kernel int) sampler {
	return normal(math.Sqrt(2 / float64(out*kernel*kernel)))
}

// torchDefault is how PyTorch's Linear and Conv2d start by themselves. The
// kaiming_uniform_ with a=√5 of their source comes to the bound of the bias.
func torchDefault(fanIn int) initial {
	u := uniform(1 / math.Sqrt(float64(fanIn)))
	return initial{u, u}
}

// smallNormal is how torchvision starts the classifiers of VGG and
// MobileNetV2.
func smallNormal() initial { return initial{normal(0.01), constant(0)} }

// draw fills a tensor of n weights. Seed and name are hashed into the state
// of its generator, so tensors are independent of each other and of the
// order they are made in.
func draw(seed uint64, name string, n int64, s sampler) []float32 {
	h := sha256.Sum256(append(binary.LittleEndian.AppendUint64(nil, seed), name...))
	r := rand.New(rand.NewPCG(binary.LittleEndian.Uint64(h[:]), binary.LittleEndian.Uint64(h[8:])))
	w := make([]float32, n)
	for i := range w {
		w[i] = s(r)
	}
	return w
}
