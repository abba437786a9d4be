package crew

import (
	"errors"
	"fmt"
)

// Undecided stands in the place of a class where there is none.
const Undecided = -1

// ErrUndefined is in every error that says that ratings do not define a number.
var ErrUndefined = errors.New("it is not defined")

// Rating is the class that an annotator gave an item. All are numbers from 0.
type Rating struct{ Item, Annotator, Class int }

// Ratings are those of a crew, in any order. Not everybody need rate every item.
type Ratings struct {
	Items, Annotators, Classes int // how many there are
	List                       []Rating
}

// Check refuses ratings of items, annotators and classes that there are not.
func (r Ratings) Check() error {
	for _, x := range r.List {
		switch {
		case x.Item < 0 || x.Item >= r.Items:
			return fmt.Errorf("a rating is of item %d, and there are %d", x.Item, r.Items)
		case x.Annotator < 0 || x.Annotator >= r.Annotators:
			return fmt.Errorf("a rating of item %d is by annotator %d, and there are %d", x.Item, x.Annotator, r.Annotators)
		case x.Class < 0 || x.Class >= r.Classes:
			return fmt.Errorf("annotator %d gives item %d the class %d, and there are %d", x.Annotator, x.Item, x.Class, r.Classes)
		}
	}
	return nil
}

// checkOnce refuses an annotator who rates an item twice as well.
func (r Ratings) checkOnce() error {
	if err := r.Check(); err != nil {
		return err
	}
	seen := make(map[[2]int]bool, len(r.List))
	for _, x := range r.List {
		key := [2]int{x.Item, x.Annotator}
		if seen[key] {
			return fmt.Errorf("annotator %d rates item %d twice", x.Annotator, x.Item)
		}
		seen[key] = true
	}
	return nil
}

// counts are the ratings of each item by class, row by row.
func (r Ratings) counts() []int {
	out := make([]int, r.Items*r.Classes)
	for _, x := range r.List {
		out[x.Item*r.Classes+x.Class]++
	}
	return out
}

// item is the row of an item.
func (r Ratings) item(counts []int, i int) []int { return counts[i*r.Classes : (i+1)*r.Classes] }

func sum(row []int) (n int) {
	for _, v := range row {
		n += v
	}
	return n
}
