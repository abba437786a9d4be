package op_test

import (
	"fmt"
	"log"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// A small network: a convolution, its activation and a view as PyTorch
// exports it, whose shape is computed at run time.
func network() *onnxio.Model {
	m := onnxio.New("small")
	p := m.Graph.Edit()
	image := onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(3), onnxio.Known(8), onnxio.Known(8)}
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: image})
	p.SetInitializer(onnxio.NewTensor("w", []int64{4, 3, 3, 3}, make([]float32, 4*3*3*3)))
	p.SetInitializer(onnxio.NewTensor("rest", []int64{1}, []int64{-1}))
	for _, n := range []onnxio.NodeSpec{
		{Op: "Conv", Inputs: []string{"x", "w"}, Outputs: []string{"maps"}, Attrs: []onnxio.Attr{onnxio.Ints("strides", 2, 2)}},
		{Op: "Relu", Inputs: []string{"maps"}, Outputs: []string{"active"}},
		{Op: "Shape", Inputs: []string{"active"}, Outputs: []string{"batch"}, Attrs: []onnxio.Attr{onnxio.Int("end", 1)}},
		{Op: "Concat", Inputs: []string{"batch", "rest"}, Outputs: []string{"target"}, Attrs: []onnxio.Attr{onnxio.Int("axis", 0)}},
		{Op: "Reshape", Inputs: []string{"active", "target"}, Outputs: []string{"features"}},
	} {
		p.Add(n)
	}
	p.SetOutputType("features", onnxio.Type{Elem: onnxio.Float32})
	if err := p.Apply(); err != nil {
		log.Fatal(err)
	}
	return m
}

func Example() {
	m := network()
	facts, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"maps", "features"} {
		fmt.Println(name, facts.Types[name])
	}
	s := op.Count(m, facts)
	fmt.Println(s.Parameters, "parameters,", s.MACs, "MACs")
	// Output:
	// maps float32[N,4,3,3]
	// features float32[N,36]
	// 108 parameters, 972 MACs
}

func ExampleNewDerivative() {
	m := network()
	facts, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		log.Fatal(err)
	}
	training := onnxio.New("training")
	p := training.Graph.Edit()
	p.SetInputType("x", facts.Types["x"])
	p.SetInputType("loss by features", facts.Types["features"])
	for _, t := range m.Graph.Initializers() {
		p.SetInitializer(t)
	}
	d := op.NewDerivative(op.NewEmit(p, op.TrainOpset, "grad."), facts, m.Graph)
	if _, err := d.Forward(); err != nil {
		log.Fatal(err)
	}
	grads, err := d.Backward(map[string]string{"features": "loss by features"}, []string{"w"})
	if err != nil {
		log.Fatal(err)
	}
	p.SetOutputType(grads["w"], facts.Types["w"])
	if err := p.Apply(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(training.Graph.Outputs()[0].Type)
	// Output: float32[4,3,3,3]
}
