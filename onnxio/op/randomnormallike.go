package op

var randomNormalLike = Def{
	Type: "RandomNormalLike", Since: []int64{1, 22},
	Jumps: true,
	Shape: drawnLikeShape, Axes: drawnLikeAxes, Cost: free,
	Grad:  func(*Grad) error { return nil }, // the input's values do not matter
	Cases: drawnLikeCases(),
}
