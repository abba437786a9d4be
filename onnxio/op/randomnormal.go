package op

var randomNormal = Def{
	Type: "RandomNormal", Since: []int64{1, 22},
	Jumps: true,
	Shape: drawnShape, Axes: drawnAxes, Grad: NoGrad("it has no inputs"), Cost: free,
	Cases: drawnCases(),
}
