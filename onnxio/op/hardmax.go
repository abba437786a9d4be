package op

var hardmax = Def{
	Type: "Hardmax", Since: []int64{1, 11, 13},
	Jumps: true,
	Shape: softmaxShape, Axes: softmaxAxes, Grad: flat, Cost: free, Upgrade: softmaxUpgrade,
	Cases: softmaxCases(),
}
