package op

// table lists every operator the program understands, sorted by domain and
// name.
var table = []Def{
	add,
	batchNormalization,
	conv,
	gemm,
	relu,
}
