package review_test

import (
	"fmt"

	"github.com/prunefuse/prunefuse/labelling/review"
)

func ExampleRank() {
	// Four samples of two classes; the network takes the third for the other one.
	r, err := review.Rank([]review.Sample{
		{Label: 0, Probabilities: []float32{0.875, 0.125}},
		{Label: 1, Probabilities: []float32{0.25, 0.75}},
		{Label: 0, Probabilities: []float32{0.125, 0.875}},
		{Label: 1, Probabilities: []float32{0.375, 0.625}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	first := r.Suspects[0]
	fmt.Printf("sample %d may be of class %d: %v\n", first.At, first.Class, first.Mislabelled)
	// Output: sample 2 may be of class 1: true
}
