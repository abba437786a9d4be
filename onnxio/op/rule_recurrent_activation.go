package op

import (
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
)

// activation is a function that recurrent operators can be told to use. Those
// with parameters take the next ones of the node's lists.
type activation struct {
	alpha, beta float32 // unless stated
	takes       int     // alpha, or alpha and beta
	write       func(e *Emit, x string, alpha, beta float32) string
}

var activations = map[string]activation{
	"relu":     plainActivation("Relu"),
	"tanh":     plainActivation("Tanh"),
	"sigmoid":  plainActivation("Sigmoid"),
	"softsign": plainActivation("Softsign"),
	"softplus": plainActivation("Softplus"),
	"leakyrelu": {takes: 1, alpha: 0.01, write: func(e *Emit, x string, alpha, _ float32) string {
		return e.Op("LeakyRelu", []string{x}, onnxio.Float("alpha", alpha))
	}},
	"thresholdedrelu": {takes: 1, alpha: 1, write: func(e *Emit, x string, alpha, _ float32) string {
		return e.Op("ThresholdedRelu", []string{x}, onnxio.Float("alpha", alpha))
	}},
	"elu": {takes: 1, alpha: 1, write: func(e *Emit, x string, alpha, _ float32) string {
		return e.Op("Elu", []string{x}, onnxio.Float("alpha", alpha))
	}},
	"hardsigmoid": {takes: 2, alpha: 0.2, beta: 0.5, write: func(e *Emit, x string, alpha, beta float32) string {
		return e.Op("HardSigmoid", []string{x}, onnxio.Float("alpha", alpha), onnxio.Float("beta", beta))
	}},
	"affine": {takes: 2, alpha: 1, write: func(e *Emit, x string, alpha, beta float32) string {
		return e.Add(e.Mul(x, e.Scalar(alpha)), e.Scalar(beta))
	}},
	"scaledtanh": {takes: 2, alpha: 1, beta: 1, write: func(e *Emit, x string, alpha, beta float32) string {
		return e.Mul(e.Of("Tanh", e.Mul(x, e.Scalar(beta))), e.Scalar(alpha))
	}},
}

func plainActivation(op string) activation {
	return activation{write: func(e *Emit, x string, _, _ float32) string { return e.Of(op, x) }}
}

// functions returns those that a node uses in each direction.
func (r recurrent) functions(n *onnxio.Node, directions int) ([][]func(*Emit, string) string, error) {
	names, alphas, betas := n.Strs("activations"), n.Floats("activation_alpha"), n.Floats("activation_beta")
	next := func(list *[]float32, otherwise float32) float32 {
		if len(*list) == 0 {
			return otherwise
		}
		v := (*list)[0]
		*list = (*list)[1:]
		return v
	}
	out := make([][]func(*Emit, string) string, directions)
	for d := range out {
		for i, name := range r.activations {
			if at := d*len(r.activations) + i; at < len(names) {
				name = names[at]
			}
			a, ok := activations[strings.ToLower(name)]
			if !ok {
				return nil, NoDecomposition("its activation %q is not known", name)
			}
			alpha, beta := a.alpha, a.beta
			if a.takes > 0 {
				alpha = next(&alphas, alpha)
			}
			if a.takes > 1 {
				beta = next(&betas, beta)
			}
			out[d] = append(out[d], func(e *Emit, x string) string { return a.write(e, x, alpha, beta) })
		}
	}
	return out, nil
}
