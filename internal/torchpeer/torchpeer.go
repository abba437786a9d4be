// Package torchpeer holds what tests and benchmarks build in PyTorch to
// compare with. The product does not use it.
package torchpeer

import _ "embed"

// ResNet is Python source that defines class ResNet(depth, width, channels,
// classes), with nn, F and what they need imported; its state has the names
// of the zoo's initializers.
//
//go:embed cifar_resnet.py
var ResNet string
