package crew_test

import (
	"fmt"

	"github.com/prunefuse/prunefuse/labelling/crew"
)

func ExampleDawidSkene() {
	// Three annotators, four items, two classes; the third errs every second time.
	r := crew.Ratings{Items: 4, Annotators: 3, Classes: 2}
	for annotator, said := range [][]int{{0, 1, 0, 1}, {0, 1, 0, 1}, {0, 0, 1, 1}} {
		for item, class := range said {
			r.List = append(r.List, crew.Rating{Item: item, Annotator: annotator, Class: class})
		}
	}
	alpha, err := crew.Alpha(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := crew.DawidSkene(r, crew.EM{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("alpha %.2f, classes %v, accuracies %.2f %.2f\n", alpha, m.Classes(), m.Accuracy(0), m.Accuracy(2))
	// Output: alpha 0.39, classes [0 1 0 1], accuracies 1.00 0.50
}
