package data_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/data"
)

// A batch of the built-in images, normalised for a model.
func Example() {
	set, err := data.Open("demo:test", data.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer data.Close(set)

	idx := []int{0, 1, 2}
	x := make([]float32, len(idx)*set.Shape().Size())
	labels := make([]int64, len(idx))
	if err := data.ReadBatch(context.Background(), set, idx, x, labels, 0); err != nil {
		fmt.Println(err)
		return
	}
	pre, _ := data.Preset("fashion-mnist")
	if err := pre.Apply(x, set.Shape()); err != nil {
		fmt.Println(err)
		return
	}
	for k, i := range idx {
		fmt.Println(set.ID(i), set.Shape(), set.Classes()[labels[k]])
	}
	fmt.Printf("black is %.3f\n", x[0])
	// Output:
	// test/8 1×28×28 Sandal
	// test/16 1×28×28 Pullover
	// test/18 1×28×28 Bag
	// black is -0.810
}

// A set that names its classes in another order than the model, and lacks one.
func ExampleMatch() {
	model := data.Classes{Names: []string{"cat", "dog", "eel"}}
	m, err := data.Match(model, data.Classes{Names: []string{"eel", "cat"}})
	fmt.Println(m, err)
	_, err = data.Match(model, data.Classes{Names: []string{"cat", "wolf"}})
	var mismatch *data.MismatchError
	if errors.As(err, &mismatch) {
		fmt.Println(mismatch.Reason)
	}
	// Output:
	// [2 0] <nil>
	// the model has no class "wolf"
}
