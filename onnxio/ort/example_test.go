package ort_test

import (
	"context"
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio/ort"
)

func Example() {
	ctx := context.Background()
	if err := ort.Init(ctx, ort.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	session, err := ort.NewSession(addModel(), ort.SessionOptions{Outputs: []string{"d"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	a, _ := ort.NewTensor([]int64{1, 3}, []float32{1, 2, 3})
	b, _ := ort.NewTensor([]int64{1, 3}, []float32{-5, 5, 0})
	out := []*ort.Tensor{nil}
	if err := session.Run(ctx, []*ort.Tensor{a, b}, out); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out[0], ort.Data[float32](out[0]))
}

func ExampleParseProvider() {
	p, err := ort.ParseProvider("CUDA:1")
	fmt.Println(p, err)
	_, err = ort.ParseProvider("gpu")
	fmt.Println(err)
	// Output:
	// cuda:1 <nil>
	// parse provider "gpu": want cpu, cuda or cuda:N
}
