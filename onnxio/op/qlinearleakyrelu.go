package op

import "github.com/prunefuse/prunefuse/onnxio"

var qLinearLeakyRelu = quantisedUnary("QLinearLeakyRelu", onnxio.Float("alpha", 0.2))
