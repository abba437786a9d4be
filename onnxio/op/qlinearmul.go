package op

var qLinearMul = quantisedBinary("QLinearMul")
