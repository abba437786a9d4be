// Package compare runs two models on the same inputs and finds out whether
// they compute the same.
//
// Inputs are drawn so that differences show: integers walk through the whole
// range that the graph can index with them, floats are normal at several
// scales and uniform, or from a range that the caller gives or that makes the
// outputs finite; open axes have sizes at which the network makes sense, two
// of them. Where the first model fixes its batch and the second does not, the
// second is run at that batch and at two others, and compared with the first
// run batch by batch. Names, types and shapes are compared before numbers,
// and integers exactly.
//
// Floats may differ by what rounding does: by a small part of the greatest
// magnitude, or, where that is exceeded, by some times what the first model
// itself changes by when its weights and inputs are moved by about one unit in
// the last place. Outputs behind a choice, such as the best boxes, which
// rounding can turn, may differ where rounding is seen to turn them; what the
// choice is made of is compared beside them.
//
// What is not guaranteed: that no difference is missed. A weight that no drawn
// input brings to bear is not seen, and neither is a string output; Result
// names what was left out.
package compare
