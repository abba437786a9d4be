package op

var argMin = Def{
	Type: "ArgMin", Since: []int64{1, 11, 12, 13},
	Jumps: true,
	Shape: argShape, Axes: argAxes, Grad: NoGrad("its output is an index"), Cost: free,
	Cases: argCases(),
}
