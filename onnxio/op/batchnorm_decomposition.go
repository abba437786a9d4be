package op

import "github.com/prunefuse/prunefuse/onnxio"

// keepsStatistics reports whether a BatchNormalization is the layer that keeps
// running statistics. It is not where these are computed, and not where in
// training mode it normalises what no input of the model reaches: so exporters
// write the standardisation of weights (Qiao et al., arXiv 1903.10520).
func keepsStatistics(c *Infer) bool {
	for _, i := range []int{3, 4} {
		if t, _ := c.Graph.Constant(c.Node.Input(i)); t == nil {
			return false
		}
	}
	return !OverBatch(c.Opset, c.Node) || reachedByInputs(c.Graph, c.Node.Input(0))
}

// reachedByInputs reports whether a value depends on an input of the graph.
func reachedByInputs(g *onnxio.Graph, value string) bool {
	fed := map[string]bool{}
	for _, v := range g.Inputs() {
		fed[v.Name] = g.Initializer(v.Name) == nil
	}
	seen := map[string]bool{}
	for open := []string{value}; len(open) > 0; {
		name := open[len(open)-1]
		open = open[:len(open)-1]
		if fed[name] {
			return true
		}
		n := g.Producer(name)
		if n == nil || seen[name] {
			continue
		}
		seen[name] = true
		open = append(append(open, n.Inputs()...), n.Captures()...)
	}
	return false
}

// batchNormDecomposition writes the normalisation of a node that keeps no running
// statistics, so that gradients go through the statistics, too.
func batchNormDecomposition(p *Decomposition) error {
	rank := len(p.In(0).Shape)
	if keepsStatistics(p.Infer) || rank < 2 {
		return NoDecomposition("its running statistics are the network's own")
	}
	x, n := p.Node.Input(0), p.Node
	axes, column := []int64{0}, []int64{-1}
	for k := 2; k < rank; k++ {
		axes, column = append(axes, int64(k)), append(column, 1)
	}
	per := func(v string) string {
		if rank == 2 {
			return v
		}
		return p.Reshape(v, column...)
	}
	mean, variance := n.Input(3), n.Input(4)
	if OverBatch(p.Infer.Opset, n) {
		mean = p.Mean(x, false, axes...)
		variance = p.Mean(p.Square(p.Sub(x, per(mean))), false, axes...)
		keep := p.Scalar(n.Float("momentum", 0.9))
		for i, batch := range []string{mean, variance} {
			running := n.Input(3 + i)
			p.Become(1+i, p.Add(batch, p.Mul(keep, p.Sub(running, batch))))
		}
	}
	inverse := p.InverseRoot(p.Add(variance, p.Scalar(n.Float("epsilon", batchNormEpsilon))))
	y := p.Mul(p.Sub(x, per(mean)), per(p.Mul(inverse, n.Input(1))))
	p.Become(0, p.Add(y, per(n.Input(2))))
	return nil
}
