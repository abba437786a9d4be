package onnxio_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/prunefuse/prunefuse/onnxio"
)

// A model is made from nothing by patches alone.
func Example() {
	m := onnxio.New("classifier")
	p := m.Graph.Edit()
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("batch"), onnxio.Known(3)}})
	p.SetInitializer(onnxio.NewTensor("w", []int64{2, 3}, []float32{1, 0, 0, 0, 1, 0}))
	p.Add(onnxio.NodeSpec{
		Op: "Gemm", Name: "fc", Inputs: []string{"x", "w"}, Outputs: []string{"logits"},
		Attrs: []onnxio.Attr{onnxio.Int("transB", 1)},
	})
	p.SetOutputType("logits", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("batch"), onnxio.Known(2)}})
	if err := p.Apply(); err != nil {
		log.Fatal(err)
	}
	if err := m.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// model ir=8 ai.onnx=17
	// graph "classifier"
	//   in  x: float32[batch,3]
	//   var w: float32[2,3]#ea09e1d9
	//   logits = Gemm{transB=1}(x, w)
	//   out logits: float32[batch,2]
}

// A model is loaded, changed by a patch and saved. Here the last of three
// features is dropped, and a Relu is put in front of the dense layer.
func ExamplePatch() {
	dir, err := os.MkdirTemp("", "onnxio")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.onnx")
	if err := classifier().Save(path, onnxio.SaveOptions{}); err != nil {
		log.Fatal(err)
	}

	m, err := onnxio.Load(path)
	if err != nil {
		log.Fatal(err)
	}
	w, err := m.Graph.Initializer("w").Take(1, []int{0, 1})
	if err != nil {
		log.Fatal(err)
	}
	p := m.Graph.Edit()
	p.SetInitializer(w)
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("batch"), onnxio.Known(2)}})
	positive := p.Fresh("x")
	p.Add(onnxio.NodeSpec{Op: "Relu", Inputs: []string{"x"}, Outputs: []string{positive}})
	p.Redirect("x", positive)
	if err := p.Apply(); err != nil {
		log.Fatal(err)
	}
	if err := m.Save(path, onnxio.SaveOptions{}); err != nil {
		log.Fatal(err)
	}

	for _, n := range m.Graph.Nodes() {
		fmt.Println(n, n.Inputs(), n.Outputs())
	}
	fmt.Println(m.Graph.Inputs()[0].Type, m.Graph.Initializer("w").Type())
	// Output:
	// node "x_1" (Relu) [x] [x_1]
	// node "fc" (Gemm) [x_1 w] [logits]
	// float32[batch,2] float32[2,2]
}

// A patch that would break the graph changes nothing.
func ExamplePatch_Apply() {
	m := classifier()
	p := m.Graph.Edit()
	p.RemoveInitializer("w")
	fmt.Println(p.Apply())
	fmt.Println(m.Graph.Initializer("w").Type())
	// Output:
	// edit graph: node "fc" (Gemm) reads "w", which nothing makes
	// float32[2,3]
}

func classifier() *onnxio.Model {
	m := onnxio.New("classifier")
	p := m.Graph.Edit()
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("batch"), onnxio.Known(3)}})
	p.SetInitializer(onnxio.NewTensor("w", []int64{2, 3}, []float32{1, 0, 0, 0, 1, 0}))
	p.Add(onnxio.NodeSpec{
		Op: "Gemm", Name: "fc", Inputs: []string{"x", "w"}, Outputs: []string{"logits"},
		Attrs: []onnxio.Attr{onnxio.Int("transB", 1)},
	})
	p.SetOutputType("logits", onnxio.Type{Elem: onnxio.Float32})
	if err := p.Apply(); err != nil {
		log.Fatal(err)
	}
	return m
}
